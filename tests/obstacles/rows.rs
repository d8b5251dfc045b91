//! The obstacles: a row each.
//!
//! `$1` … `$4` are the archives of so many days ago by the names that they have, plain or compressed, `$P1` … their plain names and
//! `$Z1` … the compressed ones; `$TODAY` is the name that a dated archive gets today. `aside NAME` takes a file away to where its
//! lines are still counted, `program NAME TEXT` replaces a program.

use super::obstacle::Naming::{Dated, Numbered};
use super::obstacle::Who::{Su, User};
use super::obstacle::{
    Obstacle, at_first, compressing, daily, for_a_day, never, numbered, numbered_at_first, obstacle, once,
};

const SQUEEZE: &[&str] = &["compresscmd @BIN@/squeeze"];
const SQUEEZES: &str = "ln -sf gzip $BIN/squeeze";
const MAIL: &[&str] = &["mail ops@localhost"];
const MAILS: &str = "program mailer 'exec cat >$(mktemp $ROOT/mails/XXXXXXXX)'";
/// So many archives wait for a mailer beyond the count.
const MAILS_WAIT: usize = 7;
const SHRED: &[&str] = &["shred"];
const SHREDS: &str = "ln -sf /usr/bin/shred $BIN/shred";
const PREREMOVE: &[&str] = &["preremove\n  $BIN/script \"$1\"\n endscript"];
const PREROTATE: &[&str] = &["prerotate\n  $BIN/script \"$1\"\n endscript"];
const POSTROTATE: &[&str] = &["postrotate\n  $BIN/script \"$1\"\n endscript"];
const FIRSTACTION: &[&str] = &["firstaction\n  $BIN/script \"$1\"\n endscript"];
const SQUEEZE_AND_POSTROTATE: &[&str] = &[
    "compresscmd @BIN@/squeeze",
    "postrotate\n  $BIN/script \"$1\"\n endscript",
];
const NEITHER: &str = "program squeeze 'exit 1'; program script 'exit 1'";
const BOTH: &str = "ln -sf gzip $BIN/squeeze; program script 'exit 0'";
const LASTACTION: &[&str] = &["lastaction\n  $BIN/script \"$1\"\n endscript"];
const PEACE: &str = "program script 'exit 0'";
const ALL_MOVED: &str = "program script \
    'for f in $1.* $1-*; do [ ! -e $f ] || mv $f $(mktemp -u $ROOT/kept/XXXXXXXX)${f##*.log}; done'";
const NO_TO_ONE: &str = "echo >$ROOT/no; program script '! [ -e $ROOT/no ] || { rm $ROOT/no; exit 1; }'";
const OLDDIR: &[&str] = &["olddir old"];
const STATE_IS_SMALL: &str = "cp $ROOT/state/status $ROOT; mount -t tmpfs -o size=64k,mode=755 tests $ROOT/state; \
    mv $ROOT/status $ROOT/state";
const OLDDIR_IS_MADE: &str = "for d in $ROOT/logs/*; do mkdir $d/old; chown --reference=$d $d/old; done";

/// A name that leaves just enough room for a number and a suffix.
const LONG: &str = concat!(
    "a-log-of-a-program-that-someone-gave-a-name-of-all-the-words-that-they-could-think-of-on-a-long-afternoon-",
    "a-log-of-a-program-that-someone-gave-a-name-of-all-the-words-that-they-could-think-of-on-a-long-afternoon-",
    "and-so-it-is-two-hundred-and-fifty.log",
);

pub(super) static OBSTACLES: &[Obstacle] = &[
    obstacle("no compressor", "rm $BIN/squeeze", SQUEEZES)
        .with(SQUEEZE)
        .told(compressing),
    obstacle("no compressor, for ever", "rm $BIN/squeeze", "")
        .with(SQUEEZE)
        .told(compressing)
        .for_ever(),
    obstacle("compressor exits 1", "program squeeze 'exit 1'", SQUEEZES)
        .with(SQUEEZE)
        .told(compressing),
    obstacle(
        "compressor exits 2 behind whole output",
        "program squeeze 'gzip -c; exit 2'",
        SQUEEZES,
    )
    .with(SQUEEZE)
    .told(compressing),
    obstacle("compressor is killed", "program squeeze 'kill -9 $$'", SQUEEZES)
        .with(SQUEEZE)
        .told(compressing),
    obstacle(
        "compressor writes nothing",
        "program squeeze 'cat >/dev/null'",
        SQUEEZES,
    )
    .with(SQUEEZE)
    .told(compressing),
    obstacle(
        "compressor stops in the middle",
        "program squeeze 'gzip -c | head -c 9; exit 1'",
        SQUEEZES,
    )
    .with(SQUEEZE)
    .told(compressing),
    obstacle(
        "compressor may not be run",
        "program squeeze 'exec gzip'; chmod 644 $BIN/squeeze",
        SQUEEZES,
    )
    .with(SQUEEZE)
    .told(compressing),
    obstacle(
        "compressor complains",
        "program squeeze 'echo a word >&2; exec gzip -c'",
        SQUEEZES,
    )
    .with(SQUEEZE)
    .told(compressing),
    obstacle("immutable: the newest archive", "chattr +i $1", "chattr -R -i .")
        .told(numbered)
        .more(1),
    obstacle("immutable: the second archive", "chattr +i $2", "chattr -R -i .")
        .told(numbered)
        .more(1),
    obstacle("immutable: the oldest archive", "chattr +i $3", "chattr -R -i .").more(1),
    obstacle("immutable: all archives", "chattr +i $1 $2 $3", "chattr -R -i .")
        .told(numbered)
        .more(3),
    obstacle("append-only archive", "chattr +a $2", "chattr -R -a .")
        .told(numbered)
        .more(1),
    obstacle("immutable log", "chattr +i $LOG", "chattr -R -i .").stops(daily),
    obstacle("append-only log", "chattr +a $LOG", "chattr -R -a .").stops(daily),
    once("directory: the newest archive", "aside $1; mkdir $1").told(numbered_at_first),
    once("directory: the second archive", "aside $2; mkdir $2").told(numbered_at_first),
    once("directory: the oldest archive", "aside $3; mkdir $3").told(numbered_at_first),
    once("directory that is not empty", "aside $2; mkdir $2; echo x >$2/x").told(numbered_at_first),
    once(
        "directories everywhere",
        "for n in $1 $2 $3 $Z1 $Z2 $Z3; do aside $n; mkdir $n; done",
    )
    .told(numbered_at_first),
    once("link to a file", "aside $1; ln -s $ELSEWHERE/file $1").told(never),
    once("link to a file, the oldest", "aside $3; ln -s $ELSEWHERE/file $3").told(never),
    once("link that leads nowhere", "aside $2; ln -s nowhere $2").told(never),
    once("link to a directory", "aside $2; ln -s $ELSEWHERE/dir $2").told(never),
    once("link to a plain name", "aside $2; ln -s $ELSEWHERE/file $P2")
        .told(never)
        .more(1),
    once("pipe: the newest archive", "aside $1; mkfifo $1").told(numbered_at_first),
    once("pipe", "aside $2; mkfifo $2").told(numbered_at_first),
    once("socket", "aside $2; mv $ELSEWHERE/socket $2").told(numbered_at_first),
    once("device", "aside $2; mknod $2 c 1 3").told(numbered_at_first),
    once("directory at a compressed name", "aside $Z1; mkdir $Z1").told(never),
    once("pipe at a compressed name", "aside $Z2; mkfifo $Z2").told(never),
    once("link at a compressed name", "aside $Z2; ln -s $ELSEWHERE/file $Z2")
        .told(never)
        .more(1),
    once("directory at a plain name", "aside $P2; mkdir $P2").told(never),
    once("directory beyond the count", "mkdir $P4; mkdir $Z4").told(never),
    once("file beyond the count", "echo x >$P4; echo x | gzip >$Z4")
        .told(never)
        .more(2),
    once("dated name: file", "echo x >$TODAY")
        .only(Dated)
        .stops(at_first)
        .more(1),
    once("dated name: compressed file", "echo x | gzip >$TODAY.gz")
        .only(Dated)
        .stops(at_first)
        .told(never)
        .more(1),
    once("dated name: directory", "mkdir $TODAY")
        .only(Dated)
        .stops(at_first),
    once("dated name: directory at the compressed one", "mkdir $TODAY.gz")
        .only(Dated)
        .stops(at_first)
        .told(never),
    once("dated name: link", "ln -s nowhere $TODAY")
        .only(Dated)
        .stops(at_first)
        .more(1),
    once("dated name: pipe", "mkfifo $TODAY").only(Dated).stops(at_first),
    obstacle("unreadable archive", "chmod 000 $1 $2", "chmod -f 644 $LOG.* $LOG-*; :")
        .by(User)
        .told(never),
    obstacle("another's archive", "chown root:root $1; chmod 600 $1", "")
        .by(User)
        .told(never)
        .for_ever(),
    obstacle("another's archive, under su", "chown root:root $1; chmod 600 $1", "")
        .by(Su)
        .told(never)
        .for_ever(),
    once("archive of two names", "ln $2 $ELSEWHERE/name").told(never),
    obstacle("preremove says no", "program script 'exit 1'", PEACE)
        .with(PREREMOVE)
        .more(9),
    obstacle("preremove says no, and one is kept", "program script 'exit 1'", PEACE)
        .with(PREREMOVE)
        .keep(1)
        .more(9),
    obstacle(
        "preremove says no, and nothing is kept",
        "program script 'exit 1'",
        PEACE,
    )
    .with(PREREMOVE)
    .keep(0)
    .more(9),
    obstacle("preremove says no to one archive", NO_TO_ONE, PEACE)
        .with(PREREMOVE)
        .told(at_first)
        .more(2),
    obstacle("preremove removes", "program script 'rm $1'", PEACE)
        .with(PREREMOVE)
        .told(never),
    obstacle(
        "preremove moves",
        "program script 'mv $1 $(mktemp -u $ROOT/kept/XXXXXXXX)${1##*.log}'",
        PEACE,
    )
    .with(PREREMOVE)
    .told(never),
    obstacle("no mailer", "rm $BIN/mailer", MAILS)
        .with(MAIL)
        .more(MAILS_WAIT),
    obstacle("no mailer, for ever", "rm $BIN/mailer", "")
        .with(MAIL)
        .more(MAILS_WAIT)
        .for_ever(),
    obstacle("mailer exits 1", "program mailer 'exit 1'", MAILS)
        .with(MAIL)
        .more(MAILS_WAIT),
    obstacle("mailer exits 1, and one is kept", "program mailer 'exit 1'", MAILS)
        .with(MAIL)
        .keep(1)
        .more(MAILS_WAIT),
    obstacle("mailer exits 1, and nothing is kept", "program mailer 'exit 1'", MAILS)
        .with(MAIL)
        .keep(0)
        .more(MAILS_WAIT),
    obstacle(
        "mailer exits 1 when all is read",
        "program mailer 'cat >/dev/null; exit 1'",
        MAILS,
    )
    .with(MAIL)
    .more(MAILS_WAIT),
    obstacle("mailer of the newest exits 1", "program mailer 'exit 1'", MAILS)
        .with(&["mail ops@localhost", "mailfirst"])
        .more(MAILS_WAIT),
    obstacle("no shred", "rm $BIN/shred", SHREDS).with(SHRED).more(5),
    obstacle("shred exits 1", "program shred 'exit 1'", SHREDS)
        .with(SHRED)
        .more(5),
    obstacle("postrotate moves archives away", ALL_MOVED, PEACE)
        .with(POSTROTATE)
        .told(never),
    obstacle("postrotate removes the log", "program script 'rm -f $1'", PEACE)
        .with(POSTROTATE)
        .told(never),
    obstacle("postrotate exits 1", "program script 'exit 1'", PEACE)
        .with(POSTROTATE)
        .more(3),
    obstacle(
        "postrotate exits 1, and nothing is kept",
        "program script 'exit 1'",
        PEACE,
    )
    .with(POSTROTATE)
    .keep(0)
    .more(2),
    obstacle("compressor and postrotate exit 1", NEITHER, BOTH)
        .with(SQUEEZE_AND_POSTROTATE)
        .alone()
        .more(2),
    obstacle("compressor and postrotate exit 1, and one is kept", NEITHER, BOTH)
        .with(SQUEEZE_AND_POSTROTATE)
        .keep(1)
        .more(2),
    obstacle("compressor and postrotate exit 1, and nothing is kept", NEITHER, BOTH)
        .with(SQUEEZE_AND_POSTROTATE)
        .keep(0)
        .more(2),
    obstacle(
        "postrotate takes the right to read away",
        "program script 'chmod 000 $1.* $1-* 2>/dev/null || :'",
        PEACE,
    )
    .with(POSTROTATE)
    .told(never),
    obstacle("prerotate moves archives away", ALL_MOVED, PEACE)
        .with(PREROTATE)
        .told(never),
    obstacle("prerotate exits 1", "program script 'exit 1'", PEACE)
        .with(PREROTATE)
        .stops(daily)
        .stops_set(),
    obstacle("firstaction exits 1", "program script 'exit 1'", PEACE)
        .with(FIRSTACTION)
        .stops(daily)
        .stops_set(),
    obstacle("lastaction exits 1", "program script 'exit 1'", PEACE).with(LASTACTION),
    obstacle(
        "a program writes to an archive",
        "sleep 1000 >>$1 2>/dev/null & echo $! >$ROOT/writer",
        "kill $(cat $ROOT/writer)",
    )
    .told(never)
    .more(2),
    for_a_day("no olddir", "mv old $ROOT/kept/old", "mv $ROOT/kept/old old")
        .with(OLDDIR)
        .around(OLDDIR_IS_MADE, "")
        .stops(daily),
    for_a_day(
        "olddir is a file",
        "mv old $ROOT/kept/old; echo x >old",
        "rm old; mv $ROOT/kept/old old",
    )
    .with(OLDDIR)
    .around(OLDDIR_IS_MADE, "")
    .stops(daily),
    for_a_day(
        "read-only olddir",
        "mount --bind old old; mount -o remount,bind,ro old",
        "umount -l old",
    )
    .with(OLDDIR)
    .around(OLDDIR_IS_MADE, "umount -lq old")
    .stops(daily),
    for_a_day(
        "read-only directory",
        "mount --bind . .; mount -o remount,bind,ro $PWD",
        "umount -l $PWD",
    )
    .around("", "umount -lq $PWD")
    .stops(daily),
    for_a_day("directory without the right to write", "chmod 555 .", "chmod 755 .")
        .by(User)
        .stops(daily),
    for_a_day("olddir without the right to write", "chmod 555 old", "chmod 755 old")
        .by(User)
        .with(OLDDIR)
        .around(OLDDIR_IS_MADE, "")
        .stops(daily),
    for_a_day("directory that others may write to", "chmod 777 .", "chmod 755 .").stops(daily),
    for_a_day("full disk", "cat /dev/zero >zeros 2>/dev/null", "rm zeros")
        .around("mount -t tmpfs -o size=256k,mode=755 tests $PWD", "umount -l $PWD")
        .told(compressing),
    for_a_day(
        "full disk of the state",
        "cat /dev/zero >$ROOT/state/zeros 2>/dev/null",
        "rm $ROOT/state/zeros",
    )
    .around(STATE_IS_SMALL, "umount -l $ROOT/state"),
    once(
        "damaged compressed twin",
        "gzip -dcf $2 >twin; aside $2; mv twin $P2; echo junk >$Z2",
    )
    .told(never)
    .more(1),
    once(
        "whole compressed twin",
        "gzip -dcf $2 >twin; gzip -c twin >$Z2; mv twin $P2",
    )
    .told(never)
    .more(1),
    once(
        "empty compressed twin",
        "gzip -dcf $2 >twin; aside $2; mv twin $P2; : >$Z2",
    )
    .told(never)
    .more(1),
    once("a dead run's file", "echo x >.logrotate-rs-99999-1.swp").told(never),
    for_a_day("no log", "aside $LOG", "").with(&["missingok"]).told(never),
    for_a_day("no log, and no missingok", "aside $LOG", "")
        .stops(daily)
        .stops_set(),
    for_a_day("the log is a directory", "aside $LOG; mkdir $LOG", "rmdir $LOG")
        .stops(daily)
        .told(never),
    for_a_day("the log is a link", "aside $LOG; ln -s $ELSEWHERE/file $LOG", "rm $LOG")
        .stops(daily)
        .told(never),
    for_a_day("the log is a pipe", "aside $LOG; mkfifo $LOG", "rm $LOG")
        .stops(daily)
        .told(never),
    for_a_day("the log has two names", "ln $LOG $ELSEWHERE/log", "rm $ELSEWHERE/log")
        .stops(daily)
        .told(never),
    once("names of 250 bytes", "").of_log(LONG).only(Numbered).told(never),
    obstacle("names of 250 bytes, and no compressor", "rm $BIN/squeeze", SQUEEZES)
        .of_log(LONG)
        .only(Numbered)
        .with(SQUEEZE)
        .told(compressing),
    once("directory at a name of 250 bytes", "aside $2; mkdir $2")
        .of_log(LONG)
        .only(Numbered),
    once(
        "what was moved aside before",
        "echo x >$2-2027030106.backup; echo x >$P2-2027030506.backup",
    )
    .told(never)
    .more(2),
    once(
        "directory, and its other name is taken",
        "aside $2; mkdir $2; mkdir $2-2027030506.backup $2-2027030506.backup.1",
    )
    .told(numbered_at_first),
    once("damaged state", "echo junk >$ROOT/state/status")
        .stops(at_first)
        .stops_set(),
    once("damaged line of the state", "sed -i 's/2027/20x27/' $ROOT/state/status")
        .stops(at_first)
        .stops_set(),
    once("empty state", ": >$ROOT/state/status")
        .stops(at_first)
        .stops_set()
        .told(never),
    once("no state", "rm $ROOT/state/status")
        .stops(at_first)
        .stops_set()
        .told(never),
    for_a_day("clock a day behind", "", "")
        .clock(-1)
        .stops(daily)
        .stops_set()
        .told(never),
    // A dated archive of next month is the newest one until then.
    for_a_day("clock a month ahead", "", "")
        .clock(31)
        .told(never)
        .only(Numbered),
    once("empty archive", "aside $2; : >$2").told(never),
    once("empty compressed archive", "aside $2; gzip </dev/null >$Z2")
        .told(never)
        .more(1),
    once("archive from the future", "touch -d 2035-01-01 $1").told(never),
    once("no archive: a gap", "aside $2").told(never),
    once("no archives", "aside $1; aside $2; aside $3").told(never),
    once("archive with holes", "[ ! -e $P1 ] || truncate -s 1M $P1").told(never),
    obstacle("a user who may not", "chown root:root .", "chown nobody .")
        .by(Su)
        .stops(daily),
];

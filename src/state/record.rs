//! The lines of the journal: what a run has begun and done, so that the next one knows after a crash.
//!
//! Each record is one line that ends in a quote, so that a torn one is never taken for whole:
//! `begin STAMP DEVICE:INODE "LOG" "ARCHIVE"`, `switched "LOG"`, `done "LOG"`, `failed "LOG"`, `plain "LOG" "ARCHIVE" "DIRECTORY"`,
//! `hold SECONDS "MOUNT"`, `passed-by "LOG" "ARCHIVE" "DIRECTORY"`, `unsent "LOG" "ARCHIVE" "DIRECTORY"`, `sent DEVICE:INODE "LOG" "ARCHIVE" "DIRECTORY"`.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::codec::{parse_line, write_path};
use crate::clock::Stamp;
use crate::unix::FileId;

/// The first line of a journal, with its end.
pub const TOP_LINE: &[u8] = b"logrotate-rs journal -- version 1\n";

/// What is before the version in the first line of every journal.
const BEFORE_VERSION: &[u8] = b"logrotate-rs journal -- version ";

/// Answers whether a journal that begins so is of another version: this program neither understands nor touches it.
#[must_use]
pub fn is_of_another_version(head: &[u8]) -> bool {
    let version = head.strip_prefix(BEFORE_VERSION);
    // A torn first line is this version's as long as it can be.
    version.is_some_and(|version| !head.starts_with(TOP_LINE) && !b"1\n".starts_with(version))
}

/// A rotation that is about to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    pub path: Arc<Path>,
    pub stamp: Stamp,
    /// Which file the log is now.
    pub file: FileId,
    /// The archive that it is to become: its name.
    pub archive: OsString,
}

/// How far a rotation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The log has become its archive; compression, mail and removal may be missing.
    Switched,
    /// All is done.
    Done,
    /// It failed before its switch: it does not count as a rotation.
    Failed,
}

/// A rotation that a dead run left unfinished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    pub begun: Begun,
    /// It is known that the log had become its archive. If not, the file's identity tells.
    pub switched: bool,
}

/// What the next rotation of a row has to know of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// It stays plain for now, or is above the count and cannot go yet.
    Plain,
    /// It could not be renamed: the others passed it by.
    PassedBy,
    /// It could not be sent when it was new.
    Unsent,
    /// It was sent, and could not be removed. Which file it was, since a run that dies may leave its name to another archive.
    Sent(FileId),
}

/// An archive that stays plain for now, one above the count that should go and cannot yet, or one that the others passed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftPlain {
    pub path: PathBuf,
    pub archive: OsString,
    /// The directory that it lies in.
    pub directory: PathBuf,
    /// What is noted of it.
    pub noted: Noted,
}

impl LeftPlain {
    /// Makes the record of an archive of `log` in `directory`.
    #[must_use]
    pub fn new(noted: Noted, log: &Path, directory: &Path, archive: &OsStr) -> Self {
        Self {
            noted,
            path: log.to_owned(),
            archive: archive.to_owned(),
            directory: directory.to_owned(),
        }
    }
}

/// A file system on which nothing is removed for room until then, in seconds since 1970: what was did not help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Where it is mounted.
    pub mount: PathBuf,
    pub until: i64,
}

/// What a journal says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Rotations that were done, the last of each log.
    pub finished: Vec<(Arc<Path>, Stamp)>,
    /// Rotations that were not.
    pub unfinished: Vec<Unfinished>,
    /// Archives that were left plain; some may have been compressed since.
    pub left_plain: Vec<LeftPlain>,
    pub holds: Vec<Hold>,
    /// Lines that cannot be read; a torn last line does not count.
    pub damaged: u64,
}

/// Writes the line of a rotation that begins.
pub fn write_begun(out: &mut Vec<u8>, begun: &Begun) {
    let FileId { device, inode } = begun.file;
    let written = write!(out, "begin {} {device}:{inode} ", begun.stamp.state_form());
    debug_assert!(written.is_ok(), "writing to memory does not fail");
    write_path(out, begun.path.as_os_str().as_bytes());
    out.push(b' ');
    write_path(out, begun.archive.as_bytes());
    out.push(b'\n');
}

/// Writes the line of a rotation that has come this far.
pub fn write_progress(out: &mut Vec<u8>, log: &Path, progress: Progress) {
    out.extend_from_slice(match progress {
        Progress::Switched => b"switched ",
        Progress::Done => b"done ",
        Progress::Failed => b"failed ",
    });
    write_path(out, log.as_os_str().as_bytes());
    out.push(b'\n');
}

/// Writes the line of an archive that stays plain.
pub fn write_left_plain(out: &mut Vec<u8>, left: &LeftPlain) {
    match left.noted {
        Noted::Plain => out.extend_from_slice(b"plain "),
        Noted::PassedBy => out.extend_from_slice(b"passed-by "),
        Noted::Unsent => out.extend_from_slice(b"unsent "),
        Noted::Sent(FileId { device, inode }) => {
            let written = write!(out, "sent {device}:{inode} ");
            debug_assert!(written.is_ok(), "writing to memory does not fail");
        }
    }
    write_path(out, left.path.as_os_str().as_bytes());
    out.push(b' ');
    write_path(out, left.archive.as_bytes());
    out.push(b' ');
    write_path(out, left.directory.as_os_str().as_bytes());
    out.push(b'\n');
}

/// Writes the line of a file system on which nothing is removed for a time.
pub fn write_hold(out: &mut Vec<u8>, hold: &Hold) {
    let written = write!(out, "hold {} ", hold.until);
    debug_assert!(written.is_ok(), "writing to memory does not fail");
    write_path(out, hold.mount.as_os_str().as_bytes());
    out.push(b'\n');
}

/// Reads a whole journal.
#[must_use]
pub fn replay(text: &[u8]) -> Replay {
    let mut replay = Replay::default();
    let Some(lines) = text.strip_prefix(TOP_LINE) else {
        // A torn first line is an empty journal.
        replay.damaged = u64::from(!TOP_LINE.starts_with(text));
        return replay;
    };
    let mut open: HashMap<Arc<Path>, Unfinished> = HashMap::new();
    let mut order: Vec<Arc<Path>> = Vec::new();
    let mut finished: HashMap<Arc<Path>, Stamp> = HashMap::new();
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\n").map(parse_record) {
            // The last line, torn.
            None => {}
            Some(None) => replay.damaged += u64::from(line != b"\n"),
            Some(Some(Record::LeftPlain(left))) => replay.left_plain.push(left),
            Some(Some(Record::Hold(hold))) => replay.holds.push(hold),
            Some(Some(Record::Begun(begun))) => {
                order.push(Arc::clone(&begun.path));
                open.insert(Arc::clone(&begun.path), Unfinished { begun, switched: false });
            }
            Some(Some(Record::Progress(log, progress))) => match progress {
                Progress::Switched => {
                    if let Some(rotation) = open.get_mut(&log) {
                        rotation.switched = true;
                    }
                }
                Progress::Done => {
                    if let Some(rotation) = open.remove(&log) {
                        finished.insert(log, rotation.begun.stamp);
                    }
                }
                Progress::Failed => drop(open.remove(&log)),
            },
        }
    }
    // In the order of their beginnings, each once.
    for log in order {
        replay.finished.extend(finished.remove_entry(&log));
        replay.unfinished.extend(open.remove(&log));
    }
    replay
}

enum Record {
    Begun(Begun),
    Progress(Arc<Path>, Progress),
    LeftPlain(LeftPlain),
    Hold(Hold),
}

fn parse_record(line: &[u8]) -> Option<Record> {
    let space = line.iter().position(|byte| *byte == b' ')?;
    let (kind, rest) = (&line[..space], &line[space + 1..]);
    let progress = match kind {
        b"switched" => Progress::Switched,
        b"done" => Progress::Done,
        b"failed" => Progress::Failed,
        b"begin" => return parse_begun(rest).map(Record::Begun),
        b"hold" => return parse_hold(rest).map(Record::Hold),
        b"plain" => return parse_left_plain(Noted::Plain, rest).map(Record::LeftPlain),
        b"passed-by" => return parse_left_plain(Noted::PassedBy, rest).map(Record::LeftPlain),
        b"unsent" => return parse_left_plain(Noted::Unsent, rest).map(Record::LeftPlain),
        b"sent" => {
            let space = rest.iter().position(|byte| *byte == b' ')?;
            let file = parse_file(&rest[..space])?;
            return parse_left_plain(Noted::Sent(file), &rest[space + 1..]).map(Record::LeftPlain);
        }
        _ => return None,
    };
    let (path, rest) = parse_path(rest)?;
    rest.is_empty()
        .then(|| Record::Progress(PathBuf::from(path).into(), progress))
}

fn parse_begun(text: &[u8]) -> Option<Begun> {
    let mut words = text.splitn(3, |byte| *byte == b' ');
    let (date, id, paths) = (words.next()?, words.next()?, words.next()?);
    // The date is the state file's: read by the same rules.
    let stamp = parse_line(&[b"- ", date].concat()).ok()??.stamp;
    let file = parse_file(id)?;
    let (path, rest) = parse_path(paths)?;
    let (archive, rest) = parse_name(rest.strip_prefix(b" ")?)?;
    rest.is_empty().then(|| Begun {
        path: PathBuf::from(path).into(),
        stamp,
        file,
        archive,
    })
}

fn parse_file(text: &[u8]) -> Option<FileId> {
    let (device, inode) = std::str::from_utf8(text).ok()?.split_once(':')?;
    Some(FileId {
        device: device.parse().ok()?,
        inode: inode.parse().ok()?,
    })
}

fn parse_hold(text: &[u8]) -> Option<Hold> {
    let space = text.iter().position(|byte| *byte == b' ')?;
    let until = std::str::from_utf8(&text[..space]).ok()?.parse().ok()?;
    let (mount, rest) = parse_path(&text[space + 1..])?;
    let mount = mount.into();
    rest.is_empty().then_some(Hold { mount, until })
}

fn parse_left_plain(noted: Noted, text: &[u8]) -> Option<LeftPlain> {
    let (path, rest) = parse_path(text)?;
    let (archive, rest) = parse_name(rest.strip_prefix(b" ")?)?;
    let (directory, rest) = parse_path(rest.strip_prefix(b" ")?)?;
    rest.is_empty().then(|| LeftPlain {
        noted,
        path: path.into(),
        archive,
        directory: directory.into(),
    })
}

/// Reads a name in quotes: one that leads to another directory is none.
fn parse_name(text: &[u8]) -> Option<(OsString, &[u8])> {
    let (name, rest) = parse_path(text)?;
    let leads_on = name.as_bytes().contains(&b'/') || name == "." || name == "..";
    (!leads_on).then_some((name, rest))
}

/// Reads a path in quotes from the front; returns what follows it, too.
fn parse_path(text: &[u8]) -> Option<(OsString, &[u8])> {
    let mut path = Vec::new();
    let mut rest = text.strip_prefix(b"\"")?;
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return (!path.is_empty() && !path.contains(&0)).then(|| (OsString::from_vec(path), rest)),
            b'\\' => {
                let (escaped, after) = rest.split_first()?;
                rest = after;
                path.push(match escaped {
                    b'n' => b'\n',
                    b'\\' | b'"' => *escaped,
                    _ => return None,
                });
            }
            plain => path.push(*plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::tests::stamp;

    fn begun(path: &str, inode: u64) -> Begun {
        Begun {
            path: Path::new(path).into(),
            stamp: stamp("2026-11-22 10:11:12"),
            file: FileId { device: 8, inode },
            archive: OsString::from_vec(format!("{}\".\\1\n\u{e9}", path.trim_start_matches('/')).into_bytes()),
        }
    }

    fn journal() -> Vec<u8> {
        let mut text = TOP_LINE.to_vec();
        for (path, inode) in [("/a", 1), ("/b c", 2), ("/d\n", 3), ("/e", 4)] {
            write_begun(&mut text, &begun(path, inode));
        }
        write_progress(&mut text, Path::new("/a"), Progress::Switched);
        write_progress(&mut text, Path::new("/d\n"), Progress::Switched);
        write_progress(&mut text, Path::new("/e"), Progress::Failed);
        write_left_plain(&mut text, &left_plain(Noted::Plain));
        write_left_plain(&mut text, &left_plain(Noted::PassedBy));
        write_left_plain(&mut text, &left_plain(Noted::Unsent));
        write_left_plain(&mut text, &left_plain(SENT));
        write_hold(&mut text, &hold());
        write_progress(&mut text, Path::new("/a"), Progress::Done);
        text
    }

    const SENT: Noted = Noted::Sent(FileId { device: 8, inode: 7 });

    fn hold() -> Hold {
        Hold {
            mount: "/var \"\n".into(),
            until: 1_800_000_000,
        }
    }

    fn left_plain(noted: Noted) -> LeftPlain {
        LeftPlain::new(noted, Path::new("/e"), Path::new("/old \\"), OsStr::new("e \"\n"))
    }

    #[test]
    fn a_journal_tells_what_was_finished_and_what_was_not() {
        let unfinished = |path, inode, switched| Unfinished {
            begun: begun(path, inode),
            switched,
        };
        let expected = Replay {
            finished: vec![(Path::new("/a").into(), stamp("2026-11-22 10:11:12"))],
            unfinished: vec![unfinished("/b c", 2, false), unfinished("/d\n", 3, true)],
            left_plain: [Noted::Plain, Noted::PassedBy, Noted::Unsent, SENT]
                .map(left_plain)
                .into(),
            holds: vec![hold()],
            damaged: 0,
        };
        assert_eq!(replay(&journal()), expected);
    }

    /// Cut at every byte, a journal says what its whole lines say and nothing else.
    #[test]
    fn a_torn_journal_is_as_good_as_its_whole_lines() {
        let text = journal();
        for cut in 0..=text.len() {
            let whole = text[..cut]
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |end| end + 1);
            assert_eq!(replay(&text[..cut]), replay(&text[..whole]), "{cut}");
            assert_eq!(replay(&text[..cut]).damaged, 0, "{cut}");
            // The next run ends the torn line and goes on below it.
            let mended = [&text[..cut], b"\n", TOP_LINE].concat();
            assert!(replay(&mended).finished.len() <= 1);
        }
    }

    #[test]
    fn a_damaged_line_costs_itself_alone() {
        let mut text = journal();
        text.extend_from_slice(
            b"junk\n\ndone /b\nbegin 2026-1-1 8:1 \"/b\ndone \"/nobody\"\nbegin 2026-13-1 1:1 \"/x\" \"y\"\n\
              begin 2026-11-22-1:1:1 8:1 \"/x\" \"../y\"\nplain \"/x\" \"/y\"\nplain \"/x\" \"..\"\n\
              hold \"/var\"\nhold 1x \"/var\"\nhold 1 \"/var\" 2\n",
        );
        write_progress(&mut text, Path::new("/b c"), Progress::Done);
        let replay = replay(&text);
        assert_eq!(
            (replay.damaged, replay.finished.len(), replay.unfinished.len()),
            (10, 2, 1)
        );
    }

    #[test]
    fn a_file_that_is_no_journal_says_nothing() {
        assert_eq!(replay(b"root:x:0:0\n").damaged, 1);
        assert_eq!(replay(b"").damaged, 0);
    }

    #[test]
    fn a_log_begun_again_is_judged_by_its_last_beginning() {
        let mut text = journal();
        write_begun(&mut text, &begun("/a", 9));
        let replay = replay(&text);
        assert_eq!(replay.unfinished[0].begun.file.inode, 9);
        assert_eq!(replay.finished.len(), 1);
    }
}

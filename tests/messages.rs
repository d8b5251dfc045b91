//! The pieces of messages that scripts and monitors look for: each is asked of a run by at least one scenario.
//!
//! The scenarios' `says` are held against our messages and, but for what only newer programs say, the reference's; here
//! it is checked that none of the pieces is without one. What is said to the system's log is listened to here.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::support::scenario::all;
use super::support::{assert_nothing_is_wanted, fresh_dir, need, need_root, ours, shell};

/// The pieces, with the paths that the scenarios give them.
const PIECES: [&str; 67] = [
    "error: ",
    "warning: ",
    "error: @ROOT@/conf:3 ",
    "reading config file ",
    "including @ROOT@/more",
    "rotating pattern: @ROOT@/log/app.log",
    "considering log @ROOT@/log/app.log",
    "log needs rotating",
    "log does not need rotating (log is empty)",
    "Now: 2024-03-12 00:30",
    "Last rotated at 2024-03-11 23:50",
    "rotating log @ROOT@/log/app.log, log->rotateCount is 3",
    "renaming @ROOT@/log/app.log to @ROOT@/log/app.log.1",
    "creating new @ROOT@/log/app.log mode = 0640 uid = 0 gid = 4",
    "copying @ROOT@/log/app.log to @ROOT@/log/app.log.1",
    "truncating @ROOT@/log/app.log",
    "compressing log with: /bin/gzip",
    "removing old log @ROOT@/log/app.log.3",
    "running first action script",
    "running last action script",
    "running prerotate script",
    "running postrotate script",
    "running preremove script",
    "Creating new state",
    "Reading state from file: @ROOT@/status",
    "duplicate log entry for @ROOT@/log/app.log",
    "unknown option 'nosuchoption'",
    "unknown unit 'x'",
    "unknown user 'nosuchuser'",
    "unknown group 'nosuchgroup'",
    "missing '{' after log files definition",
    "unexpected } (missing previous '{')",
    "stat of @ROOT@/log/app.log failed: No such file or directory",
    "destination @ROOT@/log/app.log-20240312 already exists, skipping rotation",
    "parent directory has insecure permissions",
    "found error in @ROOT@/log/a.log, skipping",
    "bad line 2 in state file @ROOT@/status",
    "bad top line in state file @ROOT@/status",
    "state file @ROOT@/status is already locked",
    "error running non-shared prerotate script for @ROOT@/log/a.log of",
    "error running non-shared postrotate script for @ROOT@/log/app.log of",
    "error running shared prerotate script for '@ROOT@/log/*.log'",
    "error running shared postrotate script for '@ROOT@/log/*.log'",
    "error running preremove script for",
    "error running first action script for",
    "error running last action script for",
    "Compressing program wrote following message to stderr when compressing log @ROOT@/log/app.log.1:",
    "failed to compress log @ROOT@/log/app.log.1",
    "note: 'yearly' overrides previously specified 'daily'",
    "unable to open @ROOT@/log/app.log.1 (read-only) for compression: No such file or directory",
    "not running first action script, since no logs will be rotated",
    "not running postrotate script, since no logs were rotated",
    "mail command failed for @ROOT@/log/app.log.2",
    "skip copying @ROOT@/log/app.log to @ROOT@/log/app.log.1",
    "last rotated in the future -- rotation forced",
    "removing tmp log @ROOT@/log/app.log.tmp",
    "does not exist -- skipping",
    "which is less than or equal 10 minutes ago",
    "which is less than a day ago",
    "log has already been rotated",
    "log size is below the 'size' threshold",
    "'minsize' directive is used and the log size is smaller than the minsize value",
    "'minage' directive is used and the log age is smaller than the minage days",
    "No logs found. Rotation not needed.",
    "Handling 1 logs",
    "Not truncating @ROOT@/log/app.log",
    "already exists, renaming to",
];

#[test]
fn every_piece_of_a_message_that_others_look_for_is_asked_of_a_run() {
    let asked: Vec<String> = all().iter().flat_map(|scenario| scenario.lines("says")).collect();
    let asked: Vec<&str> = asked
        .iter()
        .filter(|line| !line.starts_with('!'))
        .map(|line| line.trim_start_matches('+'))
        .collect();
    let bare = PIECES
        .iter()
        .filter(|piece| !asked.iter().any(|line| line.contains(*piece)));
    let wants: Vec<String> = bare
        .map(|piece| {
            format!(
                "no scenario asks for `{piece}`: add that line under `== says` to one of fixtures/scenarios in which it is said, \
                 or take it out of PIECES in tests/messages.rs"
            )
        })
        .collect();
    if std::env::var_os("SCENARIO").is_none() {
        assert_nothing_is_wanted(&wants);
    }
}

#[test]
fn messages_go_to_the_system_log_when_it_is_named() {
    if !need_root() || !need("unshare") {
        return;
    }
    let root = fresh_dir("messages/syslog");
    let socket = UnixDatagram::bind(root.join("socket")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    fs::write(root.join("conf"), "nosuchoption\n").unwrap();
    let script =
        "mount -t tmpfs tmpfs /dev && mknod -m 666 /dev/null c 1 3 && ln -s \"$ROOT/socket\" /dev/log && exec \"$@\"";
    let binary = ours();
    let words = [
        "-m",
        "/bin/sh",
        "-c",
        script,
        "sh",
        binary.to_str().unwrap(),
        "-l",
        "syslog",
        "-s",
        "status",
        "conf",
    ];
    let output = shell(&root, "unshare", &words).output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut heard = [0; 4096];
    let found = std::iter::from_fn(|| socket.recv(&mut heard).ok().map(|length| heard[..length].to_vec()))
        .any(|text| String::from_utf8_lossy(&text).contains("unknown option 'nosuchoption'"));
    assert!(found, "the system's log was not told");
}

//! What several modules of tests share: running binaries, small trees, needed tools.
//!
//! Here are the programs that a test may need and where its trees live; `manifest` reads and writes trees as text,
//! `sections` reads a fixture, `scenario` runs one behaviour of `fixtures/scenarios`, `clock` makes the time of day stand still.

pub(crate) mod clock;
pub(crate) mod content;
pub(crate) mod difference;
pub(crate) mod manifest;
pub(crate) mod mounts;
pub(crate) mod scenario;
pub(crate) mod sections;
pub(crate) mod terminal;

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The variable that turns a skipped test into a failed one.
const NEED_ALL: &str = "LOGROTATE_TESTS_NEED_ALL";

/// Tells if what the fixtures expect is to be written anew from what comes out: `BLESS=1`.
pub(crate) fn blessing() -> bool {
    env::var_os("BLESS").is_some_and(|value| value == "1")
}

/// Fails with all that is wanted, a line each: the file, and what to write there.
pub(crate) fn assert_nothing_is_wanted(wants: &[String]) {
    assert!(
        wants.is_empty(),
        "what is wanted ({}):\n{}",
        wants.len(),
        wants.join("\n")
    );
}

/// Returns the path of the binary under test.
pub(crate) fn ours() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_logrotate"))
}

/// Returns the project's directory.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the reference's wrapper: the one that `LOGROTATE_PEER` names, or the one that `tests/peer.sh` fetched.
pub(crate) fn peer() -> Option<PathBuf> {
    let fetched = project().join("target/peer/logrotate");
    let named = env::var_os("LOGROTATE_PEER").map(PathBuf::from);
    named.or(Some(fetched)).filter(|path| path.is_file())
}

/// Says loudly that a test was skipped for want of something, or fails where everything is to be there.
pub(crate) fn skip(what: &str) {
    assert!(env::var_os(NEED_ALL).is_none(), "needs {what}, and {NEED_ALL} is set");
    eprintln!("skipped: needs {what}");
}

/// Returns the reference's wrapper, or says that the test is skipped.
pub(crate) fn need_peer() -> Option<PathBuf> {
    let found = peer();
    if found.is_none() {
        skip("the reference: run tests/peer.sh, or name one in LOGROTATE_PEER");
    }
    found
}

/// Tells if a tool is in the search path, and says that the test is skipped if not.
pub(crate) fn need(tool: &str) -> bool {
    let found = has(tool);
    if !found {
        skip(tool);
    }
    found
}

/// Tells if a tool is in the search path.
pub(crate) fn has(tool: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|dir| dir.join(tool).is_file())
}

/// Tells if the tests can act as root and as other users, and says that the test is skipped if not.
pub(crate) fn need_root() -> bool {
    let lack = lack_of_root();
    if let Some(what) = lack {
        skip(what);
    }
    lack.is_none()
}

/// Returns what keeps the tests from acting as root and as other users.
pub(crate) fn lack_of_root() -> Option<&'static str> {
    let others_enter = |dir: &Path| fs::metadata(dir).is_ok_and(|data| data.permissions().mode() & 0o001 != 0);
    if !is_root() {
        return Some("root");
    }
    let is_open = project().ancestors().all(others_enter);
    (!is_open).then_some("root, and a project in directories that all users may enter (not below a home of mode 0700)")
}

/// Tells if the tests run as root.
pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Makes an empty directory of this name for a test, below one that only its owner can write to.
///
/// Run by root, the program refuses logs in directories that others may write to; `/tmp` is such a one.
pub(crate) fn fresh_dir(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if dir.exists() {
        fs::remove_dir_all(&dir).unwrap_or_else(|error| panic!("cannot remove {}: {error}", dir.display()));
    }
    fs::create_dir_all(&dir).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

/// Makes a command that runs in a tree, in a small and fixed environment: umask 022, UTC, the C locale, no input.
pub(crate) fn shell(root: &Path, program: &str, words: &[&str]) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "umask 022; exec \"$0\" \"$@\"", program])
        .args(words);
    command
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC");
    command
        .env("HOME", root)
        .env("ROOT", root)
        .current_dir(root)
        .stdin(Stdio::null());
    command
}

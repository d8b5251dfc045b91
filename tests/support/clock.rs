//! A time of day that stands still for the programs that a test runs, ours and the reference alike.
//!
//! A few lines of C are made into a library that is preloaded; see `clock.c` for what it answers.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Has the command (and all it starts) see `now`, local time in `zone`, as the time of day.
pub(crate) fn stop_at(command: &mut Command, now: &str, zone: &str) {
    command
        .env("TZ", zone)
        .env("TEST_NOW", now)
        .env("LD_PRELOAD", library());
}

/// Returns the library, made once a run of the tests.
fn library() -> &'static PathBuf {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let source = super::project().join("tests/support/clock.c");
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let (part, whole) = (
            dir.join(format!("clock.{}.so", std::process::id())),
            dir.join("clock.so"),
        );
        let status = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&part)
            .arg(&source)
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "cannot compile {}",
            source.display()
        );
        std::fs::rename(&part, &whole).unwrap();
        whole
    })
}

//! File systems for a test: mounted in a name space of its own, so that nothing is left of them when it ends.

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::process::Command;
use std::thread;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};

use super::{need, need_root, skip};

/// Runs a test in a thread that may mount what it likes; says that it is skipped where that cannot be.
pub(crate) fn with_own_mounts(test: impl FnOnce() + Send) {
    if !need_root() {
        return;
    }
    let ended = thread::scope(|scope| {
        let inside = scope.spawn(|| match enter_own_mounts() {
            Ok(()) => test(),
            Err(error) => skip(&format!("a mount name space ({error})")),
        });
        inside.join()
    });
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}

/// Gives this thread, and what it starts, mounts of its own.
fn enter_own_mounts() -> nix::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    mount(
        None::<&str>,
        "/",
        None::<&str>,
        MsFlags::MS_REC | MsFlags::MS_PRIVATE,
        None::<&str>,
    )
}

/// Mounts a file system in memory of so many bytes.
pub(crate) fn memory(at: &Path, bytes: u64) {
    let options = format!("size={bytes},mode=0755");
    mount(
        Some("tests"),
        at,
        Some("tmpfs"),
        MsFlags::empty(),
        Some(options.as_str()),
    )
    .expect("a tmpfs can be mounted");
}

/// Makes a file system of this kind in a file; says that the test is skipped if its tool is not there.
pub(crate) fn make(kind: &str, image: &Path, bytes: u64) -> bool {
    let tool = format!("mkfs.{kind}");
    if !need(&tool) {
        return false;
    }
    File::create(image)
        .and_then(|file| file.set_len(bytes))
        .expect("an image can be made");
    let made = Command::new(&tool)
        .arg("-q")
        .arg(image)
        .output()
        .expect("the tool starts");
    assert!(
        made.status.success(),
        "{tool}: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    true
}

/// Mounts the file system in a file; says that the test is skipped where there are no loop devices.
pub(crate) fn attach(image: &Path, at: &Path, options: &str) -> bool {
    let mut command = Command::new("mount");
    let comma = if options.is_empty() { "" } else { "," };
    let tried = command
        .arg("-o")
        .arg(format!("loop{comma}{options}"))
        .arg(image)
        .arg(at)
        .output();
    let tried = tried.expect("mount starts");
    if !tried.status.success() {
        skip(&format!(
            "a loop mount ({})",
            String::from_utf8_lossy(&tried.stderr).trim()
        ));
    }
    tried.status.success()
}

/// Takes a file system away; a child of another test that was just forked may hold it a moment longer.
pub(crate) fn detach(at: &Path) {
    umount2(at, MntFlags::MNT_DETACH).unwrap_or_else(|error| panic!("cannot unmount {}: {error}", at.display()));
}

/// Mounts a file system of a program that answers nothing, as long as the value is kept; once it is gone every call fails at once.
/// `None`, and it is said that the test is skipped, where there is no FUSE.
pub(crate) fn silent(at: &Path, options: &str) -> Option<File> {
    let opened = File::options().read(true).write(true).open("/dev/fuse");
    let Ok(daemon) = opened else {
        skip("/dev/fuse");
        return None;
    };
    let options = format!("fd={},rootmode=40000,{options}", daemon.as_raw_fd());
    let mounted = mount(
        Some("tests"),
        at,
        Some("fuse"),
        MsFlags::empty(),
        Some(options.as_str()),
    );
    mounted.expect("a FUSE file system can be mounted");
    Some(daemon)
}

/// Mounts a file or directory over another one.
pub(crate) fn over(from: &Path, at: &Path) {
    mount(Some(from), at, None::<&str>, MsFlags::MS_BIND, None::<&str>).expect("a bind mount can be made");
}

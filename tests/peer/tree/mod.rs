//! A directory tree as a value: laid on the disk from it, and read back into it.
//!
//! File times that lie in the real present are `Fresh`: the kernel stamped them during the run, which knows nothing of the
//! faked clock. After a run they are set to the faked time, so that the next run sees ages that fit its calendar.

mod read;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::sys::stat::{UtimensatFlags, utimensat};
use nix::sys::time::TimeSpec;

pub(crate) use read::{Contents, Window, read, tree_with_own_times, unpack_all};

/// A time of a file: of a faked or invented past, or of the real moment of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    /// Seconds and nanoseconds since 1970.
    At(i64, i64),
    /// The kernel's own time during the run.
    Fresh,
}

/// What an entry of the tree is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A regular file with this content.
    File(Arc<Vec<u8>>),
    /// A directory.
    Dir,
    /// A symbolic link to this.
    Symlink(PathBuf),
    /// Another name of the file at this path, which is earlier in the order of paths.
    HardLink(PathBuf),
    /// A named pipe.
    Fifo,
    /// Something no case makes.
    Other,
}

/// One entry of the tree.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// The content as it is compared: unpacked, if gzip packed it.
    pub(crate) plain: Option<Arc<Vec<u8>>>,
    pub(crate) mode: u32,
    pub(crate) owner: (u32, u32),
    pub(crate) modified: Time,
    pub(crate) accessed: Time,
    /// The file takes less room on the disk than its size.
    pub(crate) sparse: bool,
    /// Its access control list, as the kernel keeps it.
    pub(crate) acl: Option<Vec<u8>>,
}

/// The entries below a root, by path relative to it.
pub(crate) type Tree = BTreeMap<PathBuf, Node>;

const ACL: &str = "system.posix_acl_access";
const BLOCK: usize = 4096;

impl Node {
    /// Makes a node as root's umask 022 would.
    pub(crate) fn new(kind: Kind, at: i64) -> Self {
        let mode = if kind == Kind::Dir { 0o755 } else { 0o644 };
        let time = Time::At(at, 0);
        Self {
            kind,
            plain: None,
            mode,
            owner: (0, 0),
            modified: time,
            accessed: time,
            sparse: false,
            acl: None,
        }
    }

    /// Makes a plain file.
    pub(crate) fn file(content: impl Into<Vec<u8>>, at: i64) -> Self {
        Self::new(Kind::File(Arc::new(content.into())), at)
    }
}

/// Empties the directory and lays the tree in it.
pub(crate) fn lay(root: &Path, tree: &Tree) {
    if root.exists() {
        fs::remove_dir_all(root).expect("the old tree goes");
    }
    fs::create_dir_all(root).expect("the root is made");
    for (path, node) in tree {
        lay_one(root, &root.join(path), node);
    }
}

fn lay_one(root: &Path, at: &Path, node: &Node) {
    if let Some(parent) = at.parent() {
        fs::create_dir_all(parent).expect("a parent is made");
    }
    match &node.kind {
        Kind::File(content) => write_sparsely(at, content),
        Kind::Dir => fs::create_dir_all(at).expect("a directory is made"),
        Kind::Symlink(target) => std::os::unix::fs::symlink(target, at).expect("a link is made"),
        Kind::HardLink(first) => fs::hard_link(root.join(first), at).expect("a hard link is made"),
        Kind::Fifo => nix::unistd::mkfifo(at, nix::sys::stat::Mode::from_bits_truncate(0o600)).expect("a FIFO is made"),
        Kind::Other => {}
    }
    dress(at, node);
}

/// Writes the content, leaving out blocks of zeros.
fn write_sparsely(at: &Path, content: &[u8]) {
    let mut file = fs::File::create(at).expect("a file is made");
    for (index, block) in content.chunks(BLOCK).enumerate() {
        if block.iter().any(|byte| *byte != 0) {
            let offset = u64::try_from(index * BLOCK).expect("an offset");
            file.seek(SeekFrom::Start(offset)).expect("it can seek");
            file.write_all(block).expect("it is written");
        }
    }
    file.set_len(content.len() as u64).expect("its size is set");
}

/// Gives the entry its owner, mode, list and times.
fn dress(at: &Path, node: &Node) {
    if node.owner != (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw()) {
        std::os::unix::fs::lchown(at, Some(node.owner.0), Some(node.owner.1)).expect("the owner is set");
    }
    if matches!(node.kind, Kind::File(_) | Kind::Dir | Kind::Fifo) {
        fs::set_permissions(at, fs::Permissions::from_mode(node.mode)).expect("the mode is set");
        if let Some(acl) = &node.acl {
            xattr::set(at, ACL, acl).expect("the list is set");
        }
    }
    set_times(at, node.accessed, node.modified);
}

fn set_times(at: &Path, accessed: Time, modified: Time) {
    let spec = |time| match time {
        Time::At(seconds, nanoseconds) => TimeSpec::new(seconds, nanoseconds),
        Time::Fresh => TimeSpec::UTIME_NOW,
    };
    let dir = nix::fcntl::AT_FDCWD;
    utimensat(
        dir,
        at,
        &spec(accessed),
        &spec(modified),
        UtimensatFlags::NoFollowSymlink,
    )
    .expect("the times are set");
}

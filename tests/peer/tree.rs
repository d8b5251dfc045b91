//! A directory tree as a value: laid on the disk from it, and read back into it.
//!
//! File times that lie in the real present are `Fresh`: the kernel stamped them during the run, which knows nothing of the
//! faked clock. After a run they are set to the faked time, so that the next run sees ages that fit its calendar.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use flate2::read::MultiGzDecoder;
use nix::sys::stat::{UtimensatFlags, utimensat};
use nix::sys::time::TimeSpec;

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

/// The part of the real time line in which a run took place.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    begin: i64,
    end: i64,
}

impl Window {
    /// Opens the window now; it is closed by `read`.
    pub(crate) fn open() -> Self {
        let now = real_seconds();
        Self {
            begin: now - 1,
            end: now + 1,
        }
    }

    /// Closes it now.
    pub(crate) fn close(mut self) -> Self {
        self.end = real_seconds() + 1;
        self
    }

    fn classify(self, seconds: i64, nanoseconds: i64) -> Time {
        if seconds >= self.begin && seconds <= self.end {
            Time::Fresh
        } else {
            Time::At(seconds, nanoseconds)
        }
    }
}

fn real_seconds() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is after 1970");
    i64::try_from(since.as_secs()).expect("seconds fit")
}

/// A file's content, as it is and as it is compared.
type Both = (Arc<Vec<u8>>, Arc<Vec<u8>>);

/// What is remembered of a file that need not be read again while inode and change time stay.
#[derive(Default)]
pub(crate) struct Contents(BTreeMap<PathBuf, (u64, i64, i64, Both)>);

/// Reads the tree below the root; then fresh times are set to `faked`, on the disk and for the next reading.
pub(crate) fn read(root: &Path, window: Window, faked: i64, known: &mut Contents) -> Tree {
    let mut tree = Tree::new();
    let mut inodes = BTreeMap::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(dir) = pending.pop() {
        let mut names: Vec<_> = fs::read_dir(root.join(&dir))
            .expect("a directory is read")
            .map(|entry| dir.join(entry.expect("an entry is read").file_name()))
            .collect();
        names.sort();
        for path in names {
            let node = read_one(&root.join(&path), &path, window, known);
            if node.kind == Kind::Dir {
                pending.push(path.clone());
            }
            tree.insert(path, node);
        }
    }
    for path in tree.keys().cloned().collect::<Vec<_>>() {
        let meta = root.join(&path).symlink_metadata().expect("it is there");
        if meta.nlink() > 1 && meta.is_file() {
            if let Some(first) = inodes.get(&meta.ino()) {
                tree.get_mut(&path).expect("known").kind = Kind::HardLink(PathBuf::clone(first));
            } else {
                inodes.insert(meta.ino(), path.clone());
            }
        }
    }
    settle(root, &tree, faked);
    tree
}

fn read_one(at: &Path, path: &Path, window: Window, known: &mut Contents) -> Node {
    let meta = at.symlink_metadata().expect("an entry is looked at");
    let mut plain = None;
    let kind = meta.file_type();
    let kind = if kind.is_dir() {
        Kind::Dir
    } else if kind.is_symlink() {
        Kind::Symlink(fs::read_link(at).expect("a link is read"))
    } else if kind.is_file() {
        let (raw, unpacked) = content(at, path, &meta, known);
        plain = Some(unpacked);
        Kind::File(raw)
    } else if std::os::unix::fs::FileTypeExt::is_fifo(&kind) {
        Kind::Fifo
    } else {
        Kind::Other
    };
    let acl = if kind_is_file(&kind) {
        xattr::get(at, ACL).unwrap_or(None)
    } else {
        None
    };
    let size = meta.len();
    Node {
        plain,
        mode: meta.mode() & 0o7777,
        owner: (meta.uid(), meta.gid()),
        modified: window.classify(meta.mtime(), meta.mtime_nsec()),
        accessed: window.classify(meta.atime(), meta.atime_nsec()),
        sparse: kind_is_file(&kind) && size > 0x10000 && meta.blocks() * 512 + 0x4000 < size,
        acl,
        kind,
    }
}

fn kind_is_file(kind: &Kind) -> bool {
    matches!(kind, Kind::File(_))
}

fn content(at: &Path, path: &Path, meta: &fs::Metadata, known: &mut Contents) -> Both {
    if let Some((inode, seconds, nanoseconds, bytes)) = known.0.get(path)
        && (*inode, *seconds, *nanoseconds) == (meta.ino(), meta.ctime(), meta.ctime_nsec())
    {
        return bytes.clone();
    }
    let mut bytes = Vec::new();
    let mut file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_NOATIME)
        .open(at)
        .expect("a file opens");
    file.read_to_end(&mut bytes).expect("a file is read");
    let raw = Arc::new(bytes);
    let both = (Arc::clone(&raw), unpack(&raw));
    let known_as = (meta.ino(), meta.ctime(), meta.ctime_nsec(), both.clone());
    known.0.insert(path.to_owned(), known_as);
    both
}

/// Unpacks what gzip packed, whoever packed it; anything else is as it is.
fn unpack(content: &Arc<Vec<u8>>) -> Arc<Vec<u8>> {
    if !content.starts_with(&[0x1f, 0x8b]) {
        return Arc::clone(content);
    }
    let mut out = b"(unpacked) ".to_vec();
    match MultiGzDecoder::new(content.as_slice()).read_to_end(&mut out) {
        Ok(_) => Arc::new(out),
        Err(_) => Arc::clone(content),
    }
}

/// Unpacks the files of a tree that was not read but thought out.
pub(crate) fn unpack_all(tree: &mut Tree) {
    for node in tree.values_mut() {
        if let Kind::File(content) = &node.kind {
            node.plain = Some(unpack(content));
        }
    }
}

/// Puts the faked time where the kernel put the real one.
fn settle(root: &Path, tree: &Tree, faked: i64) {
    for (path, node) in tree {
        if node.modified == Time::Fresh || node.accessed == Time::Fresh {
            set_times(
                &root.join(path),
                settled(node.accessed, faked),
                settled(node.modified, faked),
            );
        }
    }
}

fn settled(time: Time, faked: i64) -> Time {
    if time == Time::Fresh { Time::At(faked, 0) } else { time }
}

/// Returns the tree as it is on the disk after its fresh times were set to `faked`.
pub(crate) fn settled_tree(tree: &Tree, faked: i64) -> Tree {
    let mut tree = tree.clone();
    for node in tree.values_mut() {
        node.modified = settled(node.modified, faked);
        node.accessed = settled(node.accessed, faked);
    }
    tree
}

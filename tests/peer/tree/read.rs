//! Reads a tree from the disk.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use flate2::read::MultiGzDecoder;

use super::{ACL, Kind, Node, Time, Tree, set_times};

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

/// A file's content, as it is and as it is compared, and its access list.
#[derive(Clone)]
struct Content {
    raw: Arc<Vec<u8>>,
    plain: Arc<Vec<u8>>,
    acl: Option<Vec<u8>>,
}

/// What tells that a file is still what it was: inode and change time.
type Version = (u64, i64, i64);

/// What is remembered of files that need not be read again.
#[derive(Default)]
pub(crate) struct Contents(HashMap<PathBuf, (Version, Content)>);

/// Reads the tree below the root; then fresh times are set to `faked`, on the disk and for the next reading.
pub(crate) fn read(root: &Path, window: Window, faked: i64, known: &mut Contents) -> Tree {
    let mut tree = Tree::new();
    let mut inodes = BTreeMap::new();
    let mut linked = Vec::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(dir) = pending.pop() {
        let names = fs::read_dir(root.join(&dir)).expect("a directory is read");
        for name in names.map(|entry| entry.expect("an entry is read").file_name()) {
            let path = dir.join(name);
            let at = root.join(&path);
            let meta = at.symlink_metadata().expect("an entry is looked at");
            if meta.nlink() > 1 && meta.is_file() {
                linked.push((path.clone(), meta.ino()));
            }
            let node = read_one(&at, &path, &meta, window, known);
            if node.kind == Kind::Dir {
                pending.push(path.clone());
            }
            tree.insert(path, node);
        }
    }
    linked.sort();
    for (path, inode) in linked {
        if let Some(first) = inodes.get(&inode) {
            tree.get_mut(&path).expect("known").kind = Kind::HardLink(PathBuf::clone(first));
        } else {
            inodes.insert(inode, path);
        }
    }
    give_own_times(root, &tree, faked);
    tree
}

fn read_one(at: &Path, path: &Path, meta: &fs::Metadata, window: Window, known: &mut Contents) -> Node {
    let (mut plain, mut acl) = (None, None);
    let kind = meta.file_type();
    let kind = if kind.is_dir() {
        Kind::Dir
    } else if kind.is_symlink() {
        Kind::Symlink(fs::read_link(at).expect("a link is read"))
    } else if kind.is_file() {
        let content = content(at, path, meta, known);
        (plain, acl) = (Some(content.plain), content.acl);
        Kind::File(content.raw)
    } else if std::os::unix::fs::FileTypeExt::is_fifo(&kind) {
        Kind::Fifo
    } else {
        Kind::Other
    };
    let size = meta.len();
    Node {
        plain,
        mode: meta.mode() & 0o7777,
        owner: (meta.uid(), meta.gid()),
        modified: window.classify(meta.mtime(), meta.mtime_nsec()),
        accessed: window.classify(meta.atime(), meta.atime_nsec()),
        sparse: matches!(kind, Kind::File(_)) && size > 0x10000 && meta.blocks() * 512 + 0x4000 < size,
        acl,
        kind,
    }
}

fn content(at: &Path, path: &Path, meta: &fs::Metadata, known: &mut Contents) -> Content {
    let version = (meta.ino(), meta.ctime(), meta.ctime_nsec());
    if let Some((known_as, content)) = known.0.get(path) {
        if *known_as == version {
            return content.clone();
        }
    }
    let mut bytes = Vec::new();
    let mut file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_NOATIME)
        .open(at)
        .expect("a file opens");
    file.read_to_end(&mut bytes).expect("a file is read");
    let raw = Arc::new(bytes);
    let content = Content {
        plain: unpack(&raw),
        raw,
        acl: xattr::get(at, ACL).unwrap_or(None),
    };
    known.0.insert(path.to_owned(), (version, content.clone()));
    content
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
fn give_own_times(root: &Path, tree: &Tree, faked: i64) {
    for (path, node) in tree {
        if node.modified == Time::Fresh || node.accessed == Time::Fresh {
            set_times(
                &root.join(path),
                own_time(node.accessed, faked),
                own_time(node.modified, faked),
            );
        }
    }
}

fn own_time(time: Time, faked: i64) -> Time {
    if time == Time::Fresh { Time::At(faked, 0) } else { time }
}

/// Returns the tree as it is on the disk after its fresh times were set to `faked`.
pub(crate) fn tree_with_own_times(tree: &Tree, faked: i64) -> Tree {
    let mut tree = tree.clone();
    for node in tree.values_mut() {
        node.modified = own_time(node.modified, faked);
        node.accessed = own_time(node.accessed, faked);
    }
    tree
}

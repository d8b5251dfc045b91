//! Access control lists of open files, as the kernel keeps them.

use std::fs::File;
use std::path::Path;

use nix::errno::Errno;
use xattr::FileExt;

use crate::fault::{Op, SysError};

/// The attribute that holds a file's access control list.
pub(super) const ACL: &str = "system.posix_acl_access";
/// The attribute that holds the list which a directory hands on to what is made in it.
pub(super) const DEFAULT_ACL: &str = "system.posix_acl_default";

/// Reads a file's ACL as the kernel keeps it; `None` where it has none or the file system knows none.
pub(super) fn acl_of(file: &File, path: &Path) -> Result<Option<Vec<u8>>, SysError> {
    match file.get_xattr(ACL) {
        Ok(list) => Ok(list),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(SysError::new(Op::SetAttribute, path, errno_of(&error) as i32)),
    }
}

/// Takes an access control list away; answers whether there was one.
pub(super) fn disinherit(file: &File, list: &str) -> Result<bool, Errno> {
    match file.get_xattr(list).map(|found| found.map(|_| file.remove_xattr(list))) {
        Ok(None) => Ok(false),
        Ok(Some(Ok(()))) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Ok(Some(Err(error))) | Err(error) => Err(errno_of(&error)),
    }
}

/// Returns the kernel's reason.
pub(super) fn errno_of(error: &std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}

/// Tells whether there is no such attribute, or none at all.
pub(super) fn is_absent(error: &std::io::Error) -> bool {
    matches!(errno_of(error), Errno::ENODATA | Errno::EOPNOTSUPP | Errno::ENOSYS)
}

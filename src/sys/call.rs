//! A call on a descriptor that failed. The descriptor's owner knows its name, and adds it.

use std::fmt;
use std::path::Path;

use crate::fault::{Op, SysError};

/// The kernel's reasons by name, so that nothing outside `sys` needs `nix` for them.
pub use nix::errno::Errno;

/// A call on a descriptor that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallError {
    pub op: Op,
    pub errno: Errno,
}

impl CallError {
    pub(crate) fn new(op: Op, errno: Errno) -> Self {
        Self { op, errno }
    }

    /// Adds the name of the file that the descriptor stands for.
    #[must_use]
    pub fn at(self, path: &Path) -> SysError {
        SysError::new(self.op, path, self.errno as i32)
    }

    /// Returns a closure for `map_err`.
    pub(crate) fn when(op: Op) -> impl Fn(Errno) -> Self {
        move |errno| Self { op, errno }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.errno.desc())
    }
}

impl std::error::Error for CallError {}

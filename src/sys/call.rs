//! A call on a descriptor that failed. The descriptor's owner knows its name, and adds it.

use std::fmt;
use std::path::Path;

use crate::fault::{Op, SysError};

/// The kernel's reasons by name, so that nothing outside `sys` needs `nix` for them.
pub use nix::errno::Errno;

/// What a call on a descriptor was to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Asking about the file.
    Stat,
    /// Opening the same file once more.
    Open,
    /// Reading.
    Read,
    /// Writing, or making room for what is to be written.
    Write,
    /// Getting data to the disk.
    Flush,
    /// Cutting the file off, or a part out of it.
    Truncate,
}

/// A call on a descriptor that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallError {
    /// What was to be done.
    pub doing: Doing,
    /// The kernel's reason.
    pub errno: Errno,
}

impl CallError {
    pub(crate) fn new(doing: Doing, errno: Errno) -> Self {
        Self { doing, errno }
    }

    /// Adds the name of the file that the descriptor stands for.
    #[must_use]
    pub fn at(self, path: &Path) -> SysError {
        let op = match self.doing {
            Doing::Stat => Op::Stat,
            Doing::Open => Op::Open,
            Doing::Read => Op::Read,
            Doing::Write => Op::Write,
            Doing::Flush => Op::Flush,
            Doing::Truncate => Op::Truncate,
        };
        SysError::new(op, path, self.errno as i32)
    }

    /// Returns a closure for `map_err`.
    pub(crate) fn when(doing: Doing) -> impl Fn(Errno) -> Self {
        move |errno| Self { doing, errno }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let doing = match self.doing {
            Doing::Stat => "stat",
            Doing::Open => "open",
            Doing::Read => "read",
            Doing::Write => "write",
            Doing::Flush => "fsync",
            Doing::Truncate => "truncate",
        };
        write!(out, "{doing}: {}", self.errno.desc())
    }
}

impl std::error::Error for CallError {}

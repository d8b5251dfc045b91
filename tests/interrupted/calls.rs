//! The vocabulary of system calls: which change a file, which only look, and where each names its file.
//!
//! One row a call; nothing here stops or changes a process.

use nix::libc;

/// What a call does to the file that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Makes, changes, flushes or removes it.
    Change,
    /// Opens, reads, asks or closes it.
    Look,
    /// Begins or ends a process; names no file of ours.
    Process,
}

/// Where a call names its file: the numbers of its arguments.
#[derive(Clone, Copy, Debug)]
pub(super) enum Names {
    /// By descriptor.
    Fd(usize),
    /// By path.
    Path(usize),
    /// By path below a directory's descriptor (the descriptor itself, if the path is empty or missing).
    At(usize, usize),
    /// Not at all.
    Nothing,
}

/// A row of the vocabulary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// The call's number.
    pub(super) number: i64,
    /// Its name.
    pub(super) name: &'static str,
    /// What it does.
    pub(super) deed: Deed,
    /// Where it names its file.
    pub(super) names: Names,
}

/// The request of `ioctl` that shares the blocks of a file.
pub(super) const FICLONE: u64 = 0x4004_9409;

/// Finds the row of a call; `openat` without a flag that makes or cuts a file is only a look.
pub(super) fn find(number: u64, arguments: &[u64; 6]) -> Option<Row> {
    let mut row = *ROWS
        .iter()
        .chain(OLD_ROWS)
        .find(|row| row.number.unsigned_abs() == number)?;
    let making = (libc::O_CREAT | libc::O_TRUNC | (libc::O_TMPFILE & !libc::O_DIRECTORY)) as u64;
    match row.number {
        libc::SYS_openat if arguments[2] & making == 0 => row.deed = Deed::Look,
        libc::SYS_ioctl if arguments[1] != FICLONE => return None,
        _ => {}
    }
    Some(row)
}

/// Makes the rows of one deed.
macro_rules! rows {
    ($($deed:ident: $($call:ident $names:expr),+;)+) => {
        &[$($(Row { number: libc::$call, name: stringify!($call), deed: Deed::$deed, names: $names }),+),+]
    };
}

use Names::{At, Fd, Nothing, Path};

/// The calls that every architecture has.
static ROWS: &[Row] = rows! {
    Change: SYS_openat At(0, 1), SYS_renameat At(2, 3), SYS_renameat2 At(2, 3), SYS_unlinkat At(0, 1),
        SYS_linkat At(2, 3), SYS_symlinkat At(1, 2), SYS_mkdirat At(0, 1), SYS_mknodat At(0, 1),
        SYS_write Fd(0), SYS_pwrite64 Fd(0), SYS_writev Fd(0), SYS_pwritev Fd(0), SYS_pwritev2 Fd(0),
        SYS_ftruncate Fd(0), SYS_truncate Path(0), SYS_fallocate Fd(0),
        SYS_fchmod Fd(0), SYS_fchmodat At(0, 1), SYS_fchown Fd(0), SYS_fchownat At(0, 1), SYS_utimensat At(0, 1),
        SYS_setxattr Path(0), SYS_lsetxattr Path(0), SYS_fsetxattr Fd(0), SYS_removexattr Path(0), SYS_fremovexattr Fd(0),
        SYS_copy_file_range Fd(2), SYS_sendfile Fd(0), SYS_splice Fd(2), SYS_ioctl Fd(0),
        SYS_fsync Fd(0), SYS_fdatasync Fd(0), SYS_syncfs Fd(0), SYS_sync_file_range Fd(0);
    Look: SYS_openat2 At(0, 1), SYS_read Fd(0), SYS_pread64 Fd(0), SYS_readv Fd(0), SYS_close Fd(0), SYS_fstat Fd(0),
        SYS_newfstatat At(0, 1), SYS_statx At(0, 1), SYS_faccessat At(0, 1), SYS_faccessat2 At(0, 1),
        SYS_getdents64 Fd(0), SYS_readlinkat At(0, 1), SYS_flock Fd(0), SYS_fcntl Fd(0), SYS_lseek Fd(0),
        SYS_getxattr Path(0), SYS_lgetxattr Path(0), SYS_fgetxattr Fd(0), SYS_listxattr Path(0), SYS_flistxattr Fd(0);
    Process: SYS_clone Nothing, SYS_clone3 Nothing, SYS_execve Nothing, SYS_exit_group Nothing;
};

/// The calls that only x86 still has.
#[cfg(target_arch = "x86_64")]
static OLD_ROWS: &[Row] = rows! {
    Change: SYS_creat Path(0), SYS_rename Path(1), SYS_unlink Path(0), SYS_link Path(1), SYS_symlink Path(1),
        SYS_mkdir Path(0), SYS_rmdir Path(0), SYS_chmod Path(0), SYS_chown Path(0), SYS_lchown Path(0), SYS_utimes Path(0);
    Look: SYS_stat Path(0), SYS_lstat Path(0), SYS_access Path(0), SYS_readlink Path(0);
    Process: SYS_fork Nothing, SYS_vfork Nothing;
};

/// The calls that only x86 still has.
#[cfg(not(target_arch = "x86_64"))]
static OLD_ROWS: &[Row] = &[];

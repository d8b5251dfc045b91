//! The moment between fork and exec: what a program that runs with another's rights is rid of before it begins, and how much one may
//! write.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::libc;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Gid, Pid, Uid, getpid, pipe2, setresgid, setresuid, setsid, write};

use crate::unix::Identity;

/// On kernels that cannot mark all descriptors at once (before 5.11) those below this number are.
const FEW_DESCRIPTORS: i32 = 256;

/// Kills the process whose number it wrote into a pipe before anybody else could stop it.
pub(super) fn kill_told(pipe: OwnedFd) {
    let mut number = [0; size_of::<libc::pid_t>()];
    if File::from(pipe).read_exact(&mut number).is_ok() {
        let _ = kill(Pid::from_raw(libc::pid_t::from_ne_bytes(number)), Signal::SIGKILL);
    }
}

/// In the child: real, effective and saved ids are the identity's, the working directory is `/`, there is no terminal, and of all
/// descriptors the first three stay. Before it is anybody else it tells its number, in the pipe that is returned.
pub(super) fn become_wholly(command: &mut Command, identity: Identity) -> Result<OwnedFd, Errno> {
    let (pid, tell) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
    let enter = move || {
        setsid()?;
        write(&tell, &getpid().as_raw().to_ne_bytes())?;
        let user = Uid::from_raw(identity.user.0);
        let group = Gid::from_raw(identity.group.0);
        // The parent acts with these effective ids already: root is needed once more to give it up wholly.
        let root = Uid::from_raw(0);
        let keep = Uid::from_raw(u32::MAX);
        let _ = setresuid(keep, root, keep);
        setresgid(group, group, group)?;
        setresuid(user, user, user)?;
        keep_three()?;
        Ok(())
    };
    command.current_dir("/");
    #[expect(unsafe_code, reason = "the ids change between fork and exec")]
    // SAFETY: the closure makes only system calls and touches no memory of the parent.
    unsafe {
        command.pre_exec(enter);
    }
    Ok(pid)
}

/// In the child: no file that it writes becomes larger than so many bytes.
pub(super) fn limit_output(command: &mut Command, most: u64) {
    let limit = move || setrlimit(Resource::RLIMIT_FSIZE, most, most).map_err(Into::into);
    #[expect(unsafe_code, reason = "the limit is the child's alone")]
    // SAFETY: the closure makes one system call and touches no memory of the parent.
    unsafe {
        command.pre_exec(limit);
    }
}

/// Closes all descriptors but the first three when the program begins: one may be the run's log, others come from whoever started us.
fn keep_three() -> Result<(), Errno> {
    #[expect(unsafe_code, reason = "nix has no close_range")]
    // SAFETY: the call takes three numbers, and only marks descriptors.
    let marked = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    if marked == 0 {
        return Ok(());
    }
    for fd in 3..FEW_DESCRIPTORS {
        #[expect(unsafe_code, reason = "whether the descriptor is open is just what is asked")]
        // SAFETY: it is only marked, in a process that has no other use for it.
        let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
        match fcntl(fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)) {
            Ok(_) | Err(Errno::EBADF) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

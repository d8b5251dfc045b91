//! Whether programs are there, looked for as one is that is to be started.

use std::path::Path;

use nix::unistd::{AccessFlags, access};

/// Where a program is looked for if `PATH` is not set.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Tells whether a program can be started: by its path, or by its name in one of the directories of `PATH`.
#[must_use]
pub fn is_there(program: &Path) -> bool {
    if program.as_os_str().as_encoded_bytes().contains(&b'/') {
        return is_executable(program);
    }
    let path = std::env::var_os("PATH").unwrap_or_else(|| USUAL_PATH.into());
    std::env::split_paths(&path).any(|directory| is_executable(&directory.join(program)))
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && access(path, AccessFlags::X_OK).is_ok()
}

/// Tells whether the shell that runs scripts is one that knows no more than the standard asks for.
#[must_use]
pub fn is_sh_posix() -> bool {
    let shell = std::fs::canonicalize("/bin/sh").unwrap_or_default();
    shell.ends_with("dash") || shell.ends_with("busybox")
}

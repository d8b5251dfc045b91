//! A file system of its own kind for W9, in a file, mounted by `mount -o loop`. Needs root and the tools; says so if not.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::tree;

/// The size of the file system; the file has holes.
const SIZE: u64 = 8 << 30;

/// A mounted file system; gone when this is dropped.
pub(crate) struct Mount {
    /// Where it is mounted.
    pub(crate) dir: PathBuf,
    image: PathBuf,
}

/// Makes and mounts a file system of that kind below `dir`.
pub(crate) fn mount(kind: &str, dir: &Path) -> Result<Mount> {
    ensure!(nix::unistd::geteuid().is_root(), "mounting {kind} needs root");
    let (image, at) = (dir.join(format!("{kind}.img")), dir.join(format!("{kind}.mnt")));
    tree::create(&image)?.set_len(SIZE)?;
    std::fs::create_dir_all(&at)?;
    let quiet = |command: &mut Command| {
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let made = quiet(Command::new(format!("mkfs.{kind}")).arg("-q").arg(&image));
    let mounted = made
        && quiet(
            Command::new("mount")
                .args(["-o", "loop", "-t", kind])
                .arg(&image)
                .arg(&at),
        );
    if !mounted {
        std::fs::remove_file(&image)?;
    }
    ensure!(made, "needs mkfs.{kind}");
    ensure!(mounted, "this kernel mounts no {kind} from a file");
    Ok(Mount { dir: at, image })
}

impl Drop for Mount {
    fn drop(&mut self) {
        let gone = Command::new("umount")
            .arg(&self.dir)
            .status()
            .is_ok_and(|status| status.success());
        if !gone || std::fs::remove_file(&self.image).is_err() {
            eprintln!("bench: {} could not be unmounted and removed", self.dir.display());
        }
    }
}

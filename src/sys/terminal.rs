//! What stands behind a descriptor: a terminal and how wide it is, or the journal.

use std::os::fd::AsFd;

use nix::sys::stat::fstat;

/// Tells whether it is a terminal.
#[must_use]
pub fn is_terminal(fd: &impl AsFd) -> bool {
    nix::unistd::isatty(fd).unwrap_or(false)
}

/// Returns how many columns the terminal has; `None` where it is none.
#[must_use]
pub fn columns(fd: &impl AsFd) -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(fd)?;
    Some(usize::from(width.0)).filter(|width| *width > 0)
}

/// Tells whether it is the file that `DEVICE:INODE` names, as `JOURNAL_STREAM` does.
#[must_use]
pub fn is_named(fd: &impl AsFd, name: &str) -> bool {
    let Some((device, inode)) = name.split_once(':') else {
        return false;
    };
    fstat(fd).is_ok_and(|stat| device.parse() == Ok(stat.st_dev) && inode.parse() == Ok(stat.st_ino))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_is_known_by_device_and_inode() {
        let file = tempfile::tempfile().unwrap();
        let stat = fstat(&file).unwrap();
        let (device, inode) = (stat.st_dev, stat.st_ino);
        assert!(is_named(&file, &format!("{device}:{inode}")));
        for other in [
            format!("{device}:{}", inode + 1),
            format!("{}:{inode}", device + 1),
            String::new(),
            "x:y".into(),
        ] {
            assert!(!is_named(&file, &other), "{other}");
        }
        assert!(!is_terminal(&file) && columns(&file).is_none());
    }
}

//! A terminal for a program: what it writes there is what a person would see.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::{Child, Command};

use nix::fcntl::{OFlag, open};
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::stat::Mode;

/// Opens both ends. Not by `openpty`: what other tests start at the same moment would inherit them.
fn open_terminal() -> nix::Result<(File, File)> {
    let how = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let master = posix_openpt(how)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let slave = open(&*ptsname_r(&master)?, how, Mode::empty())?;
    Ok((File::from(OwnedFd::from(master)), File::from(slave)))
}

/// A program whose outputs are a terminal.
pub(crate) struct InTerminal {
    child: Child,
    terminal: File,
}

impl InTerminal {
    /// Starts a program with a terminal of so many columns as standard output and error.
    pub(crate) fn start(mut command: Command, columns: u16) -> Self {
        let (master, slave) = open_terminal().unwrap();
        let size = ["rows", "50", "columns", &columns.to_string()];
        let sized = Command::new("stty")
            .args(size)
            .stdin(slave.try_clone().unwrap())
            .status();
        assert!(sized.unwrap().success(), "the terminal gets its size");
        let copy = slave.try_clone().unwrap();
        let child = command.stdout(copy).stderr(slave).spawn();
        // The command's own descriptors must go, or the terminal never ends.
        drop(command);
        Self {
            child: child.unwrap(),
            terminal: master,
        }
    }

    /// Reads more of what was written; nothing once all programs have let go of the terminal.
    pub(crate) fn read(&mut self) -> Option<Vec<u8>> {
        let mut part = [0; 4096];
        match self.terminal.read(&mut part) {
            // Linux answers with an error where the other end is closed.
            Ok(0) | Err(_) => None,
            Ok(count) => Some(part[..count].to_vec()),
        }
    }

    /// Reads until a text has been written, and returns all that was.
    pub(crate) fn read_until(&mut self, text: &str) -> String {
        let mut said = Vec::new();
        while !String::from_utf8_lossy(&said).contains(text) {
            let part = self.read();
            said.extend(part.unwrap_or_else(|| panic!("no {text} in {}", String::from_utf8_lossy(&said))));
        }
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Reads to the end, waits for the program, and returns what was written, line ends as in a file.
    pub(crate) fn finish(mut self) -> String {
        let mut said = Vec::new();
        while let Some(part) = self.read() {
            said.extend(part);
        }
        self.child.wait().unwrap();
        String::from_utf8(said).unwrap().replace("\r\n", "\n")
    }
}

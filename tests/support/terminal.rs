//! A terminal for a program: what it writes there is what a person would see.

use std::fs::File;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};

use nix::pty::{Winsize, openpty};

/// A program whose outputs are a terminal.
pub(crate) struct InTerminal {
    child: Child,
    terminal: File,
}

impl InTerminal {
    /// Starts a program with a terminal of so many columns as standard output and error.
    pub(crate) fn start(mut command: Command, columns: u16) -> Self {
        let size = Winsize {
            ws_row: 50,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pair = openpty(&size, None).unwrap();
        let copy = pair.slave.try_clone().unwrap();
        let child = command
            .stdout(Stdio::from(copy))
            .stderr(Stdio::from(pair.slave))
            .spawn();
        // The command's own descriptors must go, or the terminal never ends.
        drop(command);
        Self {
            child: child.unwrap(),
            terminal: File::from(pair.master),
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

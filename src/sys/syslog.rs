//! The system log: datagrams to `/dev/log`, facility user.

use std::os::unix::net::UnixDatagram;

/// Where the system log listens.
const SOCKET: &str = "/dev/log";
/// The facility: messages of ordinary programs.
const USER: u8 = 1;

/// A connection to the system log.
#[derive(Debug)]
pub struct Syslog {
    socket: Option<UnixDatagram>,
}

/// A message's priority within its facility.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// An error.
    Error = 3,
    /// A warning.
    Warning = 4,
    /// Anything else.
    Debug = 7,
}

impl Syslog {
    /// Connects, if somebody listens.
    #[must_use]
    pub fn open() -> Self {
        Self {
            socket: UnixDatagram::unbound().ok(),
        }
    }

    /// Sends one message; lost if nobody listens.
    pub fn send(&self, priority: Priority, text: &str) {
        let Some(socket) = &self.socket else { return };
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let number = USER * 8 + priority as u8;
            let message = format!("<{number}>logrotate[{}]: {line}", std::process::id());
            drop(socket.send_to(message.as_bytes(), SOCKET));
        }
    }
}

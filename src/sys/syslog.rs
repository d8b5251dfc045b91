//! The system log: datagrams to `/dev/log`, facility user.

use std::os::unix::net::UnixDatagram;

use crate::diag::Severity;

/// Where the system log listens.
const SOCKET: &str = "/dev/log";
/// The facility: messages of ordinary programs.
const USER: u8 = 1;
/// The priorities within it.
const ERROR: u8 = 3;
const WARNING: u8 = 4;
const DEBUG: u8 = 7;

/// A connection to the system log.
#[derive(Debug)]
pub struct Syslog {
    socket: Option<UnixDatagram>,
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
    pub fn send(&self, severity: Severity, text: &str) {
        let Some(socket) = &self.socket else { return };
        let priority = match severity {
            Severity::Error => ERROR,
            Severity::Warning => WARNING,
            Severity::Note => DEBUG,
        };
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let number = USER * 8 + priority;
            let message = format!("<{number}>logrotate[{}]: {line}", std::process::id());
            drop(socket.send_to(message.as_bytes(), SOCKET));
        }
    }
}

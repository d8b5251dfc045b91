//! The only door to the kernel: whatever names `nix`, `std::fs` or `std::process` is in here.
//!
//! Every file is reached through a held directory and a single name. What is done, and in which order, is not decided here.

pub mod accounts;
mod acl;
pub mod atomic;
pub mod attributes;
mod birth;
pub mod call;
pub mod confread;
pub mod context;
pub mod copy;
pub mod create;
mod denial;
pub mod descriptors;
pub mod dir;
pub mod dirlock;
mod flock;
pub mod identity;
pub mod journal;
pub mod lease;
pub mod listing;
pub mod locale;
pub mod lock;
pub mod logfile;
pub mod mkdir;
mod mounts;
pub mod names;
pub mod pattern;
pub mod process;
pub mod programs;
pub mod release;
pub mod room;
pub mod signals;
pub mod stream;
pub mod syslog;
pub mod terminal;
pub mod textfile;
pub mod tree;
pub mod truncate;
pub mod walk;
pub mod writers;

/// An open file: other layers know files only so.
pub use std::fs::File;

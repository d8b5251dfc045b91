//! What every built-in compressor is given, and why it may fail.

use std::fmt;
use std::num::NonZero;
use std::sync::atomic::AtomicU64;

use crate::sys::call::CallError;

/// How a compression may go about its work.
#[derive(Clone, Copy)]
pub struct Conditions<'a> {
    /// How many threads may compress one big file.
    pub threads: NonZero<usize>,
    /// Asked between blocks: whether to give up.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Where a watcher sees how many bytes were read.
    pub read: Option<&'a AtomicU64>,
    /// How many bytes the result may have.
    pub most: Option<u64>,
}

impl fmt::Debug for Conditions<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Conditions")
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

/// Why a compression failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineError {
    Source(CallError),
    Sink(CallError),
    /// The compressor itself gave up; this says why.
    Engine(String),
    TooLarge,
    Stopped,
}

impl fmt::Display for EngineError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) | Self::Sink(error) => error.fmt(out),
            Self::Engine(why) => out.write_str(why),
            Self::TooLarge => out.write_str("the result is too large"),
            Self::Stopped => out.write_str("told to stop"),
        }
    }
}

impl std::error::Error for EngineError {}

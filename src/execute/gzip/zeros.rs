//! A hole's share of the output: compressed once, used for every block of every hole.

use std::sync::OnceLock;

use flate2::{Compress, Compression, Crc, FlushCompress};

use super::engine_failed;
use crate::execute::conditions::EngineError;

/// How many zero bytes one block stands for; shorter runs are compressed as data.
pub(super) const ZERO_BLOCK: u64 = 1 << 20;

/// `ZERO_BLOCK` zeros, deflated without reference to anything before, and ending on a byte.
pub(super) struct ZeroBlock {
    pub(super) deflated: Vec<u8>,
    crc: Crc,
}

impl ZeroBlock {
    /// Returns the block, made at its first use.
    pub(super) fn get() -> Result<&'static Self, EngineError> {
        static BLOCK: OnceLock<Result<ZeroBlock, EngineError>> = OnceLock::new();
        BLOCK.get_or_init(Self::make).as_ref().map_err(Clone::clone)
    }

    fn make() -> Result<Self, EngineError> {
        let zeros = vec![0; ZERO_BLOCK as usize];
        let mut deflated = Vec::with_capacity(8 << 10);
        Compress::new(Compression::new(8), false)
            .compress_vec(&zeros, &mut deflated, FlushCompress::Sync)
            .map_err(|error| engine_failed(&error))?;
        let mut crc = Crc::new();
        crc.update(&zeros);
        Ok(Self { deflated, crc })
    }

    /// Adds one block's bytes to a checksum.
    pub(super) fn add_to(&self, crc: &mut Crc) {
        crc.combine(&self.crc);
    }
}

//! One thread, one stream. The compressor and its buffers serve one file after another.

use std::cell::RefCell;

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

use super::zeros::{ZERO_BLOCK, ZeroBlock};
use super::{BLOCK, Level, begin_anew, engine_failed, trailer};
use crate::execute::conditions::{Conditions, EngineError};
use crate::sys::stream::{Run, Sink, Source};

/// How much is read at once.
const INPUT: usize = 256 << 10;

/// How much output is gathered before it is written.
const OUTPUT: usize = 128 << 10;

/// A compressor with its buffers.
struct Engine {
    level: Level,
    deflate: Compress,
    setting: Compression,
    input: Vec<u8>,
    output: Vec<u8>,
}

thread_local! {
    /// Kept for this thread's next file: making one costs more than compressing a small log.
    static KEPT: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

pub(super) fn compress(
    level: Level,
    header: [u8; 10],
    source: &mut Source<'_>,
    sink: &mut Sink<'_>,
    conditions: Conditions<'_>,
) -> Result<(), EngineError> {
    KEPT.with_borrow_mut(|kept| {
        if kept.as_ref().is_some_and(|engine| engine.level != level) {
            *kept = None;
        }
        kept.get_or_insert_with(|| Engine::new(level))
            .file(header, source, sink, conditions)
    })
}

impl Engine {
    fn new(level: Level) -> Self {
        let setting = level.setting(0);
        Self {
            level,
            deflate: Compress::new(setting, false),
            setting,
            input: vec![0; INPUT],
            output: Vec::with_capacity(OUTPUT),
        }
    }

    fn file(
        &mut self,
        header: [u8; 10],
        source: &mut Source<'_>,
        sink: &mut Sink<'_>,
        conditions: Conditions<'_>,
    ) -> Result<(), EngineError> {
        self.take_up(self.level.setting(0), &[])?;
        self.output.clear();
        self.output.extend_from_slice(&header);
        let mut crc = Crc::new();
        let mut input = std::mem::take(&mut self.input);
        let done = self.content(&mut input, &mut crc, source, sink, conditions);
        self.input = input;
        done?;
        self.deflate(&[], FlushCompress::Finish, sink)?;
        self.output.extend_from_slice(&trailer(&crc, source.offset()));
        self.put_out(sink)
    }

    fn content(
        &mut self,
        input: &mut [u8],
        crc: &mut Crc,
        source: &mut Source<'_>,
        sink: &mut Sink<'_>,
        conditions: Conditions<'_>,
    ) -> Result<(), EngineError> {
        // How many bytes at the start of `input` are those right before the source's offset; 0 behind a hole.
        let mut before = 0;
        loop {
            if (conditions.stop)() {
                return Err(EngineError::Stopped);
            }
            let setting = self.level.setting(source.offset() / BLOCK as u64);
            if setting != self.setting {
                self.deflate(&[], FlushCompress::Sync, sink)?;
                self.take_up(setting, &input[..before])?;
            }
            match source.read(input).map_err(EngineError::Source)? {
                Run::End => return Ok(()),
                Run::Data(count) => {
                    crc.update(&input[..count]);
                    self.deflate(&input[..count], FlushCompress::None, sink)?;
                    before = count;
                }
                Run::Hole(length) => {
                    self.whole_blocks(length / ZERO_BLOCK, crc, sink, conditions)?;
                    self.zeros(length % ZERO_BLOCK, input, crc, sink)?;
                    before = 0;
                }
            }
        }
    }

    fn take_up(&mut self, setting: Compression, before: &[u8]) -> Result<(), EngineError> {
        self.setting = setting;
        begin_anew(&mut self.deflate, setting, before)
    }

    /// Puts in the block of zeros that often. The stream before it ends on a byte, and the one after it starts anew.
    fn whole_blocks(
        &mut self,
        count: u64,
        crc: &mut Crc,
        sink: &mut Sink<'_>,
        conditions: Conditions<'_>,
    ) -> Result<(), EngineError> {
        if count == 0 {
            return Ok(());
        }
        self.deflate(&[], FlushCompress::Sync, sink)?;
        self.deflate.reset();
        let block = ZeroBlock::get()?;
        for _ in 0..count {
            if (conditions.stop)() {
                return Err(EngineError::Stopped);
            }
            block.add_to(crc);
            if self.output.capacity() - self.output.len() < block.deflated.len() {
                self.put_out(sink)?;
            }
            self.output.extend_from_slice(&block.deflated);
        }
        Ok(())
    }

    /// Compresses what of a hole is less than a block.
    fn zeros(
        &mut self,
        mut length: u64,
        input: &mut [u8],
        crc: &mut Crc,
        sink: &mut Sink<'_>,
    ) -> Result<(), EngineError> {
        input.fill(0);
        while length > 0 {
            let count = usize::try_from(length).unwrap_or(input.len()).min(input.len());
            crc.update(&input[..count]);
            self.deflate(&input[..count], FlushCompress::None, sink)?;
            length -= count as u64;
        }
        Ok(())
    }

    fn deflate(&mut self, input: &[u8], flush: FlushCompress, sink: &mut Sink<'_>) -> Result<(), EngineError> {
        let mut used = 0;
        loop {
            let before = self.deflate.total_in();
            let status = self
                .deflate
                .compress_vec(&input[used..], &mut self.output, flush)
                .map_err(|error| engine_failed(&error))?;
            used += usize::try_from(self.deflate.total_in() - before).unwrap_or(usize::MAX);
            let room_left = self.output.len() < self.output.capacity();
            if status == Status::StreamEnd || (used == input.len() && room_left && flush != FlushCompress::Finish) {
                return Ok(());
            }
            self.put_out(sink)?;
        }
    }

    fn put_out(&mut self, sink: &mut Sink<'_>) -> Result<(), EngineError> {
        sink.write(&self.output).map_err(EngineError::Sink)?;
        self.output.clear();
        Ok(())
    }
}

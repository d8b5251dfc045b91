//! Several threads, one member: every block is compressed by itself, primed with the 32 KiB before it.
//!
//! Blocks go round the threads in turn and come back in turn, so that what waits is bounded by the number of threads.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use flate2::{Compress, Compression, Crc, FlushCompress};

use super::zeros::{ZERO_BLOCK, ZeroBlock};
use super::{BLOCK, Level, WINDOW, begin_anew, engine_failed, serial, trailer, window};
use crate::execute::conditions::{Conditions, EngineError};
use crate::sys::stream::{Run, Sink, Source};

/// How many blocks a thread has at once: one in work, one waiting; with their output some 3 MiB.
const IN_HAND: usize = 2;

/// A final, empty block: it ends the stream after blocks that each end on a byte.
const END_OF_STREAM: [u8; 2] = [3, 0];

/// What a thread gets: the bytes before, as far as there are any, and the block's own.
struct Block {
    setting: Compression,
    /// Room for both, as long as it ever gets: it is not cleared between blocks.
    bytes: Vec<u8>,
    primed: usize,
    end: usize,
    output: Vec<u8>,
}

impl Block {
    /// Puts in the bytes before, and answers the room for the block's own.
    fn prime(&mut self, before: &[u8]) -> &mut [u8] {
        self.bytes[..before.len()].copy_from_slice(before);
        self.primed = before.len();
        self.end = self.primed;
        &mut self.bytes[before.len()..before.len() + BLOCK]
    }

    /// Has so many bytes of its own now.
    fn filled(&mut self, count: usize) {
        self.end = self.primed + count;
    }
}

/// What it gives back.
type Answer = Result<(Block, Crc), EngineError>;

/// A piece of output that is still to come, in its turn.
enum Due {
    Block(usize),
    Zeros(u64),
}

struct Worker {
    to: SyncSender<Block>,
    from: Receiver<Answer>,
}

pub(super) fn compress(
    level: Level,
    header: [u8; 10],
    source: &mut Source<'_>,
    sink: &mut Sink<'_>,
    conditions: Conditions<'_>,
) -> Result<(), EngineError> {
    thread::scope(|scope| {
        let mut workers = Vec::new();
        for _ in 0..conditions.threads.get() {
            let (to, work) = sync_channel(IN_HAND);
            let (done, from) = sync_channel(IN_HAND);
            let thread = thread::Builder::new().name("compress".into());
            if thread.spawn_scoped(scope, move || work_off(&work, &done)).is_err() {
                break;
            }
            workers.push(Worker { to, from });
        }
        if workers.is_empty() {
            return serial::compress(level, header, source, sink, conditions);
        }
        sink.write(&header).map_err(EngineError::Sink)?;
        Line {
            level,
            conditions,
            begun: 0,
            workers,
            due: VecDeque::new(),
            spare: Vec::new(),
            crc: Crc::new(),
            zeros: Vec::new(),
        }
        .run(source, sink)
    })
}

/// What a thread does until nothing more comes.
fn work_off(work: &Receiver<Block>, done: &SyncSender<Answer>) {
    let mut deflate = Compress::new(Compression::default(), false);
    while let Ok(block) = work.recv() {
        let answer = one_block(&mut deflate, block);
        if done.send(answer).is_err() {
            return;
        }
    }
}

fn one_block(deflate: &mut Compress, mut block: Block) -> Answer {
    let (before, data) = block.bytes[..block.end].split_at(block.primed);
    begin_anew(deflate, block.setting, before)?;
    block.output.clear();
    block.output.reserve(data.len() / 4 + 1024);
    let mut used = 0;
    loop {
        deflate
            .compress_vec(&data[used..], &mut block.output, FlushCompress::Sync)
            .map_err(|error| engine_failed(&error))?;
        used = usize::try_from(deflate.total_in())
            .unwrap_or(usize::MAX)
            .min(data.len());
        if used == data.len() && block.output.len() < block.output.capacity() {
            break;
        }
        block.output.reserve(block.output.capacity() / 2 + 1024);
    }
    let mut crc = Crc::new();
    crc.update(data);
    Ok((block, crc))
}

/// The reading and writing end: keeps the threads busy and the output in order.
struct Line<'m> {
    level: Level,
    conditions: Conditions<'m>,
    /// How many blocks were begun: it says whose turn it is.
    begun: usize,
    workers: Vec<Worker>,
    due: VecDeque<Due>,
    spare: Vec<Block>,
    crc: Crc,
    /// Output for holes that waits to be written.
    zeros: Vec<u8>,
}

impl Line<'_> {
    fn run(mut self, source: &mut Source<'_>, sink: &mut Sink<'_>) -> Result<(), EngineError> {
        let mut before: Vec<u8> = Vec::with_capacity(WINDOW);
        loop {
            self.look_at_signals()?;
            let mut block = self.spare_block();
            match source.read(block.prime(&before)).map_err(EngineError::Source)? {
                Run::End => break,
                Run::Data(count) => {
                    block.filled(count);
                    keep_window(&mut before, &block);
                    self.send(block, sink)?;
                }
                Run::Hole(length) => {
                    self.spare.push(block);
                    self.hole(length, &mut before, sink)?;
                }
            }
        }
        while !self.due.is_empty() {
            self.look_at_signals()?;
            self.take_one(sink)?;
        }
        self.put_zeros(sink)?;
        sink.write(&END_OF_STREAM).map_err(EngineError::Sink)?;
        sink.write(&trailer(&self.crc, source.offset()))
            .map_err(EngineError::Sink)
    }

    /// Whole blocks of a hole need no thread; the rest is data.
    fn hole(&mut self, length: u64, before: &mut Vec<u8>, sink: &mut Sink<'_>) -> Result<(), EngineError> {
        if length >= ZERO_BLOCK {
            before.clear();
            self.due.push_back(Due::Zeros(length / ZERO_BLOCK));
        }
        let mut rest = usize::try_from(length % ZERO_BLOCK).unwrap_or(0);
        while rest > 0 {
            let count = rest.min(BLOCK);
            let mut block = self.spare_block();
            block.prime(before)[..count].fill(0);
            block.filled(count);
            keep_window(before, &block);
            self.send(block, sink)?;
            rest -= count;
        }
        Ok(())
    }

    fn spare_block(&mut self) -> Block {
        let setting = self.level.setting(self.begun as u64);
        let mut block = self.spare.pop().unwrap_or_else(|| Block {
            setting,
            bytes: vec![0; WINDOW + BLOCK],
            primed: 0,
            end: 0,
            output: Vec::new(),
        });
        block.setting = setting;
        block
    }

    fn send(&mut self, block: Block, sink: &mut Sink<'_>) -> Result<(), EngineError> {
        while self.due.len() >= self.workers.len() * IN_HAND {
            self.take_one(sink)?;
        }
        let turn = self.begun % self.workers.len();
        self.begun += 1;
        self.workers[turn].to.send(block).map_err(|_| died())?;
        self.due.push_back(Due::Block(turn));
        Ok(())
    }

    fn look_at_signals(&self) -> Result<(), EngineError> {
        if (self.conditions.stop)() {
            return Err(EngineError::Stopped);
        }
        Ok(())
    }

    /// Writes what is due next, waiting for it if it is still in work.
    fn take_one(&mut self, sink: &mut Sink<'_>) -> Result<(), EngineError> {
        match self.due.pop_front() {
            None => Ok(()),
            Some(Due::Block(turn)) => {
                self.put_zeros(sink)?;
                let (block, crc) = self.workers[turn].from.recv().map_err(|_| died())??;
                self.crc.combine(&crc);
                sink.write(&block.output).map_err(EngineError::Sink)?;
                self.spare.push(block);
                Ok(())
            }
            Some(Due::Zeros(count)) => {
                let zero = ZeroBlock::get()?;
                for _ in 0..count {
                    self.look_at_signals()?;
                    zero.add_to(&mut self.crc);
                    self.zeros.extend_from_slice(&zero.deflated);
                    if self.zeros.len() >= BLOCK {
                        self.put_zeros(sink)?;
                    }
                }
                Ok(())
            }
        }
    }

    fn put_zeros(&mut self, sink: &mut Sink<'_>) -> Result<(), EngineError> {
        sink.write(&self.zeros).map_err(EngineError::Sink)?;
        self.zeros.clear();
        Ok(())
    }
}

/// Keeps the last bytes of a block and before, as far back as the next block may point.
fn keep_window(before: &mut Vec<u8>, block: &Block) {
    before.clear();
    before.extend_from_slice(window(&block.bytes[..block.end]));
}

fn died() -> EngineError {
    EngineError::Engine("a thread ended before its work was done".into())
}

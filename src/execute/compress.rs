//! Compression of one archive, in two halves, so that many can be flushed together.
//!
//! Order: nameless output, flushed, dressed, named; only then the plain archive goes. Killed in between, the plain archive is
//! there, and if its finished twin is there, too, the next run finds them equal and only removes the plain one.

use std::ffi::{OsStr, OsString};
use std::num::NonZero;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::Ordering;

use super::engine;
use super::files::is_held;
use super::means::{EngineError, Means};
use super::pace::Pace;
use super::place::place;
use super::remove::remove;
use super::work::LogWork;
use crate::event::{LogListener, What};
use crate::facts::FileFacts;
use crate::fault::{ChildEnd, Fault, Op, SysError};
use crate::plan::{Model, Step};
use crate::policy::Compression;
use crate::sys::File;
use crate::sys::create::Newborn;
use crate::sys::dir::{Access, Dir, OpenError, facts_of_open};
use crate::sys::{attributes, context, process, signals, stream};

/// Above this many bytes, what a file takes of the page cache is worth giving back.
const BIG: u64 = 1 << 20;

/// So many bytes more than what is compressed takes on the disk its compressed file may have where there are holes.
const ROOM_BESIDE: u64 = 64 << 10;

/// No file is made smaller than this by gzip, to one: what is larger for its holes need not be tried.
const BEST_RATIO: u64 = 1024;

/// From this size on a file with holes is not compared with a compressed file that is there: that may take hours.
const LONG_TO_COMPARE: u64 = 1 << 30;

/// What gzip ends with where it only warns.
const GZIP_WARNS: i32 = 2;

/// A compressed file that is written but not yet known to be on disk.
#[derive(Debug)]
pub(super) struct Halfway {
    newborn: Newborn,
    source: File,
    facts: FileFacts,
    from: OsString,
    to: OsString,
    model: Model,
}

/// How far the first half came.
#[derive(Debug)]
pub(super) enum Begun {
    /// Written; [`complete`] is still to be called.
    Written(Box<Halfway>),
    /// A dead run had done it already; the plain archive is gone now.
    Done,
    /// A program still writes to the archive.
    Held,
}

/// Writes the compressed file. It is said when it is known that no program writes to the archive.
pub(super) fn begin(
    work: &LogWork,
    step: &Step,
    threads: NonZero<usize>,
    listener: &LogListener<'_>,
) -> Result<Begun, Fault> {
    let (Step::Compress { from, to, model }, Some(dir), Some(how)) =
        (step, &work.archive_dir, &work.set.policy.compression)
    else {
        return Ok(Begun::Done);
    };
    let opened = open_source(work, dir, from);
    if opened.as_ref().is_ok_and(|(source, _)| is_held(work, source.as_fd())) {
        return Ok(Begun::Held);
    }
    work.announce(step, listener);
    let (source, facts) = opened?;
    let is_long = facts.size > LONG_TO_COMPARE && stream::has_holes(source.as_fd(), facts.size);
    if !is_long && is_twin(dir, to, &source) {
        remove(work, dir, from, listener)?;
        return Ok(Begun::Done);
    }
    let newborn = Newborn::like(Some(&source), dir, to)?;
    write(work, how, (from, &source, &facts), newborn.file(), threads, listener)?;
    stream::start_write_out(newborn.file().as_fd(), 0, 0);
    Ok(Begun::Written(Box::new(Halfway {
        newborn,
        source,
        facts,
        from: from.clone(),
        to: to.clone(),
        model: *model,
    })))
}

fn open_source(work: &LogWork, dir: &Dir, from: &OsStr) -> Result<(File, FileFacts), Fault> {
    let op = Op::OpenForCompression;
    let path = || work.archive_path_of(from);
    let refused = |error| match error {
        OpenError::Call(error) => error.into(),
        OpenError::NotPlain => Fault::NotPlain { path: path(), op },
    };
    if work.set.policy.shred.is_some() {
        // What cannot be overwritten afterwards is not compressed. It is not held open to writing: that would look like a writer.
        dir.open_plain(from, Access::ReadWrite, op).map_err(refused)?;
    }
    let (source, facts) = dir.open_plain(from, Access::Read, op).map_err(refused)?;
    if facts.links > 1 && !work.set.policy.allow_hardlink {
        return Err(Fault::NotPlain { path: path(), op });
    }
    Ok((source, facts))
}

/// The compressed file is there already, whole and with the same content.
fn is_twin(dir: &Dir, to: &OsStr, source: &File) -> bool {
    let Ok((twin, _)) = dir.open_plain(to, Access::Read, Op::Open) else {
        return false;
    };
    holds(&twin, source)
}

/// Tells whether a compressed file is whole and holds this content.
fn holds(packed: &File, source: &File) -> bool {
    let means = Means {
        threads: NonZero::<usize>::MIN,
        stop: &|| signals::caught().is_some(),
        read: None,
        most: None,
    };
    super::decompress::same_content(packed.as_fd(), source.as_fd(), means).unwrap_or(false)
}

fn write(
    work: &LogWork,
    how: &Compression,
    (from, source, facts): (&OsStr, &File, &FileFacts),
    output: &File,
    threads: NonZero<usize>,
    listener: &LogListener<'_>,
) -> Result<(), Fault> {
    let path = work.archive_path_of(from);
    let pace = Pace::new(&path, facts.size, &*work.set.choices.watcher);
    // Whoever writes it says how large a hole is, and it costs him nothing: compressed it may not cost others room or time.
    let most = stream::has_holes(source.as_fd(), facts.size).then(|| facts.allocated.saturating_add(ROOM_BESIDE));
    if most.is_some_and(|most| facts.size > most.saturating_mul(BEST_RATIO)) {
        return Err(Fault::NotSmaller { path: path.clone() });
    }
    let Some(built_in) = work.set.choices.built_in(how) else {
        let done = run_program(work, how, (&path, source), (output, most), (listener, &pace));
        let is_full = most.is_some_and(|most| stream::size_of(output.as_fd()).is_ok_and(|size| size >= most));
        return if is_full {
            Err(Fault::NotSmaller { path: path.clone() })
        } else {
            done
        };
    };
    let means = Means {
        threads,
        stop: &|| {
            pace.tick();
            signals::caught().is_some()
        },
        read: Some(pace.read()),
        most,
    };
    let call = |op, errno: i32| Fault::Call(SysError::new(op, path.clone(), errno));
    match engine::compress(built_in, source.as_fd(), output.as_fd(), means) {
        Ok(_) => Ok(()),
        Err(EngineError::Source(error)) => Err(call(Op::Read, error.errno as i32)),
        Err(EngineError::Sink(error)) => Err(call(Op::Write, error.errno as i32)),
        Err(EngineError::Engine(_)) => Err(call(Op::Write, 0)),
        Err(EngineError::TooLarge) => Err(Fault::NotSmaller { path: path.clone() }),
        Err(EngineError::Stopped) => Err(Fault::Interrupted),
    }
}

fn run_program(
    work: &LogWork,
    how: &Compression,
    (path, source): (&Path, &File),
    (output, most): (&File, Option<u64>),
    (listener, pace): (&LogListener<'_>, &Pace<'_>),
) -> Result<(), Fault> {
    let cannot = |error: SysError| Fault::CannotCompress {
        path: path.to_owned(),
        stanza: work.set.declared_at.clone(),
        error: Box::new(error),
    };
    if let Some(error) = work.set.no_compressor.get() {
        return Err(cannot(error.clone()));
    }
    let filter = process::Filter {
        program: &how.command,
        args: how.options.iter().map(OsString::as_os_str).collect(),
        variable: Some(("LOGROTATE_COMPRESSED_FILENAME", path.as_os_str())),
        stranger: work.stranger(),
        most,
    };
    let tick = |read| {
        pace.read().store(read, Ordering::Relaxed);
        pace.tick();
    };
    match process::run_filter(&filter, source, output, &tick) {
        Err(error) => {
            if error.is_absence() {
                work.set.no_compressor.get_or_init(|| error.clone());
            }
            Err(cannot(error))
        }
        Ok(done) => {
            if !done.said.is_empty() {
                listener.hear(What::CompressorSaid {
                    path: path.to_owned(),
                    said: done.said,
                });
            }
            let is_warned = done.end == Err(ChildEnd::Status(GZIP_WARNS)) && engine::is_gzip(&how.command);
            if is_warned && holds(output, source) {
                return Ok(());
            }
            let is_empty = |file| facts_of_open(file, path).map(|facts| facts.size == 0);
            let end = match done.end {
                Ok(()) if is_empty(output)? && !is_empty(source)? => Err(ChildEnd::WroteNothing),
                end => end,
            };
            end.map_err(|end| Fault::Compressor {
                path: path.to_owned(),
                end,
            })
        }
    }
}

/// Flushes the compressed file, gives it owner, mode, times and name, and lets the plain archive go.
///
/// Answers `false` where the archive was written to in the meantime: it stays as it is then.
pub(super) fn complete(work: &LogWork, half: Halfway, listener: &LogListener<'_>) -> Result<bool, Fault> {
    let Some(dir) = &work.archive_dir else { return Ok(true) };
    let path = work.archive_path_of(&half.to);
    let output = half.newborn.file();
    let model = match half.model {
        Model::LogBefore => &work.before,
        Model::Itself => &half.facts,
    };
    // The owner is that of the file that was read, whichever it is: what it holds goes to nobody else.
    attributes::set_owner(output, &path, half.facts.user, half.facts.group)?;
    attributes::copy_permissions(&half.source, &half.facts, output, &path)?;
    context::copy_context(&half.source, output, &path)?;
    attributes::set_times(output, &path, model.accessed, model.modified)?;
    flush(output, &path)?;
    let written = facts_of_open(output, &path)?;
    if half.facts.size > BIG {
        stream::forget_pages(output.as_fd());
    }
    let now = facts_of_open(&half.source, &path)?;
    if now.size != half.facts.size || now.modified != half.facts.modified {
        return Ok(false);
    }
    place(work, half.newborn, dir, &half.to, path.clone(), listener)?;
    dir.settle()?;
    if let Err(fault) = remove(work, dir, &half.from, listener) {
        let is_there = |name, id| {
            dir.look(name)
                .is_ok_and(|found| found.is_some_and(|facts| facts.id == id))
        };
        if is_there(&half.from, half.facts.id) && is_there(&half.to, written.id) {
            // What stays plain is one archive, and not two of the same content.
            if let Err(error) = dir.unlink(&half.to) {
                listener.hear(What::Failed(error.into()));
            }
        }
        return Err(fault);
    }
    listener.note(|| What::Compressed {
        path,
        is_newest: half.from == work.archive,
        bytes: written.size,
    });
    Ok(true)
}

/// Gets a file's content to the disk; an error here means that nothing may rely on it.
pub(super) fn flush(file: &File, path: &std::path::Path) -> Result<(), SysError> {
    file.sync_all()
        .map_err(|error| SysError::new(Op::Flush, path, error.raw_os_error().unwrap_or(0)))
}

impl Halfway {
    /// Returns the compressed name and the plain one.
    pub(super) fn names(&self) -> (OsString, OsString) {
        (self.to.clone(), self.from.clone())
    }
}

//! Compression of one archive, in two halves, so that many can be flushed together.
//!
//! Order: nameless output, flushed, dressed, named; only then the plain archive goes. Killed in between, the plain archive is
//! there, and if its finished twin is there, too, the next run finds them equal and only removes the plain one.

use std::ffi::{OsStr, OsString};
use std::num::NonZero;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::conditions::{Conditions, EngineError};
use super::engine;
use super::files::Regular;
use super::pace::Pace;
use super::place::place;
use super::remove::remove;
use super::work::LogSite;
use crate::event::{LogListener, Reason, What};
use crate::facts::FileFacts;
use crate::fault::{ChildEnd, Fault, Op, SysError};
use crate::plan::Where;
use crate::policy::Compression;
use crate::sys::File;
use crate::sys::create::NewFile;
use crate::sys::dir::{Access, Dir, facts_of_open};
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

/// An archive that is to be compressed, of a log that is rotated or of one that is not.
#[derive(Clone, Copy, Debug)]
pub(super) struct ToCompress<'a> {
    pub(super) from: &'a OsStr,
    /// The compressed file's name.
    pub(super) to: &'a OsStr,
    /// Whose times it gets; `None` is the archive itself.
    pub(super) times_of: Option<&'a FileFacts>,
    /// When it became an archive, if only now: until then programs may have opened it for writing.
    pub(super) switched: Option<Instant>,
    /// It is what the log has become in this rotation.
    pub(super) is_newest: bool,
    /// Why it is compressed before its time, if it is.
    pub(super) before_its_time: Option<&'a Reason>,
}

/// A compressed file that is written but not yet known to be on disk.
#[derive(Debug)]
pub(super) struct Halfway {
    new_file: NewFile,
    source: Regular,
    from: OsString,
    to: OsString,
    times_of: FileFacts,
    is_newest: bool,
}

/// What became of a step.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is done.
    Done,
    /// A compressed file is written; [`complete`] is to be called.
    Halfway(Box<Halfway>),
    /// A program still writes to what is to be compressed or copied, or it is not known yet whether one does: nothing was done.
    Busy,
}

/// Writes the compressed file. It is said when it is known that no program writes to the archive.
pub(super) fn begin(
    site: &LogSite,
    wanted: ToCompress<'_>,
    threads: NonZero<usize>,
    listener: &LogListener<'_>,
) -> Result<Outcome, Fault> {
    let ToCompress { from, to, .. } = wanted;
    let (Some(dir), Some(how)) = (&site.archive_dir, &site.stanza.policy.compression) else {
        return Ok(Outcome::Done);
    };
    let opened = open_source(site, from);
    if opened.as_ref().is_ok_and(|source| source.is_held(wanted.switched)) {
        return Ok(Outcome::Busy);
    }
    listener.note(|| What::Step(site.compressing(from, wanted.before_its_time)));
    let source = opened?;
    let is_long = source.facts.size > LONG_TO_COMPARE && stream::has_holes(source.file.as_fd(), source.facts.size);
    if !is_long && is_twin(dir, to, &source.file) {
        // A dead run had done it already.
        remove(site, from, listener)?;
        return Ok(Outcome::Done);
    }
    let new_file = NewFile::like(Some(&source.file), dir, to)?;
    let writing = Writing {
        site,
        how,
        path: &site.archive_path_of(from),
        source: &source,
        output: new_file.file(),
        listener,
    };
    writing.write(threads)?;
    stream::start_write_out(new_file.file().as_fd(), 0, 0);
    Ok(Outcome::Halfway(Box::new(Halfway {
        new_file,
        from: from.to_owned(),
        to: to.to_owned(),
        times_of: *wanted.times_of.unwrap_or(&source.facts),
        is_newest: wanted.is_newest,
        source,
    })))
}

fn open_source(site: &LogSite, from: &OsStr) -> Result<Regular, Fault> {
    let open = |access| site.open_regular(Where::Archive, from, access, Op::OpenForCompression);
    if site.stanza.policy.shred.is_some() {
        // What cannot be overwritten afterwards is not compressed. It is not held open to writing: that would look like a writer.
        open(Access::ReadWrite)?;
    }
    open(Access::Read)
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
    let conditions = Conditions {
        threads: NonZero::<usize>::MIN,
        stop: &|| signals::caught().is_some(),
        read: None,
        most: None,
    };
    super::decompress::same_content(packed.as_fd(), source.as_fd(), conditions).unwrap_or(false)
}

/// From what a compressed file is written to what, and who hears of it.
struct Writing<'a> {
    site: &'a LogSite,
    how: &'a Compression,
    /// The archive's path.
    path: &'a Path,
    source: &'a Regular,
    output: &'a File,
    listener: &'a LogListener<'a>,
}

impl Writing<'_> {
    fn write(&self, threads: NonZero<usize>) -> Result<(), Fault> {
        let (source, facts) = (self.source.file.as_fd(), &self.source.facts);
        let choices = &self.site.stanza.choices;
        let pace = Pace::new(self.path, facts.size, &*choices.watcher);
        let not_smaller = || Fault::NotSmaller {
            path: self.path.to_owned(),
        };
        // Whoever writes it says how large a hole is, and it costs him nothing: compressed it may not cost others room or time.
        let most = stream::has_holes(source, facts.size).then(|| facts.allocated.saturating_add(ROOM_BESIDE));
        if most.is_some_and(|most| facts.size > most.saturating_mul(BEST_RATIO)) {
            return Err(not_smaller());
        }
        let Some(built_in) = choices.built_in(self.how) else {
            let done = self.run_program(most, &pace);
            let is_full = most.is_some_and(|most| stream::size_of(self.output.as_fd()).is_ok_and(|size| size >= most));
            return if is_full { Err(not_smaller()) } else { done };
        };
        let conditions = Conditions {
            threads,
            stop: &|| {
                pace.tick();
                signals::caught().is_some()
            },
            read: Some(pace.read()),
            most,
        };
        let call = |op, errno: i32| Fault::Call(SysError::new(op, self.path, errno));
        match engine::compress(built_in, source, self.output.as_fd(), conditions) {
            Ok(_) => Ok(()),
            Err(EngineError::Source(error)) => Err(call(Op::Read, error.errno as i32)),
            Err(EngineError::Sink(error)) => Err(call(Op::Write, error.errno as i32)),
            Err(EngineError::Engine(_)) => Err(call(Op::Write, 0)),
            Err(EngineError::TooLarge) => Err(not_smaller()),
            Err(EngineError::Stopped) => Err(Fault::Interrupted),
        }
    }

    fn run_program(&self, most: Option<u64>, pace: &Pace<'_>) -> Result<(), Fault> {
        let (path, source) = (self.path, &self.source.file);
        let cannot = |error: SysError| Fault::CannotCompress {
            path: path.to_owned(),
            stanza: self.site.stanza.declared_at.clone(),
            error: Box::new(error),
        };
        if let Some(error) = self.site.stanza.no_compressor.get() {
            return Err(cannot(error.clone()));
        }
        let filter = process::Filter {
            program: &self.how.command,
            args: self.how.options.iter().map(OsString::as_os_str).collect(),
            variable: Some(("LOGROTATE_COMPRESSED_FILENAME", path.as_os_str())),
            stranger: self.site.stranger(),
            most,
        };
        let tick = |read| {
            pace.read().store(read, Ordering::Relaxed);
            pace.tick();
        };
        let done = process::run_filter(&filter, source, self.output, &tick).map_err(|error| {
            if error.is_absence() {
                self.site.stanza.no_compressor.get_or_init(|| error.clone());
            }
            cannot(error)
        })?;
        if !done.said.is_empty() {
            self.listener.hear(What::CompressorSaid {
                path: path.to_owned(),
                said: done.said,
            });
        }
        let is_warned = done.end == Err(ChildEnd::Status(GZIP_WARNS)) && engine::is_gzip(&self.how.command);
        if is_warned && holds(self.output, source) {
            return Ok(());
        }
        let is_empty = |file| facts_of_open(file, path).map(|facts| facts.size == 0);
        let end = match done.end {
            Ok(()) if is_empty(self.output)? && !is_empty(source)? => Err(ChildEnd::WroteNothing),
            end => end,
        };
        end.map_err(|end| Fault::Compressor {
            path: path.to_owned(),
            end,
        })
    }
}

/// Flushes the compressed file, gives it owner, mode, times and name, and lets the plain archive go.
///
/// Answers `false` where the archive was written to in the meantime: it stays as it is then.
pub(super) fn complete(site: &LogSite, half: Halfway, listener: &LogListener<'_>) -> Result<bool, Fault> {
    let Some(dir) = &site.archive_dir else { return Ok(true) };
    let path = site.archive_path_of(&half.to);
    let output = half.new_file.file();
    let (source, facts) = (&half.source.file, &half.source.facts);
    // The owner is that of the file that was read, whichever it is: what it holds goes to nobody else.
    attributes::set_owner(output, &path, facts.user, facts.group)?;
    attributes::copy_permissions(source, facts, output, &path)?;
    context::copy_context(source, output, &path)?;
    attributes::set_times(output, &path, half.times_of.accessed, half.times_of.modified)?;
    flush(output, &path)?;
    let written = facts_of_open(output, &path)?;
    if facts.size > BIG {
        stream::forget_pages(output.as_fd());
    }
    let now = facts_of_open(source, &path)?;
    if now.size != facts.size || now.modified != facts.modified {
        return Ok(false);
    }
    place(site, half.new_file, Where::Archive, &half.to, listener)?;
    dir.keep_order()?;
    if let Err(fault) = remove(site, &half.from, listener) {
        let is_there = |name, id| {
            dir.look(name)
                .is_ok_and(|found| found.is_some_and(|facts| facts.id == id))
        };
        if is_there(&half.from, facts.id) && is_there(&half.to, written.id) {
            // What stays plain is one archive, and not two of the same content.
            if let Err(error) = dir.unlink(&half.to) {
                listener.hear(What::Failed(error.into()));
            }
        }
        return Err(fault);
    }
    listener.note(|| What::Compressed {
        path,
        is_newest: half.is_newest,
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

//! Carries out what was planned: the only place that changes the world.
//!
//! [`Driver`] is what a rotation is done with: [`Executor`] does it, [`Rehearsal`] only says what would be done.

pub mod conditions;
pub mod decompress;
pub mod engine;
pub mod finish;
pub mod gzip;
pub mod hook;
pub mod perform;
pub mod work;
pub mod zstd;

mod compress;
pub mod copy;
mod create;
mod executor;
mod files;
mod job;
mod mail;
mod olddir;
mod pace;
mod place;
mod rehearsal;
mod remove;

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use crate::event::{About, Reason};
use crate::fault::Fault;
use crate::observe::{Directories, OpenDir};
use crate::plan::Step;
use crate::policy::Ownership;
use crate::sys::dir::Dir;
use crate::sys::dirlock::Alone;
use std::rc::Rc;

pub use executor::Executor;
pub use job::{Busy, Finished};
pub use rehearsal::Rehearsal;
pub use remove::{Doomed, Removal};

/// What a rotation is done with.
pub trait Driver {
    /// Runs a script, of a log or of a stanza.
    fn script(&mut self, stanza: &work::StanzaWork, call: &hook::Call, about: About) -> Result<(), Fault>;

    /// Makes the archives' directory (`path`, relative to the log's directory unless absolute) and its missing parents;
    /// `None` where it is only said.
    fn make_dir(
        &mut self,
        directories: &mut Directories,
        base: &OpenDir,
        path: &Path,
        ownership: &Ownership,
        log: &Arc<Path>,
    ) -> Result<Option<Rc<OpenDir>>, Fault>;

    /// Keeps other runs from cutting logs of a directory, where that is of use; waits a little for one that is at it.
    fn be_alone(&mut self, dir: &Dir) -> Alone;

    /// Carries out a step that others wait for.
    fn step(&mut self, turn: &work::Turn, step: &Step) -> Result<(), Fault>;

    /// Removes an archive of a log that is not rotated, as it was when that was decided.
    fn discard(&mut self, site: &work::LogSite, doomed: &Doomed) -> Removal;

    /// Compresses an archive before its time, to that name; answers whether it did, or a program writes to it.
    fn squeeze(&mut self, site: &work::LogSite, from: &OsStr, to: &OsStr, reason: &Reason) -> Result<bool, Fault>;

    /// Takes over what follows the switch of a log; `inline` work is done when this returns.
    fn finish(&mut self, turn: Arc<work::Turn>, steps: Vec<Step>, inline: bool);

    /// Goes on with what a program's writing kept from being done; in the last try without what is still written.
    fn finish_again(&mut self, turn: Arc<work::Turn>, left: Busy, is_last_try: bool);

    /// Returns what was finished so far.
    fn collect(&mut self) -> Vec<Finished>;

    /// Waits until all is finished, and returns what was not collected yet.
    fn wait(&mut self) -> Vec<Finished>;
}

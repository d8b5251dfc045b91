//! What a log's rotation will meet that is in its archives' way, or that it needs and that is not there: seen before it happens.
//!
//! Dry runs, `--status`, `--explain` and `--check` ask here, so that they agree. A real run does not: it tells what it meets.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::{MOST_EMPTY, matching, names_and_place, not_reopened};
use crate::clock::Now;
use crate::execute::engine;
use crate::facts::{FileFacts, Kind};
use crate::fault::{Fault, SysError};
use crate::naming::ArchiveNames;
use crate::observe::{Directories, OpenDir, is_held};
use crate::obstacle::{self, ArchiveObstacle, Need, Obstructed, Writer};
use crate::plan::{self, Before, Question, Rotation, Step, Where};
use crate::policy::{Keep, MailWhich, NamingStyle, Policy};
use crate::sys::identity;
use crate::sys::programs;
use crate::sys::writers::Look;
use crate::unix::split_path;

/// What a run is told of programs.
#[derive(Clone, Copy, Debug)]
pub struct Programs<'a> {
    /// The one that sends mail.
    pub mail: &'a Path,
    /// Compression is always left to the program named.
    pub external_compress: bool,
}

/// A log, before its rotation.
#[derive(Clone, Copy, Debug)]
pub struct Ahead<'a> {
    pub policy: &'a Policy,
    pub log: &'a Path,
    pub facts: &'a FileFacts,
    /// When it is to be rotated.
    pub at: &'a Now,
    pub programs: Programs<'a>,
}

/// Returns the programs that a stanza's rotations start and that are not there.
#[must_use]
pub fn missing_programs(policy: &Policy, programs: Programs<'_>) -> Vec<(Need, PathBuf)> {
    let mut needed: Vec<(Need, &Path)> = Vec::new();
    if let Some(how) = &policy.compression {
        if programs.external_compress || engine::recognise(&how.command, &how.options).is_none() {
            needed.push((Need::Compress, &how.command));
        }
    }
    if let Some(mail) = &policy.mail {
        needed.push((Need::Mail, programs.mail));
        if policy.compression.is_some() && mail.which == MailWhich::Last {
            needed.push((Need::Uncompress, &policy.uncompress_command));
        }
    }
    if policy.shred.is_some() {
        needed.push((Need::Shred, Path::new("shred")));
    }
    needed.retain(|(_, program)| !programs::is_there(program));
    needed
        .into_iter()
        .map(|(need, program)| (need, program.to_owned()))
        .collect()
}

/// Finds the directory in which whoever acts cannot change the names that a log's rotation changes; `archives` is that of the
/// archives.
#[must_use]
pub fn not_writable(policy: &Policy, facts: &FileFacts, log: &OpenDir, archives: Option<&OpenDir>) -> Option<PathBuf> {
    let writer = Writer {
        user: identity::current().user,
        to_log: log.dir.is_writable(),
        to_archives: archives.is_none_or(|archives| archives.dir.is_writable()),
    };
    let found = match obstacle::not_writable(policy, Some(facts), &log.facts, writer)? {
        Where::Log => log,
        Where::Archive => archives?,
    };
    Some(found.dir.path().to_owned())
}

/// Finds all that a log's next rotation will meet. What cannot be looked at is left to what tells of that.
#[must_use]
pub fn obstacles(ahead: &Ahead<'_>, directories: &mut Directories) -> Vec<ArchiveObstacle> {
    let found = try_obstacles(ahead, directories);
    found.unwrap_or_default()
}

fn try_obstacles(ahead: &Ahead<'_>, directories: &mut Directories) -> Result<Vec<ArchiveObstacle>, Fault> {
    let Ahead { policy, log, .. } = *ahead;
    let mut found: Vec<_> = not_reopened(policy, log, Some(ahead.facts.size), directories)?
        .into_iter()
        .collect();
    let (Some((directory, name)), Some((names, place))) = (split_path(log), names_and_place(policy, log, directories)?)
    else {
        return Ok(found);
    };
    let home = directories.get(directory, log)?;
    if let Some(archive) = not_writable(policy, ahead.facts, &home, Some(&place)) {
        let user = identity::current().user.0;
        let what = Obstructed::NotWritable { user };
        found.push(ArchiveObstacle { archive, what });
    }
    let question = Question {
        policy,
        log: name,
        interim: &plan::interim(name),
        names: &names,
        now: ahead.at,
        before: Before::Clean,
        left_plain: &BTreeSet::new(),
        passed_by: &BTreeSet::new(),
        unsent: &BTreeSet::new(),
    };
    let rotation = plan::plan(&question, &mut *place.view.borrow_mut())?;
    let newest = place.dir.path_of(&rotation.archive);
    let goes = going(&rotation).map(|name| place.dir.path_of(name));
    let is_of_newest = |need| need == Need::Compress || need == Need::Mail && mails_first(policy);
    let missing = missing_programs(policy, ahead.programs).into_iter();
    found.extend(missing.map(|(need, program)| {
        ArchiveObstacle {
            archive: goes
                .clone()
                .filter(|_| !is_of_newest(need))
                .unwrap_or_else(|| newest.clone()),
            what: Obstructed::NoProgram { program, need },
        }
    }));
    for step in &rotation.prepare {
        if let Step::MoveAside(what) = step {
            if let Some(facts) = place.dir.look(&what.name)? {
                let archive = place.dir.path_of(&what.name);
                let what = Obstructed::InTheWay(facts.kind);
                found.push(ArchiveObstacle { archive, what });
            }
        }
    }
    of_archives(policy, &names, &place, &mut found)?;
    Ok(found)
}

fn mails_first(policy: &Policy) -> bool {
    policy.mail.as_ref().is_some_and(|mail| mail.which == MailWhich::First)
}

/// Finds the archive that goes first, by the name that it has before the rotation.
fn going(rotation: &Rotation) -> Option<&OsStr> {
    let steps: Vec<&Step> = rotation.prepare.iter().chain(&rotation.finish).collect();
    let at = steps
        .iter()
        .position(|step| matches!(step, Step::Remove { is_archive: true, .. }))?;
    let mut name = steps[at].farewell()?;
    for step in steps[..at].iter().rev() {
        match step {
            Step::Rename { from, to } if to.name == name => name = &from.name,
            Step::Compress { from, to, .. } if to == name => name = from,
            _ => {}
        }
    }
    Some(name)
}

/// Finds what keeps archives that are there from being moved up, compressed or removed.
fn of_archives(
    policy: &Policy,
    names: &ArchiveNames,
    place: &OpenDir,
    found: &mut Vec<ArchiveObstacle>,
) -> Result<(), Fault> {
    let mut asked = 0;
    for name in matching(policy, names, place)? {
        let path = place.dir.path_of(&name);
        let is_plain = policy.compression.is_some() && !names.is_compressed(&name);
        if is_plain || changes(policy) {
            if let Some(attribute) = place.dir.attribute(&name) {
                let what = Obstructed::Fixed(attribute);
                found.push(ArchiveObstacle { archive: path, what });
                continue;
            }
        }
        // A daemon that never opened its log anew is told of already.
        if !is_plain || asked == MOST_EMPTY || found.iter().any(|one| one.archive == path) {
            continue;
        }
        asked += 1;
        if let Some(what) = written(place, &name)? {
            found.push(ArchiveObstacle { archive: path, what });
        }
    }
    Ok(())
}

/// Tells whether archives that are finished are ever renamed or removed.
fn changes(policy: &Policy) -> bool {
    let is_numbered = policy.naming.style == NamingStyle::Numbered;
    is_numbered || policy.retention.keep != Keep::All || policy.retention.max_age > 0
}

/// Finds out whether a program has an archive open for writing.
fn written(place: &OpenDir, name: &OsStr) -> Result<Option<Obstructed>, SysError> {
    let facts = place.dir.look(name)?.filter(|facts| facts.kind == Kind::Regular);
    let facts = facts.filter(|_| is_held(&place.dir, name));
    Ok(facts.map(|facts| Obstructed::Written {
        by: Look::last().program(&facts),
    }))
}

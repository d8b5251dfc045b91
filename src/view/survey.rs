//! Looks at logs as a run would, with the same rights, and goes no further.

use std::mem;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;

use crate::clock::Now;
use crate::discover::ExpandedStanza;
use crate::facts::FileFacts;
use crate::fault::Fault;
use crate::inventory::lone::{self, Lone, Opened};
use crate::inventory::{self, Ahead, Families, Found, Programs};
use crate::observe::{Directories, OpenDir};
use crate::obstacle::{self, ArchiveObstacle, Obstacle, Obstructed};
use crate::policy::Policy;
use crate::report::status::{self, Archives, Row};
use crate::schedule::{self, NextDue, Verdict};
use crate::state::StateTable;
use crate::sys::identity::{self, Acting};
use crate::sys::pattern::is_special;
use crate::unix::split_path;

/// Looks at log after log.
pub(crate) struct Surveyor<'p> {
    pub(super) directories: Directories,
    pub(super) now: Now,
    pub(super) table: StateTable,
    programs: Programs<'p>,
    acting: Option<Acting>,
    pub(super) families: Families,
}

/// What is beside a log.
pub(super) struct Beside {
    pub(super) found: Found,
    /// Why no run works in the log's directory.
    pub(super) refused: Option<Fault>,
}

impl<'p> Surveyor<'p> {
    /// Looks from a moment and a state, with what a run is told of programs. The `families` are those of all logs.
    pub(crate) fn new(now: Now, table: StateTable, programs: Programs<'p>, families: Families) -> Self {
        Self {
            directories: Directories::pretended(),
            now,
            table,
            programs,
            acting: None,
            families,
        }
    }

    /// Looks at all logs of a stanza.
    pub(super) fn set(&mut self, stanza: &ExpandedStanza, rows: &mut Vec<Row>) {
        for log in &stanza.logs {
            rows.push(self.log(stanza, &log.path));
        }
        self.leave_identity();
    }

    /// Tells what keeps a log's next rotation from being whole.
    pub(crate) fn foreseen(&mut self, stanza: &ExpandedStanza, log: &Path) -> Vec<ArchiveObstacle> {
        let row = self.without_archives(stanza, log);
        let of_directory = match row.obstacle {
            Some(Obstacle::NotWritable { directory, user }) => Some(ArchiveObstacle {
                archive: directory,
                what: Obstructed::NotWritable { user },
            }),
            _ => None,
        };
        of_directory.into_iter().chain(row.archive_obstacles).collect()
    }

    /// Looks at one log.
    pub(super) fn log(&mut self, stanza: &ExpandedStanza, log: &Path) -> Row {
        let mut row = self.without_archives(stanza, log);
        row.archives = self.archives(&stanza.stanza.policy, log);
        row
    }

    /// Looks at one log, and does not count its archives.
    fn without_archives(&mut self, stanza: &ExpandedStanza, log: &Path) -> Row {
        let policy = &stanza.stanza.policy;
        let place = &stanza.stanza.declared_at;
        let mut row = Row {
            log: log.to_owned(),
            place: place.clone(),
            size: None,
            last: self.table.last(log),
            verdict: None,
            next: None,
            criterion: status::criterion(policy),
            lacks: None,
            archives: None,
            obstacle: None,
            archive_obstacles: Vec::new(),
        };
        match self.look(policy, log) {
            Ok(Some((facts, held))) => {
                self.judge(policy, &facts, &held, &mut row);
                self.look_ahead(policy, &facts, &mut row);
            }
            Ok(None) => {
                let is_fine = policy.missing_ok;
                let is_pattern = log.as_os_str().as_bytes().iter().any(|byte| b"*?[".contains(byte));
                row.obstacle = Some(match is_pattern {
                    true => Obstacle::NoMatch { is_fine },
                    false => Obstacle::Missing { is_fine },
                });
            }
            Err(fault) => row.obstacle = Some(Obstacle::Fault(Box::new(fault))),
        }
        if row.size.is_none() {
            let not_reopened = inventory::not_reopened(policy, log, None, &mut self.directories);
            row.archive_obstacles.extend(not_reopened.ok().flatten());
        }
        row
    }

    /// Finds what the log's next rotation will meet, at the moment at which it will be due.
    fn look_ahead(&mut self, policy: &Policy, facts: &FileFacts, row: &mut Row) {
        if let Some(Obstacle::PassedOver(_)) = row.obstacle {
            return;
        }
        let at = match row.next {
            Some(NextDue::At(moment)) => Now::at_in(moment.epoch, self.now.zone),
            _ => self.now,
        };
        let ahead = Ahead {
            policy,
            log: &row.log,
            facts,
            at: &at,
            programs: self.programs,
        };
        row.archive_obstacles = inventory::obstacles(&ahead, &mut self.directories);
        // That is an obstacle to the log itself, and told as such.
        row.archive_obstacles
            .retain(|obstacle| !matches!(obstacle.what, Obstructed::NotWritable { .. }));
    }

    /// Finds the archives of a log and what is named like them, with the rights of its stanza; `None` where there is no such log, and has
    /// never been.
    pub(super) fn beside(&mut self, policy: &Policy, log: &Path) -> Result<Option<Beside>, Fault> {
        let Some((_, name)) = split_path(log) else {
            return Ok(None);
        };
        let opened = match self.open(policy, log) {
            // An `olddir` that is not there yet has no archives.
            Err(Fault::Call(error)) if error.is_absence() => return Ok(None),
            opened => opened?,
        };
        // A pattern that nothing matches stands for itself among a stanza's logs.
        if is_special(log.as_os_str().as_bytes()) && opened.home.dir.look(name)?.is_none() {
            return Ok(None);
        }
        let last = self.table.rotated(log).map(|stamp| self.now.epoch_of(stamp));
        let found = self.families.find(policy, log, last, &mut self.directories)?;
        let refused = obstacle::of_directory(log, &opened.home.facts, opened.identity, identity::is_root());
        Ok(Some(Beside {
            found,
            refused: refused.err(),
        }))
    }

    /// Finds the logs of a stanza that are gone.
    pub(super) fn lone(&mut self, stanza: &ExpandedStanza) -> Result<Lone, Fault> {
        self.leave_identity();
        let mut families = mem::take(&mut self.families);
        let lone = lone::logs(stanza, &mut families, &mut |log| self.open(&stanza.stanza.policy, log));
        self.families = families;
        lone
    }

    pub(super) fn open(&mut self, policy: &Policy, log: &Path) -> Result<Opened, Fault> {
        let directory = split_path(log).map_or(log, |(directory, _)| directory);
        self.take_identity(policy, directory, log)?;
        let home = self.directories.get(directory, log)?;
        Ok(Opened {
            identity: self.acting.as_ref().map(Acting::who),
            archives: inventory::place_of_archives(policy, &home, log, &mut self.directories)?,
            home,
        })
    }

    fn archives(&mut self, policy: &Policy, log: &Path) -> Option<Archives> {
        let last = self.table.rotated(log).map(|stamp| self.now.epoch_of(stamp));
        let family = self.families.family(policy, log, last, &mut self.directories);
        family.ok().as_ref().map(Archives::of)
    }

    pub(super) fn look(&mut self, policy: &Policy, log: &Path) -> Result<Option<(FileFacts, Rc<OpenDir>)>, Fault> {
        let Some((directory, name)) = split_path(log) else {
            return Ok(None);
        };
        self.take_identity(policy, directory, log)?;
        let held = match self.directories.get(directory, log) {
            Err(Fault::Call(error)) if error.is_absence() => return Ok(None),
            held => held?,
        };
        Ok(held.look_at_log(policy, name)?.map(|facts| (facts, held)))
    }

    fn judge(&mut self, policy: &Policy, facts: &FileFacts, held: &OpenDir, row: &mut Row) {
        row.size = Some(facts.size);
        row.obstacle = self.obstacle(policy, facts, held, &row.log);
        // A log that is seen for the first time is entered as rotated in this hour.
        let last = row.last.unwrap_or_else(|| self.now.local.hour_start());
        let verdict = schedule::judge(policy, facts, last, &self.now, false);
        (row.next, row.lacks) = match &verdict {
            Verdict::Rotate(_) => (Some(NextDue::Now), None),
            Verdict::Keep(_) => (
                Some(schedule::next_due(policy, facts, last, &self.now)),
                schedule::lack(policy, facts),
            ),
        };
        row.verdict = Some(verdict);
    }

    /// Finds what would keep a log from being rotated, in the order in which a run finds it.
    fn obstacle(&mut self, policy: &Policy, facts: &FileFacts, held: &OpenDir, log: &Path) -> Option<Obstacle> {
        let su = self.acting.as_ref().map(Acting::who);
        if let Err(fault) = obstacle::of_directory(log, &held.facts, su, identity::is_root()) {
            return Some(Obstacle::Fault(Box::new(fault)));
        }
        if let Some(why) = obstacle::of_log(facts, policy) {
            return Some(Obstacle::PassedOver(why));
        }
        let not_writable = |archives: Option<&OpenDir>| {
            let directory = inventory::not_writable(policy, facts, held, archives)?;
            let user = identity::current().user.0;
            Some(Obstacle::NotWritable { directory, user })
        };
        let Some(old) = &policy.old_dir else {
            return not_writable(Some(held));
        };
        not_writable(None).or_else(
            || match old.if_there(self.directories.get_below(held, &old.path, log)) {
                Ok(archives) => not_writable(archives.as_deref()),
                Err(fault) => Some(Obstacle::Fault(Box::new(fault))),
            },
        )
    }

    /// Sees to it that the look is taken with the rights that the work would be done with.
    fn take_identity(&mut self, policy: &Policy, directory: &Path, log: &Path) -> Result<(), Fault> {
        let wanted = obstacle::rights(policy.su, || {
            self.leave_identity();
            Ok(self.directories.get(directory, log)?.facts)
        })?;
        if self.acting.as_ref().map(Acting::who) == wanted {
            return Ok(());
        }
        self.leave_identity();
        if let Some(who) = wanted {
            self.directories.forget();
            self.acting = Some(identity::act_as(who)?);
        }
        Ok(())
    }

    /// Goes back to the rights of whoever started the program.
    pub(crate) fn leave_identity(&mut self) {
        if self.acting.take().is_some() {
            self.directories.forget();
        }
    }
}

//! Looks at logs as a run would, with the same rights, and goes no further.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use crate::clock::Now;
use crate::discover::ExpandedSet;
use crate::event::PassedOver;
use crate::facts::{FileFacts, Kind, total};
use crate::fault::{Fault, Insecure};
use crate::inventory;
use crate::observe::{Directories, Held};
use crate::policy::{Policy, Su};
use crate::report::status::{self, Obstacle, Row, Sum};
use crate::schedule::{self, NextDue, Verdict};
use crate::state::StateTable;
use crate::sys::identity::{self, Acting};
use crate::unix::{Identity, split_path};

/// Looks at log after log.
pub(super) struct Surveyor {
    directories: Directories,
    now: Now,
    table: StateTable,
    acting: Option<(Identity, Acting)>,
}

impl Surveyor {
    pub(super) fn new(now: Now, table: StateTable) -> Self {
        Self {
            directories: Directories::default(),
            now,
            table,
            acting: None,
        }
    }

    /// Looks at all logs of a stanza.
    pub(super) fn set(&mut self, set: &ExpandedSet, rows: &mut Vec<Row>) {
        for log in &set.logs {
            rows.push(self.log(set, &log.path));
        }
        self.leave_identity();
    }

    /// Looks at one log.
    pub(super) fn log(&mut self, set: &ExpandedSet, log: &Path) -> Row {
        let policy = &set.set.policy;
        let place = &set.set.declared_at;
        let mut row = Row {
            log: log.to_owned(),
            place: (Arc::clone(&place.file), place.line),
            size: None,
            last: self.table.last(log),
            verdict: None,
            next: None,
            criterion: status::criterion(policy),
            stays_for_emptiness: false,
            archives: None,
            obstacle: None,
        };
        match self.look(policy, log) {
            Ok(Some((facts, held))) => self.judge(policy, &facts, &held, &mut row),
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
        row.archives = self.archives(policy, log);
        row
    }

    fn archives(&mut self, policy: &Policy, log: &Path) -> Option<Sum> {
        let found = inventory::archives(policy, log, &mut self.directories).ok()?;
        Some(Sum {
            files: found.len() as u64,
            bytes: total(found.iter().map(|archive| archive.facts.allocated)),
        })
    }

    fn look(&mut self, policy: &Policy, log: &Path) -> Result<Option<(FileFacts, Rc<Held>)>, Fault> {
        let Some((directory, name)) = split_path(log) else {
            return Ok(None);
        };
        self.take_identity(policy, directory, log)?;
        let held = match self.directories.get(directory, log) {
            Err(Fault::Call(error)) if error.is_absence() => return Ok(None),
            held => held?,
        };
        Ok(held.dir.look(name)?.map(|facts| (facts, held)))
    }

    fn judge(&mut self, policy: &Policy, facts: &FileFacts, held: &Held, row: &mut Row) {
        row.size = Some(facts.size);
        row.stays_for_emptiness = facts.size == 0 && !policy.if_empty;
        row.obstacle = obstacle(policy, facts, held, &row.log);
        // A log that is seen for the first time is entered as rotated in this hour.
        let last = row.last.unwrap_or_else(|| self.now.local.hour_start());
        let verdict = schedule::judge(policy, facts, last, &self.now, false);
        row.next = Some(match &verdict {
            Verdict::Rotate(_) => NextDue::Now,
            Verdict::Keep(_) => schedule::next_due(policy, facts, last, &self.now),
        });
        row.verdict = Some(verdict);
    }

    /// Sees to it that the look is taken with the rights that the work would be done with.
    fn take_identity(&mut self, policy: &Policy, directory: &Path, log: &Path) -> Result<(), Fault> {
        let wanted = match policy.su {
            None => None,
            Some(Su::Named(identity)) => Some(identity),
            Some(Su::DirectoryOwner) => {
                self.leave_identity();
                let facts = &self.directories.get(directory, log)?.facts;
                Some(Identity {
                    user: facts.user,
                    group: facts.group,
                })
            }
        };
        if self.acting.as_ref().map(|(who, _)| *who) == wanted {
            return Ok(());
        }
        self.leave_identity();
        if let Some(who) = wanted {
            self.directories.forget();
            self.acting = Some((who, identity::act_as(who)?));
        }
        Ok(())
    }

    /// Goes back to the rights of whoever started the program.
    pub(super) fn leave_identity(&mut self) {
        if self.acting.take().is_some() {
            self.directories.forget();
        }
    }
}

/// Finds what would keep a log from being rotated, in the order in which a run finds it.
fn obstacle(policy: &Policy, facts: &FileFacts, held: &Held, log: &Path) -> Option<Obstacle> {
    let dir = &held.facts;
    let others = dir.mode.0 & 0o002 != 0 || dir.mode.0 & 0o020 != 0 && dir.group.0 != 0;
    if policy.su.is_none() && identity::is_root() && others {
        let why = Insecure::Writable {
            user: dir.user.0,
            group: dir.group.0,
        };
        return Some(Obstacle::Fault(Box::new(Fault::InsecureDirectory {
            log: log.to_owned(),
            component: held.dir.path().to_owned(),
            why,
        })));
    }
    match facts.kind {
        Kind::Symlink => return Some(Obstacle::PassedOver(PassedOver::Symlink)),
        Kind::Directory => return Some(Obstacle::PassedOver(PassedOver::Directory)),
        _ if facts.links > 1 && !policy.allow_hardlink => return Some(Obstacle::PassedOver(PassedOver::HardLinks)),
        _ => {}
    }
    (!held.dir.is_writable()).then(|| Obstacle::NotWritable {
        directory: held.dir.path().to_owned(),
        user: identity::current().user.0,
    })
}

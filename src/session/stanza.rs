//! One stanza's turn: consider all its logs, then rotate those that are due, with its scripts around them.

use std::collections::{BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use super::Session;
use crate::discover::{ExpandedStanza, FoundLog, expand};
use crate::event::{LogListener, What};
use crate::execute::hook::Call;
use crate::execute::work::StanzaWork;
use crate::facts::FileFacts;
use crate::fault::{Fault, Hook, Op, SysError};
use crate::inventory::{self, Ahead, Programs};
use crate::observe::{At, OpenDir};
use crate::obstacle::{self, PassedOver};
use crate::policy::{Policy, Su};
use crate::schedule::{self, Verdict};
use crate::sys::call::Errno;
use crate::sys::identity;
use crate::sys::pattern::is_special;
use crate::unix::{FileId, Identity, split_path};

/// Where a log is.
#[derive(Clone, Debug)]
pub(super) struct Home {
    /// Its directory.
    pub(super) directory: Rc<At>,
    /// The device that holds it.
    pub(super) device: u64,
    /// Whose rights its work is done with.
    pub(super) identity: Option<Identity>,
}

impl Home {
    /// Returns the archives' directory as it is written in paths.
    pub(super) fn archive_path(&self, policy: &Policy) -> PathBuf {
        let directory = &self.directory.path;
        let old = policy.old_dir.as_ref();
        old.map_or_else(|| directory.clone(), |old| directory.join(&old.path))
    }
}

/// A log that is to be rotated, until its turn comes. There may be very many.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) path: Arc<Path>,
    pub(super) home: Rc<Home>,
    /// Its number on its device.
    inode: u64,
    /// What was observed, where a stanza's scripts may change it before its turn; else it is looked at again then.
    facts: Option<Box<FileFacts>>,
}

impl Waiting {
    /// Returns its name in its directory.
    pub(super) fn name(&self) -> &OsStr {
        name_of(&self.path)
    }

    /// Returns which file it was when it was looked at.
    pub(super) fn file(&self) -> FileId {
        FileId {
            device: self.home.device,
            inode: self.inode,
        }
    }
}

fn name_of(path: &Path) -> &OsStr {
    split_path(path).map(|(_, name)| name).unwrap_or_default()
}

/// A log whose turn to be rotated has come.
#[derive(Clone, Debug)]
pub(super) struct Due {
    pub(super) path: Arc<Path>,
    pub(super) home: Rc<Home>,
    pub(super) facts: FileFacts,
}

impl Due {
    /// Takes over what was found out about a log and its directory.
    pub(super) fn new(path: Arc<Path>, directory: &Rc<At>, identity: Option<Identity>, facts: FileFacts) -> Self {
        let home = Rc::new(Home {
            directory: Rc::clone(directory),
            device: facts.id.device,
            identity,
        });
        Self { path, home, facts }
    }

    /// Returns its name in its directory.
    pub(super) fn name(&self) -> &OsStr {
        name_of(&self.path)
    }
}

/// Logs that are not found, since a run that died had renamed them.
#[derive(Default)]
struct Vanished {
    /// Their paths.
    logs: BTreeSet<Arc<Path>>,
    /// The words that would lead to them: one that matched nothing stands for itself among the stanza's logs, and is none.
    words: HashSet<OsString>,
}

/// Something failed, and that was told.
pub(super) struct Told;

impl Session<'_> {
    /// Handles one stanza.
    pub(super) fn handle(&mut self, expanded: ExpandedStanza) {
        let policy = &expanded.stanza.policy;
        self.turn_to_stanza(&expanded.stanza.declared_at);
        self.note(|| What::Stanza {
            written: Arc::clone(&expanded.stanza.written),
            policy: Arc::clone(policy),
            forced: self.force,
        });
        if expanded.logs.is_empty() {
            self.hear(What::NoLogs);
            return;
        }
        if let Some(Su::Named(wanted)) = policy.su {
            if let Err(fault) = self.act_as(Some(wanted)) {
                // None of them is looked at.
                for log in &expanded.logs {
                    LogListener::new(&log.path, &**self.listener).note(|| What::NotLookedAt);
                }
                self.fail(fault);
                return;
            }
        }
        let stanza = self.stanza_work(&expanded);
        let vanished = self.vanished(&expanded);
        let logs = expanded.logs.iter().map(|log| &log.path);
        self.resume_unfinished(&stanza, logs.chain(&vanished.logs));
        let mut due: Vec<Waiting> = Vec::new();
        let mut is_one_missing = false;
        // A pattern that matched nothing since a dead run had renamed all its logs is no log that is missing.
        let is_log = |log: &FoundLog| !vanished.words.contains(log.path.as_os_str());
        // Nor is one that a pattern led to and that was gone a moment later: whoever made it could so keep the others back.
        let patterns = &expanded.stanza.patterns;
        let is_written_out = |log: &FoundLog| {
            let word = &patterns[log.word];
            !is_special(word.as_bytes()) || log.path.as_os_str() == word.as_os_str()
        };
        for log in expanded.logs.into_iter().filter(is_log) {
            let counts_as_missing = is_written_out(&log);
            match self.consider(policy, &log.path) {
                Ok(Some(Due { path, home, facts })) => due.push(Waiting {
                    path,
                    home: shared(home, due.last()),
                    inode: facts.id.inode,
                    facts: policy.scripts.shared.then(|| Box::new(facts)),
                }),
                Ok(None) => {}
                Err(fault) => {
                    is_one_missing |= counts_as_missing && is_missing(&fault);
                    self.fail(fault);
                }
            }
        }
        self.rotate_all(&stanza, due, is_one_missing);
    }

    /// Takes what holds for a stanza.
    pub(super) fn stanza_work(&self, expanded: &ExpandedStanza) -> Arc<StanzaWork> {
        Arc::new(StanzaWork {
            policy: Arc::clone(&expanded.stanza.policy),
            written: Arc::clone(&expanded.stanza.written),
            declared_at: expanded.stanza.declared_at.clone(),
            choices: Arc::clone(&self.choices),
            no_compressor: OnceLock::new(),
        })
    }

    /// Runs the stanza's scripts around the rotation of its due logs.
    fn rotate_all(&mut self, stanza: &Arc<StanzaWork>, due: Vec<Waiting>, is_one_missing: bool) {
        if due.is_empty() {
            self.say_not_needed(stanza);
            return;
        }
        if self.run_for_stanza(stanza, Hook::First).is_err() {
            return;
        }
        if stanza.policy.scripts.shared {
            // With nomissingok a shared stanza is rotated whole or not at all; nothing else that is wrong with one log stops the others.
            if !is_one_missing {
                for part in Self::apart(stanza, due) {
                    self.rotate_together(stanza, part);
                }
            }
        } else {
            self.rotate_one_by_one(stanza, due);
        }
        if stanza.policy.scripts.last_action.is_some() {
            self.finish_waiting(Some(stanza));
            let _ = self.run_for_stanza(stanza, Hook::Last);
        }
    }

    fn say_not_needed(&mut self, stanza: &StanzaWork) {
        let shared = stanza.policy.scripts.shared;
        for (hook, counts) in [
            (Hook::First, true),
            (Hook::Pre, shared),
            (Hook::Post, shared),
            (Hook::Last, true),
        ] {
            if counts {
                self.hear_if_set(stanza, hook);
            }
        }
    }

    /// Runs a script that belongs to the stanza; a failure is told.
    pub(super) fn run_for_stanza(&mut self, stanza: &StanzaWork, hook: Hook) -> Result<(), Told> {
        self.turn_to_stanza(&stanza.declared_at);
        match Call::for_stanza(stanza, hook) {
            Some(call) => self.run_script(stanza, &call),
            None => Ok(()),
        }
    }

    /// Runs a script; a failure is told. It finds what came before it finished: it may ship an archive, or move it. Listings that it
    /// made stale are forgotten.
    pub(super) fn run_script(&mut self, stanza: &StanzaWork, call: &Call) -> Result<(), Told> {
        self.wait_for_workers();
        let before = self.directories.before_script();
        let ran = self.driver.script(stanza, call, self.about.clone());
        crate::observe::Directories::after_script(before);
        ran.map_err(|fault| {
            self.fail(fault);
            Told
        })
    }

    /// Looks at a log; `None` where it is not due.
    fn consider(&mut self, policy: &Policy, path: &Arc<Path>) -> Result<Option<Due>, Fault> {
        self.turn_to(path);
        self.note(|| What::Considering);
        if self.records.enter(path, &self.now) {
            self.hear(What::NewState);
        }
        let Some((directory, name)) = split_path(path) else {
            return Err(missing(path));
        };
        let (held, identity) = match self.secure_directory(policy, path, directory) {
            Ok(found) => found,
            Err(Fault::Call(error)) if policy.missing_ok && error.is_absence() => {
                return Ok(self.pass_over(PassedOver::Missing));
            }
            Err(Fault::Call(mut error)) if error.op == Op::OpenDirectory => {
                error.op = Op::Stat;
                return Err(error.into());
            }
            Err(fault) => return Err(fault),
        };
        let Some(facts) = look(policy, &held, name, path)? else {
            self.look_for_writer(policy, path, None);
            return if policy.missing_ok {
                Ok(self.pass_over(PassedOver::Missing))
            } else {
                Err(missing(path))
            };
        };
        self.records.found(path);
        if let Some(why) = obstacle::of_log(&facts, policy) {
            return Ok(self.pass_over(why));
        }
        let is_due = self.decide(policy, path, &facts);
        if self.options.dry_run {
            self.look_ahead(policy, path, &facts);
        } else if !is_due || policy.compression.is_none() {
            // What the rotation compresses it asks about itself.
            self.look_for_writer(policy, path, Some(facts.size));
        }
        Ok(is_due.then(|| Due::new(Arc::clone(path), &held.at, identity, facts)))
    }

    /// Tells of a program that still writes to the newest archive, at each run for as long as it does.
    fn look_for_writer(&mut self, policy: &Policy, log: &Path, size: Option<u64>) {
        // What cannot be looked at now is told when the log's turn comes.
        if let Ok(Some(obstacle)) = inventory::not_reopened(policy, log, size, &mut self.directories) {
            self.hear(What::Obstacle(obstacle));
        }
    }

    /// Tells what the log's next rotation will meet.
    fn look_ahead(&mut self, policy: &Policy, log: &Path, facts: &FileFacts) {
        let ahead = Ahead {
            policy,
            log,
            facts,
            at: &self.now,
            programs: Programs {
                mail: &self.choices.mail_program,
                external_compress: self.choices.external_compress,
            },
        };
        for obstacle in inventory::obstacles(&ahead, &mut self.directories) {
            self.hear(What::Obstacle(obstacle));
        }
    }

    /// Finds out what a log is whose turn has come; `None` where it has become something that is passed over.
    pub(super) fn look_again(&mut self, policy: &Policy, log: Waiting) -> Result<Option<Due>, Fault> {
        let Waiting { path, home, facts, .. } = log;
        if let Some(facts) = facts {
            let facts = *facts;
            return Ok(Some(Due { path, home, facts }));
        }
        self.act_as(home.identity)?;
        let (directory, name) = split_path(&path).ok_or_else(|| missing(&path))?;
        let held = self.directories.get(directory, &path)?;
        let facts = look(policy, &held, name, &path)?.ok_or_else(|| missing(&path))?;
        if let Some(why) = obstacle::of_log(&facts, policy) {
            return Ok(self.pass_over(why));
        }
        Ok(Some(Due { path, home, facts }))
    }

    /// Finds logs that patterns of the stanza would lead to, were they not renamed by a run that died then.
    fn vanished(&self, expanded: &ExpandedStanza) -> Vanished {
        let mut vanished = Vanished::default();
        if !self.records.has_unfinished() {
            return vanished;
        }
        let listed: HashSet<&Path> = expanded.logs.iter().map(|log| &*log.path).collect();
        for word in &expanded.stanza.patterns {
            for log in self.records.left_below(&expand::stem(word.as_bytes())) {
                if !listed.contains(&**log) {
                    if let Some(word) = expanded.word_for(log) {
                        vanished.logs.insert(Arc::clone(log));
                        vanished.words.insert(word.clone());
                    }
                }
            }
        }
        vanished
    }

    fn pass_over(&self, why: PassedOver) -> Option<Due> {
        self.note(|| What::PassedOver(why));
        None
    }

    fn decide(&mut self, policy: &Policy, path: &Path, facts: &FileFacts) -> bool {
        let last = self.records.last(path).unwrap_or(self.now.local);
        self.note(|| What::Times {
            now: self.now.local,
            last,
        });
        let verdict = schedule::judge(policy, facts, last, &self.now, self.force);
        let is_due = matches!(verdict, Verdict::Rotate(_));
        if is_due && self.force && facts.size > 0 && policy.keeps_nothing_unsaid() {
            self.hear(What::NothingKept);
        }
        self.hear(What::Decided {
            verdict,
            size: facts.size,
        });
        is_due
    }

    /// Opens a log's directory, with the rights that the log's work is done with, and checks who may write to it.
    pub(super) fn secure_directory(
        &mut self,
        policy: &Policy,
        log: &Path,
        directory: &Path,
    ) -> Result<(Rc<OpenDir>, Option<Identity>), Fault> {
        let (held, identity) = self.open_directory(policy, log, directory)?;
        obstacle::of_directory(log, &held.facts, identity, identity::is_root())?;
        Ok((held, identity))
    }

    /// Opens a log's directory as [`Session::secure_directory`] does, whoever may write to it.
    pub(super) fn open_directory(
        &mut self,
        policy: &Policy,
        log: &Path,
        directory: &Path,
    ) -> Result<(Rc<OpenDir>, Option<Identity>), Fault> {
        let identity = obstacle::rights(policy.su, || {
            self.act_as(None)?;
            Ok(self.directories.get(directory, log)?.facts)
        })?;
        self.act_as(identity)?;
        Ok((self.directories.get(directory, log)?, identity))
    }
}

/// Shares what is known of where a log is with the one before it, mostly a neighbour.
fn shared(home: Rc<Home>, before: Option<&Waiting>) -> Rc<Home> {
    match before.map(|log| &log.home) {
        Some(last)
            if Rc::ptr_eq(&last.directory, &home.directory)
                && (last.device, last.identity) == (home.device, home.identity) =>
        {
            Rc::clone(last)
        }
        _ => home,
    }
}

fn missing(path: &Path) -> Fault {
    Fault::Call(SysError::new(Op::Stat, path, Errno::ENOENT as i32))
}

/// Tells whether a log could not be looked at since it is not there.
fn is_missing(fault: &Fault) -> bool {
    matches!(fault, Fault::Call(error) if error.op == Op::Stat && error.is_absence())
}

/// Observes a log, by its name in its directory.
fn look(policy: &Policy, held: &OpenDir, name: &OsStr, path: &Path) -> Result<Option<FileFacts>, Fault> {
    let looked = held.look_at_log(policy, name);
    Ok(looked.map_err(|error| SysError {
        path: path.into(),
        ..error
    })?)
}

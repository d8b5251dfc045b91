//! Rows of archives that several logs share: logs of one name with one `olddir`. Each is planned when the work on the other's archives is
//! finished.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::rc::Rc;

use super::Session;
use super::stanza::{Due, Waiting};
use crate::execute::work::{LogSite, StanzaWork};
use crate::fault::Fault;
use crate::observe::OpenDir;
use crate::policy::Policy;
use crate::sys::confread;
use crate::unix::FileId;

/// A row: the directory that holds the archives, and the name of the logs.
pub(super) type Row = (FileId, OsString);

/// The rows that work is under way on.
#[derive(Debug, Default)]
pub(super) struct RowsInWork {
    /// Workers are at them.
    working: HashSet<Row>,
    /// A program writes to one of their archives.
    waiting: HashSet<Row>,
}

impl Session<'_> {
    /// Returns the row that a log's archives make up, if another log may have the same.
    fn row_of(policy: &Policy, log: &OsStr, archives: Option<&Rc<OpenDir>>) -> Option<Row> {
        policy.old_dir.as_ref()?;
        Some((archives?.at.id, log.to_owned()))
    }

    /// Notes that workers are at a row.
    pub(super) fn row_is_worked_on(&mut self, site: &LogSite, archives: Option<&Rc<OpenDir>>) {
        let row = Self::row_of(&site.stanza.policy, &site.name, archives);
        self.rows.working.extend(row);
    }

    /// Notes that a program writes to an archive of a row.
    pub(super) fn row_waits(&mut self, site: &LogSite) {
        if site.stanza.policy.old_dir.is_some() {
            if let Some(Ok(facts)) = site.archive_dir.as_ref().map(|dir| dir.facts()) {
                self.rows.waiting.insert((facts.id, site.name.clone()));
            }
        }
    }

    /// Notes that no worker is at any row.
    pub(super) fn rows_are_done(&mut self) {
        self.rows.working.clear();
    }

    /// Sees to it that nobody is at the row that a log's archives make up; what a program still writes to is not waited for any longer.
    pub(super) fn have_row_to_itself(&mut self, stanza: &StanzaWork, due: &Due) -> Result<(), Fault> {
        if stanza.policy.old_dir.is_none() || self.rows.working.is_empty() && self.rows.waiting.is_empty() {
            return Ok(());
        }
        let places = self.places(stanza, due)?;
        let Some(row) = Self::row_of(&stanza.policy, due.name(), places.archive.as_ref()) else {
            return Ok(());
        };
        if self.rows.working.contains(&row) {
            self.wait_for_workers();
        }
        if self.rows.waiting.remove(&row) {
            self.stop_waiting(&row.1);
            self.act_as(due.home.identity)?;
        }
        Ok(())
    }

    /// Splits the due logs of a stanza so that no two of one part share a row.
    pub(super) fn apart(stanza: &StanzaWork, due: Vec<Waiting>) -> Vec<Vec<Waiting>> {
        if stanza.policy.old_dir.is_none() {
            return vec![due];
        }
        let mut directories = HashMap::new();
        let mut met: HashMap<(Option<FileId>, OsString), usize> = HashMap::new();
        let mut parts: Vec<Vec<Waiting>> = Vec::new();
        for log in due {
            let id = *directories
                .entry(log.home.archive_path(&stanza.policy))
                .or_insert_with_key(|path| confread::directory_id(path));
            let part = met.entry((id, log.name().to_owned())).or_default();
            if parts.len() <= *part {
                parts.push(Vec::new());
            }
            parts[*part].push(log);
            *part += 1;
        }
        parts
    }
}

//! Whether archives can go into the directory that a stanza names for them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::known::LogIndex;
use super::{ExpandedStanza, FoundLog, Seeker};
use crate::diag::{Problem, Severity};
use crate::policy::{Method, OldDir, Stanza};
use crate::sys::{confread, listing};
use crate::unix::split_path;

impl Seeker<'_> {
    fn device(&mut self, path: &Path) -> Result<u64, i32> {
        if let Some(known) = self.devices.get(path) {
            return *known;
        }
        let device = confread::device_of(path);
        self.devices.insert(path.to_owned(), device);
        device
    }

    /// Leaves out the logs whose archives cannot go into the directory for them: it may be in the hands of whoever owns the log.
    pub(super) fn keep_where_old_dir_fits(
        &mut self,
        stanza: &Stanza,
        old_dir: &OldDir,
        logs: &mut Vec<FoundLog>,
        earlier: &[ExpandedStanza],
    ) {
        let place = old_dir.declared_at.as_ref().unwrap_or(&stanza.declared_at);
        let mut last: Option<PathBuf> = None;
        let mut refused: HashSet<PathBuf> = HashSet::new();
        logs.retain(|log| {
            let Some((directory, _)) = split_path(&log.path) else {
                return true;
            };
            if last.as_deref() == Some(directory) {
                return true;
            }
            if self.is_held_elsewhere(&log.path, earlier) {
                return true;
            }
            if refused.contains(directory) {
                return false;
            }
            if let Err(problem) = self.old_dir_problem(stanza, old_dir, directory, &log.path) {
                let is_error = problem.class().severity == Severity::Error;
                self.say(problem, place);
                if is_error {
                    refused.insert(directory.to_owned());
                    return false;
                }
            }
            last = Some(directory.to_owned());
            true
        });
    }

    /// Answers whether an earlier stanza has a log, and will keep it.
    fn is_held_elsewhere(&mut self, log: &Path, earlier: &[ExpandedStanza]) -> bool {
        let path_of = |(stanza, log): LogIndex| &*earlier[stanza as usize].logs[log as usize].path;
        let Some(holder) = self.known.holder(log, &path_of) else {
            return false;
        };
        let policy = &earlier[holder.0 as usize].stanza.policy;
        self.known.former(log).is_some() || !self.is_idle(holder.0, policy, path_of(holder), log)
    }

    fn old_dir_problem(
        &mut self,
        stanza: &Stanza,
        old_dir: &OldDir,
        directory: &Path,
        log: &Path,
    ) -> Result<(), Problem> {
        let device = self.device(directory).map_err(|errno| {
            let path = directory.to_owned();
            if stanza.policy.missing_ok {
                Problem::LogPathMissing { path, errno }
            } else {
                Problem::LogPathUnverified { path, errno }
            }
        })?;
        let path = directory.join(&old_dir.path);
        let archive_device = match self.device(&path) {
            Ok(device) => device,
            // It is made when the log is rotated, not now.
            Err(errno) if old_dir.create.is_some() && listing::is_absence(errno) => return Ok(()),
            Err(errno) => return Err(Problem::OldDirUnverified { path, errno }),
        };
        let must_rename = matches!(stanza.policy.method, Method::Rename { .. });
        if must_rename && device != archive_device {
            return Err(Problem::DifferentDevices {
                old_dir: old_dir.path.clone(),
                log: log.to_owned(),
            });
        }
        Ok(())
    }
}

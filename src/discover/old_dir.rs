//! Whether archives can go into the directory that a stanza names for them.

use std::path::{Path, PathBuf};

use super::known::Spot;
use super::{ExpandedSet, FoundLog, Seeker};
use crate::diag::{Problem, Severity};
use crate::policy::{LogSet, Method, OldDir};
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

    /// Checks that the archives of every log can go into the directory for them.
    pub(super) fn old_dir_fits(
        &mut self,
        set: &LogSet,
        old_dir: &OldDir,
        logs: &[FoundLog],
        earlier: &[ExpandedSet],
    ) -> bool {
        let path_of = |(set, log): Spot| &*earlier[set as usize].logs[log as usize].path;
        let place = old_dir.declared_at.as_ref().unwrap_or(&set.declared_at);
        let mut checked: Option<PathBuf> = None;
        for log in logs {
            let Some((directory, _)) = split_path(&log.path) else {
                continue;
            };
            if checked.as_deref() == Some(directory) {
                continue;
            }
            if let Some(holder) = self.known.holder(&log.path, &path_of) {
                let first = path_of(holder).to_owned();
                let policy = &earlier[holder.0 as usize].set.policy;
                if self.known.former(&log.path).is_some() || !self.is_idle(holder.0, policy, &first, &log.path) {
                    continue;
                }
            }
            match self.old_dir_problem(set, old_dir, directory, &log.path) {
                Ok(()) => {}
                Err(problem) => {
                    let fine = problem.class().severity != Severity::Error;
                    self.say(problem, place);
                    if !fine {
                        return false;
                    }
                }
            }
            checked = Some(directory.to_owned());
        }
        true
    }

    fn old_dir_problem(&mut self, set: &LogSet, old_dir: &OldDir, directory: &Path, log: &Path) -> Result<(), Problem> {
        let device = self.device(directory).map_err(|errno| {
            let path = directory.to_owned();
            if set.policy.missing_ok {
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
        let must_rename = matches!(set.policy.method, Method::Rename { .. });
        if must_rename && device != archive_device {
            return Err(Problem::DifferentDevices {
                old_dir: old_dir.path.clone(),
                log: log.to_owned(),
            });
        }
        Ok(())
    }
}

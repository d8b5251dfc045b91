//! The archives that a log has on disk: counted and measured, never touched.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::facts::{FileFacts, Kind};
use crate::fault::Fault;
use crate::naming::ArchiveNames;
use crate::observe::{Directories, Held};
use crate::plan::Look;
use crate::policy::{NamingStyle, Policy};
use crate::unix::split_path;

/// An archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Its path.
    pub path: PathBuf,
    /// What it looks like.
    pub facts: FileFacts,
}

/// Finds the archives of a log, with the compress extension and without, by the stanza's way of naming them.
///
/// # Errors
/// A directory cannot be opened or read, or the names cannot be made.
pub fn archives(policy: &Policy, log: &Path, directories: &mut Directories) -> Result<Vec<Archive>, Fault> {
    let Some((directory, name)) = split_path(log) else {
        return Ok(Vec::new());
    };
    let suffix = policy.compression.as_ref().map(|how| how.suffix.as_os_str());
    let names = ArchiveNames::new(name, &policy.naming, policy.trigger, suffix)?;
    let held = directories.get(directory, log)?;
    let place = match &policy.old_dir {
        None => Rc::clone(&held),
        Some(old) => directories.get_below(&held, &old.path, log)?,
    };
    let found = matching(policy, &names, &place)?;
    let mut archives = Vec::with_capacity(found.len());
    for name in found {
        if let Some(facts) = place.dir.look(&name)?
            && facts.kind == Kind::Regular
        {
            archives.push(Archive {
                path: place.dir.path_of(&name),
                facts,
            });
        }
    }
    Ok(archives)
}

fn matching(policy: &Policy, names: &ArchiveNames, place: &Held) -> Result<Vec<OsString>, Fault> {
    let mut view = place.view.borrow_mut();
    let found = match policy.naming.style {
        NamingStyle::Numbered => {
            let mut found = view.starting_with(&names.numbered_prefix())?;
            found.retain(|name| names.parse_numbered(name).is_some());
            found
        }
        NamingStyle::Dated { .. } => {
            let mut found = view.starting_with(&names.dated_prefix())?;
            found.retain(|name| names.parse_dated(name).is_some());
            found
        }
    };
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::settings::Settings;

    #[test]
    fn archives_are_found_by_their_names_and_nothing_else_is() {
        let root = tempfile::tempdir().unwrap();
        for name in ["a.log", "a.log.1", "a.log.2", "a.log.x", "b.log.1"] {
            std::fs::write(root.path().join(name), "12345").unwrap();
        }
        let policy = Settings::default().policy();
        let found = archives(&policy, &root.path().join("a.log"), &mut Directories::default()).unwrap();
        let names: Vec<_> = found.iter().filter_map(|archive| archive.path.file_name()).collect();
        assert_eq!(names, ["a.log.1", "a.log.2"]);
        assert_eq!(found.iter().map(|archive| archive.facts.size).sum::<u64>(), 10);
    }
}

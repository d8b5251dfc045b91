//! Drop-ins as the main configuration will have them read: over the settings that hold at its include of their directory.
//!
//! From a temporary path, as tools of configuration management check a file before it is put in place, that is the first
//! directory that the main configuration includes. Other files of that directory are not read: the one that is to be replaced
//! is among them.

use std::path::{Path, PathBuf};

use super::costs::Mark;
use super::{Fine, LoadOptions, Loaded, Loader, Site};
use crate::diag::Diagnostic;
use crate::policy::settings::Settings;
use crate::sys::confread::{Opened, directory_id};
use crate::unix::split_path;

/// Drop-ins that wait for their include, or were read there.
pub(super) struct Within<'p> {
    drop_ins: &'p [PathBuf],
    place: At,
    /// What the loader had before the first of them, and after the last one.
    read: Option<(Mark, Mark)>,
    is_reading: bool,
}

/// At which include of the main configuration the drop-ins are read.
#[derive(Clone, Copy)]
enum At {
    /// At that of their own directory, or of one that is called as it is.
    Own,
    FirstDirectory,
    /// Behind all, since no directory is included.
    End,
}

/// Reads drop-ins as a main configuration includes them; both count among what may be read.
pub fn load_within(
    main: &Path,
    drop_ins: &[PathBuf],
    options: &LoadOptions,
    hear: &mut dyn FnMut(Diagnostic),
) -> Loaded {
    let reached = |at: &At| {
        let mut silent = |_| {};
        let mut loader = Loader::for_within(main, drop_ins, *at, options, &mut silent);
        loader.named(main, &mut Settings::default());
        loader.within.is_some_and(|within| within.read.is_some())
    };
    let at = [At::Own, At::FirstDirectory]
        .into_iter()
        .find(reached)
        .unwrap_or(At::End);
    let mut loader = Loader::for_within(main, drop_ins, at, options, hear);
    let mut settings = Settings::default();
    loader.named(main, &mut settings);
    loader.drop_ins(&mut settings);
    loader.loaded()
}

impl<'h> Loader<'h> {
    fn for_within(
        main: &Path,
        drop_ins: &'h [PathBuf],
        place: At,
        options: &LoadOptions,
        hear: &'h mut dyn FnMut(Diagnostic),
    ) -> Self {
        let mut all = drop_ins.to_vec();
        all.push(main.to_owned());
        Self {
            within: Some(Within {
                drop_ins,
                place,
                read: None,
                is_reading: false,
            }),
            ..Loader::new(&all, options, hear)
        }
    }

    /// Tells whether what is read is there only for what it says of the drop-ins' defaults.
    pub(super) fn is_context(&self) -> bool {
        self.within.as_ref().is_some_and(|within| !within.is_reading)
    }

    /// Returns from where to where reading the drop-ins had come, or the whole.
    pub(super) fn asked_for(&self) -> (Mark, Mark) {
        let read = self.within.as_ref().and_then(|within| within.read);
        read.unwrap_or_else(|| (Mark::default(), Mark::of(self)))
    }

    /// Tells whether the drop-ins wait for this include.
    pub(super) fn is_awaited(&self, site: Site<'_>, path: &Path) -> bool {
        let Some(within) = self.within.as_ref().filter(|within| within.read.is_none()) else {
            return false;
        };
        !within.is_reading
            && !site.is_named()
            && match within.place {
                At::Own => within.drop_ins.first().is_some_and(|one| self.is_home_of(path, one)),
                At::FirstDirectory => self.is_directory(path),
                At::End => false,
            }
    }

    fn is_home_of(&self, directory: &Path, drop_in: &Path) -> bool {
        let home = match split_path(drop_in) {
            Some((parent, _)) if !self.is_directory(drop_in) => parent,
            _ => drop_in,
        };
        let is_same = || directory_id(directory).is_some_and(|id| directory_id(home) == Some(id));
        let is_alike = directory.file_name().is_some() && directory.file_name() == home.file_name();
        is_alike || (self.may_read(directory) && is_same())
    }

    fn is_directory(&self, path: &Path) -> bool {
        let is_called_so = path.as_os_str().as_encoded_bytes().trim_ascii_end().ends_with(b".d");
        let opened = || Opened::open(None, path).is_ok_and(|opened| opened.is_directory());
        is_called_so || (self.may_read(path) && opened())
    }

    /// Reads the drop-ins, where this was not done.
    pub(super) fn drop_ins(&mut self, settings: &mut Settings) -> Fine {
        let begun = Mark::of(self);
        let Some(within) = self.within.as_mut().filter(|within| within.read.is_none()) else {
            return true;
        };
        within.is_reading = true;
        for path in within.drop_ins {
            let before = settings.clone();
            if !self.named(path, settings) {
                self.put_back(settings, before);
            }
        }
        let ended = Mark::of(self);
        if let Some(within) = &mut self.within {
            within.is_reading = false;
            within.read = Some((begun, ended));
        }
        true
    }
}

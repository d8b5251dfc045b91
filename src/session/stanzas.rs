//! What a pass is given: the stanzas of a configuration, with their logs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::only::{self, LeftAlone};
use crate::discover::{self, ExpandedStanza, Lost};
use crate::event::{Event, Listener, What};
use crate::load::{self, LoadOptions};
use crate::policy::Policy;
use crate::sys::identity;
use crate::sys::listing::Listings;

/// Stanzas, in the order of their turns.
#[derive(Debug, Default)]
pub(crate) struct Stanzas {
    /// The stanzas, with the logs that are handled.
    pub(crate) stanzas: Vec<ExpandedStanza>,
    /// Logs that are configured and not handled.
    left_alone: LeftAlone,
    /// Directories that were listed when the logs were found.
    pub(super) listings: Listings,
    /// Something was wrong with the configuration.
    pub(super) failed: bool,
    /// What was meant to hold for some of the stanzas may be missing.
    pub(super) lacks_settings: bool,
}

impl Stanzas {
    /// Reads a configuration and finds its logs; complaints are told as they come.
    pub(super) fn read(configs: &[PathBuf], listener: &Arc<dyn Listener>) -> Self {
        let mut hear = |diagnostic| listener.hear(Event::of_run(What::Config(diagnostic)));
        let loaded = load::load(configs, &options(), &mut hear);
        let found = discover::discover(loaded.stanzas, &mut hear);
        Self {
            stanzas: found.stanzas,
            left_alone: LeftAlone::default(),
            listings: found.listings,
            failed: loaded.failed || found.failed,
            lacks_settings: loaded.lacks_settings,
        }
    }

    /// Finds out what errors in the configuration cost.
    pub(super) fn lost(&self, configs: &[PathBuf]) -> Lost {
        if !self.failed {
            return Lost::default();
        }
        Lost::of(configs, options(), &self.stanzas)
    }

    /// Takes one stanza alone.
    pub(crate) fn one(stanza: ExpandedStanza) -> Self {
        Self {
            stanzas: vec![stanza],
            ..Self::default()
        }
    }

    /// Leaves the logs alone that `only` does not name, if it names any.
    pub(super) fn keep_only(&mut self, only: &[OsString]) {
        self.left_alone = only::keep_only(&mut self.stanzas, only);
    }

    /// Has those come last of which this is true; else the order stays.
    pub(super) fn put_last(&mut self, is_one: impl Fn(&ExpandedStanza) -> bool) {
        self.stanzas.sort_by_key(is_one);
    }

    /// Returns all logs that are configured: the state's entries of these are wanted.
    pub(super) fn logs(&self) -> impl Iterator<Item = Arc<Path>> {
        let handled = self.stanzas.iter().flat_map(|stanza| &stanza.logs).map(|log| &log.path);
        handled.chain(&self.left_alone.logs).map(Arc::clone)
    }

    /// Returns the patterns of `--only` that name none of the logs.
    pub(super) fn unmatched(&self) -> &[OsString] {
        &self.left_alone.unmatched
    }

    /// Returns the logs that are configured and not handled.
    pub(super) fn left_alone(&self) -> &[Arc<Path>] {
        &self.left_alone.logs
    }

    /// Returns the policies of stanzas of which not all logs are handled.
    pub(super) fn cut_policies(&self) -> Vec<Arc<Policy>> {
        self.left_alone.policies.clone()
    }
}

/// How a run reads its configuration.
fn options() -> LoadOptions {
    LoadOptions {
        as_root: identity::is_root(),
        ..LoadOptions::default()
    }
}

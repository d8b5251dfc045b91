//! Room for open files: what is held at once goes by the soft limit; that is raised, up to the hard one, where a stanza needs more,
//! and lowered again.

use std::sync::OnceLock;

use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};

/// Descriptors for everything but the directories of logs.
const OTHERS: rlim_t = 512;

/// Nothing gets less than so many.
const LEAST: usize = 4;

/// A limit that was raised, until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct RaisedLimit {
    before: Option<(rlim_t, rlim_t)>,
}

/// Returns how many files something may hold open that gets one `part`th of the limit, as it was first: `most` at most.
#[must_use]
pub fn share(part: usize, most: usize) -> usize {
    static LIMIT: OnceLock<usize> = OnceLock::new();
    let limit = *LIMIT.get_or_init(|| {
        let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((rlim_t::MAX, rlim_t::MAX));
        usize::try_from(soft).unwrap_or(usize::MAX)
    });
    (limit / part.max(1)).clamp(LEAST, most.max(LEAST))
}

/// Makes room for so many held files. Where the hard limit is in the way, opening will tell.
///
/// Children inherit the raised limit: hence only where it is needed, and for no longer.
pub fn for_files(count: usize) -> RaisedLimit {
    let wanted = rlim_t::try_from(count).unwrap_or(rlim_t::MAX).saturating_add(OTHERS);
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return RaisedLimit { before: None };
    };
    let is_raised = wanted > soft && setrlimit(Resource::RLIMIT_NOFILE, wanted.min(hard), hard).is_ok();
    RaisedLimit {
        before: is_raised.then_some((soft, hard)),
    }
}

impl Drop for RaisedLimit {
    fn drop(&mut self) {
        if let Some((soft, hard)) = self.before {
            // Where it stays raised nothing is amiss.
            let _ = setrlimit(Resource::RLIMIT_NOFILE, soft, hard);
        }
    }
}

//! The five scripts: what they are given, and what their failure means.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::work::StanzaWork;
use crate::fault::{Fault, Hook};
use crate::policy::Scripts;
use crate::sys::{identity, process};

/// A script with its arguments.
#[derive(Clone, Debug)]
pub struct Call {
    pub hook: Hook,
    /// It runs once for the stanza.
    pub shared: bool,
    pub text: Arc<[u8]>,
    pub args: Vec<OsString>,
}

impl Call {
    /// Prepares a script that runs once for the stanza: it gets the pattern as written, as one word.
    #[must_use]
    pub fn for_stanza(stanza: &StanzaWork, hook: Hook) -> Option<Self> {
        let text = text_of(&stanza.policy.scripts, hook)?;
        let args = vec![OsStr::from_bytes(&stanza.written).to_owned()];
        Some(Self {
            hook,
            shared: true,
            text,
            args,
        })
    }

    /// Prepares a script for one log; postrotate gets the archive's path, too.
    #[must_use]
    pub fn for_log(stanza: &StanzaWork, hook: Hook, log: &Path, archive: Option<PathBuf>) -> Option<Self> {
        let text = text_of(&stanza.policy.scripts, hook)?;
        let mut args = vec![log.as_os_str().to_owned()];
        args.extend(archive.map(PathBuf::into_os_string));
        Some(Self {
            hook,
            shared: false,
            text,
            args,
        })
    }
}

fn text_of(scripts: &Scripts, hook: Hook) -> Option<Arc<[u8]>> {
    match hook {
        Hook::First => scripts.first_action.clone(),
        Hook::Pre => scripts.pre_rotate.clone(),
        Hook::Post => scripts.post_rotate.clone(),
        Hook::Last => scripts.last_action.clone(),
        Hook::Remove => scripts.pre_remove.clone(),
    }
}

/// Runs a script as whoever started the run, and waits for it.
///
/// # Errors
/// The shell could not be started, or the script did not end well.
pub fn run(stanza: &StanzaWork, call: &Call) -> Result<(), Fault> {
    let args: Vec<&OsStr> = call.args.iter().map(OsString::as_os_str).collect();
    let limit = stanza.policy.scripts.timeout;
    let ended = identity::as_starter(|| process::run_script(&call.text, &args, limit))??;
    ended.map_err(|end| Fault::Script {
        hook: call.hook,
        shared: call.shared,
        target: call.args.first().map(PathBuf::from).unwrap_or_default(),
        pattern: stanza.written.to_vec(),
        end,
    })
}

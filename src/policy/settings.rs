//! The settings as the directives toggle them, and the policy that they amount to.
//!
//! What a directive says by itself goes into the policy at once; what counts only together with other directives has a
//! field here. Cloned for every block, so what is long is shared.

use std::ffi::OsString;
use std::sync::Arc;

use super::{CompressWhen, Compression, Mail, MailWhich, Method, NamingStyle, Origin, Ownership, Policy, Su};
use crate::unix::{GroupId, Identity, UserId};

/// All settings, at one point of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the directive of its name")]
pub struct Settings {
    /// What each directive says by itself; what takes several of them is put in at the end.
    pub plain: Policy,
    pub copy: bool,
    pub copy_truncate: bool,
    pub rename_copy: bool,
    pub create: bool,
    pub create_as: Ownership,
    pub create_old_dir: bool,
    pub old_dir_as: Ownership,
    pub date_ext: bool,
    pub date_yesterday: bool,
    pub date_hour_ago: bool,
    pub compress: bool,
    /// What holds with `compress`, whether it is said or not.
    pub compression: Arc<Compression>,
    pub mail: Option<OsString>,
    pub mail_first: bool,
    pub shred: bool,
    pub shred_cycles: u32,
    pub su_user: Option<UserId>,
    pub su_group: Option<GroupId>,
    pub su: bool,
    pub su_owner: bool,
    /// Where each setting was made, where this is recorded.
    pub origins: Vec<Origin>,
}

impl Settings {
    /// Returns what these settings amount to.
    #[must_use]
    pub fn policy(self) -> Policy {
        let (method, style, su) = (self.method(), self.style(), self.su());
        let mut policy = self.plain;
        policy.method = method;
        policy.naming.style = style;
        policy.su = su;
        policy.delay_without_compression = self.compression.when == CompressWhen::NextTime && !self.compress;
        policy.compression = self.compress.then(|| Arc::unwrap_or_clone(self.compression));
        if let Some(old_dir) = &mut policy.old_dir {
            old_dir.create = self.create_old_dir.then_some(self.old_dir_as);
        }
        let which = if self.mail_first {
            MailWhich::First
        } else {
            MailWhich::Last
        };
        policy.mail = self.mail.map(|address| Mail { address, which });
        policy.shred = self.shred.then_some(self.shred_cycles);
        policy
    }

    /// `copytruncate` wins over `copy`, and `copy` over `renamecopy`: what leaves the log where it is loses nothing.
    fn method(&self) -> Method {
        let successor = self.create.then_some(self.create_as);
        if self.copy_truncate {
            Method::CopyTruncate
        } else if self.copy {
            Method::Copy
        } else if self.rename_copy {
            Method::RenameThenCopy { successor }
        } else {
            Method::Rename { successor }
        }
    }

    fn style(&self) -> NamingStyle {
        if self.date_ext {
            NamingStyle::Dated {
                yesterday: self.date_yesterday,
                hour_ago: self.date_hour_ago,
            }
        } else {
            NamingStyle::Numbered
        }
    }

    fn su(&self) -> Option<Su> {
        if self.su_owner {
            return Some(Su::DirectoryOwner);
        }
        let (user, group) = (self.su_user?, self.su_group?);
        self.su.then_some(Su::Named(Identity { user, group }))
    }
}

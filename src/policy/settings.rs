//! The settings as the directives toggle them, one field a setting, and the policy that they amount to.
//!
//! Cloned for every block, so everything long is shared.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

use super::{
    CompressWhen, Compression, Keep, Mail, MailWhich, Method, Naming, NamingStyle, OldDir, Ownership, Policy,
    Retention, Scripts, Su, Trigger, defaults,
};
use crate::diag::Place;
use crate::unix::{GroupId, Identity, UserId};

/// Shared bytes.
pub type Text = Arc<[u8]>;

/// All settings, at one point of a configuration.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is the directive of its name")]
pub struct Settings {
    pub trigger: Trigger,
    pub max_size: u64,
    pub min_size: u64,
    pub min_age: u32,
    pub max_age: u32,
    pub rotate: Keep,
    pub start: u32,
    pub if_empty: bool,
    pub missing_ok: bool,
    pub allow_hardlink: bool,
    pub ignore_duplicates: bool,
    pub copy: bool,
    pub copy_truncate: bool,
    pub rename_copy: bool,
    pub create: bool,
    pub create_as: Ownership,
    pub old_dir: Option<(Text, Option<Place>)>,
    pub create_old_dir: bool,
    pub old_dir_as: Ownership,
    pub extension: Option<Text>,
    pub add_extension: Option<Text>,
    pub date_ext: bool,
    pub date_format: Option<Text>,
    pub date_yesterday: bool,
    pub date_hour_ago: bool,
    pub compress: bool,
    pub delay_compress: bool,
    pub compress_command: Option<Text>,
    pub uncompress_command: Option<Text>,
    pub compress_extension: Option<Text>,
    pub compress_options: Arc<[Vec<u8>]>,
    pub mail: Option<Text>,
    pub mail_first: bool,
    pub shred: bool,
    pub shred_cycles: u32,
    pub su_user: Option<UserId>,
    pub su_group: Option<GroupId>,
    pub su: bool,
    pub su_owner: bool,
    pub first_action: Option<Text>,
    pub pre_rotate: Option<Text>,
    pub post_rotate: Option<Text>,
    pub last_action: Option<Text>,
    pub pre_remove: Option<Text>,
    pub shared_scripts: bool,
    pub script_timeout: u32,
    /// Where each setting was made, where this is recorded.
    pub origins: Vec<(&'static str, Place)>,
}

impl Settings {
    /// Everything off; `Default` is what really holds without a configuration.
    pub(super) fn blank() -> Self {
        Self {
            trigger: Trigger::Size(0),
            max_size: 0,
            min_size: 0,
            min_age: 0,
            max_age: 0,
            rotate: Keep::Count(0),
            start: 0,
            if_empty: false,
            missing_ok: false,
            allow_hardlink: false,
            ignore_duplicates: false,
            copy: false,
            copy_truncate: false,
            rename_copy: false,
            create: false,
            create_as: Ownership::default(),
            old_dir: None,
            create_old_dir: false,
            old_dir_as: Ownership::default(),
            extension: None,
            add_extension: None,
            date_ext: false,
            date_format: None,
            date_yesterday: false,
            date_hour_ago: false,
            compress: false,
            delay_compress: false,
            compress_command: None,
            uncompress_command: None,
            compress_extension: None,
            compress_options: Arc::new([]),
            mail: None,
            mail_first: false,
            shred: false,
            shred_cycles: 0,
            su_user: None,
            su_group: None,
            su: false,
            su_owner: false,
            first_action: None,
            pre_rotate: None,
            post_rotate: None,
            last_action: None,
            pre_remove: None,
            shared_scripts: false,
            script_timeout: 0,
            origins: Vec::new(),
        }
    }

    /// Returns what these settings amount to.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let positive = |number: u64| (number > 0).then_some(number);
        Policy {
            trigger: self.trigger,
            max_size: positive(self.max_size),
            min_size: positive(self.min_size),
            min_age: self.min_age,
            if_empty: self.if_empty,
            missing_ok: self.missing_ok,
            allow_hardlink: self.allow_hardlink,
            ignore_duplicates: self.ignore_duplicates,
            method: self.method(),
            retention: Retention {
                keep: self.rotate,
                start: self.start,
                max_age: self.max_age,
            },
            naming: self.naming(),
            compression: self.compress.then(|| self.compression()),
            delay_without_compression: self.delay_compress && !self.compress,
            uncompress_command: path(
                self.uncompress_command
                    .as_deref()
                    .unwrap_or(defaults::UNCOMPRESS_COMMAND),
            ),
            old_dir: self.old_dir.as_ref().map(|(old_dir, declared_at)| OldDir {
                path: path(old_dir),
                create: self.create_old_dir.then_some(self.old_dir_as),
                declared_at: declared_at.clone(),
            }),
            scripts: self.scripts(),
            mail: self.mail.as_ref().map(|address| Mail {
                address: name(address),
                which: if self.mail_first {
                    MailWhich::First
                } else {
                    MailWhich::Last
                },
            }),
            shred: self.shred.then_some(self.shred_cycles),
            su: self.su(),
        }
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

    fn naming(&self) -> Naming {
        let style = if self.date_ext {
            NamingStyle::Dated {
                yesterday: self.date_yesterday,
                hour_ago: self.date_hour_ago,
            }
        } else {
            NamingStyle::Numbered
        };
        Naming {
            style,
            extension: self.extension.as_deref().map(name),
            add_extension: self.add_extension.as_deref().map(name),
            date_format: self.date_format.as_deref().map(name),
        }
    }

    fn compression(&self) -> Compression {
        Compression {
            when: if self.delay_compress {
                CompressWhen::NextTime
            } else {
                CompressWhen::Now
            },
            command: path(self.compress_command.as_deref().unwrap_or(defaults::COMPRESS_COMMAND)),
            options: self.compress_options.iter().map(|word| name(word)).collect(),
            suffix: name(
                self.compress_extension
                    .as_deref()
                    .unwrap_or(defaults::COMPRESS_EXTENSION),
            ),
        }
    }

    fn scripts(&self) -> Scripts {
        Scripts {
            first_action: self.first_action.clone(),
            pre_rotate: self.pre_rotate.clone(),
            post_rotate: self.post_rotate.clone(),
            last_action: self.last_action.clone(),
            pre_remove: self.pre_remove.clone(),
            shared: self.shared_scripts,
            timeout: (self.script_timeout > 0).then_some(self.script_timeout),
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

fn name(bytes: &[u8]) -> OsString {
    OsStr::from_bytes(bytes).to_owned()
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(name(bytes))
}

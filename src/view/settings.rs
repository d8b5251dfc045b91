//! A policy put back into directives, each with the line that made it so.

use std::sync::Arc;

use crate::config::directive::{Setting, find};
use crate::diag::Place;
use crate::policy::{
    CompressWhen, Keep, LogSet, MailWhich, Method, NamingStyle, Ownership, Policy, Scripts, Su, Trigger,
};
use crate::report::accounts;
use crate::report::explain::Effective;
use crate::report::words::{bytes, path, word};

/// What decides when a log is due: the last one given holds.
const CRITERIA: [Setting; 7] = [
    Setting::Size,
    Setting::Minutes,
    Setting::Hourly,
    Setting::Daily,
    Setting::Weekly,
    Setting::Monthly,
    Setting::Yearly,
];

/// What decides how a log becomes an archive.
const METHODS: [Setting; 3] = [Setting::Copy, Setting::CopyTruncate, Setting::RenameCopy];

/// Returns the settings of a stanza as they hold.
pub(super) fn effective(set: &LogSet) -> Vec<Effective> {
    let mut list = List { set, found: Vec::new() };
    let policy = &set.policy;
    list.due(policy);
    list.method(policy);
    list.naming(policy);
    list.compression(policy);
    list.removal(policy);
    list.scripts(&policy.scripts);
    list.found
}

struct List<'s> {
    set: &'s LogSet,
    found: Vec<Effective>,
}

impl List<'_> {
    /// Adds a line; of the settings that may have made it so the last one counts.
    fn add(&mut self, text: impl Into<String>, settings: &[Setting]) {
        let is_one = |name: &str| find(name.as_bytes()).is_some_and(|row| settings.contains(&row.setting));
        let origin = self.set.origins.iter().rev().find(|(name, _)| is_one(name));
        self.found.push(Effective {
            text: text.into(),
            set_at: origin.map(|(_, Place { file, line, .. })| (Arc::clone(file), *line)),
        });
    }

    /// Adds a directive or its negation.
    fn flag(&mut self, on: bool, name: &str, setting: Setting) {
        self.add(if on { name.to_owned() } else { format!("no{name}") }, &[setting]);
    }

    fn due(&mut self, policy: &Policy) {
        let criterion = match policy.trigger {
            Trigger::Size(size) => format!("size {size}"),
            Trigger::Minutes(count) => format!("minutes {count}"),
            Trigger::Hourly => "hourly".to_owned(),
            Trigger::Daily => "daily".to_owned(),
            Trigger::Weekly(day) => format!("weekly {day}"),
            Trigger::Monthly(0) => "monthly".to_owned(),
            Trigger::Monthly(day) => format!("monthly {day}"),
            Trigger::Yearly => "yearly".to_owned(),
        };
        self.add(criterion, &CRITERIA);
        self.add(format!("maxsize {}", policy.max_size.unwrap_or(0)), &[Setting::MaxSize]);
        self.add(format!("minsize {}", policy.min_size.unwrap_or(0)), &[Setting::MinSize]);
        self.add(format!("minage {}", policy.min_age), &[Setting::MinAge]);
        self.add(
            if policy.if_empty { "ifempty" } else { "notifempty" },
            &[Setting::IfEmpty],
        );
        self.flag(policy.missing_ok, "missingok", Setting::MissingOk);
        self.flag(policy.allow_hardlink, "allowhardlink", Setting::AllowHardlink);
    }

    fn method(&mut self, policy: &Policy) {
        match &policy.method {
            Method::CopyTruncate => self.add("copytruncate", &[Setting::CopyTruncate]),
            Method::Copy => self.add("copy", &[Setting::Copy]),
            Method::RenameThenCopy { .. } => self.add("renamecopy", &[Setting::RenameCopy]),
            Method::Rename { .. } => self.add("nocopytruncate", &METHODS),
        }
        if let Method::Rename { successor } | Method::RenameThenCopy { successor } = &policy.method {
            match successor {
                Some(as_what) => self.add(format!("create{}", ownership(as_what)), &[Setting::Create]),
                None => self.add("nocreate", &[Setting::Create]),
            }
        }
        match &policy.su {
            None => {}
            Some(Su::DirectoryOwner) => self.add("su owner", &[Setting::Su]),
            Some(Su::Named(who)) => {
                let (user, group) = (accounts::user(who.user.0), accounts::group(who.group.0));
                self.add(format!("su {user} {group}"), &[Setting::Su]);
            }
        }
    }

    fn naming(&mut self, policy: &Policy) {
        match policy.naming.style {
            NamingStyle::Numbered => {
                self.add("nodateext", &[Setting::DateExt]);
                self.add(format!("start {}", policy.retention.start), &[Setting::Start]);
            }
            NamingStyle::Dated { yesterday, hour_ago } => {
                self.add("dateext", &[Setting::DateExt]);
                let format = word(policy.naming.format(policy.trigger));
                self.add(format!("dateformat {format}"), &[Setting::DateFormat]);
                self.flag(yesterday, "dateyesterday", Setting::DateYesterday);
                self.flag(hour_ago, "datehourago", Setting::DateHourAgo);
            }
        }
        if let Some(text) = &policy.naming.extension {
            self.add(format!("extension {}", word(text)), &[Setting::Extension]);
        }
        if let Some(text) = &policy.naming.add_extension {
            self.add(format!("addextension {}", word(text)), &[Setting::AddExtension]);
        }
        match &policy.old_dir {
            None => self.add("noolddir", &[Setting::OldDir]),
            Some(old) => {
                self.add(format!("olddir {}", path(&old.path)), &[Setting::OldDir]);
                match &old.create {
                    None => self.add("nocreateolddir", &[Setting::CreateOldDir]),
                    Some(as_what) => self.add(format!("createolddir{}", ownership(as_what)), &[Setting::CreateOldDir]),
                }
            }
        }
    }

    fn compression(&mut self, policy: &Policy) {
        let Some(how) = &policy.compression else {
            self.add("nocompress", &[Setting::Compress]);
            return;
        };
        self.add("compress", &[Setting::Compress]);
        self.flag(
            how.when == CompressWhen::NextTime,
            "delaycompress",
            Setting::DelayCompress,
        );
        self.add(
            format!("compresscmd {}", path(&how.command)),
            &[Setting::CompressCommand],
        );
        if !how.options.is_empty() {
            let options: Vec<String> = how.options.iter().map(|option| word(option)).collect();
            self.add(
                format!("compressoptions {}", options.join(" ")),
                &[Setting::CompressOptions],
            );
        }
        self.add(
            format!("compressext {}", word(&how.suffix)),
            &[Setting::CompressExtension],
        );
    }

    fn removal(&mut self, policy: &Policy) {
        let count = match policy.retention.keep {
            Keep::All => "-1".to_owned(),
            Keep::Count(count) => count.to_string(),
        };
        self.add(format!("rotate {count}"), &[Setting::Rotate]);
        self.add(format!("maxage {}", policy.retention.max_age), &[Setting::MaxAge]);
        match policy.shred {
            None => self.add("noshred", &[Setting::Shred]),
            Some(cycles) => {
                self.add("shred", &[Setting::Shred]);
                self.add(format!("shredcycles {cycles}"), &[Setting::ShredCycles]);
            }
        }
        match &policy.mail {
            None => self.add("nomail", &[Setting::Mail]),
            Some(mail) => {
                self.add(format!("mail {}", word(&mail.address)), &[Setting::Mail]);
                let which = if mail.which == MailWhich::First {
                    "mailfirst"
                } else {
                    "maillast"
                };
                self.add(which, &[Setting::MailWhich]);
            }
        }
        if policy.ignore_duplicates {
            self.add("ignoreduplicates", &[Setting::IgnoreDuplicates]);
        }
    }

    fn scripts(&mut self, scripts: &Scripts) {
        for (name, text, setting) in [
            ("firstaction", &scripts.first_action, Setting::FirstAction),
            ("prerotate", &scripts.pre_rotate, Setting::PreRotate),
            ("postrotate", &scripts.post_rotate, Setting::PostRotate),
            ("lastaction", &scripts.last_action, Setting::LastAction),
            ("preremove", &scripts.pre_remove, Setting::PreRemove),
        ] {
            let Some(text) = text else { continue };
            let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).collect();
            let first = lines.iter().find(|line| !line.is_empty()).copied().unwrap_or_default();
            let more = if lines.iter().filter(|line| !line.is_empty()).count() > 1 {
                " ..."
            } else {
                ""
            };
            self.add(format!("{name}: {}{more}", bytes(first)), &[setting]);
        }
        self.flag(scripts.shared, "sharedscripts", Setting::SharedScripts);
        if let Some(limit) = scripts.timeout {
            self.add(format!("scripttimeout {limit}"), &[Setting::ScriptTimeout]);
        }
    }
}

/// Writes mode, user and group as they stand after a directive; nothing where none is given.
fn ownership(wanted: &Ownership) -> String {
    let mut text = String::new();
    if let Some(mode) = wanted.mode {
        text.push_str(&format!(" {:04o}", mode.0));
    }
    if let Some(user) = wanted.user {
        text.push_str(&format!(" {}", accounts::user(user.0)));
    }
    if let Some(group) = wanted.group {
        text.push_str(&format!(" {}", accounts::group(group.0)));
    }
    text
}

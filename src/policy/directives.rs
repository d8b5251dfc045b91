//! What each setting does and how it is shown: a row for each, as `config::directive` has one for each name.
//!
//! `apply` takes a directive as given into the settings; `show` puts a policy back into what one would write. A setting
//! without a row does not compile; one that does nothing, or is shown as something else, fails the table's tests.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use super::given::{Given, Taken, os_string};
use super::settings::Settings;
use super::{
    Budgets, CompressWhen, Compression, Criterion, Free, Keep, Limit, MailWhich, Method, NamingStyle, OldDir,
    Ownership, Policy, Su,
};
use crate::config::directive::Setting;
use crate::diag::Problem;
use crate::unix::{GroupId, Mode, UserId};

/// How a setting stands in a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The directive alone.
    On,
    /// The directive that takes it back; it, or one of these others, made it so.
    Off(&'static [Setting]),
    /// The directive and what follows it.
    With(Vec<Word>),
    /// The directive and its script.
    Script(Arc<[u8]>),
}

/// A word behind a directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// As it stands.
    Text(OsString),
    Number(u64),
    Mode(Mode),
    User(UserId),
    Group(GroupId),
}

/// What a setting does, and how it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Meaning {
    pub setting: Setting,
    /// Takes a directive of the setting in.
    pub apply: fn(&mut Settings, &mut Given<'_>) -> Taken,
    /// Shows the setting, if it has a say in the policy.
    pub show: fn(&Policy) -> Option<Shown>,
}

impl Meaning {
    /// Finds the row of a setting.
    #[must_use]
    pub fn of(setting: Setting) -> &'static Self {
        &MEANINGS[setting as usize]
    }
}

const fn row(
    setting: Setting,
    apply: fn(&mut Settings, &mut Given<'_>) -> Taken,
    show: fn(&Policy) -> Option<Shown>,
) -> Meaning {
    Meaning { setting, apply, show }
}

/// All settings, in the order in which they are shown.
#[rustfmt::skip]
pub static MEANINGS: [Meaning; Setting::ALL.len()] = [
    row(Setting::Size,
        |to, it| it.size().map(|size| to.plain.criterion = Criterion::Size(size)),
        |policy| if let Criterion::Size(size) = policy.criterion { number(size) } else { None }),
    row(Setting::Minutes,
        |to, it| it.number("minutes", 1).map(|count| to.plain.criterion = Criterion::Minutes(count.unsigned_abs())),
        |policy| if let Criterion::Minutes(count) = policy.criterion { number(count) } else { None }),
    row(Setting::Hourly,
        |to, _| due(to, Criterion::Hourly),
        |policy| on(policy.criterion == Criterion::Hourly)),
    row(Setting::Daily,
        |to, _| due(to, Criterion::Daily),
        |policy| on(policy.criterion == Criterion::Daily)),
    row(Setting::Weekly,
        |to, it| it.day(7).map(|day| to.plain.criterion = Criterion::Weekly(day)),
        |policy| if let Criterion::Weekly(day) = policy.criterion { number(day) } else { None }),
    row(Setting::Monthly,
        |to, it| it.day(31).map(|day| to.plain.criterion = Criterion::Monthly(day)),
        |policy| match policy.criterion {
            Criterion::Monthly(0) => Some(Shown::On),
            Criterion::Monthly(day) => number(day),
            _ => None,
        }),
    row(Setting::Yearly,
        |to, _| due(to, Criterion::Yearly),
        |policy| on(policy.criterion == Criterion::Yearly)),
    row(Setting::MaxSize,
        |to, it| it.size().map(|size| to.plain.max_size = (size > 0).then_some(size)),
        |policy| number(policy.max_size.unwrap_or(0))),
    row(Setting::MinSize,
        |to, it| it.size().map(|size| to.plain.min_size = (size > 0).then_some(size)),
        |policy| number(policy.min_size.unwrap_or(0))),
    row(Setting::MinAge,
        |to, it| it.count("minimum age").map(|days| to.plain.min_age = days),
        |policy| number(policy.min_age)),
    row(Setting::IfEmpty,
        |to, it| it.flag(&mut to.plain.if_empty),
        |policy| flag(policy.if_empty)),
    row(Setting::MissingOk,
        |to, it| it.flag(&mut to.plain.missing_ok),
        |policy| flag(policy.missing_ok)),
    row(Setting::AllowHardlink,
        |to, it| it.flag(&mut to.plain.allow_hardlink),
        |policy| flag(policy.allow_hardlink)),

    row(Setting::CopyTruncate,
        |to, it| {
            to.rename_copy &= !it.is_on();
            it.flag(&mut to.copy_truncate)
        },
        |policy| match policy.method {
            Method::CopyTruncate => Some(Shown::On),
            Method::Rename { .. } => Some(Shown::Off(&[Setting::Copy, Setting::RenameCopy])),
            _ => None,
        }),
    row(Setting::Copy,
        |to, it| it.flag(&mut to.copy),
        |policy| on(policy.method == Method::Copy)),
    row(Setting::RenameCopy,
        |to, it| {
            to.copy_truncate &= !it.is_on();
            it.flag(&mut to.rename_copy)
        },
        |policy| on(matches!(policy.method, Method::RenameThenCopy { .. }))),
    row(Setting::Create,
        |to, it| {
            it.ownership(&mut to.create_as)?;
            it.flag(&mut to.create)
        },
        |policy| match &policy.method {
            Method::Rename { successor } | Method::RenameThenCopy { successor } => ownership(successor.as_ref()),
            _ => None,
        }),
    row(Setting::Su, take_su,
        |policy| match policy.su? {
            Su::DirectoryOwner => text(OsStr::new("owner")),
            Su::Named(who) => Some(Shown::With(vec![Word::User(who.user), Word::Group(who.group)])),
        }),

    row(Setting::DateExt,
        |to, it| it.flag(&mut to.date_ext),
        |policy| flag(policy.naming.style != NamingStyle::Numbered)),
    row(Setting::Start,
        |to, it| it.count("start count").map(|number| to.plain.retention.start = number),
        |policy| if policy.naming.style == NamingStyle::Numbered { number(policy.retention.start) } else { None }),
    row(Setting::DateFormat,
        |to, it| it.text(&mut to.plain.naming.date_format),
        date_format),
    row(Setting::DateYesterday,
        |to, it| it.flag(&mut to.date_yesterday),
        |policy| if let NamingStyle::Dated { yesterday, .. } = policy.naming.style { flag(yesterday) } else { None }),
    row(Setting::DateHourAgo,
        |to, it| it.flag(&mut to.date_hour_ago),
        |policy| if let NamingStyle::Dated { hour_ago, .. } = policy.naming.style { flag(hour_ago) } else { None }),
    row(Setting::Extension,
        |to, it| it.text(&mut to.plain.naming.extension),
        |policy| text(policy.naming.extension.as_ref()?)),
    row(Setting::AddExtension,
        |to, it| it.text(&mut to.plain.naming.add_extension),
        |policy| text(policy.naming.add_extension.as_ref()?)),
    row(Setting::OldDir,
        |to, it| {
            let old_dir = |it: &mut Given<'_>| {
                Ok(OldDir { path: it.path_from_home()?, create: None, declared_at: Some(it.place()) })
            };
            to.plain.old_dir = if it.is_on() { Some(old_dir(it)?) } else { None };
            Ok(())
        },
        |policy| policy.old_dir.as_ref().map_or(flag(false), |old_dir| text(old_dir.path.as_os_str()))),
    row(Setting::CreateOldDir,
        |to, it| {
            it.ownership(&mut to.old_dir_as)?;
            it.flag(&mut to.create_old_dir)
        },
        |policy| ownership(policy.old_dir.as_ref()?.create.as_ref())),

    row(Setting::Compress,
        |to, it| it.flag(&mut to.compress),
        |policy| flag(policy.compression.is_some())),
    row(Setting::DelayCompress,
        |to, it| {
            packing(to).when = if it.is_on() { CompressWhen::NextTime } else { CompressWhen::Now };
            Ok(())
        },
        |policy| flag(policy.compression.as_ref()?.when == CompressWhen::NextTime)),
    row(Setting::CompressCommand, take_command,
        |policy| text(policy.compression.as_ref()?.command.as_os_str())),
    row(Setting::CompressOptions,
        |to, it| it.options().map(|options| packing(to).options = options),
        |policy| {
            let options = &policy.compression.as_ref()?.options;
            let words: Vec<Word> = options.iter().cloned().map(Word::Text).collect();
            (!words.is_empty()).then_some(Shown::With(words))
        }),
    row(Setting::CompressExtension,
        |to, it| it.word().map(|suffix| packing(to).suffix = os_string(suffix)),
        |policy| text(&policy.compression.as_ref()?.suffix)),
    row(Setting::UncompressCommand,
        |to, it| it.word().map(|command| to.plain.uncompress_command = os_string(command).into()),
        unshown),

    row(Setting::Rotate,
        |to, it| {
            to.plain.retention.keep = it.keep("rotation count")?;
            to.plain.retention.is_said = true;
            Ok(())
        },
        |policy| kept(policy.retention.keep)),
    row(Setting::MaxAge,
        |to, it| it.count("maximum age").map(|days| to.plain.retention.max_age = days),
        |policy| number(policy.retention.max_age)),
    row(Setting::Prune,
        |to, it| it.flag(&mut to.plain.retention.prune),
        |policy| flag(policy.retention.prune)),
    row(Setting::Formerly,
        |to, it| it.formerly(&mut to.plain.formerly),
        formerly),
    row(Setting::MaxTotalSize,
        |to, it| {
            let amount = it.size()?;
            to.plain.budgets.max_total = (amount > 0).then(|| Limit { amount, declared_at: it.place() });
            Ok(())
        },
        |policy| number(policy.budgets.max_total.as_ref().map_or(0, |limit| limit.amount))),
    row(Setting::MinFree,
        |to, it| {
            let amount = it.free()?;
            let is_on = amount != Free::Bytes(0);
            to.plain.budgets.min_free = is_on.then(|| Limit { amount, declared_at: it.place() });
            Ok(())
        },
        |policy| match policy.budgets.min_free.as_ref().map(|limit| limit.amount) {
            None => number(0_u64),
            Some(Free::Bytes(bytes)) => number(bytes),
            Some(Free::Percent(part)) => text(OsStr::new(&format!("{part}%"))),
        }),
    row(Setting::MinRotate,
        |to, it| it.keep("minimum count").map(|keep| to.plain.budgets.keep = keep),
        |policy| {
            let Budgets { max_total, min_free, keep } = &policy.budgets;
            if max_total.is_none() && min_free.is_none() { None } else { kept(*keep) }
        }),
    row(Setting::MinRetain,
        |to, it| it.count("minimum retention").map(|days| to.plain.retention.min_age = Some(days)),
        |policy| number(policy.retention.min_age?)),
    row(Setting::Shred,
        |to, it| it.flag(&mut to.shred),
        |policy| flag(policy.shred.is_some())),
    row(Setting::ShredCycles,
        |to, it| it.count("shred cycles").map(|cycles| to.shred_cycles = cycles),
        |policy| number(policy.shred?)),
    row(Setting::Mail,
        |to, it| {
            to.mail = if it.is_on() { Some(it.address()?) } else { None };
            Ok(())
        },
        |policy| policy.mail.as_ref().map_or(flag(false), |mail| text(&mail.address))),
    row(Setting::MailWhich,
        |to, it| it.flag(&mut to.mail_first),
        |policy| flag(policy.mail.as_ref()?.which == MailWhich::First)),
    row(Setting::IgnoreDuplicates,
        |to, it| it.flag(&mut to.plain.ignore_duplicates),
        |policy| on(policy.ignore_duplicates)),

    row(Setting::FirstAction,
        |to, it| it.script(&mut to.plain.scripts.first_action),
        |policy| script(policy.scripts.first_action.as_ref())),
    row(Setting::PreRotate,
        |to, it| it.script(&mut to.plain.scripts.pre_rotate),
        |policy| script(policy.scripts.pre_rotate.as_ref())),
    row(Setting::PostRotate,
        |to, it| it.script(&mut to.plain.scripts.post_rotate),
        |policy| script(policy.scripts.post_rotate.as_ref())),
    row(Setting::LastAction,
        |to, it| it.script(&mut to.plain.scripts.last_action),
        |policy| script(policy.scripts.last_action.as_ref())),
    row(Setting::PreRemove,
        |to, it| it.script(&mut to.plain.scripts.pre_remove),
        |policy| script(policy.scripts.pre_remove.as_ref())),
    row(Setting::SharedScripts,
        |to, it| it.flag(&mut to.plain.scripts.shared),
        |policy| flag(policy.scripts.shared)),
    row(Setting::ScriptTimeout,
        |to, it| it.count("script timeout").map(|limit| to.plain.scripts.timeout = (limit > 0).then_some(limit)),
        |policy| number(policy.scripts.timeout?)),

    // These are about reading files: `load` has them.
    row(Setting::Include, elsewhere, unshown),
    row(Setting::TabooExt, elsewhere, unshown),
    row(Setting::TabooPat, elsewhere, unshown),
    row(Setting::Errors, elsewhere, unshown),
];

// The rows are found by their place in the table.
const _: () = {
    let mut at = 0;
    while at < MEANINGS.len() {
        assert!(
            MEANINGS[at].setting as usize == at,
            "the rows stand in the order of `Setting`"
        );
        at += 1;
    }
};

fn elsewhere(_: &mut Settings, _: &mut Given<'_>) -> Taken {
    Ok(())
}

fn unshown(_: &Policy) -> Option<Shown> {
    None
}

fn due(settings: &mut Settings, criterion: Criterion) -> Taken {
    settings.plain.criterion = criterion;
    Ok(())
}

fn packing(settings: &mut Settings) -> &mut Compression {
    Arc::make_mut(&mut settings.compression)
}

/// A known compressor brings the ending that goes with it.
fn take_command(settings: &mut Settings, given: &mut Given<'_>) -> Taken {
    let command = given.word()?;
    packing(settings).command = os_string(command).into();
    let name = command.rsplit(|byte| *byte == b'/').next();
    let suffix = match name {
        Some(b"gzip") => ".gz",
        Some(b"bzip2") => ".bz2",
        Some(b"xz") => ".xz",
        Some(b"zstd") => ".zst",
        Some(b"compress") => ".Z",
        Some(b"zip") => ".zip",
        _ => return Ok(()),
    };
    packing(settings).suffix = suffix.into();
    Ok(())
}

fn take_su(settings: &mut Settings, given: &mut Given<'_>) -> Taken {
    if given.says("owner") {
        settings.su_owner = true;
        return Ok(());
    }
    given.account(&mut settings.su_user, &mut settings.su_group)?;
    if settings.su_user.is_none() {
        return Err(Problem::NoUserForSu);
    }
    if settings.su_group.is_none() {
        return Err(Problem::NoGroupForSu);
    }
    settings.su = true;
    settings.su_owner = false;
    Ok(())
}

fn formerly(policy: &Policy) -> Option<Shown> {
    let once = &policy.formerly;
    let texts = [
        ("dateformat", &once.date_formats),
        ("extension", &once.extensions),
        ("addextension", &once.add_extensions),
        ("compressext", &once.compress_extensions),
    ];
    let paths = [("olddir", &once.old_dirs), ("path", &once.paths)];
    let texts = texts
        .into_iter()
        .flat_map(|(what, all)| all.iter().map(move |text| (what, text.as_os_str())));
    let paths = paths
        .into_iter()
        .flat_map(|(what, all)| all.iter().map(move |path| (what, path.as_os_str())));
    let words: Vec<Word> = texts
        .chain(paths)
        .flat_map(|(what, value)| [Word::Text(what.into()), Word::Text(value.to_owned())])
        .collect();
    (!words.is_empty()).then_some(Shown::With(words))
}

fn date_format(policy: &Policy) -> Option<Shown> {
    if policy.naming.style == NamingStyle::Numbered {
        return None;
    }
    text(policy.naming.format(policy.criterion))
}

fn kept(keep: Keep) -> Option<Shown> {
    match keep {
        Keep::All => text(OsStr::new("-1")),
        Keep::Count(count) => number(count),
    }
}

/// Shows a switch that has a say only where it is on.
fn on(is_on: bool) -> Option<Shown> {
    is_on.then_some(Shown::On)
}

fn flag(is_on: bool) -> Option<Shown> {
    Some(if is_on { Shown::On } else { Shown::Off(&[]) })
}

fn number(number: impl Into<u64>) -> Option<Shown> {
    Some(Shown::With(vec![Word::Number(number.into())]))
}

fn text(text: &OsStr) -> Option<Shown> {
    Some(Shown::With(vec![Word::Text(text.to_owned())]))
}

fn script(script: Option<&Arc<[u8]>>) -> Option<Shown> {
    script.cloned().map(Shown::Script)
}

/// Shows what something is made with; that it is not made at all, too.
fn ownership(made: Option<&Ownership>) -> Option<Shown> {
    let Some(Ownership { mode, user, group }) = made else {
        return flag(false);
    };
    let words = [mode.map(Word::Mode), user.map(Word::User), group.map(Word::Group)];
    Some(Shown::With(words.into_iter().flatten().collect()))
}

#[cfg(test)]
mod tests;

//! What lies about: archives that no rotation will meet again and that nothing removes, why, and what would end it.
//!
//! Pure: the family of a log goes in, and what of it is left comes out, grouped by the reason.

use crate::clock::Stamp;
use crate::config::directive::Setting;
use crate::naming::family::{Class, Differs, Member, Site, Strange};
use crate::policy::{Keep, Policy};
use crate::prune::{self, Verdict};

/// Why files lie about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Their numbers are beyond the count.
    Beyond(u32),
    Ending(Ending),
    Style,
    Extension,
    Place(Place),
    /// What the reference leaves of a file that was in its way.
    Backup,
    /// There is no log any more.
    Lone,
    /// A date is behind the log's name that this `dateformat` would have made.
    Dated(String),
    /// They are named like archives, and nothing says that they are.
    Strange(Strange),
    /// No stanza has the log, which was rotated last at this time.
    Unclaimed(Stamp),
}

/// How an archive's ending differs from today's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// Another program compressed it.
    Other,
    /// It is compressed, and is not to be.
    Compressed,
    /// It is plain, and is to be compressed.
    Plain,
}

/// Where archives lie that are not where they are put today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    BesideLog,
    /// In a directory that `formerly` names.
    Former,
}

/// What would end it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// `prune`, which removes so many of them at once, and the others when there are younger ones.
    Prune { at_once: usize },
    /// `prune` and `maxage`: none of them is ever more than the count allows.
    PruneAndMaxAge,
    /// `maxage`, beside the `prune` that is there.
    MaxAge,
}

/// Archives of a log that lie about for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<'m> {
    pub kind: Kind,
    /// The oldest first.
    pub members: Vec<&'m Member>,
    /// `None` where no directive would end it.
    pub remedy: Option<Remedy>,
}

impl Kind {
    /// Returns the settings that make archives orphans for this reason.
    #[must_use]
    pub fn settings(&self) -> &'static [Setting] {
        match self {
            Self::Beyond(_) => &[Setting::Rotate],
            Self::Ending(_) => &[Setting::Compress, Setting::CompressCommand, Setting::CompressExtension],
            Self::Style => &[Setting::DateExt, Setting::DateFormat],
            Self::Extension => &[Setting::Extension, Setting::AddExtension],
            Self::Place(Place::BesideLog) => &[Setting::OldDir],
            Self::Place(Place::Former) => &[Setting::OldDir, Setting::Formerly],
            Self::Backup | Self::Lone | Self::Dated(_) | Self::Strange(_) | Self::Unclaimed(_) => &[],
        }
    }

    /// Tells whether they may as well be somebody's own files.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        matches!(self, Self::Dated(_) | Self::Strange(_))
    }
}

/// What there is to be known of the archives of a log.
pub struct Question<'a, 'm> {
    pub policy: &'a Policy,
    /// The oldest first.
    pub members: &'m [Member],
    /// The present, in seconds since 1970.
    pub now: i64,
    /// Tells whether a member is compressed, by whatever program.
    pub is_compressed: &'a dyn Fn(&Member) -> bool,
    /// Tells whether a site is the directory of the log, or of its archives.
    pub is_current: &'a dyn Fn(Site) -> bool,
}

/// Finds out which archives of a log lie about, grouped by the reason. What `prune` sees to does not.
#[must_use]
pub fn of<'m>(question: &Question<'_, 'm>) -> Vec<Group<'m>> {
    let Question { policy, members, .. } = *question;
    let verdicts = prune::judge(policy, members, question.now);
    let mut groups: Vec<(Group<'m>, usize)> = Vec::new();
    for (member, verdict) in members.iter().zip(verdicts) {
        let Some(kind) = kind(question, member) else { continue };
        let goes = matches!(verdict, Verdict::Goes(_));
        if policy.retention.prune && (goes || kind != Kind::Lone || policy.retention.max_age > 0) {
            continue;
        }
        let at = groups
            .iter()
            .position(|(group, _)| group.kind == kind)
            .unwrap_or_else(|| {
                groups.push((
                    Group {
                        kind,
                        members: Vec::new(),
                        remedy: None,
                    },
                    0,
                ));
                groups.len() - 1
            });
        groups[at].0.members.push(member);
        groups[at].1 += usize::from(goes);
    }
    let remedied = |(mut group, at_once): (Group<'m>, usize)| {
        group.remedy = Some(remedy(policy, &group, at_once));
        group
    };
    groups.into_iter().map(remedied).collect()
}

/// Returns what makes a member an orphan; `None` where rotations count it.
#[must_use]
pub fn kind(question: &Question<'_, '_>, member: &Member) -> Option<Kind> {
    let policy = question.policy;
    Some(match member.class {
        Class::Own => return None,
        Class::Lone => Kind::Lone,
        Class::Kin(_) if is_backup(member) => Kind::Backup,
        Class::Kin(Differs::Count) => match policy.retention.keep {
            Keep::Count(count) => Kind::Beyond(count),
            // It is below the first number.
            Keep::All => Kind::Style,
        },
        Class::Kin(Differs::Ending) => Kind::Ending(match (policy.compression.is_some(), question.is_compressed) {
            (_, is_compressed) if !is_compressed(member) => Ending::Plain,
            (true, _) => Ending::Other,
            (false, _) => Ending::Compressed,
        }),
        Class::Kin(Differs::Style) => Kind::Style,
        Class::Kin(Differs::Extension) => Kind::Extension,
        Class::Kin(Differs::Site) if (question.is_current)(member.site) => Kind::Place(Place::BesideLog),
        Class::Kin(Differs::Site) => Kind::Place(Place::Former),
    })
}

/// Tells whether a name is what the reference gives to a file that is in its way: a date to the hour, and `.backup`.
fn is_backup(member: &Member) -> bool {
    let name = member.name.as_encoded_bytes();
    let Some(at) = memchr::memmem::rfind(name, b".backup") else {
        return false;
    };
    let date = name[..at].split(|byte| *byte == b'-').next_back();
    date.is_some_and(|date| date.len() == 10 && date.iter().all(u8::is_ascii_digit))
}

fn remedy(policy: &Policy, group: &Group<'_>, at_once: usize) -> Remedy {
    let ages = policy.retention.max_age > 0;
    // No younger archive ever takes the place of the last ones of a log that is gone.
    let never_ends = group.kind == Kind::Lone && at_once < group.members.len();
    if policy.retention.prune {
        Remedy::MaxAge
    } else if !ages && (never_ends || policy.retention.keep == Keep::All) {
        Remedy::PruneAndMaxAge
    } else {
        Remedy::Prune { at_once }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::clock::DAY_SECONDS;
    use crate::facts::FileFacts;
    use crate::policy::Compression;

    const NOW: i64 = 1_790_000_000;

    fn member(name: &str, class: Class, days: i64) -> Member {
        Member {
            name: OsString::from(name),
            site: Site::Present,
            facts: FileFacts::sample(NOW - days * DAY_SECONDS),
            class,
        }
    }

    /// Says of archives, by names and classes, why they lie about and what would end it; all are a month older than the one behind them.
    fn groups(change: impl Fn(&mut Policy), archives: &[(&str, Class)]) -> Vec<(Kind, usize, Option<Remedy>)> {
        let mut policy = Policy::default();
        policy.retention.keep = Keep::Count(2);
        change(&mut policy);
        let months = (1..=archives.len()).rev();
        let members = archives.iter().zip(months);
        let members: Vec<Member> = members
            .map(|((name, class), months)| member(name, *class, 30 * i64::try_from(months).unwrap()))
            .collect();
        let found = of(&Question {
            policy: &policy,
            members: &members,
            now: NOW,
            is_compressed: &|member| member.name.to_str().unwrap().ends_with("z"),
            is_current: &|_| true,
        });
        let short = |group: Group<'_>| (group.kind, group.members.len(), group.remedy);
        found.into_iter().map(short).collect()
    }

    const COUNT: Class = Class::Kin(Differs::Count);
    const ENDING: Class = Class::Kin(Differs::Ending);

    fn prunes(at_once: usize) -> Option<Remedy> {
        Some(Remedy::Prune { at_once })
    }

    #[test]
    fn b11_each_reason_is_a_group_and_what_rotations_count_is_none() {
        let archives = [
            ("a.4", COUNT),
            ("a.3", COUNT),
            ("a.2.bz", ENDING),
            ("a.2", Class::Own),
            ("a.1", Class::Own),
        ];
        let found = groups(|_| {}, &archives);
        let compressed = Kind::Ending(Ending::Compressed);
        assert_eq!(found, [(Kind::Beyond(2), 2, prunes(2)), (compressed, 1, prunes(1))]);
        let compress = |policy: &mut Policy| policy.compression = Some(Compression::default());
        let found = groups(compress, &archives);
        assert_eq!(found[1].0, Kind::Ending(Ending::Other));
        let found = groups(compress, &[("a.1", ENDING)]);
        assert_eq!(found, [(Kind::Ending(Ending::Plain), 1, prunes(0))]);
    }

    #[test]
    fn b11_what_the_reference_moved_aside_is_a_backup() {
        let style = Class::Kin(Differs::Style);
        let archives = [("a-2026010203.backup", style), ("a-20260102.backup", style)];
        let found = groups(|_| {}, &archives);
        assert_eq!(found, [(Kind::Backup, 1, prunes(0)), (Kind::Style, 1, prunes(0))]);
    }

    #[test]
    fn b11_a_remedy_is_true() {
        let all = |policy: &mut Policy| policy.retention.keep = Keep::All;
        assert_eq!(groups(all, &[("a.1.bz", ENDING)])[0].2, Some(Remedy::PruneAndMaxAge));
        let aged = |policy: &mut Policy| {
            policy.retention.keep = Keep::All;
            policy.retention.max_age = 40;
        };
        assert_eq!(groups(aged, &[("a.2.bz", ENDING), ("a.1.bz", ENDING)])[0].2, prunes(1));
        // Of a log that is gone the last ones stay, whatever their number.
        let lone = [("a.3", Class::Lone), ("a.2", Class::Lone), ("a.1", Class::Lone)];
        assert_eq!(groups(|_| {}, &lone), [(Kind::Lone, 3, Some(Remedy::PruneAndMaxAge))]);
        let none = |policy: &mut Policy| policy.retention.keep = Keep::Count(0);
        assert_eq!(groups(none, &lone)[0].2, prunes(3));
    }

    #[test]
    fn b11_what_prune_sees_to_does_not_lie_about() {
        let prune = |policy: &mut Policy| policy.retention.prune = true;
        assert_eq!(groups(prune, &[("a.3", COUNT), ("a.1.bz", ENDING)]), []);
        let lone = [("a.3", Class::Lone), ("a.2", Class::Lone), ("a.1", Class::Lone)];
        assert_eq!(groups(prune, &lone), [(Kind::Lone, 2, Some(Remedy::MaxAge))]);
        let aged = |policy: &mut Policy| (policy.retention.prune, policy.retention.max_age) = (true, 100);
        assert_eq!(groups(aged, &lone), []);
    }
}

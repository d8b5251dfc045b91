//! Which archives of a log go in every run (`prune`): all of its family that `rotate` and `maxage` do not keep, however they were named.
//!
//! Pure: a family and a time go in, what goes comes out. What a program writes to, or another run has changed, is found out when it is
//! to go.

use crate::naming::family::{Class, Member};
use crate::plan::makes_no_archive;
use crate::policy::{Keep, Policy};

/// Why an archive goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// So many younger ones are kept.
    Beyond(u32),
    /// So many younger ones are kept, and there is no log any more.
    LogIsGone(u32),
    /// It is older than so many days.
    TooOld(u32),
}

/// What becomes of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Stays,
    /// It would go were it not younger than so many days (`minretain`).
    TooYoung(u32),
    Goes(Cause),
}

/// Judges the archives of a log, which are given the oldest first, at a time in seconds since 1970.
#[must_use]
pub fn judge(policy: &Policy, members: &[Member], now: i64) -> Vec<Verdict> {
    let kept = match policy.retention.keep {
        Keep::All => usize::MAX,
        // Where rotations make no archive what is named like one is a program's own.
        Keep::Count(0) if makes_no_archive(policy) => usize::MAX,
        Keep::Count(count) => usize::try_from(count).unwrap_or(usize::MAX),
    };
    let beyond = members.len().saturating_sub(kept);
    let mut own_beyond = members
        .iter()
        .filter(|it| it.class == Class::Own)
        .count()
        .saturating_sub(kept);
    let verdict = |(at, member): (usize, &Member)| {
        let mut is_beyond = at < beyond;
        // What a rotation counts and keeps stays, however many younger ones it does not count.
        if member.class == Class::Own {
            is_beyond &= own_beyond > 0;
            own_beyond = own_beyond.saturating_sub(1);
        }
        judge_one(policy, member, is_beyond, now)
    };
    members.iter().enumerate().map(verdict).collect()
}

fn judge_one(policy: &Policy, member: &Member, is_beyond: bool, now: i64) -> Verdict {
    let retention = &policy.retention;
    let modified = member.facts.modified;
    if retention.max_age > 0 && modified.days_until(now) > i64::from(retention.max_age) {
        return Verdict::Goes(Cause::TooOld(retention.max_age));
    }
    let (true, Keep::Count(count)) = (is_beyond, retention.keep) else {
        return Verdict::Stays;
    };
    match retention.min_age {
        // Where nothing is kept, nothing is kept for a time either.
        Some(days) if count > 0 && modified.is_younger(days, now) => Verdict::TooYoung(days),
        _ if member.class == Class::Lone => Verdict::Goes(Cause::LogIsGone(count)),
        _ => Verdict::Goes(Cause::Beyond(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY_SECONDS;
    use crate::facts::FileFacts;
    use crate::naming::family::{Differs, Site};
    use crate::policy::Method;

    const NOW: i64 = 1_700_000_000;

    fn member(class: Class, days: i64) -> Member {
        Member {
            name: "a.log.1".into(),
            site: Site::Present,
            facts: FileFacts::sample(NOW - days * DAY_SECONDS),
            class,
        }
    }

    /// Judges archives of these ages in days, under `rotate`, `maxage`, `minretain`: `b` goes by number, `a` by age, `y` is too young to go.
    fn fates(rotate: i32, max_age: u32, min_age: Option<u32>, days: &[i64]) -> String {
        let mut policy = Policy::default();
        policy.retention.keep = u32::try_from(rotate).map_or(Keep::All, Keep::Count);
        policy.retention.max_age = max_age;
        policy.retention.min_age = min_age;
        let kin = |days: &i64| member(Class::Kin(Differs::Ending), *days);
        let members: Vec<Member> = days.iter().map(kin).collect();
        let letter = |verdict: &Verdict| match verdict {
            Verdict::Stays => '-',
            Verdict::TooYoung(_) => 'y',
            Verdict::Goes(Cause::TooOld(_)) => 'a',
            Verdict::Goes(Cause::Beyond(_)) => 'b',
            Verdict::Goes(Cause::LogIsGone(_)) => 'l',
        };
        judge(&policy, &members, NOW).iter().map(letter).collect()
    }

    #[test]
    fn b1_the_newest_are_kept_and_all_with_minus_one() {
        assert_eq!(fates(3, 0, None, &[50, 40, 30, 20, 10]), "bb---");
        assert_eq!(fates(5, 0, None, &[50, 40]), "--");
        assert_eq!(fates(-1, 0, None, &[50, 40]), "--");
    }

    #[test]
    fn b1_what_a_rotation_counts_and_keeps_stays_though_others_are_younger() {
        let mut policy = Policy::default();
        policy.retention.keep = Keep::Count(2);
        let own = [50, 40, 30].map(|days| member(Class::Own, days));
        let kin = [20, 10].map(|days| member(Class::Kin(Differs::Ending), days));
        let verdicts = judge(&policy, &[own.as_slice(), &kin].concat(), NOW);
        let goes = verdicts.iter().map(|verdict| *verdict != Verdict::Stays);
        assert_eq!(goes.collect::<Vec<_>>(), [true, false, false, false, false]);
    }

    #[test]
    fn b2_what_is_too_old_goes_whatever_its_number() {
        assert_eq!(fates(5, 30, None, &[31, 30, 1]), "a--");
        assert_eq!(fates(-1, 30, None, &[400, 31, 1]), "aa-");
        assert_eq!(fates(1, 30, None, &[400, 3, 1]), "ab-");
    }

    #[test]
    fn b3_what_is_younger_than_minretain_stays_but_maxage_is_stronger() {
        assert_eq!(fates(1, 0, Some(7), &[9, 7, 6, 1]), "bby-");
        assert_eq!(fates(1, 3, Some(7), &[5, 4, 3, 1]), "aay-");
        assert_eq!(fates(1, 0, Some(7), &[-3, 1]), "b-", "the future is old");
        assert_eq!(fates(1, 0, Some(0), &[0, 0]), "b-");
    }

    #[test]
    fn b5_with_rotate_0_all_go_and_minretain_has_no_say() {
        assert_eq!(fates(0, 0, Some(7), &[9, 1]), "bb");
    }

    #[test]
    fn b5_where_rotations_make_no_archive_nothing_goes_by_its_number() {
        let mut policy = Policy {
            method: Method::CopyTruncate,
            ..Policy::default()
        };
        let members = [9, 1].map(|days| member(Class::Own, days));
        assert_eq!(judge(&policy, &members, NOW), [Verdict::Stays; 2]);
        policy.retention.max_age = 7;
        assert_eq!(judge(&policy, &members, NOW)[0], Verdict::Goes(Cause::TooOld(7)));
    }

    #[test]
    fn b9_of_a_log_that_is_gone_count_and_age_hold_too() {
        let mut policy = Policy::default();
        policy.retention.keep = Keep::Count(1);
        policy.retention.max_age = 30;
        let members = [31, 20, 10].map(|days| member(Class::Lone, days));
        let verdicts = judge(&policy, &members, NOW);
        let [old, beyond, newest] = verdicts.as_slice() else {
            panic!("{verdicts:?}")
        };
        assert_eq!(*old, Verdict::Goes(Cause::TooOld(30)));
        assert_eq!(*beyond, Verdict::Goes(Cause::LogIsGone(1)));
        assert_eq!(*newest, Verdict::Stays);
    }
}

//! Where ours differs from the peer on purpose (lines 12 and 16 of `fixtures/behaviour-lines.txt`): a named rule each.
//!
//! A rule is as narrow as can be: it looks at what was before, at what both did, and excuses single differences. Here is the list;
//! the rules stand beside it, by subject.

mod copies;
mod dry;
mod due;
mod found;
mod kept;
mod mail;
mod never;
mod order;
mod shared;
mod stops;

use super::compare::Difference;
use super::scene::Scene;
use never::{Gravity, weigh};

/// A difference that is wanted.
struct Rule {
    name: &'static str,
    excuses: fn(&Scene<'_>, &Difference) -> bool,
    /// Ours drops, by this rule, archives that the peer keeps.
    drops: bool,
}

const fn rule(name: &'static str, excuses: fn(&Scene<'_>, &Difference) -> bool) -> Rule {
    Rule {
        name,
        excuses,
        drops: false,
    }
}

const fn dropping(name: &'static str, excuses: fn(&Scene<'_>, &Difference) -> bool) -> Rule {
    Rule {
        name,
        excuses,
        drops: true,
    }
}

/// All of them.
const RULES: &[Rule] = &[
    rule(
        "what a run had begun when it failed is kept for the next",
        stops::journal,
    ),
    rule("a dry run sends no mail", dry::dry_mail),
    rule(
        "a dry run does not fail for want of an archive to mail or to shred",
        dry::dry_exit,
    ),
    rule(
        "olddir is made when a log is rotated, not when it is read",
        dry::olddir_early,
    ),
    rule(
        "a rotation that failed before its switch is not stamped",
        stops::not_stamped,
    ),
    rule(
        "what is left beyond the count is disposed of, not overwritten",
        kept::beyond_the_count,
    ),
    rule(
        "what is left beyond the count and cannot go moves on",
        stops::beyond_the_count_stays,
    ),
    rule(
        "what was left plain and cannot be compressed moves up and counts",
        stops::plain_stays,
    ),
    rule("the subject of an archive that goes is its own name", mail::subject),
    dropping("a log's own *, ? and [ are plain characters", due::glob_in_a_name),
    dropping("days are calendar days when the clock changes", due::calendar_days),
    rule(
        "a time of day that was left out is kept as it is written",
        due::left_out,
    ),
    rule("stanzas that run strangers' programs come last", order::strangers_last),
    rule(
        "a shared postrotate runs once a log was switched",
        shared::shared_postrotate,
    ),
    dropping("what was left plain counts as an archive", kept::plain_counts),
    dropping(
        "what an earlier run left of renamecopy is finished first",
        kept::finished_first,
    ),
    dropping("no archive is overwritten", kept::overwritten),
    rule("what was moved aside in the same hour stays", kept::moved_aside_twice),
    rule(
        "a plain archive of the same date stops the rotation",
        stops::plain_of_the_date,
    ),
    rule(
        "what is no file at the interim name is moved aside",
        kept::interim_aside,
    ),
    dropping("a copy that is not made does not open the log", copies::skipped_copy),
    rule("a copy may be sparser than the peer's", copies::sparser),
    dropping("a fault of one stanza costs that stanza alone", found::one_stanza_alone),
    dropping(
        "an olddir that does not fit costs its directory alone",
        found::one_directory_alone,
    ),
    rule(
        "what renamecopy left and cannot be copied waits beside the log",
        stops::interim_stays,
    ),
    dropping("a copy needs no right to write to the log", copies::readable_copy),
    rule("a log with two paths is rotated once", found::two_paths),
    dropping(
        "a damaged line of the state costs that entry alone",
        found::damaged_line,
    ),
    dropping(
        "rotate -1 shifts what was left at the first number",
        kept::shifts_the_first,
    ),
    rule("mailfirst with delaycompress sends plain text", mail::mailed_unpacked),
    rule("what is no text in a subject is an escape", mail::escaped),
    rule("a compressed twin that is whole is not made again", kept::whole_twin),
    dropping(
        "a log keeps no other of its shared set from rotation",
        shared::neighbours,
    ),
    dropping(
        "a shared set's finish goes on with the other logs",
        shared::shared_finish,
    ),
    dropping(
        "trouble with a new archive does not keep an old one",
        stops::falls_off_all_the_same,
    ),
    rule("a pipe at an archive's name is moved aside", kept::aside),
    dropping(
        "a pipe at an archive's name does not stop its log",
        stops::goes_on_over_a_pipe,
    ),
    rule(
        "what is mailed is plain text, with rotate 0 and delaycompress too",
        mail::mailed_plain,
    ),
    dropping("copy with renamecopy makes a copy", copies::copy_with_renamecopy),
    dropping("trouble with an old archive does not stop its log", stops::goes_on),
];

/// The names of all rules.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.name)
}

/// By this rule ours drops what the peer keeps.
pub(crate) fn drops(name: &str) -> bool {
    RULES.iter().any(|rule| rule.name == name && rule.drops)
}

/// Splits the differences in the names of the rules that excuse some, and those that nothing excuses.
pub(crate) fn sort_out(scene: &Scene<'_>, differences: Vec<Difference>) -> (Vec<&'static str>, Vec<Difference>) {
    let mut used = Vec::new();
    let mut rest = Vec::new();
    for difference in differences {
        let gravity = weigh(scene, &difference);
        let may = |rule: &&Rule| match gravity {
            Gravity::Plain => true,
            Gravity::Loss => rule.drops,
            Gravity::Never => false,
        };
        match RULES.iter().filter(may).find(|rule| (rule.excuses)(scene, &difference)) {
            Some(rule) => used.push(rule.name),
            None => rest.push(difference),
        }
    }
    (used, rest)
}

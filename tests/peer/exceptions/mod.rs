//! Where ours differs from the peer on purpose (`behaviour.md` section 12, `grammar.md` section 16): a named rule each.
//!
//! A rule is as narrow as can be: it looks at what was before, at what both did, and excuses single differences. Here is the list;
//! the rules stand beside it, by subject.

mod copies;
mod dry;
mod due;
mod kept;
mod mail;
mod shared;
mod stops;

use super::compare::Difference;
use super::scene::Scene;

/// A difference that is wanted.
struct Rule {
    name: &'static str,
    excuses: fn(&Scene<'_>, &Difference) -> bool,
}

const fn rule(name: &'static str, excuses: fn(&Scene<'_>, &Difference) -> bool) -> Rule {
    Rule { name, excuses }
}

/// All of them.
const RULES: &[Rule] = &[
    rule(
        "what a run had begun when it failed is kept for the next",
        stops::journal,
    ),
    rule("a dry run sends no mail", dry::dry_mail),
    rule("a dry run does not fail for want of an archive to mail", dry::dry_exit),
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
        "what is left beyond the count stops the rotation if it stays",
        stops::beyond_the_count_stays,
    ),
    rule(
        "what was left plain and cannot be compressed stops the rotation",
        stops::plain_stays,
    ),
    rule("the subject of an archive that goes is its own name", mail::subject),
    rule("a log's own *, ? and [ are plain characters", due::glob_in_a_name),
    rule("days are calendar days when the clock changes", due::calendar_days),
    rule(
        "a shared postrotate runs once a log was switched",
        shared::shared_postrotate,
    ),
    rule("what was left plain counts as an archive", kept::plain_counts),
    rule(
        "what an earlier run left of renamecopy is finished first",
        kept::finished_first,
    ),
    rule("no archive is overwritten", kept::overwritten),
    rule(
        "a plain archive of the same date stops the rotation",
        stops::plain_of_the_date,
    ),
    rule("a copy that is not made does not open the log", copies::skipped_copy),
    rule("a copy may be sparser than the peer's", copies::sparser),
    rule(
        "what preremove removed itself needs no shredding",
        copies::removed_by_preremove,
    ),
    rule("ignoreduplicates counts in either stanza", due::either_ignores),
    rule(
        "rotate -1 shifts what was left at the first number",
        kept::shifts_the_first,
    ),
    rule("mailfirst with delaycompress sends plain text", mail::mailed_unpacked),
    rule("a compressed twin that is whole is not made again", kept::whole_twin),
    rule(
        "a shared set's finish goes on with the other logs",
        shared::shared_finish,
    ),
    rule(
        "what is mailed is plain text, with rotate 0 and delaycompress too",
        mail::mailed_plain,
    ),
    rule("copy with renamecopy makes a copy", copies::copy_with_renamecopy),
];

/// Splits the differences in the names of the rules that excuse some, and those that nothing excuses.
pub(crate) fn sort_out(scene: &Scene<'_>, differences: Vec<Difference>) -> (Vec<&'static str>, Vec<Difference>) {
    let mut used = Vec::new();
    let mut rest = Vec::new();
    for difference in differences {
        match RULES.iter().find(|rule| (rule.excuses)(scene, &difference)) {
            Some(rule) => used.push(rule.name),
            None => rest.push(difference),
        }
    }
    (used, rest)
}

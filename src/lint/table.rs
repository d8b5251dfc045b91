//! The table of lints: code, name, weight and meaning of each.

use crate::diag::Severity;

/// One row of the table of lints.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// The code, which never changes its meaning.
    pub code: &'static str,
    /// The name, in small letters.
    pub name: &'static str,
    /// How much it weighs: an error is what a run would refuse.
    pub severity: Severity,
    pub meaning: &'static str,
}

const fn warning(code: &'static str, name: &'static str, meaning: &'static str) -> Row {
    Row {
        code,
        name,
        severity: Severity::Warning,
        meaning,
    }
}

const fn error(code: &'static str, name: &'static str, meaning: &'static str) -> Row {
    Row {
        code,
        name,
        severity: Severity::Error,
        meaning,
    }
}

/// All lints, by code.
pub const LINTS: [Row; 45] = [
    warning(
        "LR3001",
        "criterion-lost",
        "two criteria in one block, of which only the last counts",
    ),
    warning("LR3002", "delay-without-compress", "delaycompress without compress"),
    warning(
        "LR3003",
        "date-without-dateext",
        "dateformat, dateyesterday or datehourago without dateext",
    ),
    warning(
        "LR3004",
        "dates-repeat",
        "dated names that two rotations of one log can share",
    ),
    warning(
        "LR3005",
        "create-without-rename",
        "create beside copy or copytruncate, which never make a new log",
    ),
    warning("LR3006", "mail-without-address", "mailfirst or maillast without mail"),
    warning("LR3007", "cycles-without-shred", "shredcycles without shred"),
    warning(
        "LR3008",
        "comment-in-argument",
        "a comment that is taken for a part of the argument before it",
    ),
    warning(
        "LR3009",
        "matches-archives",
        "a pattern that finds the archives of the logs that it finds",
    ),
    warning(
        "LR3010",
        "nothing-kept",
        "no rotate anywhere, so that old logs are deleted at once",
    ),
    warning(
        "LR3011",
        "shared-without-scripts",
        "sharedscripts without prerotate or postrotate",
    ),
    error(
        "LR3012",
        "su-missing",
        "a log in a directory that others may write to, without su",
    ),
    warning(
        "LR3013",
        "timer-slower",
        "a criterion that comes round faster than the installed timer",
    ),
    warning(
        "LR3014",
        "create-open",
        "create with a mode that lets everybody at the new log",
    ),
    error("LR3015", "script-refused", "a script that the shell cannot read"),
    warning(
        "LR3016",
        "global-leaks",
        "a drop-in that changes settings for the files after it",
    ),
    warning(
        "LR3017",
        "method-lost",
        "two ways of rotation in one block, of which only one counts",
    ),
    warning("LR3018", "min-above-max", "minsize above maxsize"),
    warning(
        "LR3019",
        "maxsize-idle",
        "maxsize on a log that is rotated at every run of the timer anyway",
    ),
    warning(
        "LR3020",
        "unknown-date-field",
        "a field of a dateformat that is taken as it stands",
    ),
    error("LR3021", "windows-lines", "line ends of Windows, CR LF"),
    error(
        "LR3022",
        "byte-order-mark",
        "a byte order mark, with which no line may begin",
    ),
    error("LR3023", "braces", "braces for alternatives in a path list"),
    warning(
        "LR3024",
        "directive-in-script",
        "a directive on a line of a script, whose endscript is missing or comes too late",
    ),
    warning(
        "LR3025",
        "test-at-end",
        "a script that ends in a test and &&, and so fails whenever the test does",
    ),
    warning("LR3026", "bash-only", "a script for bash, though sh runs it"),
    warning(
        "LR3027",
        "minimum-without-time",
        "minsize or minage without a criterion of time",
    ),
    warning("LR3028", "double-star", "** in a path, which is the same as *"),
    warning(
        "LR3029",
        "only-links",
        "a path that finds only symbolic links, which are never rotated",
    ),
    warning(
        "LR3030",
        "path-is-directory",
        "the path of a directory, which is never rotated",
    ),
    warning(
        "LR3031",
        "shared-row",
        "logs of one name whose archives go into one directory",
    ),
    warning(
        "LR3032",
        "program-missing",
        "a compressor, mailer or shred that is not there",
    ),
    error(
        "LR3033",
        "foreign-link",
        "a log behind a user's link to a directory that is not that user's",
    ),
    warning(
        "LR3034",
        "archive-obstacle",
        "what the next rotation of a log will meet in the way of its archives",
    ),
    warning(
        "LR3035",
        "budget-takes-nothing",
        "minrotate at or above rotate, so that a budget can take nothing",
    ),
    warning(
        "LR3036",
        "maxage-below-minretain",
        "maxage below minretain, of which maxage wins",
    ),
    warning(
        "LR3037",
        "minrotate-without-budget",
        "minrotate without maxtotalsize or minfree",
    ),
    warning(
        "LR3038",
        "budget-without-archives",
        "a budget with rotate 0, which leaves nothing that it could take",
    ),
    warning("LR3039", "much-free", "minfree of half of the file system or more"),
    warning(
        "LR3040",
        "gone-logs-stay",
        "prune with a pattern and no maxage, so that archives of logs that are gone stay",
    ),
    warning(
        "LR3041",
        "unclosed-block",
        "a block without its }, which the end of the file closes",
    ),
    warning(
        "LR3042",
        "unclosed-quote",
        "a quote that is not closed, so that blanks and lines behind it are part of the word",
    ),
    warning(
        "LR3043",
        "quotes-in-argument",
        "quotes that are taken for a part of the argument",
    ),
    warning(
        "LR3044",
        "taboo-adds-nothing",
        "tabooext or taboopat with + and nothing behind it",
    ),
    warning(
        "LR3045",
        "unknown-allowance",
        "a comment that is to allow what is no code of a warning",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_run_from_one_without_a_gap() {
        for (number, row) in LINTS.iter().enumerate() {
            assert_eq!(row.code, format!("LR3{:03}", number + 1));
        }
    }

    #[test]
    fn names_are_small_words_and_none_comes_twice() {
        for (number, row) in LINTS.iter().enumerate() {
            assert!(
                row.name.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase()),
                "{}",
                row.name
            );
            assert!(
                LINTS[..number].iter().all(|other| other.name != row.name),
                "{}",
                row.name
            );
        }
    }

    #[test]
    fn a_meaning_is_one_line_without_a_full_stop() {
        for row in &LINTS {
            assert!(
                !row.meaning.is_empty() && !row.meaning.contains('\n') && !row.meaning.ends_with('.'),
                "{}",
                row.code
            );
        }
    }
}

//! What a run tells, in words: one entry an event.

use std::os::unix::ffi::OsStrExt;

use super::style::size;
use super::words::{lines, list, path, word};
use super::{fault, housekeeping};
use crate::event::{About, Doing, Event, Summary, What};
use crate::fault::{Fault, Hook};
use crate::obstacle::{ArchiveObstacle, Obstructed, PassedOver};
use crate::policy::{Criterion, Keep, Policy};
use crate::schedule::{Cause, Period, Verdict, Why};
use crate::sys::truncate::CutWay;

/// Puts an event into words; `None` where there is nothing to say.
#[must_use]
pub fn entry(event: &Event) -> Option<String> {
    let log = || match &event.about {
        About::Log(log) => path(log),
        About::Run | About::Stanza(_) => String::new(),
    };
    let text = match &event.what {
        What::DryRun => {
            "this is a dry run (debug mode): it only shows what a run would do, and changes nothing. Use -v for a real run that tells what it does.\n"
                .to_owned()
        }
        What::Config(diagnostic) => super::cite::told(diagnostic),
        What::State(problem) => super::state_text::sentence(problem),
        What::Handling(count) => format!("\nHandling {count} logs"),
        What::Stanza { written, policy, forced } => {
            format!("\nrotating pattern: {} {}", list(written), describe(policy, *forced))
        }
        What::NoLogs => "No logs found. Rotation not needed.".to_owned(),
        What::Considering => format!("considering log {}", log()),
        What::NewState => "Creating new state".to_owned(),
        What::Times { now, last } => format!("  Now: {now}\n  Last rotated at {last}"),
        What::Decided { verdict, .. } => decided(&log(), verdict),
        What::PassedOver(why) => passed_over(&log(), *why),
        What::Script { hook, rehearsed } => script(*hook, rehearsed.as_ref()),
        What::ScriptNotNeeded(hook) => {
            let when = if *hook == Hook::Post { "since no logs were rotated" } else { "since no logs will be rotated" };
            format!("not running {} script, {when}", action(*hook))
        }
        What::Rotating(count) => format!("rotating log {}, log->rotateCount is {count}", log()),
        What::DelayWithoutCompression => {
            format!("delayed compression for log file {} ignored since compression is disabled", log())
        }
        What::Step(doing) => step(doing, log),
        What::NotLookedAt
        | What::Switched(_)
        | What::Rotated { .. }
        | What::Compressed { .. }
        | What::Removed { .. }
        | What::KeepingHouse
        | What::Budgets(_)
        | What::Discarded { .. } => return None,
        What::OverTotal(pool) => housekeeping::over_total(pool),
        What::ShortOfRoom(room, why) => housekeeping::short_of_room(room, why),
        What::Kept { path: file, why } => housekeeping::stays(&path(file), why),
        What::CompressorSaid { path: file, said } => format!(
            "Compressing program wrote following message to stderr when compressing log {}:\n{}",
            path(file),
            lines(said).trim_end()
        ),
        What::NothingKept => format!(
            "no rotate holds for {0}: it is deleted, and not kept; where the main configuration has one, run \
             logrotate -f --only '{0}' with that",
            log()
        ),
        What::NoSuchLog(pattern) => format!("--only {}: no log of the configuration matches", word(pattern)),
        What::CutWay(way) => format!("log {} was cut: {}", log(), cut(*way)),
        What::WriterDoesNotAppend => format!(
            "a program writes to {} without O_APPEND: after copytruncate the log begins with a hole; make the program append, \
             or rotate by rename",
            log()
        ),
        What::Obstacle(obstacle) => hindrance(obstacle),
        What::MovedAside { path: file, to } => {
            format!(
                "destination {0} already exists, renaming to {1}; remove {1} if nobody needs it",
                path(file),
                path(to)
            )
        }
        What::AlreadyGone(file) => format!("error unlinking log file {}: it is gone already", path(file)),
        What::ShredFailed { path: file, said } => {
            let said = lines(said);
            let why = match said.trim_end() {
                "" => "see that shred is there and may be run".to_owned(),
                said => format!("it said:\n{said}"),
            };
            format!("failed to shred {}: it was unlinked all the same; {why}", path(file))
        }
        What::NothingRemoved => housekeeping::NOTHING_REMOVED.to_owned(),
        What::Recovered => format!("finished the rotation of {} that an earlier run had begun", log()),
        What::Failed(fault) | What::LogFileFailed(fault) => fault::sentence(fault),
        What::NoState(why) => super::state_text::refusal(why),
        What::Ending(signal) => format!("signal {signal} came: ending after the step in hand"),
        What::Summary(sums) => summary(sums),
    };
    Some(text)
}

/// Says what is wrong with an archive.
#[must_use]
pub fn hindrance(obstacle: &ArchiveObstacle) -> String {
    let archive = path(&obstacle.archive);
    match &obstacle.what {
        Obstructed::NotSmaller => {
            format!("{archive} stays plain: it has large holes, and compressed it would take no less room on the disk")
        }
        // What preremove refused says itself that it stays.
        Obstructed::NotRemoved(why) if matches!(**why, Fault::Script { .. }) => fault::sentence(why),
        Obstructed::NotCompressed(why) => after(why, "it stays plain until the next rotation"),
        Obstructed::NotCopied(why) => after(why, "it waits beside the log until it can be archived"),
        Obstructed::NotMailed(why) => after(why, "it stays until it can be sent"),
        Obstructed::NotMailedFirst(why) => after(
            why,
            "it is tried again at each rotation, and goes unsent when it falls off",
        ),
        Obstructed::NotRemoved(why) => after(why, "it stays until it can be removed"),
        Obstructed::NotRenamed(why) => after(why, "it keeps its number, and the others pass it by"),
        Obstructed::Unsent => {
            format!(
                "{archive} goes unsent: it was kept, and could not be sent, for long enough; mend the mail, or the mail directive"
            )
        }
        what => {
            let (what, remedy) = super::foreseen::parts(&archive, what);
            format!("{what}; {remedy}")
        }
    }
}

/// Says what failed, and what becomes of the archive.
fn after(why: &Fault, then: &str) -> String {
    format!("{}; {then}", fault::sentence(why))
}

fn summary(sums: &Summary) -> String {
    let Summary {
        rotated,
        failed,
        left,
        before,
        after,
        seconds,
    } = *sums;
    format!(
        "\n{rotated} rotated, {failed} failed, {left} not due; {} before, {} after; {seconds:.3} seconds",
        size(before),
        size(after)
    )
}

fn describe(policy: &Policy, forced: bool) -> String {
    let when = if forced {
        "forced from command line".to_owned()
    } else {
        criterion(policy.criterion)
    };
    let empty = if policy.if_empty { "rotated" } else { "not rotated" };
    let mut text = format!("{when} empty log files are {empty}, ");
    if let Some(size) = policy.min_size {
        text.push_str(&format!("only log files >= {size} bytes are rotated, "));
    }
    if let Some(size) = policy.max_size {
        text.push_str(&format!("log files > {size} bytes are rotated earlier, "));
    }
    if policy.min_age > 0 {
        text.push_str(&format!(
            "only log files older than {} days are rotated, ",
            policy.min_age
        ));
    }
    if let Some(mail) = &policy.mail {
        text.push_str(&format!("old logs mailed to {}, ", word(&mail.address)));
    }
    match policy.retention.keep {
        Keep::All => text.push_str("(all rotations kept)"),
        Keep::Count(0) => text.push_str("(no old logs will be kept)"),
        Keep::Count(count) => text.push_str(&format!("({count} rotations)")),
    }
    if policy.retention.max_age > 0 {
        text.push_str(&format!(
            ", old logs are removed after {} days",
            policy.retention.max_age
        ));
    } else {
        text.push_str(", old logs are removed");
    }
    text
}

fn criterion(criterion: Criterion) -> String {
    match criterion {
        Criterion::Size(bytes) => format!("{bytes} bytes"),
        Criterion::Minutes(minutes) => format!("after {minutes} minutes"),
        Criterion::Hourly => "hourly".to_owned(),
        Criterion::Daily => "after 1 days".to_owned(),
        Criterion::Weekly(_) => "weekly".to_owned(),
        Criterion::Monthly(_) => "monthly".to_owned(),
        Criterion::Yearly => "yearly".to_owned(),
    }
}

fn decided(log: &str, verdict: &Verdict) -> String {
    match verdict {
        Verdict::Rotate(Cause::Future) => format!("log {log} last rotated in the future -- rotation forced"),
        Verdict::Rotate(_) => "  log needs rotating".to_owned(),
        Verdict::Keep(why) => format!("  log does not need rotating ({})", kept(*why)),
    }
}

/// Says why a log is due.
#[must_use]
pub fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Forced => "forced from command line",
        Cause::MaxSize => "log is larger than 'maxsize'",
        Cause::Size => "log has reached the 'size' threshold",
        Cause::Future => "log was last rotated in the future",
        Cause::Time => "its period has gone by",
    }
}

/// Says why a log is not due.
#[must_use]
pub fn kept(why: Why) -> String {
    match why {
        Why::BelowSize => "log size is below the 'size' threshold".to_owned(),
        Why::AlreadyRotated => "log has already been rotated".to_owned(),
        Why::TooSoon(period, last) => {
            let ago = match period {
                Period::Minutes(minutes) => format!("less than or equal {minutes} minutes ago"),
                Period::Hour => "less than an hour ago".to_owned(),
                Period::Day => "less than a day ago".to_owned(),
                Period::Week => "less than a week ago".to_owned(),
                Period::Month => "less than a month ago".to_owned(),
                Period::Year => "less than a year ago".to_owned(),
            };
            format!("log has been rotated at {last}, which is {ago}")
        }
        Why::MinSize => "'minsize' directive is used and the log size is smaller than the minsize value".to_owned(),
        Why::MinAge => "'minage' directive is used and the log age is smaller than the minage days".to_owned(),
        Why::Empty => "log is empty".to_owned(),
    }
}

fn passed_over(log: &str, why: PassedOver) -> String {
    match why {
        PassedOver::Missing => format!("  log {log} does not exist -- skipping"),
        PassedOver::Symlink => format!("  log {log} is a symbolic link, which is never rotated -- skipping"),
        PassedOver::HardLinks => {
            format!("  log {log} has several hard links, which allowhardlink does not permit -- skipping")
        }
        PassedOver::Directory => format!("  log {log} is a directory -- skipping"),
    }
}

fn cut(way: CutWay) -> &'static str {
    match way {
        CutWay::Alone | CutWay::NoWriter => "nobody writes to it, it is empty now",
        CutWay::Collapsed => "the copied blocks were taken off its front, what came meanwhile stays in it",
        CutWay::Quiet => "nobody wrote to it meanwhile, it is empty now",
        CutWay::Recopied => "it was copied until nothing more came, and emptied at once",
        CutWay::ByAnother => "another program had cut it meanwhile, it was left alone",
    }
}

fn action(hook: Hook) -> &'static str {
    match hook {
        Hook::First => "first action",
        Hook::Last => "last action",
        other => other.directive(),
    }
}

fn script(hook: Hook, rehearsed: Option<&(std::sync::Arc<[u8]>, Vec<std::ffi::OsString>)>) -> String {
    let running = format!("running {} script", action(hook));
    let Some((text, args)) = rehearsed else { return running };
    let first = args.first().map(|arg| list(arg.as_bytes())).unwrap_or_default();
    let second = args.get(1).map(|arg| word(arg)).unwrap_or_default();
    format!(
        "{running}\nrunning script with args {first} {second}: \"{}\"",
        lines(text)
    )
}

fn step(doing: &Doing, log: impl Fn() -> String) -> String {
    match doing {
        Doing::MakeDir(dir) => format!("creating new directory {}", path(dir)),
        Doing::Compress {
            with,
            path: file,
            before_its_time,
        } => {
            let why = before_its_time
                .as_ref()
                .map_or_else(String::new, housekeeping::before_its_time);
            format!("compressing log with: {} {}{why}", path(with), path(file))
        }
        Doing::Rename { from, to } => format!("renaming {} to {}", path(from), path(to)),
        Doing::Copy { from, to } => format!("copying {} to {}", path(from), path(to)),
        Doing::SkipCopy(to) => format!("skip copying {} to {}", log(), path(to)),
        Doing::Truncate => format!("truncating {}", log()),
        Doing::LeaveUncut => format!("Not truncating {}", log()),
        Doing::Create { mode, user, group } => {
            format!(
                "creating new {} mode = 0{:o} uid = {} gid = {}",
                log(),
                mode.0,
                user.0,
                group.0
            )
        }
        Doing::Mail { path: file, address } => format!("mailing {} to {}", path(file), word(address)),
        Doing::MoveAside(file) => format!("moving aside {}, which is no archive", path(file)),
        Doing::GiveUpMail(file) => format!("giving up sending {}", path(file)),
        Doing::Remove(file) => format!("removing old log {}", path(file)),
        Doing::Discard { path: file, reason } => {
            let (why, hedge) = (housekeeping::because(reason), housekeeping::hedge(reason));
            format!("removing old log {} ({why}){hedge}", path(file))
        }
        Doing::RemoveInterim(file) => format!("removing tmp log {}", path(file)),
    }
}

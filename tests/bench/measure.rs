//! One command, run and measured: wall time, processor time, peak memory, exit code.
//!
//! The measuring is done by this same program started anew, which is small: a child's peak memory begins with that of
//! the process that started it, and the builder of workloads may have grown.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// The first argument that makes this program measure one command.
const ONE: &str = "--measure-one";

/// What was measured of one command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Seconds from start to end, the mean if it ran several times.
    pub(crate) wall: f64,
    /// Processor seconds, its children's included.
    pub(crate) cpu: f64,
    /// MiB at its peak, the largest process of its family.
    pub(crate) peak: f64,
    /// Its exit code; -1 for a signal.
    pub(crate) code: i32,
}

/// Answers the command to measure, if this process was started for one: how often, then its words.
pub(crate) fn asked_for_one() -> Option<Vec<OsString>> {
    let mut arguments = std::env::args_os().skip(1);
    (arguments.next()? == ONE).then(|| arguments.collect())
}

/// Measures one command and prints four numbers.
pub(crate) fn one(words: Vec<OsString>) -> ExitCode {
    match measured_here(&words) {
        Ok(sample) => {
            println!("{} {} {} {}", sample.wall, sample.cpu, sample.peak, sample.code);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measured_here(words: &[OsString]) -> Result<Sample> {
    let (times, words) = words.split_first().context("no command")?;
    let times: u32 = times.to_str().context("times")?.parse()?;
    let (program, arguments) = words.split_first().context("no command")?;
    let mut code = 0;
    let begin = Instant::now();
    for _ in 0..times {
        let status = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .with_context(|| program.to_string_lossy().into_owned())?;
        code = code.max(status.code().unwrap_or(-1));
    }
    let wall = begin.elapsed().as_secs_f64() / f64::from(times);
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6 / f64::from(times);
    Ok(Sample {
        wall,
        cpu,
        peak: usage.max_rss() as f64 / 1024.0,
        code,
    })
}

/// Runs `command` with `arguments` that many times and answers the means; its messages go to `log`.
pub(crate) fn run(command: &[OsString], arguments: &[OsString], times: u32, log: &Path) -> Result<Sample> {
    let messages = std::fs::File::create(log).with_context(|| log.display().to_string())?;
    let output = Command::new(std::env::current_exe()?)
        .arg(ONE)
        .arg(times.to_string())
        .args(command)
        .args(arguments)
        .stderr(messages)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        [wall, cpu, peak, code] => Ok(Sample {
            wall,
            cpu,
            peak,
            code: code as i32,
        }),
        _ => bail!(
            "{command:?} could not be run: {}",
            std::fs::read_to_string(log).unwrap_or_default()
        ),
    }
}

/// Answers the least, the median and the greatest of some numbers.
pub(crate) fn spread(numbers: impl Iterator<Item = f64>) -> (f64, f64, f64) {
    let mut sorted: Vec<f64> = numbers.collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(&least), Some(&greatest)) = (sorted.first(), sorted.last()) else {
        return (f64::NAN, f64::NAN, f64::NAN);
    };
    let middle = sorted.len() / 2;
    let median = if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        (sorted[middle - 1] + sorted[middle]) / 2.0
    };
    (least, median, greatest)
}

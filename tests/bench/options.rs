//! What was asked for on the command line of the benchmark.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

/// How large the workloads are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// Seconds in all: shows that everything works; no times are printed.
    Smoke,
    /// A minute or two: good enough to see a regression.
    Quick,
    /// The sizes that the bars are for.
    Full,
}

/// Measures logrotate against a reference, round by round.
#[derive(Parser, Debug)]
#[command(name = "bench")]
struct Typed {
    /// The workloads to run, W1 to W16 (a longer name such as W3-9 picks one row); all if none is named.
    only: Vec<String>,
    /// The reference: a path, or a command with its first arguments; else what LOGROTATE_PEER names.
    #[arg(long)]
    peer: Option<String>,
    /// The binary measured, if not the one just built.
    #[arg(long)]
    ours: Option<String>,
    /// Where the workloads are built.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// How often each command runs.
    #[arg(long)]
    rounds: Option<usize>,
    /// Smaller workloads.
    #[arg(long)]
    quick: bool,
    /// Tiny workloads, nothing timed: does everything work?
    #[arg(long)]
    smoke: bool,
    /// Growth curves of W1, W4, W5, W6 and W12 to W15 instead of the table.
    #[arg(long)]
    growth: bool,
    /// Where the picture of the growth curves goes.
    #[arg(long)]
    svg: Option<PathBuf>,
    /// System calls (strace) and instructions (callgrind) instead of times.
    #[arg(long)]
    counts: bool,
    /// What a rotation leaves in the page cache (fincore) instead of times.
    #[arg(long)]
    cache: bool,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What was asked for, as meant.
pub(crate) struct Options {
    /// Upper-case names of workloads; empty: all.
    only: Vec<String>,
    /// The reference's command, if there is one.
    pub(crate) peer: Option<Vec<OsString>>,
    /// Our command.
    pub(crate) ours: Vec<OsString>,
    /// Where the workloads are built.
    pub(crate) dir: PathBuf,
    /// How often each command runs.
    pub(crate) rounds: usize,
    /// How large the workloads are.
    pub(crate) size: Size,
    /// Growth curves are wanted.
    pub(crate) growth: bool,
    /// Where their picture goes.
    pub(crate) svg: Option<PathBuf>,
    /// Counts are wanted.
    pub(crate) counts: bool,
    /// The look at the page cache is wanted.
    pub(crate) cache: bool,
}

impl Options {
    /// Reads the process's arguments.
    pub(crate) fn understand() -> Result<Self> {
        let typed = Typed::parse();
        let size = match (typed.smoke, typed.quick) {
            (true, _) => Size::Smoke,
            (false, true) => Size::Quick,
            (false, false) => Size::Full,
        };
        let named = std::env::var("LOGROTATE_PEER").ok().filter(|name| !name.is_empty());
        let rounds = if size == Size::Smoke { 1 } else { 3 };
        Ok(Options {
            only: typed.only.iter().map(|name| name.to_uppercase()).collect(),
            peer: typed.peer.or(named).as_deref().map(words),
            ours: words(typed.ours.as_deref().unwrap_or(env!("CARGO_BIN_EXE_logrotate"))),
            dir: typed
                .dir
                .unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench")),
            rounds: typed.rounds.unwrap_or(rounds),
            size,
            growth: typed.growth,
            svg: typed.svg,
            counts: typed.counts,
            cache: typed.cache,
        })
    }

    /// Answers whether the row `name` (as `W3-9`) is wanted: it was named, or its workload (`W3`) was, or nothing was.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let workload = name.split('-').next().unwrap_or(name);
        self.only.is_empty() || self.only.iter().any(|only| only == name || only == workload)
    }

    /// Picks the value for the size asked for.
    pub(crate) fn sized<T>(&self, smoke: T, quick: T, full: T) -> T {
        match self.size {
            Size::Smoke => smoke,
            Size::Quick => quick,
            Size::Full => full,
        }
    }
}

/// Splits a command at blanks.
fn words(command: &str) -> Vec<OsString> {
    command.split_whitespace().map(OsString::from).collect()
}

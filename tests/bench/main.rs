//! The benchmark: builds each workload of the table from a seed, runs the reference and ours in turn, prints the numbers.
//!
//! `cargo bench -- --help` names its options. Here is only the order of its parts; times are taken in `measure`, workloads
//! are in `workload`, and the tables in `table`.

#![expect(clippy::print_stdout, reason = "the tables are this program's whole purpose")]
#![expect(clippy::print_stderr, reason = "progress and what was skipped go beside the tables")]

mod cache;
mod control;
mod counts;
mod growth;
mod machine;
mod measure;
mod options;
mod picture;
mod rounds;
mod table;
mod text;
mod tree;
mod workload;

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::options::{Options, Size};

fn main() -> ExitCode {
    if let Some(command) = measure::asked_for_one() {
        return measure::one(command);
    }
    match Options::understand().and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what was asked for, each part with a table of its own.
fn run(options: &Options) -> Result<()> {
    std::fs::create_dir_all(&options.dir).with_context(|| options.dir.display().to_string())?;
    println!("{}\n", machine::line(options));
    if options.growth {
        return growth::run(options);
    }
    if options.counts {
        return counts::run(options);
    }
    if options.cache {
        return cache::run(options);
    }
    let rows = rounds::run(options)?;
    if options.size == Size::Smoke {
        let curves = growth::measure(options)?.len();
        println!(
            "smoke: {} rows and {curves} curves ran and left what they should",
            rows.len()
        );
    } else {
        table::print(options, &rows);
    }
    Ok(())
}

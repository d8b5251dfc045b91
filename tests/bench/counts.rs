//! Counts that a noisy machine does not change: system calls by `strace -c -f`, instructions by callgrind.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::options::Options;
use crate::tree;
use crate::workload::{self, Case, Place, mount};

/// Workloads whose instructions are counted.
const COUNTED: [&str; 4] = ["W6-10", "W6-100", "W8-NONE", "W8-ONE"];

/// Prints the counts of every workload asked for. Take `--quick` sizes: a traced run is slow.
pub(crate) fn run(options: &Options) -> Result<()> {
    println!("| workload | system calls: reference | ours | instructions: reference | ours |\n|---|---|---|---|---|");
    for case in workload::wanted(options) {
        let mounted = case.filesystem.map(|kind| mount::mount(kind, &options.dir)).transpose();
        match mounted {
            Ok(mounted) => {
                let dir = mounted.as_ref().map_or(&options.dir, |mount| &mount.dir);
                row(options, &case, dir).with_context(|| format!("{} failed", case.name))?;
            }
            Err(reason) => eprintln!("bench: SKIPPED {}: {reason:#}", case.name),
        }
    }
    Ok(())
}

fn row(options: &Options, case: &Case, dir: &Path) -> Result<()> {
    let first = options.peer.as_ref().unwrap_or(&options.ours);
    let shared = dir.join("counted");
    let mut calls = Vec::new();
    let mut instructions = Vec::new();
    tree::fresh(&shared)?;
    for (label, command) in [("reference", options.peer.as_ref()), ("ours", Some(&options.ours))] {
        let Some(command) = command else {
            calls.push(String::new());
            instructions.push(String::new());
            continue;
        };
        let place = Place {
            shared: shared.clone(),
            dir: shared.join(label),
        };
        tree::fresh(&place.dir)?;
        case.work.build(&place, first)?;
        case.work.reset(&place)?;
        let arguments = workload::arguments(&*case.work, &place);
        calls.push(said(system_calls(command, &arguments, &place.dir)));
        if COUNTED.contains(&case.name) {
            case.work.reset(&place)?;
            instructions.push(said(instructions_of(command, &arguments, &place.dir)));
        } else {
            instructions.push(String::new());
        }
    }
    std::fs::remove_dir_all(&shared)?;
    println!(
        "| {} {} | {} | {} |",
        case.name,
        case.what,
        calls.join(" | "),
        instructions.join(" | ")
    );
    Ok(())
}

/// Answers a count with its thousands marked, or why there is none.
fn said(count: Result<u64>) -> String {
    match count {
        Ok(count) => {
            let digits = count.to_string();
            let groups: Vec<&str> = digits
                .as_bytes()
                .rchunks(3)
                .rev()
                .filter_map(|group| std::str::from_utf8(group).ok())
                .collect();
            groups.join(",")
        }
        Err(reason) => {
            eprintln!("bench: SKIPPED a count: {reason:#}");
            "–".to_owned()
        }
    }
}

fn traced(tool: &str, given: &[&str], command: &[OsString], arguments: &[OsString]) -> Result<()> {
    let mut traced = Command::new(tool);
    traced
        .args(given)
        .args(command)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let status = traced.status().with_context(|| format!("needs {tool}"))?;
    ensure!(status.success(), "{tool} answered {status}");
    Ok(())
}

fn system_calls(command: &[OsString], arguments: &[OsString], dir: &Path) -> Result<u64> {
    let out = dir.join("strace");
    traced(
        "strace",
        &["-c", "-f", "-o", &out.to_string_lossy()],
        command,
        arguments,
    )?;
    let text = std::fs::read_to_string(out)?;
    let total = text
        .lines()
        .rfind(|line| line.ends_with("total"))
        .context("strace said no total")?;
    // % time, seconds, usecs/call, calls, [errors], "total"
    Ok(total.split_whitespace().nth(3).context("no count")?.parse()?)
}

fn instructions_of(command: &[OsString], arguments: &[OsString], dir: &Path) -> Result<u64> {
    let out = dir.join("callgrind");
    let given = [
        "--tool=callgrind",
        "--trace-children=no",
        &format!("--callgrind-out-file={}", out.display()),
    ];
    traced("valgrind", &given, command, arguments)?;
    let text = std::fs::read_to_string(out)?;
    let total = text
        .lines()
        .find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
    Ok(total.context("callgrind said no total")?.trim().parse()?)
}

//! The line that states the machine, for the numbers mean little without it.

use std::fs;
use std::process::Command;

use crate::options::Options;

/// Answers one line: processors, memory, kernel, file system, the reference's version and ours.
pub(crate) fn line(options: &Options) -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("?", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory
        .split_whitespace()
        .nth(1)
        .and_then(|word| word.parse().ok())
        .unwrap_or(0);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?").to_owned();
    let filesystem = said(
        "stat",
        &["-f".as_ref(), "-c".as_ref(), "%T".as_ref(), options.dir.as_os_str()],
    );
    let version = |command: &[std::ffi::OsString]| {
        let mut arguments: Vec<&std::ffi::OsStr> = command[1..].iter().map(AsRef::as_ref).collect();
        arguments.push("--version".as_ref());
        said(&command[0].to_string_lossy(), &arguments)
    };
    let peer = options.peer.as_deref().map_or("none".to_owned(), version);
    let ours = version(&options.ours);
    format!(
        "Machine: {cores} × {model}, {} GiB, Linux {}, {filesystem}, load {load}; reference: {peer}; ours: {ours}.",
        (kib + (1 << 19)) >> 20,
        kernel.trim()
    )
}

/// Answers the first line that a command says.
fn said(program: &str, arguments: &[&std::ffi::OsStr]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output
        .map(|output| {
            if output.stdout.is_empty() {
                output.stderr
            } else {
                output.stdout
            }
        })
        .unwrap_or_default();
    String::from_utf8_lossy(&text).lines().next().unwrap_or("?").to_owned()
}

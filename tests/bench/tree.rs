//! Files and directories that workloads are made of. Everything follows from its arguments.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::text::LogGen;

/// How much of a big file is made at a time; the benchmark itself must stay small.
const PIECE: u64 = 1 << 20;

/// Opens a file for writing from its beginning.
pub(crate) fn create(path: &Path) -> Result<File> {
    with_mode(path, 0o644)
}

fn with_mode(path: &Path, mode: u32) -> Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(mode)
        .open(path);
    file.with_context(|| path.display().to_string())
}

/// Writes a file whole.
pub(crate) fn put(path: &Path, data: &[u8]) -> Result<()> {
    create(path)?
        .write_all(data)
        .with_context(|| path.display().to_string())
}

/// Removes a directory, if there is one, and makes it anew.
pub(crate) fn fresh(dir: &Path) -> Result<()> {
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| dir.display().to_string())?;
    }
    fs::create_dir_all(dir).with_context(|| dir.display().to_string())
}

/// Writes one log of realistic text.
pub(crate) fn big_log(path: &Path, size: u64, seed: u64) -> Result<()> {
    let mut lines = LogGen::new(seed);
    let mut file = create(path)?;
    let mut piece = Vec::new();
    let mut left = size;
    while left > 0 {
        piece.clear();
        lines.fill(&mut piece, left.min(PIECE) as usize);
        file.write_all(&piece)?;
        left -= piece.len() as u64;
    }
    Ok(())
}

/// Names log number `i`.
pub(crate) fn log_name(i: usize) -> String {
    format!("log{i:06}.log")
}

/// Answers text for one tiny log.
pub(crate) fn tiny_text() -> Vec<u8> {
    let mut text = Vec::new();
    LogGen::new(1).fill(&mut text, 200);
    text
}

/// Makes `logs` tiny logs, each with `archives` numbered archives.
pub(crate) fn numbered(dir: &Path, logs: usize, archives: usize, suffix: &str) -> Result<()> {
    fresh(dir)?;
    let text = tiny_text();
    for i in 0..logs {
        put(&dir.join(log_name(i)), &text)?;
        for k in 1..=archives {
            put(&dir.join(format!("{}.{k}{suffix}", log_name(i))), &text)?;
        }
    }
    Ok(())
}

/// Makes `logs` tiny logs, each with `days` dated archives: yesterday's, the day before's, …
pub(crate) fn dated(dir: &Path, logs: usize, days: usize) -> Result<()> {
    fresh(dir)?;
    for i in 0..logs {
        put(&dir.join(log_name(i)), b"x\n")?;
        for ago in 1..=days {
            let path = dir.join(format!("{}-{}", log_name(i), day(ago)));
            put(&path, b"x\n")?;
            let age = Duration::from_secs(86_400).saturating_mul(ago as u32);
            OpenOptions::new()
                .write(true)
                .open(&path)?
                .set_modified(SystemTime::now() - age)?;
        }
    }
    Ok(())
}

/// Answers the local day that many days ago, as `dateext` writes it.
pub(crate) fn day(ago: usize) -> String {
    let days = chrono::Days::new(ago as u64);
    chrono::Local::now()
        .date_naive()
        .checked_sub_days(days)
        .unwrap_or_default()
        .format("%Y%m%d")
        .to_string()
}

/// Answers the stamp of a state line for an hour that keeps a weekly log from being due.
pub(crate) fn recent_stamp() -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let time = chrono::DateTime::from_timestamp(now as i64 - 3600, 0)
        .unwrap_or_default()
        .with_timezone(&chrono::Local);
    time.format("%Y-%-m-%-d-%-H:%-M:%-S").to_string()
}

/// Writes a state without entries.
pub(crate) fn no_state(path: &Path) -> Result<()> {
    state(path, 0, 1, &mut std::iter::empty())
}

/// Writes a state of `entries` logs that are not there, then of `more` paths; about 80 bytes a line.
///
/// `stride` must have no divisor in common with `entries`: entry number i × stride is written i-th.
pub(crate) fn state(path: &Path, entries: u64, stride: u64, more: &mut dyn Iterator<Item = PathBuf>) -> Result<()> {
    let mut out = BufWriter::new(with_mode(path, 0o640)?);
    let stamp = recent_stamp();
    writeln!(out, "logrotate state -- version 2")?;
    for i in 0..entries {
        let n = (i * stride) % entries;
        let (tenant, service) = (n / 97, n % 97);
        writeln!(
            out,
            "\"/var/log/tenants/tenant-{tenant:05}/service-{service:02}/worker{n:07}.access.log\" {stamp}"
        )?;
    }
    for log in more {
        writeln!(out, "\"{}\" {stamp}", log.display())?;
    }
    out.flush().map_err(Into::into)
}

/// Makes a directory of drop-ins, one log each, as packages write them.
pub(crate) fn drop_ins(dir: &Path, count: usize, logs: &Path) -> Result<()> {
    fresh(dir)?;
    for i in 0..count {
        let log = logs.join(log_name(i));
        let text = format!(
            "# drop-in {i}\n{} {{\n\tweekly\n\trotate 4\n\tmissingok\n\tnotifempty\n\tcompress\n\tdelaycompress\n\
             \tcreate 0640 root adm\n\tpostrotate\n\t\t/bin/true\n\tendscript\n}}\n",
            log.display()
        );
        put(&dir.join(format!("app{i:06}")), text.as_bytes())?;
    }
    Ok(())
}

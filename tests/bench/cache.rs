//! The page cache: what a rotation leaves in it, and whether it throws out what others have there (`fincore`).

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::options::Options;
use crate::tree;
use crate::workload::{Big, Copies, Place, Source, Workload, arguments};

/// Prints the bytes in the page cache before and after a compression and a copy.
pub(crate) fn run(options: &Options) -> Result<()> {
    const MIB: u64 = 1 << 20;
    let size = options.sized(MIB, 128 * MIB, 1024 * MIB);
    println!(
        "MiB in the page cache before and after, by `fincore`; the log of {} MiB was not in it before.\n",
        size / MIB
    );
    println!(
        "| what | who | log, before | archive, after | log, after | a neighbour, before → after |\n|---|---|---|---|---|---|"
    );
    let compress = Big {
        count: 1,
        size,
        options: "",
    };
    let copy = Copies {
        source: Source::Text(size),
    };
    for (what, work, suffix) in [
        ("compress", &compress as &dyn Workload, ".1.gz"),
        ("copytruncate", &copy, ".1"),
    ] {
        for (who, command) in [("reference", options.peer.as_ref()), ("ours", Some(&options.ours))] {
            let Some(command) = command else { continue };
            let dir = options.dir.join("cache");
            let place = Place {
                shared: dir.clone(),
                dir: dir.join(who),
            };
            tree::fresh(&place.dir)?;
            work.build(&place, command)?;
            work.reset(&place)?;
            let log = place.logs().join(tree::log_name(0));
            let neighbour = place.dir.join("neighbour");
            tree::big_log(&neighbour, 16 * MIB, 1)?;
            nix::unistd::sync();
            drop_cached(&log)?;
            let before = (cached(&log)?, cached(&neighbour)?);
            let (program, given) = command.split_first().context("no command")?;
            let status = Command::new(program)
                .args(given)
                .args(arguments(work, &place))
                .stderr(Stdio::null())
                .status()?;
            ensure!(status.success(), "{who}: {status}");
            let archive = cached(&place.logs().join(format!("{}{suffix}", tree::log_name(0))))?;
            let after = (cached(&log)?, cached(&neighbour)?);
            let [log_before, archive, log_after, near, near_after] = [before.0, archive, after.0, before.1, after.1]
                .map(|bytes| format!("{:.1}", bytes as f64 / MIB as f64));
            println!("| {what} | {who} | {log_before} | {archive} | {log_after} | {near} → {near_after} |");
            std::fs::remove_dir_all(&dir)?;
        }
    }
    Ok(())
}

/// Answers how many bytes of a file are in the page cache.
fn cached(path: &Path) -> Result<u64> {
    let output = Command::new("fincore")
        .args(["-b", "-n", "-o", "RES"])
        .arg(path)
        .output()
        .context("needs fincore")?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim()
        .parse()
        .with_context(|| format!("fincore said {text:?} of {}", path.display()))
}

/// Takes a clean file out of the page cache.
fn drop_cached(path: &Path) -> Result<()> {
    let advice = nix::fcntl::PosixFadviseAdvice::POSIX_FADV_DONTNEED;
    Ok(nix::fcntl::posix_fadvise(&std::fs::File::open(path)?, 0, 0, advice)?)
}

//! What the built-in compressor makes of a log, read by other programs: the same bytes come back, and no more of them
//! are kept than gzip would keep.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{fresh_dir, need, ours};

#[path = "bench/text.rs"]
mod text;

/// Commands that write the content of the compressed file on their standard input, or named last, to standard output.
const READERS: [&[&str]; 5] = [
    &["gzip", "-dc"],
    &["pigz", "-dc"],
    &["zcat"],
    &["python3", "-c", PYTHON],
    // Every line has a match of nothing; `-a` takes binary files for text.
    &["zgrep", "-a", ""],
];

const PYTHON: &str = "import gzip, shutil, sys; shutil.copyfileobj(gzip.open(sys.argv[1]), sys.stdout.buffer, 1 << 20)";

fn lines(size: usize, seed: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    text::LogGen::new(seed).fill(&mut bytes, size);
    bytes
}

fn noise(size: usize) -> Vec<u8> {
    let mut random = text::Rng::new(7);
    (0..size).map(|_| random.below(256) as u8).collect()
}

/// Rotates all `*.log` of `dir` with these further directives.
fn rotate(dir: &Path, directives: &str) {
    let conf = dir.join("conf");
    fs::write(
        &conf,
        format!("{}/*.log {{\n\trotate 1\n\tcompress\n{directives}}}\n", dir.display()),
    )
    .unwrap();
    let output = Command::new(ours())
        .arg("-f")
        .arg("-s")
        .arg(dir.join("status"))
        .arg(conf)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Tells if `reader` gets the bytes of `plain` out of `packed`.
fn gives_back(reader: &[&str], packed: &Path, plain: &Path) -> bool {
    let mut command = Command::new(reader[0]);
    command
        .args(&reader[1..])
        .arg(packed)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let same = same_bytes(child.stdout.take().unwrap(), File::open(plain).unwrap());
    let ended_well = child.wait().unwrap().success();
    same && ended_well
}

fn same_bytes(mut one: impl Read, mut other: impl Read) -> bool {
    let (mut left, mut right) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let count = one.read(&mut left).unwrap();
        if count == 0 {
            return other.read(&mut right).unwrap() == 0;
        }
        if other.read_exact(&mut right[..count]).is_err() || left[..count] != right[..count] {
            return false;
        }
    }
}

/// Writes these logs and a second copy of each, rotates, and has every reader read every archive.
fn all_readers_give_back(name: &str, logs: &[(&str, Vec<u8>)]) {
    if !READERS.iter().all(|reader| need(reader[0])) {
        return;
    }
    let dir = fresh_dir(name);
    for (log, content) in logs {
        fs::write(dir.join(format!("{log}.log")), content).unwrap();
        fs::write(dir.join(log), content).unwrap();
    }
    rotate(&dir, "");
    for (log, content) in logs {
        let packed = dir.join(format!("{log}.log.1.gz"));
        for reader in READERS {
            // grep sees lines: it adds an end to one that has none, and finds no line in nothing.
            if reader[0] == "zgrep" && content.last() != Some(&b'\n') {
                continue;
            }
            assert!(gives_back(reader, &packed, &dir.join(log)), "{log} by {}", reader[0]);
        }
    }
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn small_logs_of_every_kind_come_back_byte_for_byte_by_every_reader() {
    let logs = [
        ("empty", Vec::new()),
        ("byte", vec![b'x']),
        ("text", lines(300_000, 1)),
        ("zeros", vec![0; 1 << 20]),
        ("noise", noise(500_000)),
    ];
    all_readers_give_back("compression-small", &logs);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn big_logs_of_every_kind_come_back_byte_for_byte_by_every_reader() {
    let size = 70 << 20;
    let logs = [
        ("text", lines(size, 2)),
        ("zeros", vec![0; size]),
        ("noise", noise(size)),
    ];
    all_readers_give_back("compression-big", &logs);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a_sparse_log_of_five_gibibytes_comes_back_byte_for_byte_by_every_reader() {
    if !READERS.iter().all(|reader| need(reader[0])) {
        return;
    }
    let dir = fresh_dir("compression-sparse");
    let (log, plain): (PathBuf, PathBuf) = (dir.join("sparse.log"), dir.join("plain"));
    for path in [&log, &plain] {
        let file = File::create(path).unwrap();
        file.set_len(5 << 30).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &lines(8 << 20, 4), 3 << 30).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, b"the end\n", (5 << 30) - 8).unwrap();
    }
    rotate(&dir, "");
    for reader in READERS.iter().filter(|reader| reader[0] != "zgrep") {
        assert!(
            gives_back(reader, &dir.join("sparse.log.1.gz"), &plain),
            "by {}",
            reader[0]
        );
    }
    let found = Command::new("zgrep")
        .args(["-a", "-c", "the end$"])
        .arg(dir.join("sparse.log.1.gz"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout).trim(), "1", "by zgrep");
    fs::remove_dir_all(dir).unwrap();
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn no_level_keeps_more_bytes_than_gzip_does_at_that_level() {
    if !need("gzip") {
        return;
    }
    let dir = fresh_dir("compression-levels");
    let plain = dir.join("plain");
    fs::write(&plain, lines(24 << 20, 11)).unwrap();
    for level in 1..=9 {
        let log = dir.join(format!("l{level}.log"));
        fs::copy(&plain, &log).unwrap();
        rotate(&dir, &format!("\tcompressoptions -{level}\n"));
        let archive = dir.join(format!("l{level}.log.1.gz"));
        let kept = archive.metadata().unwrap().len();
        let gzip = Command::new("gzip")
            .arg(format!("-{level}"))
            .stdin(File::open(&plain).unwrap())
            .output()
            .unwrap();
        assert!(
            kept <= gzip.stdout.len() as u64,
            "-{level}: {kept} bytes, gzip {}",
            gzip.stdout.len()
        );
        fs::remove_file(archive).unwrap();
    }
    fs::remove_dir_all(dir).unwrap();
}

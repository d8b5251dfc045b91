//! Disk budgets: what goes, and what stays, on disks of known sizes.
//!
//! What is decided is shown below `src/budget`, by tables; here is what is measured, removed, said and remembered.

mod held;
mod pools;
mod room;
mod shown;

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::edges::{Run, Scene};

/// So many bytes are a K, and the least that a file takes up here.
const K: usize = 1024;

/// Writes a file of so many K that was changed so many days ago: what does not get smaller by being compressed.
fn put(path: &Path, size: usize, days: u64) {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut byte = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed.to_le_bytes()[3]
    };
    let bytes: Vec<u8> = (0..size * K).map(|_| byte()).collect();
    fs::write(path, bytes).unwrap();
    age(path, days);
}

fn age(path: &Path, days: u64) {
    let then = SystemTime::now() - Duration::from_secs(days * 86_400 + 60);
    File::options()
        .append(true)
        .open(path)
        .unwrap()
        .set_modified(then)
        .unwrap();
}

impl Scene {
    /// Writes a log of 4 K, and archives of so many K, the newest first, each ten days older than the one before.
    fn row(&self, log: &str, archives: &[usize]) {
        put(&self.log(log), 4, 0);
        for (at, size) in archives.iter().enumerate() {
            let days = 10 * (at as u64 + 1);
            put(&self.log(&format!("{log}.{}", at + 1)), *size, days);
        }
    }

    /// Returns which files there are, in order.
    fn files(&self) -> String {
        let names: Vec<String> = self
            .list()
            .into_iter()
            .map(|name| String::from_utf8(name).unwrap())
            .collect();
        names.join(" ")
    }
}

impl Run {
    /// Returns what was said of removals: each archive's name, and why it went.
    fn removals(&self) -> Vec<String> {
        let removals = self
            .said
            .lines()
            .filter_map(|line| line.strip_prefix("removing old log "));
        removals
            .map(|line| line.rsplit_once('/').map_or(line, |(_, rest)| rest).to_owned())
            .collect()
    }
}

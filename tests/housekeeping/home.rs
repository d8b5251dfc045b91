//! A directory with logs, archives, a configuration and a state, in which days go by.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::read::MultiGzDecoder;

use crate::support::clock;
use crate::support::manifest::utc;

/// The seconds of a day.
const DAY: i64 = 86_400;

/// The directory; it goes when it is dropped.
pub(super) struct Home(tempfile::TempDir);

/// What a run said, and how it ended.
pub(super) struct Ran {
    pub(super) code: Option<i32>,
    pub(super) said: String,
}

impl Ran {
    /// Returns the archives, below the home's logs, that were removed or are announced to be.
    pub(super) fn removed(&self, home: &Home) -> BTreeSet<String> {
        let start = format!("removing old log {}/", home.logs().display());
        let lines = self.said.lines().filter_map(|line| line.strip_prefix(start.as_str()));
        lines
            .map(|line| line.split(" (").next().unwrap_or(line).to_owned())
            .collect()
    }
}

/// Returns the time at which the run of a day begins, as the clock has it.
pub(super) fn time_of(day: i64) -> String {
    let when = chrono::DateTime::from_timestamp(epoch(day), 0).expect("a time");
    when.format("%Y-%m-%d %H:%M:%S").to_string()
}

fn epoch(day: i64) -> i64 {
    utc("2026-03-10T06:25:00") + day * DAY
}

impl Home {
    /// Makes one; with this configuration, in which `@` stands for the directory of the logs.
    pub(super) fn new(conf: &str) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("logrotate-housekeeping-")
            .tempdir()
            .expect("a directory is made");
        let home = Self(dir);
        for sub in ["", "logs", "logs/old"] {
            let path = home.path().join(sub);
            fs::create_dir_all(&path).expect("a directory is made");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode can be set");
        }
        home.configure(conf);
        home
    }

    /// Gives it another configuration.
    pub(super) fn configure(&self, conf: &str) {
        let text = conf.replace('@', &self.logs().display().to_string());
        fs::write(self.path().join("conf"), text).expect("a configuration is written");
    }

    /// Makes another one, in which all is as here but for the configuration.
    pub(super) fn copy(&self, conf: &str) -> Self {
        let copy = Self::new("");
        let status = Command::new("cp")
            .arg("-a")
            .arg(self.path().join("."))
            .arg(copy.path())
            .status()
            .expect("cp starts");
        assert!(status.success(), "the home is copied");
        if let Ok(state) = fs::read_to_string(self.path().join("state")) {
            let (from, to) = (self.path().display().to_string(), copy.path().display().to_string());
            fs::write(copy.path().join("state"), state.replace(&from, &to)).expect("the state is written");
        }
        copy.configure(conf);
        copy
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn logs(&self) -> PathBuf {
        self.path().join("logs")
    }

    /// Says that a log was rotated on a day.
    pub(super) fn note(&self, log: &str, day: i64) {
        let path = self.path().join("state");
        let mut text = fs::read_to_string(&path).unwrap_or_else(|_| "logrotate state -- version 2\n".to_owned());
        let when = chrono::DateTime::from_timestamp(epoch(day), 0).expect("a time");
        let log = self.logs().join(log);
        text += &format!("\"{}\" {}\n", log.display(), when.format("%Y-%-m-%-d-%-H:%-M:%-S"));
        fs::write(&path, text).expect("the state is written");
        fs::set_permissions(path, fs::Permissions::from_mode(0o640)).expect("a mode can be set");
    }

    /// Makes a file that was written last on a day.
    pub(super) fn plant(&self, name: &str, day: i64, text: &[u8]) {
        let path = self.logs().join(name);
        File::create(&path)
            .and_then(|mut file| file.write_all(text))
            .unwrap_or_else(|error| panic!("{name} cannot be written: {error}"));
        self.age(name, day);
    }

    /// Has a file be written last on a day.
    pub(super) fn age(&self, name: &str, day: i64) {
        let when = UNIX_EPOCH + Duration::from_secs(epoch(day).unsigned_abs());
        set_time(&self.logs().join(name), when);
    }

    /// Runs a program on a day.
    pub(super) fn run_by(&self, program: &Path, day: i64, arguments: &[&str]) -> Ran {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .arg("-s")
            .arg(self.path().join("state"))
            .arg(self.path().join("conf"));
        command.env_remove("LS_COLORS").stdin(Stdio::null());
        clock::stop_at(&mut command, &time_of(day), "UTC");
        let Output { status, stderr, .. } = command.output().expect("the program starts");
        Ran {
            code: status.code(),
            said: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    /// Runs ours on a day, verbosely.
    pub(super) fn run(&self, day: i64, arguments: &[&str]) -> Ran {
        let mut all = vec!["-v"];
        all.extend(arguments);
        self.run_by(&crate::support::ours(), day, &all)
    }

    /// Returns the names of all that lies below the logs, but for directories.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for sub in ["", "old/"] {
            for entry in fs::read_dir(self.logs().join(sub)).expect("a directory can be read") {
                let entry = entry.expect("an entry");
                if !entry.file_type().expect("a kind").is_dir() {
                    names.insert(format!("{sub}{}", entry.file_name().to_string_lossy()));
                }
            }
        }
        names
    }

    /// Returns what stands in the files, unpacked, each once; without those that are links or pipes.
    pub(super) fn contents(&self) -> BTreeSet<String> {
        let text = |name: &String| {
            let path = self.logs().join(name);
            path.symlink_metadata()
                .is_ok_and(|it| it.is_file())
                .then(|| read(&path))
        };
        self.names().iter().filter_map(text).collect()
    }
}

/// Reads a file, unpacked if it can be.
pub(super) fn read(path: &Path) -> String {
    let raw = fs::read(path).expect("a file can be read");
    let mut text = String::new();
    if raw.starts_with(&[0x1f, 0x8b]) && MultiGzDecoder::new(&raw[..]).read_to_string(&mut text).is_ok() {
        return text;
    }
    String::from_utf8_lossy(&raw).into_owned()
}

/// Sets the times of a file.
pub(super) fn set_time(path: &Path, when: SystemTime) {
    let file = File::open(path).expect("a file can be opened");
    file.set_modified(when).expect("a time can be set");
}

//! The world of a race: a home that belongs to the racer, with a log in it, and a place that is forbidden to him.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flate2::read::MultiGzDecoder;

use super::racer::{RACER, as_racer};

/// What stands in the forbidden log, and may never be seen outside.
const SECRET: &[u8] = b"the secret of the forbidden place\n";

/// A file of the forbidden place: where it is, and what changes when somebody touches it.
type Trace = (PathBuf, u64, u32, u32, i64, i64, Vec<u8>);

/// The world of a race.
pub(super) struct Arena {
    /// The directory of everything.
    place: tempfile::TempDir,
    /// The forbidden place, as it was.
    untouched: Vec<Trace>,
}

impl Arena {
    /// Puts the world up.
    pub(super) fn new() -> Self {
        let place = tempfile::Builder::new().prefix("logrotate-races-").tempdir().unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut arena = Self {
            place,
            untouched: Vec::new(),
        };
        let home = arena.home();
        for dir in [home.clone(), home.join("parent"), home.join("parent/log")] {
            fs::create_dir(&dir).unwrap();
            chown(&dir, Some(RACER), Some(RACER)).unwrap();
        }
        let links = [
            ("parent.evil", "forbidden"),
            ("parent/log.evil", "forbidden/log"),
            ("parent/log/evil", "forbidden/log/a.log"),
        ];
        for (link, goal) in links {
            symlink(arena.place.path().join(goal), home.join(link)).unwrap();
            lchown(home.join(link), Some(RACER), Some(RACER)).unwrap();
        }
        arena.make_forbidden();
        arena
    }

    /// Returns the directory that belongs to the racer.
    pub(super) fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    /// Makes the forbidden place anew.
    fn make_forbidden(&mut self) {
        let dir = self.place.path().join("forbidden");
        if dir.exists() {
            fs::remove_dir_all(&dir).unwrap();
        }
        fs::create_dir_all(dir.join("log")).unwrap();
        for name in ["a.log", "log/a.log", "log/a.log.1"] {
            fs::write(dir.join(name), SECRET).unwrap();
            fs::set_permissions(dir.join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        self.untouched = traces(&dir);
    }

    /// Puts a fresh log and an archive where the racer left something else, with the racer's rights.
    pub(super) fn seed(&self) {
        as_racer(|| {
            let dir = self.home().join("parent/log");
            for name in ["a.log", "a.log.1"] {
                let fresh = dir.join(format!("fresh.{name}"));
                // The directory may be away for a moment, and then nothing can be seeded.
                if fs::write(&fresh, b"a line of the racer's own\n".repeat(200)).is_ok() {
                    drop(fs::rename(&fresh, dir.join(name)));
                }
            }
        });
    }

    /// Rotates as root, in this way; answers whether all went well.
    pub(super) fn rotate(&self, program: &Path, way: &str) -> bool {
        let conf = self.place.path().join("conf");
        let log = self.home().join("parent/log/a.log");
        fs::write(
            &conf,
            format!("{} {{\n rotate 3\n missingok\n {way}\n}}\n", log.display()),
        )
        .unwrap();
        let mut run = Command::new(program);
        run.arg("-f").arg("-s").arg(self.place.path().join("state")).arg(&conf);
        run.stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("the program starts")
            .success()
    }

    /// Tells if the forbidden place was touched or its secret got out; if so, all is put right again.
    pub(super) fn was_won(&mut self) -> bool {
        let touched = traces(&self.place.path().join("forbidden")) != self.untouched;
        let told = self.secrets();
        if touched {
            self.make_forbidden();
        }
        for path in &told {
            drop(fs::remove_file(path));
        }
        touched || !told.is_empty()
    }

    /// Finds files of the racer's that hold the secret; links are not followed.
    fn secrets(&self) -> Vec<PathBuf> {
        let (mut found, mut dirs) = (Vec::new(), vec![self.home()]);
        while let Some(dir) = dirs.pop() {
            for entry in fs::read_dir(&dir).unwrap().map(Result::unwrap) {
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    dirs.push(entry.path());
                } else if kind.is_file() && read(&entry.path()).windows(SECRET.len()).any(|part| part == SECRET) {
                    found.push(entry.path());
                }
            }
        }
        found
    }
}

/// Reads a file, uncompressed if it can be.
fn read(path: &Path) -> Vec<u8> {
    let (mut plain, mut text) = (Vec::new(), Vec::new());
    // A file that is gone, or no archive, tells nothing.
    drop(File::open(path).and_then(|mut file| file.read_to_end(&mut plain)));
    drop(MultiGzDecoder::new(&plain[..]).read_to_end(&mut text));
    plain.extend_from_slice(&text);
    plain
}

/// Lists all that is in a directory, with what would show that it was touched.
fn traces(dir: &Path) -> Vec<Trace> {
    let mut found = Vec::new();
    let mut names: Vec<OsString> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    for name in names {
        let path = dir.join(name);
        let facts = path.symlink_metadata().unwrap();
        let content = if facts.is_file() {
            fs::read(&path).unwrap()
        } else {
            Vec::new()
        };
        found.push((
            path.clone(),
            facts.ino(),
            facts.mode(),
            facts.uid(),
            facts.ctime(),
            facts.ctime_nsec(),
            content,
        ));
        if facts.is_dir() {
            found.extend(traces(&path));
        }
    }
    found
}

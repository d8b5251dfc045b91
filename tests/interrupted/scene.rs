//! A small world to rotate in: some logs and archives full of numbered lines, a configuration and a state file.
//!
//! It is put up afresh for every try; what is left of it afterwards is judged in `verdict`.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;

/// How many lines each seeded file has: enough for several blocks.
const LINES: u32 = 400;

/// A way of rotating, and what lies there before.
pub(super) struct Way {
    /// What the way is called in reports.
    pub(super) name: &'static str,
    /// The configuration; `@` stands for the scene's directory.
    pub(super) conf: &'static str,
    /// The files that are there before, relative to the scene; those in `.gz` are compressed.
    pub(super) seeds: &'static [&'static str],
    /// Cutting pieces off the front of a log needs a real file system.
    pub(super) on_disk: bool,
    /// Who has the logs open for writing.
    pub(super) writer: Writer,
}

/// A program that has a log open for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// There is none.
    None,
    /// One that wrote a whole line a moment ago.
    Lines,
    /// One that has not yet ended the line that it writes.
    WithinLine,
    /// One that wrote its last line long ago.
    Quiet,
}

/// A directory of our own that goes when it is dropped.
pub(super) struct Place(tempfile::TempDir);

impl Place {
    /// Makes one on a disk, or in memory, where flushing costs nothing.
    pub(super) fn new(on_disk: bool) -> Self {
        let mut builder = tempfile::Builder::new();
        builder.prefix("logrotate-interrupted-");
        let memory = Path::new("/dev/shm");
        let dir = if !on_disk && memory.is_dir() {
            builder.tempdir_in(memory)
        } else {
            builder.tempdir()
        };
        let place = dir.expect("a temporary directory is made");
        set_mode(place.path(), 0o755);
        Self(place)
    }

    /// Returns its path.
    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// The directory of one try.
pub(super) struct Scene {
    /// Where it is.
    pub(super) dir: PathBuf,
    /// The files that are there before, with their content.
    seeds: Vec<(PathBuf, Vec<u8>)>,
    /// Every line that must not be lost.
    pub(super) lines: Vec<Vec<u8>>,
    /// The logs, relative to the scene.
    pub(super) logs: Vec<&'static str>,
    /// How many times something was written to the logs since.
    added: u32,
    writer: Writer,
    /// The logs as their writers have them open.
    open: Vec<File>,
}

impl Scene {
    /// Plans a scene for a way below a directory.
    pub(super) fn plan(way: &Way, dir: &Path) -> Self {
        let mut lines = Vec::new();
        let mut seeds = vec![
            (
                "conf".into(),
                way.conf.replace('@', &dir.display().to_string()).into_bytes(),
            ),
            ("squeeze".into(), b"#!/bin/sh\nexec /bin/gzip -c\n".to_vec()),
            ("post".into(), mailer(dir)),
        ];
        for name in way.seeds {
            let text = numbered(name, LINES, &mut lines);
            let content = if name.ends_with(".gz") { gzip(&text) } else { text };
            seeds.push((PathBuf::from(name), content));
        }
        let logs = way
            .seeds
            .iter()
            .copied()
            .filter(|name| name.ends_with(".log"))
            .collect();
        Self {
            dir: dir.to_owned(),
            seeds,
            lines,
            logs,
            added: 0,
            writer: way.writer,
            open: Vec::new(),
        }
    }

    /// Puts everything up as it was planned.
    pub(super) fn put_up(&mut self) {
        self.begin_again(self.seeds.len().saturating_sub(3) * LINES as usize);
        if self.dir.exists() {
            fs::remove_dir_all(&self.dir).expect("the last try's scene goes");
        }
        for sub in ["", "logs", "logs/old", "mails"] {
            fs::create_dir_all(self.dir.join(sub)).expect("a directory is made");
            set_mode(&self.dir.join(sub), 0o755);
        }
        for (name, content) in &self.seeds {
            let path = self.dir.join(name);
            fs::write(&path, content).expect("a seed is written");
            let program = ["squeeze", "post"].iter().any(|program| name == Path::new(program));
            set_mode(&path, if program { 0o755 } else { 0o644 });
        }
        self.open = match self.writer {
            Writer::None => Vec::new(),
            _ => self.logs.iter().map(|log| appender(&self.dir.join(log))).collect(),
        };
        for log in &self.open {
            let length = log.metadata().expect("a log is there").len();
            if self.writer == Writer::WithinLine {
                log.set_len(length - 1).expect("the newline goes");
            }
            self.age(log);
        }
    }

    /// Lets the writers close their logs.
    pub(super) fn close_logs(&mut self) {
        self.open.clear();
    }

    /// Makes it long ago that a quiet writer wrote.
    fn age(&self, log: &File) {
        if self.writer == Writer::Quiet {
            let then = SystemTime::now() - Duration::from_secs(60);
            log.set_modified(then).expect("a time can be set");
        }
    }

    /// Forgets the lines that were added after the first so many.
    pub(super) fn begin_again(&mut self, lines: usize) {
        self.lines.truncate(lines);
        self.added = 0;
    }

    /// Writes one more line to every log, as its program would; one that is not there is made.
    pub(super) fn add_lines(&mut self) {
        self.added += 1;
        for log in &self.logs {
            let line = format!("{log} added {:06}", self.added).into_bytes();
            let mut file = appender(&self.dir.join(log));
            let text = match self.writer {
                // The newline of a line comes with the next one.
                Writer::WithinLine => [b"\n", &line[..]].concat(),
                _ => [&line[..], b"\n"].concat(),
            };
            file.write_all(&text).expect("a log can be written");
            self.age(&file);
            self.lines.push(line);
        }
    }

    /// Lets a day go by: dated archives of today become old ones, so that the clock can stay as it is.
    pub(super) fn next_day(&self, day: u32) {
        for sub in ["logs", "logs/old"] {
            for entry in fs::read_dir(self.dir.join(sub))
                .expect("a directory can be read")
                .flatten()
            {
                let Ok(name) = entry.file_name().into_string() else {
                    continue;
                };
                if let Some(at) = date_of_today(&name) {
                    let older = format!("{}202002{day:02}{}", &name[..at], &name[at + 8..]);
                    fs::rename(entry.path(), entry.path().with_file_name(older)).expect("an archive is renamed");
                }
            }
        }
        self.note_older(day);
    }

    /// What the journal says of archives it says of their new names.
    fn note_older(&self, day: u32) {
        let journal = self.dir.join("state.journal");
        let Ok(text) = fs::read_to_string(&journal) else {
            return;
        };
        let renamed = |line: &str| match date_of_today(line) {
            Some(at) => format!("{}202002{day:02}{}\n", &line[..at], &line[at + 8..]),
            None => format!("{line}\n"),
        };
        fs::write(journal, text.lines().map(renamed).collect::<String>()).expect("a journal is written");
    }

    /// Returns the command that rotates everything here, due or not.
    pub(super) fn rotate(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .arg("-f")
            .arg("-m")
            .arg(self.dir.join("post"))
            .arg("-s")
            .arg(self.dir.join("state"));
        command
            .arg(self.dir.join("conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }
}

/// Opens a log as a program does that appends to it.
fn appender(log: &Path) -> File {
    let mut how = OpenOptions::new();
    how.append(true).create(true).open(log).expect("a log can be written")
}

/// Finds where an archive's date begins that is not one of a day gone by; a temporary name has a process's number, no date.
fn date_of_today(name: &str) -> Option<usize> {
    let at = name.find(".log-202")? + ".log-".len();
    let date = name.get(at..at + 8)?;
    (date.bytes().all(|byte| byte.is_ascii_digit()) && !date.starts_with("2020")).then_some(at)
}

/// Sets the permission bits of a file.
pub(super) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the mode can be set");
}

/// Returns the mail program of a scene: each mail is a file of its own.
fn mailer(dir: &Path) -> Vec<u8> {
    format!("#!/bin/sh\nexec cat >{}/mails/$$.mail\n", dir.display()).into_bytes()
}

/// Makes lines that name their file and number, and hardly compress; notes each.
fn numbered(name: &str, count: u32, lines: &mut Vec<Vec<u8>>) -> Vec<u8> {
    let mut noise = 0x9E37_79B9_7F4A_7C15_u64
        ^ name
            .bytes()
            .fold(7, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let mut text = Vec::new();
    for number in 0..count {
        let mut line = format!("{name} {number:06} ");
        for _ in 0..4 {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            line.push_str(&format!("{noise:016x}"));
        }
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
        lines.push(line.into_bytes());
    }
    text
}

/// Compresses a text.
fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

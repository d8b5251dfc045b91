//! The world of a case: some logs in directories of their own, programs, a state; and a day in it.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use super::case::Case;
use super::obstacle::{COMES_ON, Logs, NAMED, Naming, Packing, Who};
use crate::support::clock::stop_at;
use crate::support::shell;

/// So many lines are written to each log on a day.
const LINES: u32 = 4;
/// Nobody's number, of whom every system knows.
const NOBODY: u32 = 65_534;

/// What every script of a row has: functions, and the programs that are replaced.
const PRELUDE: &str = r#"
aside() { if [ -e "$1" ] || [ -L "$1" ]; then mv "$1" "$(mktemp -u "$ROOT/kept/XXXXXXXX").${1##*.}"; fi; }
program() { rm -f "$BIN/$1"; printf '#!/bin/sh\n%s\n' "$2" >"$BIN/$1"; chmod 755 "$BIN/$1"; }
"#;

/// What a run's programs find in their search path.
const TOOLS: &[&str] = &[
    "bzip2", "cat", "chmod", "gunzip", "gzip", "head", "mktemp", "mv", "rm", "sh", "shred", "sleep",
];

/// A tree in which one program rotates.
pub(super) struct World<'c> {
    case: &'c Case,
    program: PathBuf,
    root: PathBuf,
    /// The names of the logs, below `logs`; the first one has the obstacles.
    pub(super) logs: Vec<String>,
    /// The lines that were written to them, by day.
    pub(super) written: Vec<Vec<String>>,
}

/// How a run ended.
pub(super) struct Run {
    pub(super) status: Option<i32>,
    pub(super) said: String,
}

impl<'c> World<'c> {
    /// Makes it, in a directory that is not there yet.
    pub(super) fn new(case: &'c Case, program: &Path, root: &Path) -> Self {
        let neighbours: &[&str] = match case.mode.logs {
            Logs::One => &[],
            Logs::Set => &["b/b.log", "c/c.log"],
        };
        let first = format!("a/{}", case.log());
        let neighbours = neighbours.iter().map(|&name| name.to_owned());
        let world = Self {
            case,
            program: program.to_owned(),
            root: root.to_owned(),
            logs: std::iter::once(first).chain(neighbours).collect(),
            written: Vec::new(),
        };
        for name in ["bin", "state", "logs", "kept", "mails", "elsewhere/dir"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        for log in &world.logs {
            fs::create_dir_all(world.log(log).parent().unwrap()).unwrap();
        }
        for name in ["kept", "mails"] {
            fs::set_permissions(root.join(name), Permissions::from_mode(0o777)).unwrap();
        }
        fs::write(root.join("elsewhere/file"), ELSEWHERE).unwrap();
        drop(UnixListener::bind(root.join("elsewhere/socket")).unwrap());
        fs::write(root.join("conf"), world.configuration()).unwrap();
        fs::set_permissions(root.join("conf"), Permissions::from_mode(0o644)).unwrap();
        world.put_programs();
        world.put_state();
        world.give_away();
        for obstacle in &case.obstacles {
            world.script(0, obstacle.around.0);
        }
        world
    }

    /// Returns a log's path.
    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.root.join("logs").join(name)
    }

    /// Returns the world's directory.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    fn configuration(&self) -> String {
        let mut lines = vec![format!("rotate {}", self.case.keep()), "daily".into(), "create".into()];
        lines.extend((self.case.mode.naming == Naming::Dated).then(|| "dateext".into()));
        match self.case.mode.packing {
            Packing::Plain => {}
            Packing::Compress => lines.push("compress".into()),
            Packing::Delayed => lines.extend(["compress".into(), "delaycompress".into()]),
        }
        lines.extend((self.case.mode.logs == Logs::Set).then(|| "sharedscripts".into()));
        lines.extend((self.case.who() == Who::Su).then(|| "su nobody nogroup".into()));
        let bin = self.root.join("bin");
        for directive in self.case.obstacles.iter().flat_map(|obstacle| obstacle.directives) {
            let line = directive
                .replace("@BIN@", bin.to_str().unwrap())
                .replace("$BIN", bin.to_str().unwrap());
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        let logs: Vec<_> = self
            .logs
            .iter()
            .map(|log| self.log(log).display().to_string())
            .collect();
        let body: String = lines.iter().map(|line| format!(" {line}\n")).collect();
        format!("{} {{\n{body}}}\n", logs.join(" "))
    }

    fn put_programs(&self) {
        let bin = self.root.join("bin");
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, bin.join(name)).unwrap();
        for tool in TOOLS {
            let places = ["/usr/bin", "/bin"].map(|dir| format!("{dir}/{tool}"));
            link(places.iter().find(|path| Path::new(path).exists()).unwrap(), tool);
        }
        link("gzip", "squeeze");
        self.script(
            0,
            "program script 'exit 0'; program mailer 'exec cat >$(mktemp $ROOT/mails/XXXXXXXX)'",
        );
    }

    /// Each log was rotated on the day before the first.
    fn put_state(&self) {
        let logs = self.logs.iter().map(|log| self.log(log));
        let lines: String = logs
            .map(|log| format!("\"{}\" 2027-2-28-6:25:0\n", log.display()))
            .collect();
        let path = self.root.join("state/status");
        fs::write(&path, format!("logrotate state -- version 2\n{lines}")).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o640)).unwrap();
    }

    /// Gives to an ordinary user what is theirs.
    fn give_away(&self) {
        let mut theirs: Vec<PathBuf> = match self.case.who() {
            Who::Root => return,
            Who::User => vec![self.root.join("state"), self.root.join("state/status")],
            Who::Su => Vec::new(),
        };
        theirs.extend(self.logs.iter().map(|log| self.log(log).parent().unwrap().to_owned()));
        for path in theirs {
            std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    /// A day goes by: obstacles go, lines are written, obstacles come, the program runs.
    pub(super) fn live(&mut self, day: u32) -> Run {
        for obstacle in &self.case.obstacles {
            if obstacle.goes.0 == day {
                self.script(day, obstacle.goes.1);
            }
        }
        self.write_lines(day);
        for obstacle in &self.case.obstacles {
            let moment = obstacle.moment(self.case.mode, day);
            if moment.is_some_and(|at| at.since == 0 || obstacle.again) {
                self.script(day, obstacle.comes);
            }
        }
        self.run(day)
    }

    fn write_lines(&mut self, day: u32) {
        let mut written = Vec::new();
        for name in &self.logs {
            let lines = (0..LINES).map(|number| format!("{name} of day {day} is line {number}"));
            let lines: Vec<String> = lines.collect();
            let path = self.log(name);
            // A program does not write to what is no log, and to no file that it may not change.
            if path.symlink_metadata().is_ok_and(|meta| !meta.is_file()) {
                continue;
            }
            let is_new = !path.exists();
            let Ok(mut log) = OpenOptions::new().append(true).create(true).open(&path) else {
                continue;
            };
            log.write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
            if is_new && self.case.who() != Who::Root {
                std::os::unix::fs::fchown(&log, Some(NOBODY), Some(NOBODY)).unwrap();
            }
            written.extend(lines);
        }
        self.written.push(written);
    }

    /// Runs a script of a row in the directory of the log that has the obstacle.
    fn script(&self, day: u32, script: &str) {
        if script.is_empty() {
            return;
        }
        let log = self.log(&self.logs[0]);
        let mut command = shell(
            log.parent().unwrap(),
            "/bin/sh",
            &["-c", &format!("{PRELUDE}set --{}\n{script}", self.archives(day))],
        );
        command
            .env("ROOT", &self.root)
            .env("BIN", self.root.join("bin"))
            .env("ELSEWHERE", self.root.join("elsewhere"))
            .env("LOG", self.case.log())
            .env("TODAY", self.plain(0, day));
        for rank in 1..=NAMED {
            let plain = self.plain(rank, day);
            command
                .env(format!("Z{rank}"), format!("{plain}.gz"))
                .env(format!("P{rank}"), plain);
        }
        let status = command.status().unwrap();
        assert!(status.code().is_some(), "{}: {script}", self.case);
    }

    /// The words that are `$1`, `$2`, … of a script: the archives of so many days ago, by the names that they have.
    fn archives(&self, day: u32) -> String {
        let directory = self.log(&self.logs[0]).parent().unwrap().to_owned();
        let named = (1..=NAMED).map(|rank| {
            let plain = self.plain(rank, day);
            let packed = format!("{plain}.gz");
            if directory.join(&packed).symlink_metadata().is_ok() {
                packed
            } else {
                plain
            }
        });
        named.map(|name| format!(" '{name}'")).collect()
    }

    /// The plain name of the archive of so many days ago.
    fn plain(&self, rank: u32, day: u32) -> String {
        match self.case.mode.naming {
            Naming::Numbered => format!("{}.{rank}", self.case.log()),
            Naming::Dated => format!("{}-202703{:02}", self.case.log(), day.saturating_sub(rank)),
        }
    }

    fn run(&self, day: u32) -> Run {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        let in_root = |name: &str| text(self.root.join(name));
        let words = [
            "60".to_owned(),
            text(self.program.clone()),
            "-m".to_owned(),
            in_root("bin/mailer"),
            "-s".to_owned(),
            in_root("state/status"),
            in_root("conf"),
        ];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut command = shell(&self.root, "/usr/bin/timeout", &words);
        let now = i64::from(day) + i64::from(self.case.clock(day));
        let (month, day) = if now > 31 { (4, now - 31) } else { (3, now) };
        stop_at(&mut command, &format!("2027-{month:02}-{day:02} 06:25:00"), "UTC");
        // What is waited for in vain is not waited for long.
        command.env("PATH", self.root.join("bin")).env("TEST_HASTE", "40");
        if self.case.who() == Who::User {
            command.uid(NOBODY).gid(NOBODY);
        }
        let output = command.output().unwrap();
        Run {
            status: output.status.code(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// What is in a file that is none of the logs' business.
pub(super) const ELSEWHERE: &str = "not a log's\n";

impl Drop for World<'_> {
    /// Obstacles that are still there would keep the directory from being removed.
    fn drop(&mut self) {
        let _ = COMES_ON;
        for obstacle in &self.case.obstacles {
            self.script(
                0,
                &format!(
                    "[ ! -e $ROOT/writer ] || kill $(cat $ROOT/writer) 2>/dev/null; {}",
                    obstacle.around.1
                ),
            );
        }
        self.script(0, "chattr -R -ia $ROOT/logs 2>/dev/null");
        let _ = fs::remove_dir_all(&self.root);
    }
}

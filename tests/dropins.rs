//! Real input: what Debian's packages install in /etc/logrotate.d, read and run beside the reference.
//!
//! `tests/dropins.sh` fetches them; their paths are moved below a tree of the test's own, and the services that their scripts
//! would talk to are stand-ins that write down how they were called.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::SystemTime;

use super::support::difference::difference;
use super::support::manifest::{Place, utc};
use super::support::{clock, fresh_dir, need_peer, need_root, ours, project, shell, skip};

/// Directories and first owners of the logs that the drop-ins name.
const LOGS: &str = "\
dir 0755 root:root - etc
dir 0755 root:root - etc/logrotate.d
dir 0755 root:root - lib
dir 0755 root:root - bin
dir 0755 root:root - var
dir 0755 root:root - var/log
dir 0750 root:adm - var/log/apache2
dir 0755 root:root - var/log/apt
dir 0755 root:root - var/log/cups
dir 2750 mail:adm - var/log/exim4
dir 0755 root:adm - var/log/nginx
dir 1775 root:adm - var/log/postgresql
file 0640 root:root - state
";

/// The logs, each with the mode and owner that its program gives it.
const NAMES: [(&str, &str, &str); 28] = [
    ("0640", "root:adm", "apache2/access.log"),
    ("0640", "root:adm", "apache2/error.log"),
    ("0640", "root:adm", "apache2/other_vhosts_access.log"),
    ("0640", "root:adm", "apt/term.log"),
    ("0644", "root:root", "apt/history.log"),
    ("0644", "root:root", "alternatives.log"),
    ("0644", "root:root", "dpkg.log"),
    ("0640", "root:adm", "cups/access_log"),
    ("0640", "root:adm", "cups/error_log"),
    ("0640", "root:adm", "cups/page_log"),
    ("0640", "mail:adm", "exim4/mainlog"),
    ("0640", "mail:adm", "exim4/rejectlog"),
    ("0640", "mail:adm", "exim4/paniclog"),
    ("0640", "root:adm", "fail2ban.log"),
    ("0640", "root:adm", "haproxy.log"),
    ("0640", "www-data:adm", "nginx/access.log"),
    ("0640", "www-data:adm", "nginx/error.log"),
    ("0640", "daemon:adm", "postgresql/postgresql-15-main.log"),
    ("0640", "root:adm", "syslog"),
    ("0640", "root:adm", "mail.log"),
    ("0640", "root:adm", "kern.log"),
    ("0640", "root:adm", "auth.log"),
    ("0640", "root:adm", "user.log"),
    ("0640", "root:adm", "cron.log"),
    ("0640", "root:adm", "ufw.log"),
    ("0660", "root:utmp", "btmp"),
    ("0664", "root:utmp", "wtmp"),
    ("0640", "root:adm", "unattended.log"),
];

/// The services that the drop-ins' scripts talk to.
const SERVICES: [&str; 6] = [
    "invoke-rc.d",
    "fail2ban-client",
    "pgrep",
    "logger",
    "run-parts",
    "rsyslog-rotate",
];
/// Days that are simulated, one run at 06:25 each: more than nine weeks, into a third month.
const DAYS: i64 = 65;
/// The morning of the first run.
const FIRST: &str = "2024-01-01T06:25:00";
/// The day on which the log that rotates by size has grown past it.
const PANIC: i64 = 20;

/// Returns the fetched files, or says that the test is skipped.
fn fetched() -> Option<Vec<PathBuf>> {
    let dir = project().join("target/dropins/etc");
    let packages = fs::read_dir(&dir).map(|entries| entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>());
    let files: Vec<PathBuf> = packages
        .unwrap_or_default()
        .iter()
        .flat_map(|package| fs::read_dir(package).unwrap().map(|entry| entry.unwrap().path()))
        .collect();
    if files.is_empty() {
        skip("the drop-ins of Debian's packages: run tests/dropins.sh");
        return None;
    }
    Some(files)
}

/// Plants the configuration and the directories below a root.
fn plant(root: &Path, files: &[PathBuf]) {
    let place = Place {
        root,
        now: utc(FIRST),
        began: SystemTime::now(),
    };
    let mut manifest = LOGS.to_owned();
    for service in SERVICES {
        // A reader at the end of a pipe writes after who fills it, so that the order is always the same.
        let first = if service == "logger" { "| cat >/dev/null\n" } else { "" };
        manifest += &format!("file 0755 root:root - bin/{service}\n| #!/bin/sh\n{first}");
        manifest += &format!("| echo \"{service} $*\" >>@ROOT@/called\n");
    }
    place.plant(&manifest);
    fs::write(root.join("state"), "").unwrap();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let below = |text: String, path: &str| text.replace(path, &format!("{}{path}", root.display()));
        let text = below(below(text, "/var/log"), "/etc/logrotate.d");
        let text = text.replace("/usr/lib/rsyslog/", &format!("{}/bin/", root.display()));
        let name = file.file_name().unwrap().to_str().unwrap();
        let to = if name == "logrotate.conf" {
            "etc/logrotate.conf".to_owned()
        } else {
            format!("etc/logrotate.d/{name}")
        };
        fs::write(root.join(to), text).unwrap();
    }
}

fn run(binary: &Path, root: &Path, now: &str, options: &[&str]) -> Output {
    let (state, conf) = (root.join("state"), root.join("etc/logrotate.conf"));
    let mut words = vec![
        "60",
        binary.to_str().unwrap(),
        "-s",
        state.to_str().unwrap(),
        conf.to_str().unwrap(),
    ];
    words.extend(options);
    let mut command = shell(root, "timeout", &words);
    command.env("PATH", format!("{}/bin:/usr/sbin:/usr/bin:/sbin:/bin", root.display()));
    clock::stop_at(&mut command, now, "UTC");
    command.output().unwrap()
}

/// Returns the complaints of a run: its errors and warnings, but for the one that a dry run opens with.
fn complaints(output: &Output) -> Vec<String> {
    let said = String::from_utf8_lossy(&output.stderr);
    let lines = said
        .lines()
        .filter(|line| line.starts_with("error: ") || line.starts_with("warning: "));
    lines
        .skip_while(|line| line.starts_with("warning: ") && line.contains("debug"))
        .map(str::to_owned)
        .collect()
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn the_drop_ins_of_debian_are_read_without_a_complaint() {
    let (Some(files), true) = (fetched(), need_root()) else {
        return;
    };
    let root = fresh_dir("dropins/read");
    plant(&root, &files);
    let output = run(&ours(), &root, &FIRST.replace('T', " "), &["-d"]);
    assert_eq!(complaints(&output), [""; 0]);
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8_lossy(&output.stderr);
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let read = said
            .lines()
            .any(|line| line.starts_with("reading config file ") && line.ends_with(name));
        assert!(read, "{name} was not read:\n{said}");
    }
}

/// Lets every program write its lines of a day, at that day's noon before the run.
fn write_logs(root: &Path, day: i64, when: i64) {
    let place = Place {
        root,
        now: when,
        began: SystemTime::now(),
    };
    for (at, (mode, owner, name)) in (0..).zip(NAMES) {
        let path = root.join("var/log").join(name);
        if !path.exists() {
            place.plant(&format!("file {mode} {owner} - var/log/{name}\n"));
        }
        let busy = (day + at) % (1 + at % 5) == 0;
        let mut bytes = fs::read(&path).unwrap();
        if busy {
            bytes.extend(format!("day {day} of {name}\n").bytes());
        }
        if name.ends_with("paniclog") && day == PANIC {
            bytes = vec![b'!'; 11 << 20];
        }
        fs::write(&path, &bytes).unwrap();
        let when = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(u64::try_from(when).unwrap());
        fs::File::open(&path).unwrap().set_modified(when).unwrap();
    }
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn months_of_the_drop_ins_leave_what_the_reference_leaves() {
    let (Some(files), Some(peer), true) = (fetched(), need_peer(), need_root()) else {
        return;
    };
    let began = SystemTime::now();
    let roots = [fresh_dir("dropins/ours"), fresh_dir("dropins/peer")];
    for root in &roots {
        plant(root, &files);
    }
    let binaries = [ours(), peer];
    for day in 0..DAYS {
        let now = utc(FIRST) + day * 86400;
        let present = chrono::DateTime::from_timestamp(now, 0)
            .unwrap()
            .format("%Y-%m-%d %H:%M:%S")
            .to_string();
        let after = binaries.iter().zip(&roots).map(|(binary, root)| {
            write_logs(root, day, now - 18 * 3600);
            let output = run(binary, root, &present, &[]);
            let tree = Place { root, now, began }.scan(&["etc"]);
            (
                format!("exit {:?}\n{tree}", output.status.code()),
                String::from_utf8_lossy(&output.stderr).into_owned(),
            )
        });
        let [(ours, said), (peers, _)] = &after.collect::<Vec<_>>()[..] else {
            unreachable!()
        };
        assert!(ours == peers, "on {present}:\n{}\n{said}", difference(peers, ours));
    }
}

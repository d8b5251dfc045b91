//! The state file as the library reads, writes and locks it, on a real file system.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use logrotate_rs::clock::{Now, Stamp, Zone};
use logrotate_rs::state::problem::{BadLine, StampField};
use logrotate_rs::state::record::{Begun, Progress};
use logrotate_rs::state::{StateProblem, StateTable};
use logrotate_rs::store::{LockMode, Store, StoreError};
use logrotate_rs::unix::FileId;

use super::support::mounts::{self, with_own_mounts};

const TOP: &str = "logrotate state -- version 2\n";

/// 2026-11-22 10:00:30 UTC.
fn now() -> Now {
    Now::at_in(1_795_341_630, Zone::Utc)
}

struct Site {
    dir: tempfile::TempDir,
    heard: Vec<StateProblem>,
}

impl Site {
    fn new(text: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let site = Self { dir, heard: Vec::new() };
        fs::write(site.state(), text).unwrap();
        fs::set_permissions(site.state(), fs::Permissions::from_mode(0o640)).unwrap();
        site
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("status")
    }

    fn journal(&self) -> PathBuf {
        self.dir.path().join("status.journal")
    }

    fn open(&mut self, lock: LockMode, dry: bool) -> Result<Store, StoreError> {
        let path = self.state();
        Store::open(&path, lock, dry, &mut |problem| self.heard.push(problem))
    }

    fn read(&mut self, store: &mut Store, wanted: &[&str]) -> StateTable {
        let wanted = StateTable::of(wanted.iter().map(|log| Path::new(log).into()));
        store.read(wanted, &now(), &mut |problem| self.heard.push(problem))
    }

    fn write(&mut self, store: &mut Store, table: &StateTable) -> Result<(), StateProblem> {
        store.write(table, &now(), &mut |problem| self.heard.push(problem))
    }

    /// A whole run that rotates `logs` now and finds them.
    fn run(&mut self, logs: &[&str]) -> String {
        let mut store = self.open(LockMode::Take, false).unwrap();
        let mut table = self.read(&mut store, logs);
        for log in logs {
            table.stamp(Path::new(log), now().local);
            table.mark_found(Path::new(log));
        }
        self.write(&mut store, &table).unwrap();
        self.text()
    }

    fn text(&self) -> String {
        fs::read_to_string(self.state()).unwrap()
    }
}

fn begun(log: &str, inode: u64) -> Begun {
    Begun {
        path: Path::new(log).into(),
        stamp: now().local,
        file: FileId { device: 8, inode },
        archive: format!("{}.1", log.rsplit('/').next().unwrap()).into(),
    }
}

#[test]
fn lines_of_other_logs_are_kept_byte_for_byte() {
    let others = "\"/b\" 2026-01-02-3:4:5junk\n'/c c' 2026-2-31\n\"/d\\n\" 2026-3-1-0:0:0\n";
    let mut site = Site::new(&format!("{TOP}\"/a\" 2026-1-1-0:0:0\n{others}"));
    let text = site.run(&["/a", "/new"]);
    assert_eq!(
        text,
        format!("{TOP}{others}\"/a\" 2026-11-22-10:0:30\n\"/new\" 2026-11-22-10:0:30\n")
    );
}

#[test]
fn a_damaged_line_costs_its_entry_and_is_told_with_its_number() {
    let mut site = Site::new(&format!(
        "{TOP}\"/a\" 2026-5-1-0:0:0\njunk\n\"/b\" 2026-13-1-0:0:0\n\n\"/c\" 2026-5-2-0:0:0\n\"/d\" 2026-5-3"
    ));
    let mut store = site.open(LockMode::Take, false).unwrap();
    let table = site.read(&mut store, &["/a", "/b", "/c", "/d"]);
    let found: Vec<&[u8]> = table.entries().map(|entry| entry.path).collect();
    assert_eq!(found, [b"/a", b"/c"]);
    let bad = |line, bad| StateProblem::BadLine {
        file: site.state(),
        line,
        bad,
    };
    let month = BadLine::Field {
        field: StampField::Month,
        number: 13,
        path: b"/b".to_vec(),
    };
    let told = [
        StateProblem::Reading(site.state()),
        bad(3, BadLine::Shape),
        bad(4, month),
        bad(7, BadLine::TooLong),
    ];
    assert_eq!(site.heard, told);
}

#[test]
fn a_line_longer_than_any_buffer_is_skipped() {
    let long = "x".repeat(700_000);
    let mut site = Site::new(&format!(
        "{TOP}{long}\n\"/b\" 2026-5-1-0:0:0\n\"/{long}\" 2026-5-1-0:0:0\n\"/c\" 2026-5-1-0:0:0\n"
    ));
    let text = site.run(&[]);
    assert_eq!(text, format!("{TOP}\"/b\" 2026-5-1-0:0:0\n\"/c\" 2026-5-1-0:0:0\n"));
    let lines: Vec<_> = site
        .heard
        .iter()
        .filter(|heard| matches!(heard, StateProblem::BadLine { .. }))
        .collect();
    assert_eq!(lines.len(), 2);
}

#[test]
fn lines_across_the_edges_of_the_buffer_are_read_whole() {
    // 300 bytes a line, so that edges fall everywhere.
    let mut text = TOP.to_owned();
    let path = |number: usize| format!("/{number:0>270}");
    for number in 0..4_000 {
        text.push_str(&format!("\"{}\" 2026-10-11-12:13:14\n", path(number)));
    }
    let mut site = Site::new(&text);
    let mut store = site.open(LockMode::Take, false).unwrap();
    let table = store.read(StateTable::of_all(), &now(), &mut |_| {});
    assert_eq!(table.entries().count(), 4_000);
    site.write(&mut store, &table).unwrap();
    assert_eq!(site.text(), text);
    drop(store);
    assert_eq!(site.run(&[]), text);
}

#[test]
fn nothing_is_believed_under_a_bad_top_line() {
    let mut site = Site::new("logrotate state -- version 3\n\"/a\" 2026-5-1-0:0:0\n");
    assert_eq!(site.run(&[]), TOP);
    assert!(site.heard.contains(&StateProblem::BadTopLine(site.state())));
    let mut old = Site::new("logrotate state -- version 1\n\"/a\" 2026-5-1-0:0:0\n");
    assert_eq!(old.run(&[]), format!("{TOP}\"/a\" 2026-5-1-0:0:0\n"));
}

#[test]
fn entries_older_than_a_year_go_unless_their_log_was_found() {
    let old = "2025-11-1-0:0:0";
    let mut site = Site::new(&format!(
        "{TOP}\"/a\" {old}\n\"/b\" 2026-1-1-0:0:0\n\"/c\" {old}\n\"/d\" {old}\n"
    ));
    let mut store = site.open(LockMode::Take, false).unwrap();
    let mut table = site.read(&mut store, &["/c", "/d"]);
    table.mark_found(Path::new("/c"));
    site.write(&mut store, &table).unwrap();
    assert_eq!(site.text(), format!("{TOP}\"/b\" 2026-1-1-0:0:0\n\"/c\" {old}\n"));
    let removing = |log: &str| StateProblem::Removing {
        log: log.into(),
        file: site.state(),
    };
    assert_eq!(site.heard[1..], [removing("/a"), removing("/d")]);
}

#[test]
fn a_missing_state_file_is_made_narrow_and_empty() {
    let mut site = Site::new("");
    fs::remove_file(site.state()).unwrap();
    let store = site.open(LockMode::Take, false).unwrap();
    let meta = fs::metadata(site.state()).unwrap();
    assert_eq!((meta.len(), meta.mode() & 0o137), (0, 0));
    drop(store);
    assert_eq!(site.run(&["/a"]), format!("{TOP}\"/a\" 2026-11-22-10:0:30\n"));
    assert!(!site.dir.path().join("status.tmp").exists());
}

#[test]
fn the_new_file_has_the_old_ones_mode_save_that_everybody_may_read() {
    for (before, after) in [(0o640, 0o640), (0o600, 0o600), (0o664, 0o660), (0o644, 0o640)] {
        let mut site = Site::new(TOP);
        fs::set_permissions(site.state(), fs::Permissions::from_mode(before)).unwrap();
        fs::write(site.dir.path().join("status.tmp"), "left by a dead run").unwrap();
        site.run(&["/a"]);
        assert_eq!(fs::metadata(site.state()).unwrap().mode() & 0o7777, after, "{before:o}");
    }
}

#[test]
fn a_file_that_everybody_may_read_is_not_locked() {
    let mut site = Site::new(TOP);
    fs::set_permissions(site.state(), fs::Permissions::from_mode(0o644)).unwrap();
    let _first = site.open(LockMode::Take, false).unwrap();
    let _second = site.open(LockMode::Take, false).unwrap();
    assert_eq!(site.heard.len(), 2);
    assert_eq!(site.heard[0], StateProblem::WorldReadable(site.state()));
}

#[test]
fn a_state_that_is_locked_keeps_every_other_run_out_until_the_end() {
    let mut site = Site::new(TOP);
    let mut store = site.open(LockMode::Take, false).unwrap();
    let locked = StoreError::Locked(site.state());
    assert_eq!(site.open(LockMode::Take, false).unwrap_err(), locked);
    let table = site.read(&mut store, &[]);
    site.write(&mut store, &table).unwrap();
    // The file was replaced; the lock is on the new one.
    assert_eq!(site.open(LockMode::Take, false).unwrap_err(), locked);
    let soon = LockMode::Wait(Some(std::time::Duration::ZERO));
    assert_eq!(site.open(soon, false).unwrap_err(), locked);
    assert!(site.open(LockMode::Skip, false).is_ok());
    assert!(site.open(LockMode::Take, true).is_ok());
    drop(store);
    assert!(site.open(LockMode::Take, false).is_ok());
}

#[test]
fn a_waiter_gets_the_file_that_is_at_the_path_then() {
    let mut site = Site::new(TOP);
    let mut store = site.open(LockMode::Take, false).unwrap();
    let table = site.read(&mut store, &[]);
    let (path, heard) = (site.state(), std::sync::mpsc::channel());
    let waiter = std::thread::spawn(move || {
        let mut hear = |problem| heard.0.send(problem).unwrap();
        let store = Store::open(&path, LockMode::Wait(None), false, &mut hear).unwrap();
        // Whoever comes now finds the file at the path locked.
        let other = Store::open(&path, LockMode::Take, false, &mut |_| {});
        (other.unwrap_err(), store.path().to_owned())
    });
    assert_eq!(heard.1.recv().unwrap(), StateProblem::Waiting(site.state()));
    site.write(&mut store, &table).unwrap();
    drop(store);
    assert_eq!(waiter.join().unwrap().0, StoreError::Locked(site.state()));
}

#[test]
fn what_is_no_regular_file_is_read_as_empty_and_never_replaced() {
    let mut site = Site::new("");
    fs::remove_file(site.state()).unwrap();
    let made = std::process::Command::new("mkfifo").arg(site.state()).status().unwrap();
    assert!(made.success());
    fs::set_permissions(site.state(), fs::Permissions::from_mode(0o600)).unwrap();
    let mut store = site.open(LockMode::Take, false).unwrap();
    let table = site.read(&mut store, &["/a"]);
    let refused = site.write(&mut store, &table);
    assert_eq!(refused, Err(StateProblem::NotRegular(site.state())));
}

#[test]
fn a_directory_in_its_place_means_no_run() {
    let mut site = Site::new("");
    fs::remove_file(site.state()).unwrap();
    fs::create_dir(site.state()).unwrap();
    assert!(matches!(site.open(LockMode::Take, false), Err(StoreError::Failed(_))));
    let mut store = site.open(LockMode::Take, true).unwrap();
    assert!(site.read(&mut store, &["/a"]).entries().next().is_none());
}

#[test]
fn a_link_is_replaced_by_a_file_and_its_target_stays() {
    let mut site = Site::new("");
    let target = site.dir.path().join("target");
    fs::rename(site.state(), &target).unwrap();
    fs::write(&target, format!("{TOP}\"/b\" 2026-5-1-0:0:0\n")).unwrap();
    symlink("target", site.state()).unwrap();
    site.run(&[]);
    assert!(fs::symlink_metadata(site.state()).unwrap().is_file());
    assert_eq!(site.text(), fs::read_to_string(target).unwrap());
}

#[test]
fn dev_null_is_neither_locked_nor_read_nor_written() {
    let path = Path::new("/dev/null");
    let mut store = Store::open(path, LockMode::Take, false, &mut |_| {}).unwrap();
    assert!(
        store
            .read(StateTable::of_all(), &now(), &mut |_| {})
            .entries()
            .next()
            .is_none()
    );
    store.begin_batch([begun("/a", 1)]).unwrap();
    store.write(&StateTable::default(), &now(), &mut |_| {}).unwrap();
    assert!(!Path::new("/dev/null.journal").exists() && !Path::new("/dev/null.tmp").exists());
}

#[test]
fn a_dry_run_changes_nothing_and_needs_no_state() {
    let mut site = Site::new(&format!("{TOP}\"/a\" 2026-5-1-0:0:0\n"));
    let before = fs::metadata(site.state()).unwrap();
    let mut store = site.open(LockMode::Take, true).unwrap();
    let table = site.read(&mut store, &["/a"]);
    assert_eq!(table.entries().count(), 1);
    store.begin_batch([begun("/a", 1)]).unwrap();
    site.write(&mut store, &table).unwrap();
    let after = fs::metadata(site.state()).unwrap();
    assert_eq!((before.ino(), before.mtime_nsec()), (after.ino(), after.mtime_nsec()));
    assert_eq!(fs::read_dir(site.dir.path()).unwrap().count(), 1);
    fs::remove_file(site.state()).unwrap();
    site.heard.clear();
    assert!(site.open(LockMode::Take, true).is_ok());
    assert!(site.heard.is_empty() && !site.state().exists());
}

/// Killed after 9,999 of 10,000 logs, the next run has one to do.
#[test]
fn what_a_dead_run_had_done_is_known_to_the_next() {
    let mut site = Site::new(&format!("{TOP}\"/9\" 2026-5-1-0:0:0\n\"/other\" 2026-5-1-0:0:0\n"));
    let logs: Vec<String> = (0..10_000).map(|number| format!("/{number}")).collect();
    let store = site.open(LockMode::Take, false).unwrap();
    assert!(!site.journal().exists());
    let all: Vec<Begun> = logs.iter().zip(1..).map(|(log, inode)| begun(log, inode)).collect();
    store.begin_batch(all.clone()).unwrap();
    for log in &logs[..9_999] {
        store.progress(Path::new(log), Progress::Switched).unwrap();
        store.progress(Path::new(log), Progress::Done).unwrap();
    }
    assert_eq!(fs::metadata(site.journal()).unwrap().mode() & 0o777, 0o600);
    drop(store);

    let mut store = site.open(LockMode::Take, false).unwrap();
    let mut table = site.read(&mut store, &[]);
    assert_eq!(table.entries().count(), 9_999);
    assert!(table.entries().all(|entry| entry.stamp == now().local));
    let unfinished = store.take_unfinished();
    assert_eq!(
        (unfinished.len(), &unfinished[0].begun, unfinished[0].switched),
        (1, &all[9_999], false)
    );
    let first = Stamp {
        minute: 0,
        second: 0,
        ..now().local
    };
    assert_eq!(table.enter_new(Path::new(&logs[9_999]), first), (first, true));
    site.write(&mut store, &table).unwrap();
    assert!(!site.journal().exists());
    assert_eq!(site.text().lines().count(), 10_002);
}

#[test]
fn a_log_that_had_switched_counts_as_rotated_and_one_that_failed_does_not() {
    let mut site = Site::new(&format!(
        "{TOP}\"/failed\" 2026-5-1-0:0:0\n\"/newer\" 2026-11-22-11:0:0\n"
    ));
    let store = site.open(LockMode::Take, false).unwrap();
    store
        .begin_batch([begun("/switched", 1), begun("/failed", 2), begun("/newer", 3)])
        .unwrap();
    store.progress(Path::new("/switched"), Progress::Switched).unwrap();
    store.progress(Path::new("/failed"), Progress::Failed).unwrap();
    store.progress(Path::new("/newer"), Progress::Done).unwrap();
    drop(store);
    let mut store = site.open(LockMode::Take, false).unwrap();
    let table = site.read(&mut store, &["/failed"]);
    assert_eq!(table.last(Path::new("/switched")), Some(now().local));
    assert_eq!(table.last(Path::new("/failed")).unwrap().month, 5);
    // A state file written since (by the reference, which knows no journal) is believed where it is later.
    assert_eq!(table.last(Path::new("/newer")).unwrap().hour, 11);
    let unfinished = store.take_unfinished();
    assert!(unfinished[0].switched && unfinished.len() == 1);
    assert!(store.take_unfinished().is_empty());
}

#[test]
fn a_rotation_that_is_carried_over_is_known_to_the_run_after() {
    let mut site = Site::new(TOP);
    let store = site.open(LockMode::Take, false).unwrap();
    store.begin_batch([begun("/a", 1), begun("/b", 2)]).unwrap();
    store.progress(Path::new("/a"), Progress::Switched).unwrap();
    drop(store);
    let mut store = site.open(LockMode::Take, false).unwrap();
    let table = site.read(&mut store, &[]);
    let unfinished = store.take_unfinished();
    unfinished.iter().cloned().for_each(|rotation| store.carry(rotation));
    site.write(&mut store, &table).unwrap();
    drop(store);
    let mut store = site.open(LockMode::Take, false).unwrap();
    site.read(&mut store, &[]);
    assert_eq!(store.take_unfinished(), unfinished);
}

#[test]
fn a_journal_that_cannot_be_read_again_stays_for_the_next_run() {
    let mut site = Site::new(TOP);
    let mut store = site.open(LockMode::Take, false).unwrap();
    let table = site.read(&mut store, &[]);
    store.begin_batch([begun("/a", 1)]).unwrap();
    let noted = fs::read(site.journal()).unwrap();
    // With a second name it might be anybody's.
    let second = site.journal().with_extension("second");
    fs::hard_link(site.journal(), &second).unwrap();
    let mut heard = Vec::new();
    store.carry_noted(|_| true, &mut |problem| heard.push(problem));
    assert_eq!(heard, [StateProblem::JournalForeign(site.journal())]);
    site.write(&mut store, &table).unwrap();
    assert_eq!(fs::read(site.journal()).unwrap(), noted);
}

#[test]
fn a_journal_goes_on_below_what_a_dead_run_left() {
    let mut site = Site::new(TOP);
    for (log, tail) in [("/a", "swit"), ("/b", "done \"/b")] {
        let store = site.open(LockMode::Take, false).unwrap();
        store.begin_batch([begun(log, 1)]).unwrap();
        store.progress(Path::new(log), Progress::Switched).unwrap();
        drop(store);
        let torn = [fs::read(site.journal()).unwrap(), tail.into()].concat();
        fs::write(site.journal(), torn).unwrap();
    }
    let mut store = site.open(LockMode::Take, false).unwrap();
    site.read(&mut store, &[]);
    assert_eq!(store.take_unfinished().len(), 2);
    let damaged = StateProblem::JournalDamaged {
        file: site.journal(),
        lines: 1,
    };
    assert!(site.heard.contains(&damaged));
}

#[test]
fn a_journal_that_is_not_ours_is_left_alone() {
    let mut site = Site::new(TOP);
    let precious = site.dir.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    symlink(&precious, site.journal()).unwrap();
    let mut store = site.open(LockMode::Take, false).unwrap();
    // It was not read: it is found out when the first rotation begins.
    let foreign = StateProblem::JournalForeign(site.journal());
    assert_eq!(store.begin_batch([begun("/a", 1)]), Err(foreign));
    site.read(&mut store, &[]);
    assert_eq!(store.begin_batch([begun("/b", 1)]), Ok(()));
    assert_eq!(store.progress(Path::new("/a"), Progress::Switched), Ok(()));
    assert_eq!(fs::read_to_string(precious).unwrap(), "precious");
}

/// Rotates a log with what has the journal's name; returns what was said of that.
fn rotate_beside_a_journal(site: &mut Site) -> Vec<StateProblem> {
    let mut store = site.open(LockMode::Take, false).unwrap();
    let table = site.read(&mut store, &[]);
    store.begin_batch([begun("/a", 1)]).unwrap();
    store.progress(Path::new("/a"), Progress::Switched).unwrap();
    store.carry_noted(|_| true, &mut |problem| site.heard.push(problem));
    site.write(&mut store, &table).unwrap();
    let about = |problem: &StateProblem| !matches!(problem, StateProblem::Reading(_));
    site.heard.iter().filter(|problem| about(problem)).cloned().collect()
}

#[test]
fn what_is_not_our_journal_is_told_once_and_neither_emptied_nor_removed_nor_replaced() {
    let make: [fn(&Path); 4] = [
        |path| symlink("nowhere", path).unwrap(),
        |path| {
            fs::write(path, "precious")
                .and_then(|()| fs::hard_link(path, path.with_extension("second")))
                .unwrap()
        },
        |path| nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).unwrap(),
        |path| fs::create_dir(path).unwrap(),
    ];
    for (number, make) in make.iter().enumerate() {
        let mut site = Site::new(TOP);
        make(&site.journal());
        let before = fs::symlink_metadata(site.journal()).unwrap();
        let heard = rotate_beside_a_journal(&mut site);
        assert_eq!(heard, [StateProblem::JournalForeign(site.journal())], "{number}");
        let after = fs::symlink_metadata(site.journal()).unwrap();
        assert_eq!((after.ino(), after.len()), (before.ino(), before.len()), "{number}");
    }
}

#[test]
fn a_journal_of_another_version_is_told_once_and_left_for_that_version() {
    for top in ["version 2\n", "version 10\n", "version 2", "version 1.5\n"] {
        let mut site = Site::new(TOP);
        let text = format!("logrotate-rs journal -- {top}begin what nobody here understands\n");
        fs::write(site.journal(), &text).unwrap();
        let heard = rotate_beside_a_journal(&mut site);
        assert_eq!(heard, [StateProblem::JournalOfAnotherVersion(site.journal())], "{top}");
        assert_eq!(fs::read_to_string(site.journal()).unwrap(), text);
    }
}

#[test]
fn a_journal_that_is_no_journal_at_all_or_torn_in_its_first_line_is_begun_anew() {
    for text in [
        "",
        "logrotate-rs jour",
        "logrotate-rs journal -- version ",
        "logrotate-rs journal -- version 1",
        "garbage",
    ] {
        let mut site = Site::new(TOP);
        fs::write(site.journal(), text).unwrap();
        let heard = rotate_beside_a_journal(&mut site);
        assert_eq!(heard.len(), usize::from(text == "garbage"), "{text}: {heard:?}");
        let carried = fs::read_to_string(site.journal()).unwrap();
        assert!(
            carried.starts_with("logrotate-rs journal -- version 1\nbegin "),
            "{carried}"
        );
    }
}

#[test]
fn a_state_file_whose_journal_could_have_no_name_is_refused_before_anything_is_rotated() {
    let site = Site::new(TOP);
    for (length, fits) in [(247, true), (248, false), (255, false)] {
        let path = site.dir.path().join("s".repeat(length));
        let opened = Store::open(&path, LockMode::Take, false, &mut |_| {});
        assert_eq!(opened.is_ok(), fits, "{length}");
        assert_eq!(path.exists(), fits, "{length}");
        if let Err(refused) = opened {
            assert_eq!(refused, StoreError::NameTooLong(path));
        }
    }
}

#[test]
fn a_state_changed_in_place_during_the_run_is_read_again_before_it_is_replaced() {
    let mut site = Site::new(&format!("{TOP}\"/a\" 2026-5-1-0:0:0\n"));
    let mut store = site.open(LockMode::Take, false).unwrap();
    let mut table = site.read(&mut store, &["/a"]);
    table.stamp(Path::new("/a"), now().local);
    let changed = format!("{TOP}\"/longer/than/before\" 2026-5-1-0:0:0\n\"/a\" 2026-5-1-0:0:0\n");
    fs::write(site.state(), changed).unwrap();
    site.write(&mut store, &table).unwrap();
    let text = format!("{TOP}\"/longer/than/before\" 2026-5-1-0:0:0\n\"/a\" 2026-11-22-10:0:30\n");
    assert_eq!(site.text(), text);
}

#[test]
fn a_change_of_the_state_is_noticed_by_its_time_alone_and_by_its_size_alone() {
    let line = |log: &str| format!("\"/{log}\" 2026-5-1-0:0:0\n");
    let (a, b, c) = (line("a"), line("b"), line("c"));
    for (changed, delay, wanted) in [
        (format!("{TOP}{b}{a}"), Duration::from_secs(1), format!("{TOP}{b}")),
        (format!("{TOP}{a}{b}{c}"), Duration::ZERO, format!("{TOP}{b}{c}")),
    ] {
        let mut site = Site::new(&format!("{TOP}{a}{b}"));
        let mut store = site.open(LockMode::Take, false).unwrap();
        let mut table = site.read(&mut store, &["/a"]);
        table.stamp(Path::new("/a"), now().local);
        let then = fs::metadata(site.state()).unwrap().modified().unwrap();
        fs::write(site.state(), &changed).unwrap();
        let file = fs::File::options().write(true).open(site.state()).unwrap();
        file.set_modified(then + delay).unwrap();
        site.write(&mut store, &table).unwrap();
        assert_eq!(site.text(), format!("{wanted}\"/a\" 2026-11-22-10:0:30\n"), "{changed}");
    }
}

#[test]
fn a_state_file_that_is_a_mount_of_its_own_is_written_in_place_under_its_lock() {
    with_own_mounts(|| {
        let mut site = Site::new(&format!("{TOP}\"/a\" 2026-1-1-0:0:0\n\"/b\" 2026-1-2-0:0:0\n"));
        let elsewhere = tempfile::NamedTempFile::new().unwrap();
        fs::copy(site.state(), elsewhere.path()).unwrap();
        fs::set_permissions(elsewhere.path(), fs::Permissions::from_mode(0o640)).unwrap();
        mounts::over(elsewhere.path(), &site.state());
        let mut store = site.open(LockMode::Take, false).unwrap();
        let mut table = site.read(&mut store, &["/a"]);
        table.stamp(Path::new("/a"), now().local);
        site.write(&mut store, &table).unwrap();
        let text = format!("{TOP}\"/b\" 2026-1-2-0:0:0\n\"/a\" 2026-11-22-10:0:30\n");
        assert_eq!(fs::read_to_string(elsewhere.path()).unwrap(), text);
        assert!(
            site.heard.contains(&StateProblem::InPlace(site.state())),
            "{:?}",
            site.heard
        );
        let path = site.state();
        assert_eq!(
            site.open(LockMode::Take, false).unwrap_err(),
            StoreError::Locked(path),
            "the lock is still held"
        );
        drop(store);
        assert_eq!(
            fs::read_dir(site.dir.path()).unwrap().count(),
            1,
            "nothing is left over"
        );
        mounts::detach(&site.state());
    });
}

#[test]
fn what_a_crash_kept_from_being_written_in_place_is_written_by_the_next_run() {
    let whole = format!("{TOP}\"/b\" 2026-1-2-0:0:0\n\"/a\" 2026-11-22-10:0:30\n");
    let mut site = Site::new(&whole[..TOP.len() + 9]);
    fs::write(site.dir.path().join("status.new"), &whole).unwrap();
    let mut looking = site.open(LockMode::Take, true).unwrap();
    assert_eq!(site.read(&mut looking, &["/a", "/b"]).entries().count(), 2);
    let mut store = site.open(LockMode::Take, false).unwrap();
    assert_eq!(site.read(&mut store, &["/a", "/b"]).entries().count(), 2);
    assert_eq!(site.text(), whole);
    assert_eq!(fs::read_dir(site.dir.path()).unwrap().count(), 1);
}

#[test]
fn a_stranger_s_file_is_not_taken_for_what_a_crash_left() {
    let text = format!("{TOP}\"/b\" 2026-1-2-0:0:0\n");
    let mut site = Site::new(&text);
    fs::write(site.dir.path().join("other"), TOP).unwrap();
    symlink(site.dir.path().join("other"), site.dir.path().join("status.new")).unwrap();
    drop(site.open(LockMode::Take, false).unwrap());
    assert_eq!(site.text(), text);
}

//! The state file between two programs: each reads what the other wrote, and each is kept out by the other's lock.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use logrotate_rs::clock::{Now, Stamp};
use logrotate_rs::state::{StateProblem, StateTable};
use logrotate_rs::store::{LockMode, Store, StoreError};

use super::support::need_peer;

/// Names that a careless reader or writer takes for something else; each is a whole file name.
const ODD: [&[u8]; 10] = [
    b"plain.log",
    b"with space",
    b"quote\"d",
    b"back\\slash",
    b"back\\n",
    b"new\nline",
    b"ap'ostrophe",
    b"\xff\xfe",
    b"tab\t*?[x]",
    b"trail\\",
];

struct Site {
    dir: tempfile::TempDir,
    peer: PathBuf,
}

impl Site {
    fn new(peer: PathBuf) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir, peer }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn state(&self) -> PathBuf {
        self.at("status")
    }

    /// Writes a configuration and starts the peer with it.
    fn start(&self, configuration: &str) -> Child {
        let file = self.at("conf");
        fs::write(&file, configuration).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let mut command = Command::new(&self.peer);
        command.arg("-s").arg(self.state()).arg(file);
        command.stderr(std::process::Stdio::piped()).spawn().unwrap()
    }

    fn peer(&self, configuration: &str) -> (Option<i32>, String) {
        let output = self.start(configuration).wait_with_output().unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    }

    fn open(&self, lock: LockMode) -> Result<Store, StoreError> {
        Store::open(&self.state(), lock, false, &mut |_| {})
    }

    /// Reads every entry; a damaged line is a failure.
    fn entries(&self) -> BTreeMap<Vec<u8>, Stamp> {
        let mut store = self.open(LockMode::Take).unwrap();
        let mut hear = |problem: StateProblem| assert!(matches!(problem, StateProblem::Reading(_)), "{problem:?}");
        let table = store.read(StateTable::of_all(), &Now::read(), &mut hear);
        table
            .entries()
            .map(|entry| (entry.path.to_vec(), entry.stamp))
            .collect()
    }

    fn mkfifo(&self, name: &str) -> PathBuf {
        let path = self.at(name);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }
}

#[test]
fn what_the_reference_wrote_is_read_as_it_was_meant() {
    let Some(peer) = need_peer() else { return };
    let site = Site::new(peer);
    let logs = site.at("logs");
    fs::create_dir(&logs).unwrap();
    for name in ODD {
        fs::write(logs.join(OsStr::from_bytes(name)), "x").unwrap();
    }
    let (code, said) = site.peer(&format!("{}/* {{\n daily\n rotate 1\n}}\n", logs.display()));
    assert_eq!(code, Some(0), "{said}");
    let entries = site.entries();
    let mut expected: Vec<Vec<u8>> = ODD
        .iter()
        .map(|name| logs.join(OsStr::from_bytes(name)).into_os_string().into_encoded_bytes())
        .collect();
    expected.sort();
    assert_eq!(entries.keys().cloned().collect::<Vec<_>>(), expected);
    assert!(entries.values().all(|stamp| (stamp.minute, stamp.second) == (0, 0)));
}

#[test]
fn what_we_wrote_is_read_by_the_reference_as_it_was_meant() {
    let Some(peer) = need_peer() else { return };
    let site = Site::new(peer);
    let now = Now::read();
    let mut table = StateTable::default();
    for (name, hours) in ODD.iter().zip(1..) {
        let log = Path::new("/nowhere").join(OsStr::from_bytes(name));
        let stamp = Now::at(now.epoch - hours * 3_661).local;
        table.stamp(&log, stamp);
    }
    site.open(LockMode::Take)
        .unwrap()
        .write(&table, &now, &mut |_| {})
        .unwrap();
    let ours = site.entries();
    assert_eq!(ours.len(), ODD.len());
    let before = fs::read(site.state()).unwrap();
    // With nothing to do the reference reads the file and writes it anew.
    let (code, said) = site.peer("# nothing\n");
    assert_eq!((code, said.as_str()), (Some(0), ""));
    assert_eq!(site.entries(), ours);
    // Line for line it is the same text: only the order is the reference's own.
    let lines = |text: &[u8]| {
        let mut lines: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&before), lines(&fs::read(site.state()).unwrap()));
}

#[test]
fn the_reference_is_kept_out_as_long_as_we_hold_the_lock() {
    let Some(peer) = need_peer() else { return };
    let site = Site::new(peer);
    let mut store = site.open(LockMode::Take).unwrap();
    let kept_out = |site: &Site| {
        let (code, said) = site.peer("# nothing\n");
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("is already locked"), "{said}");
    };
    kept_out(&site);
    store.write(&StateTable::default(), &Now::read(), &mut |_| {}).unwrap();
    // The state file was replaced; the lock holds for the new one.
    kept_out(&site);
    drop(store);
    assert_eq!(site.peer("# nothing\n").0, Some(0));
}

/// Starts the reference on a rotation whose script says that it has begun and then waits.
fn start_slowly(site: &Site) -> (Child, PathBuf) {
    let (begun, go) = (site.mkfifo("begun"), site.mkfifo("go"));
    let log = site.at("slow.log");
    fs::write(&log, "x").unwrap();
    let child = site.start(&format!(
        "{} {{\n size 1\n rotate 1\n prerotate\n  echo begun > {}\n  cat {} > /dev/null\n endscript\n}}\n",
        log.display(),
        begun.display(),
        go.display()
    ));
    assert_eq!(fs::read_to_string(begun).unwrap(), "begun\n");
    (child, go)
}

#[test]
fn we_are_kept_out_as_long_as_the_reference_holds_the_lock() {
    let Some(peer) = need_peer() else { return };
    let site = Site::new(peer);
    let (mut child, go) = start_slowly(&site);
    assert_eq!(site.open(LockMode::Take).unwrap_err(), StoreError::Locked(site.state()));
    fs::write(go, "go").unwrap();
    assert!(child.wait().unwrap().success());
    assert!(site.open(LockMode::Take).is_ok());
}

#[test]
fn after_waiting_for_the_reference_we_read_what_it_wrote() {
    let Some(peer) = need_peer() else { return };
    let site = Site::new(peer);
    let (mut child, go) = start_slowly(&site);
    let state = site.state();
    // The reference replaces the file that we wait for: what is locked in the end must be the new one.
    let mut release = |problem: StateProblem| {
        assert_eq!(problem, StateProblem::Waiting(state.clone()));
        fs::write(&go, "go").unwrap();
    };
    let mut store = Store::open(&state, LockMode::Wait(None), false, &mut release).unwrap();
    let table = store.read(StateTable::of_all(), &Now::read(), &mut |_| {});
    assert_eq!(table.entries().count(), 1);
    assert!(child.wait().unwrap().success());
    let (code, said) = site.peer("# nothing\n");
    assert_eq!(code, Some(3), "{said}");
}

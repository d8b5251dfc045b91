//! Logs of every kind, cut while they are written and while they are not.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::head::collapsible_block;
use super::*;

struct Place {
    _dir: tempfile::TempDir,
    log: std::path::PathBuf,
}

impl Place {
    fn new(content: &[u8]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        std::fs::write(&log, content).unwrap();
        Self { _dir: dir, log }
    }

    fn appender(&self) -> File {
        OpenOptions::new().append(true).open(&self.log).unwrap()
    }

    fn content(&self) -> Vec<u8> {
        std::fs::read(&self.log).unwrap()
    }

    /// Copies and cuts, with `meanwhile` done between; answers the cut and the archive's content.
    fn cut(&self, meanwhile: impl FnOnce()) -> (Cut, Vec<u8>) {
        let log = OwnedFd::from(File::open(&self.log).unwrap());
        let reopen = || open_both_ways(&self.log);
        let mut archive = tempfile::tempfile().unwrap();
        let copied = copy(log.as_fd(), archive.as_fd(), Afterwards::Forget, &reopen).unwrap();
        meanwhile();
        let cut = copied.cut(log, archive.as_fd(), &reopen).unwrap();
        let mut bytes = Vec::new();
        std::io::Seek::rewind(&mut archive).unwrap();
        archive.read_to_end(&mut bytes).unwrap();
        assert_eq!(cut.moved, bytes.len() as u64);
        (cut, bytes)
    }

    fn collapses(&self) -> bool {
        collapsible_block(File::open(&self.log).unwrap().as_fd()).is_some()
    }
}

fn open_both_ways(path: &Path) -> Result<OwnedFd, CallError> {
    Ok(OpenOptions::new().read(true).write(true).open(path).unwrap().into())
}

fn lines(range: std::ops::Range<usize>) -> Vec<u8> {
    range
        .flat_map(|number| format!("line {number:012}\n").into_bytes())
        .collect()
}

/// Other tests start programs, which have our descriptors for a moment: nobody is ever quite alone here.
fn emptied(cut: &Cut) -> bool {
    matches!(cut.way, CutWay::Alone | CutWay::NoWriter) && cut.kept == 0
}

#[test]
fn a_log_that_nobody_has_open_is_cut_while_nobody_can_open_it() {
    let mut ways = (0..100).map(|_| Place::new(b"line\n").cut(|| ()).0.way);
    assert!(ways.any(|way| way == CutWay::Alone));
}

#[test]
fn a_log_that_nobody_has_open_ends_empty() {
    let place = Place::new(&lines(0..5000));
    let (cut, archive) = place.cut(|| ());
    assert!(emptied(&cut), "{cut:?}");
    assert!(archive == lines(0..5000) && place.content().is_empty());
}

#[test]
fn what_a_program_left_between_copy_and_cut_is_archived() {
    let place = Place::new(&lines(0..5000));
    let (cut, archive) = place.cut(|| place.appender().write_all(&lines(5000..5003)).unwrap());
    assert!(emptied(&cut), "{cut:?}");
    assert!(archive == lines(0..5003) && place.content().is_empty());
}

#[test]
fn a_reader_does_not_keep_a_log_from_being_emptied() {
    let place = Place::new(&lines(0..5000));
    let _reader = File::open(&place.log).unwrap();
    let (cut, archive) = place.cut(|| ());
    assert!(emptied(&cut), "{cut:?}");
    assert!(archive == lines(0..5000) && place.content().is_empty());
}

#[test]
fn under_a_writer_archive_and_log_hold_every_line_once() {
    let place = Place::new(&lines(0..5000));
    let mut writer = place.appender();
    let (cut, archive) = place.cut(|| writer.write_all(&lines(5000..5100)).unwrap());
    let way = if place.collapses() {
        CutWay::Collapsed
    } else {
        CutWay::Recopied
    };
    assert_eq!(cut.way, way);
    assert_eq!([archive, place.content()].concat(), lines(0..5100));
    writer.write_all(b"x").unwrap();
    let grown = File::open(&place.log).unwrap();
    assert!(!grew_a_hole(grown.as_fd(), &cut));
}

#[test]
fn a_writer_that_comes_after_the_copy_keeps_what_it_wrote_in_the_log() {
    let place = Place::new(&lines(0..5000));
    let mut writer = None;
    let (_, archive) = place.cut(|| writer.insert(place.appender()).write_all(&lines(5000..5002)).unwrap());
    assert_eq!([archive, place.content()].concat(), lines(0..5002));
}

#[test]
fn a_cut_at_a_block_that_ends_a_line_is_preferred() {
    let mut content = vec![b'x'; 3 * 4096];
    content[2 * 4096 - 1] = b'\n';
    content.extend(lines(0..100));
    let place = Place::new(&content);
    let _writer = place.appender();
    let (cut, archive) = place.cut(|| ());
    if place.collapses() {
        assert_eq!((cut.way, archive.last()), (CutWay::Collapsed, Some(&b'\n')));
        assert_eq!(cut.moved, 2 * 4096);
    }
    assert_eq!([archive, place.content()].concat(), content);
}

#[test]
fn a_log_under_one_block_is_emptied_under_a_writer() {
    let place = Place::new(b"short\n");
    let mut writer = place.appender();
    let (cut, archive) = place.cut(|| writer.write_all(b"more\n").unwrap());
    assert_eq!((cut.way, &archive[..]), (CutWay::Recopied, &b"short\nmore\n"[..]));
    assert_eq!(place.content(), b"");
}

#[test]
fn an_empty_log_stays_empty() {
    let place = Place::new(b"");
    let (cut, archive) = place.cut(|| ());
    assert!(emptied(&cut), "{cut:?}");
    assert!(archive.is_empty() && place.content().is_empty());
}

#[test]
fn a_log_that_another_cut_meanwhile_is_left_alone() {
    let place = Place::new(&lines(0..5000));
    let (cut, _) = place.cut(|| std::fs::write(&place.log, b"new\n").unwrap());
    assert_eq!((cut.way, place.content()), (CutWay::ByAnother, b"new\n".to_vec()));
}

#[test]
fn a_writer_that_does_not_append_is_noticed() {
    let place = Place::new(&lines(0..5000));
    let writer = OpenOptions::new().write(true).open(&place.log).unwrap();
    let (cut, _) = place.cut(|| ());
    let log = File::open(&place.log).unwrap();
    assert!(!grew_a_hole(log.as_fd(), &cut));
    writer.write_all_at(b"on\n", lines(0..5000).len() as u64).unwrap();
    assert!(grew_a_hole(log.as_fd(), &cut));
}

#[test]
fn a_log_that_was_swapped_is_not_cut() {
    let (place, other) = (Place::new(b"log\n"), Place::new(b"other\n"));
    let log = OwnedFd::from(File::open(&place.log).unwrap());
    let archive = tempfile::tempfile().unwrap();
    let copied = copy(log.as_fd(), archive.as_fd(), Afterwards::Keep, &|| {
        open_both_ways(&place.log)
    })
    .unwrap();
    let error = copied
        .cut(log, archive.as_fd(), &|| open_both_ways(&other.log))
        .unwrap_err();
    assert_eq!(error, CallError::new(Op::Open, Errno::ESTALE));
    assert_eq!(
        (place.content(), other.content()),
        (b"log\n".to_vec(), b"other\n".to_vec())
    );
}

#[test]
fn a_writer_at_full_speed_loses_nothing_where_blocks_can_be_taken_out() {
    let place = Place::new(&lines(0..2000));
    if !place.collapses() {
        println!("skipped: needs ext4 or xfs");
        return;
    }
    let stop = AtomicBool::new(false);
    let (mut archived, mut ways) = (Vec::new(), Vec::new());
    let written = std::thread::scope(|scope| {
        let mut writer = place.appender();
        let count = scope.spawn({
            let stop = &stop;
            move || {
                let mut next = 2000;
                while !stop.load(Ordering::Relaxed) {
                    writer.write_all(&lines(next..next + 1)).unwrap();
                    next += 1;
                }
                next
            }
        });
        for _ in 0..20 {
            // Under one block there is nothing to take out.
            while std::fs::metadata(&place.log).unwrap().len() < 16384 {
                std::thread::yield_now();
            }
            let (cut, archive) = place.cut(|| ());
            ways.push(cut.way);
            archived.extend(archive);
        }
        stop.store(true, Ordering::Relaxed);
        count.join().unwrap()
    });
    archived.extend(place.content());
    assert_eq!(ways, [CutWay::Collapsed; 20]);
    assert!(archived == lines(0..written));
}

//! Logs of every kind, cut while they are written and while they are not.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;

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

    /// What is in the log without the mark of a cut.
    fn kept(&self) -> Vec<u8> {
        let mark = mark_of(File::open(&self.log).unwrap().as_fd()).unwrap();
        self.content().split_off(usize::try_from(mark).unwrap())
    }

    /// Nothing has been written to it for a while.
    fn is_old(&self) {
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
        self.appender().set_modified(then).unwrap();
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

    /// How a log with a writer that has just written is cut here.
    fn way(&self) -> CutWay {
        if self.collapses() {
            CutWay::Collapsed
        } else {
            CutWay::Recopied
        }
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
    assert_eq!(cut.way, place.way());
    assert_eq!([archive, place.kept()].concat(), lines(0..5100));
    writer.write_all(b"x").unwrap();
    let grown = File::open(&place.log).unwrap();
    assert!(!grew_a_hole(grown.as_fd(), &cut));
}

#[test]
fn a_writer_that_comes_after_the_copy_keeps_what_it_wrote() {
    let place = Place::new(&lines(0..5000));
    let mut writer = None;
    let (_, archive) = place.cut(|| writer.insert(place.appender()).write_all(&lines(5000..5002)).unwrap());
    assert_eq!([archive, place.kept()].concat(), lines(0..5002));
}

#[test]
fn a_log_of_whole_lines_is_archived_whole_and_what_is_left_is_a_short_mark() {
    for count in [1, 5, 227, 228, 229, 5000] {
        let place = Place::new(&lines(0..count));
        let _writer = place.appender();
        let (cut, archive) = place.cut(|| ());
        assert_eq!(cut.way, place.way());
        assert!(archive == lines(0..count) && place.kept().is_empty(), "{count}");
        assert!(cut.kept < 64, "{cut:?}");
        // Once more, with nothing that came: the mark is no content.
        let (cut, archive) = place.cut(|| ());
        assert!(archive.is_empty() && cut.moved == 0, "{cut:?}");
        place.appender().write_all(b"new\n").unwrap();
        assert_eq!(place.cut(|| ()).1, b"new\n");
    }
}

#[test]
fn a_line_that_is_being_written_stays_in_the_log() {
    for count in [0, 1, 5, 227, 228, 5000] {
        let place = Place::new(&[lines(0..count), b"a line and".to_vec()].concat());
        let mut writer = place.appender();
        let (_, archive) = place.cut(|| ());
        writer.write_all(b" its end\n").unwrap();
        if place.collapses() {
            assert!(archive == lines(0..count), "{count}");
            assert_eq!(place.kept(), b"a line and its end\n");
            assert_eq!(place.cut(|| ()).1, b"a line and its end\n");
        }
    }
}

#[test]
fn what_has_no_lines_is_cut_at_a_block() {
    let records = [&[b'x'; 3 * 4096][..], b"\n\0\0"].concat();
    for content in [vec![b'x'; (2 << 20) + 5], records] {
        let place = Place::new(&content);
        let _writer = place.appender();
        let (cut, archive) = place.cut(|| ());
        assert_eq!(cut.way, place.way());
        assert!([archive, place.content()].concat() == content);
    }
}

#[test]
fn a_log_whose_writer_is_quiet_is_empty_afterwards() {
    for count in [1, 4000] {
        let place = Place::new(&lines(0..count));
        let _writer = place.appender();
        place.is_old();
        let (cut, archive) = place.cut(|| ());
        let way = if place.collapses() {
            CutWay::Quiet
        } else {
            CutWay::Recopied
        };
        assert_eq!((cut.way, cut.kept), (way, 0));
        assert!(archive == lines(0..count) && place.content().is_empty());
    }
}

#[test]
fn the_first_part_of_a_line_that_comes_before_the_blanks_is_made_whole() {
    let place = Place::new(&[lines(0..300), b"a line and".to_vec()].concat());
    if !place.collapses() {
        println!("skipped: needs ext4 or xfs");
        return;
    }
    // The log is taken for one that ends with its line: the part of a line came after that look.
    let size = lines(0..300).len() as u64;
    let log = open_both_ways(&place.log).unwrap();
    let seam = seam::Seam::make(log.as_fd(), size, 4096).unwrap().unwrap();
    place.appender().write_all(b" its end\n").unwrap();
    let blanks = usize::try_from(seam.stays - seam.archived).unwrap();
    assert_eq!(seam.archived, size);
    let whole = [
        lines(0..300),
        mark::line(blanks as u64),
        b"a line and its end\n".to_vec(),
    ]
    .concat();
    assert!(place.content() == whole);
    let checked = seam.checked(log.as_fd()).unwrap();
    assert_eq!(checked.stays, seam.stays);
    log_writer_in_the_blanks(&place, seam.archived);
    assert_eq!(seam.checked(log.as_fd()).unwrap().stays, seam.archived);
}

/// A program that does not append writes where the log ended.
fn log_writer_in_the_blanks(place: &Place, at: u64) {
    let writer = OpenOptions::new().write(true).open(&place.log).unwrap();
    writer.write_all_at(b"on\n", at).unwrap();
}

#[test]
fn a_forged_mark_hides_nothing_but_blanks() {
    let forged = [&mark::line(3000)[..2999], b"not a blank\n"].concat();
    let place = Place::new(&forged);
    let _writer = place.appender();
    let (_, archive) = place.cut(|| ());
    assert!(archive == forged);
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
fn a_log_that_another_cut_and_that_has_grown_again_is_known_by_its_beginning_and_by_its_end() {
    let old = lines(0..40_000);
    for at in [0, old.len() - 1] {
        let place = Place::new(&old);
        let mut new = old.clone();
        new[at] ^= 1;
        let (cut, archive) = place.cut(|| std::fs::write(&place.log, &new).unwrap());
        assert_eq!(cut.way, CutWay::ByAnother, "{at}");
        assert!(place.content() == new && archive == old, "{at}");
    }
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
    let place = Place::new(b"");
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
                let mut next = 0;
                while !stop.load(Ordering::Relaxed) {
                    writer.write_all(&lines(next..next + 1)).unwrap();
                    next += 1;
                }
                next
            }
        });
        for _ in 0..20 {
            let (cut, archive) = place.cut(|| ());
            assert!(archive.is_empty() || archive.ends_with(b"\n"));
            ways.push(cut.way);
            archived.extend(archive);
        }
        stop.store(true, Ordering::Relaxed);
        count.join().unwrap()
    });
    archived.extend(place.kept());
    assert_eq!(ways, [CutWay::Collapsed; 20]);
    assert!(archived == lines(0..written));
}

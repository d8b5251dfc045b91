//! What is trusted, passed over, inherited and kept.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

/// Reads paths below a directory; answers the first words of the stanzas and what was said, `Reading` left out.
fn read(root: &Path, paths: &[&str], as_root: bool) -> (Vec<String>, Vec<Problem>, bool) {
    let mut said = Vec::new();
    let mut hear = |diagnostic: Diagnostic| {
        if !matches!(diagnostic.problem, Problem::Reading(_)) {
            said.push(diagnostic.problem);
        }
    };
    let paths: Vec<PathBuf> = paths.iter().map(|path| root.join(path)).collect();
    let options = LoadOptions {
        as_root,
        ..LoadOptions::default()
    };
    let loaded = load(&paths, &options, &mut hear);
    let names = loaded
        .stanzas
        .iter()
        .map(|stanza| stanza.patterns[0].display().to_string())
        .collect();
    (names, said, loaded.failed)
}

fn write(root: &Path, name: &str, text: &str, mode: u32) {
    fs::write(root.join(name), text).unwrap();
    fs::set_permissions(root.join(name), Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_that_others_may_write_is_ignored_as_root_only() {
    let root = tempfile::tempdir().unwrap();
    for (mode, warned, refused) in [
        (0o644, false, false),
        (0o600, false, false),
        (0o755, true, false),
        (0o4644, true, false),
        (0o664, true, true),
        (0o646, true, true),
    ] {
        write(root.path(), "c", "/a {\n}\n", mode);
        let owned = confread_owner_is_root(root.path());
        let (names, said, failed) = read(root.path(), &["c"], true);
        let warning = said
            .iter()
            .any(|problem| matches!(problem, Problem::DangerousMode { .. }));
        assert_eq!((warning, failed), (warned, refused || !owned), "{mode:o}");
        assert_eq!(names.is_empty(), refused || !owned, "{mode:o}");
        assert_eq!(
            read(root.path(), &["c"], false),
            (vec!["/a".to_owned()], vec![], false),
            "{mode:o}"
        );
    }
}

fn confread_owner_is_root(root: &Path) -> bool {
    Opened::open(None, &root.join("c")).unwrap().owner() == 0
}

#[test]
fn a_file_of_somebody_else_is_ignored_as_root() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "c", "/a {\n}\n", 0o644);
    if std::os::unix::fs::chown(root.path().join("c"), Some(12345), None).is_err() {
        return;
    }
    let (names, said, failed) = read(root.path(), &["c"], true);
    assert!(names.is_empty() && failed);
    assert!(matches!(said[..], [Problem::WrongOwner(_)]));
}

#[test]
fn what_is_no_regular_file_or_empty_is_nothing_and_no_error() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "empty", "", 0o644);
    assert!(
        matches!(read(root.path(), &["empty"], true), (_, said, false) if matches!(said[..], [Problem::IgnoringEmpty(_)]))
    );
    let (_, said, failed) = read(Path::new("/dev"), &["null"], true);
    assert!(!failed && matches!(said[..], [Problem::IgnoringNotRegular(_)]));
}

#[test]
fn a_file_of_16_mib_is_too_large_and_one_byte_less_is_not() {
    let root = tempfile::tempdir().unwrap();
    let comment = "#\n".repeat(LARGEST_FILE as usize / 2);
    write(root.path(), "c", &format!("{comment}\n"), 0o644);
    assert!(!read(root.path(), &["c"], true).2);
    write(root.path(), "c", &format!("{comment}\n\n"), 0o644);
    let (_, said, failed) = read(root.path(), &["c"], true);
    assert!(failed && matches!(said[..], [Problem::TooLarge(_)]));
}

#[test]
fn a_missing_path_is_an_error_and_the_others_are_read() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "c", "/a {\n}\n", 0o644);
    let (names, said, failed) = read(root.path(), &["none", "c"], true);
    assert_eq!(names, ["/a"]);
    assert!(failed && matches!(said[..], [Problem::CannotStat { .. }]));
}

#[test]
fn a_bad_file_of_a_directory_is_named_by_its_path_and_the_others_are_read() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("d")).unwrap();
    write(root.path(), "d/1", "rotate x\n", 0o644);
    write(root.path(), "d/2", "/a {\n}\n", 0o644);
    fs::create_dir(root.path().join("d/3")).unwrap();
    symlink("nowhere", root.path().join("d/4")).unwrap();
    write(root.path(), "d/5.swp", "rotate x\n", 0o644);
    let (names, said, failed) = read(root.path(), &["d"], true);
    assert_eq!(names, ["/a"]);
    assert!(failed);
    let bad: Vec<_> = said
        .iter()
        .filter(|problem| matches!(problem, Problem::FoundErrorInFile(_)))
        .collect();
    let path = |name: &str| Problem::FoundErrorInFile(root.path().join(name));
    assert_eq!(bad, [&path("d/1"), &path("d/4")]);
    assert!(
        said.iter()
            .any(|problem| matches!(problem, Problem::IgnoringTaboo { pattern, .. } if pattern == b"*.swp"))
    );
    assert!(
        said.iter()
            .any(|problem| matches!(problem, Problem::IgnoringNotRegular(_)))
    );
}

#[test]
fn globals_of_a_configuration_hold_for_the_next_unless_it_had_an_error() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "good", "missingok\n", 0o644);
    write(root.path(), "bad", "missingok\n/x {\nrotate x\n}\n", 0o644);
    write(root.path(), "last", "/a {\n}\n", 0o644);
    for (first, holds) in [("good", true), ("bad", false)] {
        let paths = [root.path().join(first), root.path().join("last")];
        let loaded = load(&paths, &LoadOptions::default(), &mut |_| {});
        assert_eq!(loaded.stanzas[0].policy.missing_ok, holds, "{first}");
    }
}

#[test]
fn a_criterion_that_replaces_another_is_noted_until_the_next_brace() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        "c",
        "weekly\n/a {\ndaily\nsize 1\n}\n/b {\ndaily\ndaily\n}\n/c {\nhourly\n}\n",
        0o644,
    );
    let (_, said, _) = read(root.path(), &["c"], true);
    let notes = [("daily", "weekly"), ("size", "daily")].map(|(new, old)| Problem::Overrides { new, old });
    assert_eq!(said, notes);
}

#[test]
fn relative_includes_in_an_included_directory_begin_there() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("d")).unwrap();
    write(root.path(), "d/1", "include more.bak\n", 0o644);
    write(root.path(), "d/more.bak", "/a {\n}\n", 0o644);
    assert_eq!(read(root.path(), &["d"], true).0, ["/a"]);
}

#[test]
fn origins_are_kept_where_they_are_asked_for() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "c", "rotate 3\n/a {\n  compress\n}\n", 0o644);
    let options = LoadOptions {
        record_origins: true,
        ..LoadOptions::default()
    };
    let loaded = load(&[root.path().join("c")], &options, &mut |_| {});
    let origins: Vec<_> = loaded.stanzas[0]
        .origins
        .iter()
        .map(|origin| (origin.row.name, origin.place.line, origin.place.column))
        .collect();
    assert_eq!(origins, [("rotate", 1, 1), ("compress", 3, 3)]);
}

#[test]
fn offline_no_user_is_looked_up() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "c", "/a {\nsu no-such-user no-such-group\n}\n", 0o644);
    let options = LoadOptions {
        offline: true,
        ..LoadOptions::default()
    };
    assert!(!load(&[root.path().join("c")], &options, &mut |_| {}).failed);
}

//! Logs that are gone, in trees of files.

use std::collections::BTreeMap;
use std::fs;

use super::*;
use crate::discover::Lost;
use crate::inventory::place_of_archives;
use crate::load::{LoadOptions, load};
use crate::observe::Directories;
use crate::unix::split_path;

/// What is found in a tree of files, by a configuration in which `@` stands for the tree.
struct Found {
    root: tempfile::TempDir,
    stanzas: Vec<ExpandedStanza>,
    families: Families,
    directories: Directories,
}

impl Found {
    fn in_tree(files: &str, config: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        for file in files.split_whitespace() {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let conf = root.path().join("conf");
        fs::write(&conf, config.replace('@', root.path().to_str().unwrap())).unwrap();
        let loaded = load(&[conf], &LoadOptions::default(), &mut |_| {});
        let stanzas = discover::discover(loaded.stanzas, &mut |_| {}).stanzas;
        Self {
            families: Families::of(&stanzas, &Lost::default()),
            directories: Directories::default(),
            stanzas,
            root,
        }
    }

    fn lone(&mut self, at: usize) -> Lone {
        let policy = &self.stanzas[at].stanza.policy;
        let directories = &mut self.directories;
        let mut open = |log: &Path| {
            let home = directories.get(split_path(log).unwrap().0, log)?;
            Ok(Opened {
                identity: None,
                archives: place_of_archives(policy, &home, log, directories)?,
                home,
            })
        };
        logs(&self.stanzas[at], &mut self.families, &mut open).unwrap()
    }

    /// Returns the logs that are gone, each with its archives, the oldest first.
    fn families(&mut self, at: usize) -> BTreeMap<String, Vec<String>> {
        let lone = self.lone(at).logs;
        let policy = Arc::clone(&self.stanzas[at].stanza.policy);
        let members = |log: &Arc<Path>| {
            let family = self.families.family(&policy, log, None, &mut self.directories).unwrap();
            let names = family
                .members
                .into_iter()
                .map(|member| member.name.into_string().unwrap());
            let log = log.strip_prefix(self.root.path()).unwrap();
            (log.to_str().unwrap().to_owned(), names.collect())
        };
        lone.iter().map(members).collect()
    }

    /// Says so in words.
    fn said(files: &str, config: &str) -> Vec<String> {
        let mut found = Self::in_tree(files, config);
        let all = (0..found.stanzas.len()).map(|at| found.families(at));
        let said = |families: BTreeMap<String, Vec<String>>| {
            let one = |(log, names): (String, Vec<String>)| format!("{log}: {}", names.join(" "));
            families.into_iter().map(one).collect::<Vec<_>>().join("; ")
        };
        all.map(said).collect()
    }
}

#[test]
fn b9_the_archives_of_logs_that_are_gone_are_found_by_the_pattern() {
    let files =
        "l/consul-1699.log.1 l/consul-1699.log.2 l/consul-1700.log l/consul-1700.log.1 l/other.1 l/consul-.log.x";
    let said = Found::said(files, "@/l/consul-*.log {\n}\n");
    assert_eq!(said, ["l/consul-1699.log: consul-1699.log.2 consul-1699.log.1"]);
}

#[test]
fn b9_they_are_found_in_olddir() {
    let files = "l/b.log l/old/a.log.1 l/old/b.log.1 l/a.log.9/x";
    assert_eq!(Found::said(files, "@/l/*.log {\nolddir old\n}\n"), ["l/a.log: a.log.1"]);
}

#[test]
fn b9_they_are_found_where_the_directory_is_a_pattern_and_the_name_is_none() {
    let files = "l/site/x.log l/old-site/x.log.1 l/old-site/y.log.1 l/x.log.1";
    let said = Found::said(files, "@/l/*/x.log {\n}\n");
    assert_eq!(said, ["l/old-site/x.log: x.log.1"]);
}

#[test]
fn b9_without_a_pattern_nothing_is_looked_for() {
    assert_eq!(Found::said("l/a.log.1", "@/l/a.log {\n}\n"), [""]);
}

#[test]
fn b9_what_belongs_to_a_log_that_is_there_is_not_lone() {
    for (word, names, expected) in [
        // The log's own archives, whatever the pattern would take for logs.
        ("*", "a.log a.log.1.gz a.log.2", ""),
        ("*.log*", "a.log a.log.1.gz a.log.2.gz", ""),
        // An archive is no log that is gone.
        ("*.log*", "a.log a.log.1.2", ""),
        ("*", "a.log a.log.1.1 a.log.2.1", ""),
        // What a pattern takes for a log is one, and no archive.
        ("*", "b.log.1", ""),
        ("*.log", "b.log.1", "b.log: b.log.1"),
        // With the longer name it is the archive of what is there.
        ("*.log*", "a.log a.log.x a.log.x.1", ""),
    ] {
        let files: Vec<String> = names.split(' ').map(|name| format!("l/{name}")).collect();
        let said = Found::said(&files.join(" "), &format!("@/l/{word} {{\n}}\n")).remove(0);
        let expected = if expected.is_empty() {
            String::new()
        } else {
            format!("l/{expected}")
        };
        assert_eq!(said, expected, "{word}: {names}");
    }
}

#[test]
fn b9_a_log_of_another_stanza_is_not_lone_here_and_neither_are_its_archives() {
    let files = "l/a.log.1 l/b.log l/b.log.1.1 l/c.log.1";
    let said = Found::said(files, "@/l/*.log {\n}\n@/l/c.log {\nmissingok\n}\n@/l/b.log.1 {\n}\n");
    assert_eq!(said, ["l/a.log: a.log.1", "", ""]);
}

#[test]
fn b9_of_two_stanzas_that_would_have_the_log_the_first_one_has_it() {
    let said = Found::said("l/a1.log.1 l/b1.log.1", "@/l/a*.log {\n}\n@/l/*.log {\n}\n");
    assert_eq!(said, ["l/a1.log: a1.log.1", "l/b1.log: b1.log.1"]);
}

#[test]
fn b9_archives_in_the_olddir_of_several_directories_are_one_row() {
    let files = "l/one/x l/two/x l/three/y.log old/x.log.1 old/y.log.1";
    let said = Found::said(files, "@/l/*/*.log {\nolddir @/old\n}\n");
    assert_eq!(said, ["l/one/x.log: x.log.1"]);
}

#[test]
fn b9_asked_again_it_says_the_same() {
    let mut found = Found::in_tree("l/a.log.1 l/b.log", "@/l/*.log {\n}\n");
    let first = found.families(0);
    assert_eq!(first.len(), 1);
    assert_eq!(found.families(0), first);
}

#[test]
fn b9_a_directory_that_others_may_write_to_costs_itself_and_only_where_it_has_such_archives() {
    use std::os::unix::fs::PermissionsExt;

    let files = "l/open/a.log.1 l/empty/b.log l/safe/c.log.1";
    let mut found = Found::in_tree(files, "@/l/*/*.log {\n}\n");
    for open in ["open", "empty"] {
        let directory = found.root.path().join("l").join(open);
        fs::set_permissions(directory, fs::Permissions::from_mode(0o777)).unwrap();
    }
    let Lone { logs, refused } = found.lone(0);
    let as_root = usize::from(identity::is_root());
    assert_eq!((logs.len(), refused.len()), (2 - as_root, as_root), "{refused:?}");
}

#[test]
fn ten_thousand_logs_that_are_gone_are_shared_out_once() {
    let names: Vec<String> = (0..10_000).map(|number| format!("l/c-{number}.log.1")).collect();
    let mut found = Found::in_tree(&names.join(" "), "@/l/c-*.log {\n}\n");
    let started = std::time::Instant::now();
    assert_eq!(found.families(0).len(), names.len());
    // Quadratic it would take minutes.
    assert!(started.elapsed().as_secs() < 20);
}

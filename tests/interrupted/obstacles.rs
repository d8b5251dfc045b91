//! Killed at every changing call with an obstacle in the way: the next run loses nothing and goes on.

use std::fs;
use std::process::Command;

use super::findings::{Findings, side_by_side};
use super::scene::{Place, Scene, Way, Writer};
use super::sweep::{KILL, disturb};
use super::tracer::Ending;
use super::verdict;
use crate::support::{need_root, ours};

/// An obstacle in the way of a rotation.
#[derive(Clone, Copy)]
struct Row {
    name: &'static str,
    /// A directive that it needs.
    directive: &'static str,
    /// What makes it, in the directory of the logs: `$1` is the newest archive, `$3` the oldest.
    comes: &'static str,
    /// So many archives there may be in the end.
    most: usize,
}

const fn row(name: &'static str, directive: &'static str, comes: &'static str) -> Row {
    Row {
        name,
        directive,
        comes,
        most: usize::MAX,
    }
}

const OBSTACLES: &[Row] = &[
    row("no compressor", "compresscmd /nonexistent/squeeze", ""),
    row("compressor exits 1", "compresscmd /bin/false", ""),
    row(
        "compressor writes half",
        "compresscmd @/half",
        "printf '#!/bin/sh\\nhead -c 99\\nexit 1\\n' >../half; chmod 755 ../half",
    ),
    Row {
        most: 3,
        ..row(
            "a plain archive falls off",
            "compresscmd /bin/false",
            "d=$(pwd); echo 'logrotate-rs journal -- version 1' >../state.journal; for n in $1 $2 $3; do \
             gzip -dcf $n >plain; rm $n; mv plain ${n%.gz}; \
             printf 'plain \"%s/a.log\" \"%s\" \"%s\"\\n' $d ${n%.gz} $d >>../state.journal; done; chmod 600 ../state.journal",
        )
    },
    row("immutable archive", "", "chattr +i $1"),
    row("immutable oldest archive", "", "chattr +i $3"),
    row(
        "an archive that was passed by can go",
        "",
        "cp $3 $(echo $3 | sed s/3/4/); touch -d 2019-01-02 $3 $(echo $3 | sed s/3/4/); touch -d 2019-01-01 $2; d=$(pwd); printf \
         'logrotate-rs journal -- version 1\\npassed-by \"%s/a.log\" \"%s\" \"%s\"\\n' $d $2 $d >../state.journal; chmod 600 ../state.journal",
    ),
    row(
        "immutable interim log",
        // It is one archive more.
        "rotate 4\n renamecopy",
        "echo old >a.log.tmp; touch -d 2019-12-31 a.log.tmp; chattr +i a.log.tmp",
    ),
    row("directory", "", "mv $2 old/; mkdir $2"),
    row("directory, the oldest", "", "mv $3 old/; mkdir $3"),
    row("link", "", "mv $2 old/; ln -s /etc/passwd $2"),
    row("pipe", "", "mv $1 old/; mkfifo $1"),
    row("preremove says no", "preremove\n exit 1\n endscript", ""),
    row("no mailer", "mail ops@localhost", "rm ../post"),
    row(
        "damaged compressed twin",
        "",
        "gzip -dcf $2 >plain; echo x >${2%.gz}.gz; mv plain ${2%.gz}",
    ),
];

/// The ways of rotating: directives, and the archives, the newest first.
const WAYS: &[(&str, [&str; 3])] = &[
    ("", ["a.log.1.gz", "a.log.2.gz", "a.log.3.gz"]),
    (" delaycompress\n", ["a.log.1", "a.log.2.gz", "a.log.3.gz"]),
    (
        " dateext\n",
        ["a.log-20200103.gz", "a.log-20200102.gz", "a.log-20200101.gz"],
    ),
    (
        " dateext\n delaycompress\n",
        ["a.log-20200103", "a.log-20200102.gz", "a.log-20200101.gz"],
    ),
];

/// An obstacle in a way of rotating.
struct Case {
    row: Row,
    way: Way,
    archives: [&'static str; 3],
}

impl Case {
    fn new(row: Row, (directives, archives): (&str, [&'static str; 3])) -> Self {
        let directive = row.directive;
        let conf = format!("@/logs/a.log {{\n rotate 3\n compress\n create\n{directives} {directive}\n}}\n");
        let logs = ["a.log", archives[0], archives[1], archives[2]].map(|name| &*format!("logs/{name}").leak());
        let way = Way {
            name: format!("{}{}", row.name, directives.replace('\n', ",")).leak(),
            conf: conf.leak(),
            seeds: logs.to_vec().leak(),
            on_disk: false,
            writer: Writer::None,
        };
        Self { row, way, archives }
    }

    /// Puts a scene up, with the obstacle in it; what has to be kept is what the log and its newest archive hold.
    fn put_up(&self, place: &Place) -> Scene {
        let dir = place.path().join("scene");
        make_changeable(place);
        let mut scene = Scene::plan(&self.way, &dir);
        scene.put_up();
        scene
            .lines
            .retain(|line| [self.way.seeds[0], self.way.seeds[1]].contains(&seed_of(line)));
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(self.row.comes).arg("sh").args(self.archives);
        let status = command.current_dir(dir.join("logs")).status().unwrap();
        assert!(status.success(), "{}", self.way.name);
        scene
    }
}

/// The file that a line was written to in the beginning.
fn seed_of(line: &[u8]) -> &str {
    let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    std::str::from_utf8(&line[..end]).unwrap()
}

/// Takes the attributes away that would keep a scene from being removed.
fn make_changeable(place: &Place) {
    let output = Command::new("chattr").args(["-R", "-ia"]).arg(place.path()).output();
    output.expect("chattr starts");
}

/// Kills at each call in turn, and lets two more days go by.
fn sweep(case: &Case) -> Findings {
    let mut findings = Findings::default();
    let place = Place::new(false);
    for point in 0.. {
        let mut scene = case.put_up(&place);
        let struck = match disturb(&ours(), &scene, point, &KILL) {
            Ok(struck) => struck,
            Err(ending) => {
                assert!(matches!(ending, Ending::Exited(0 | 1)), "{}: {ending:?}", case.way.name);
                break;
            }
        };
        findings.points += 1;
        let at = format!("{}: {}", case.way.name, struck.at);
        for day in 1..=2 {
            scene.add_lines();
            scene.next_day(day);
            let status = scene.rotate(&ours()).status().unwrap();
            if !matches!(status.code(), Some(0 | 1)) {
                findings.note(format!("run {day} afterwards ends with {status}"), &at);
            }
            judge(&scene, day, &mut findings, &at);
            let count = archives(&scene);
            if day == 2 && count > case.row.most {
                findings.note(format!("{count} archives"), &at);
            }
            // What was the newest archive falls off now.
            scene.lines.retain(|line| seed_of(line) == case.way.seeds[0]);
        }
    }
    make_changeable(&place);
    findings
}

/// Counts the archives of the log.
fn archives(scene: &Scene) -> usize {
    let entries = fs::read_dir(scene.dir.join("logs")).unwrap().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .filter(|name| name.starts_with("a.log.") || name.starts_with("a.log-"))
        .count()
}

/// The log is empty, all lines that have to be kept are there, and nothing of the dead run is left.
fn judge(scene: &Scene, day: u32, findings: &mut Findings, at: &str) {
    if !fs::metadata(scene.dir.join("logs/a.log")).is_ok_and(|facts| facts.len() == 0) {
        findings.note(format!("the log stopped on day {day}"), at);
    }
    let verdict = verdict::judge(scene, false);
    if verdict.lost > 0 {
        findings.losing += 1;
        findings.lost += verdict.lost;
        findings.note(format!("lines lost on day {day}"), at);
    }
    for name in verdict.left_over.iter().filter(|name| name.contains("/.")) {
        findings.note(format!("left over on day {day}: {name}"), at);
    }
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn p15_killed_with_an_obstacle_in_the_way_the_next_run_loses_nothing_and_goes_on() {
    if !need_root() {
        return;
    }
    // What a dead run had renamed gets its dated name in the very run that is to use that name for the next log.
    let fits = |row: &Row, way: &str| !(row.directive.contains("renamecopy") && way.contains("dateext"));
    let ways_of = |row| WAYS.iter().filter(move |way| fits(row, way.0));
    let cases = OBSTACLES
        .iter()
        .flat_map(|row| ways_of(row).map(|way| Case::new(*row, *way)));
    let found = side_by_side(cases.collect(), |case: Case| sweep(&case));
    println!("{} kill points, {} lose lines", found.points, found.losing);
    found.print();
    assert!(found.faults.is_empty(), "{found:#?}");
    assert!(
        found.points > 1000,
        "only {} kill points: the harness sees too little",
        found.points
    );
}

//! `--status --orphans`: what lies about beside all logs, those that are gone, and those that no stanza has any more.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::survey::{Beside, Surveyor};
use super::{Read, errors, programs};
use crate::cli::{self, ViewRequest};
use crate::clock::{Now, Stamp};
use crate::diag::Place;
use crate::discover::{ExpandedStanza, expand};
use crate::event::{Event, Listener, What};
use crate::exit::Exit;
use crate::facts::{FileFacts, total};
use crate::fault::Fault;
use crate::inventory::{Families, Found};
use crate::naming::family::{Guesses, Site, Strange};
use crate::orphans::{self, Kind, Question, Remedy};
use crate::policy::{Keep, Policy, Stanza};
use crate::report::orphans::Orphans;
use crate::report::screen::Look;
use crate::report::words::shell_word;
use crate::report::{self, Reporter};
use crate::sys::pattern::is_special;
use crate::unix::{FileId, split_path};

/// Shows what lies about.
pub(super) fn show(request: &ViewRequest, read: Read) -> Exit {
    let families = Families::of(&read.stanzas, &read.lost);
    let mut search = Search {
        request,
        now: read.now,
        surveyor: Surveyor::new(read.now, read.table, programs(request), families),
        guesses: Guesses::default(),
        known: HashSet::new(),
        found: Vec::new(),
        speaker: Reporter::new(false, None, request.color),
        exit: read.exit,
    };
    for stanza in &read.stanzas {
        search.stanza(stanza);
    }
    search.unclaimed(&read.stanzas);
    let Search { mut found, exit, .. } = search;
    found.sort_by(|one, other| order(one).cmp(&order(other)));
    if request.json {
        let errors = errors(&read.complaints);
        report::show(&report::orphans::json(&found, read.now.local, &errors));
    } else {
        let look = Look::of_stdout(request.color);
        report::show(&report::orphans::table(&found, look.colour));
    }
    exit
}

/// Orders by how sure it is, and then by log.
fn order(one: &Orphans) -> (u8, &Path, &Kind) {
    let rank = match &one.kind {
        Kind::Lone => 1,
        kind if kind.is_doubtful() => 2,
        Kind::Unclaimed(_) => 3,
        _ => 0,
    };
    (rank, &one.log, &one.kind)
}

/// A file that lies about.
pub(super) struct Stray {
    name: OsString,
    site: Site,
    pub(super) facts: FileFacts,
}

struct Search<'r> {
    request: &'r ViewRequest,
    now: Now,
    surveyor: Surveyor<'r>,
    guesses: Guesses,
    /// Files that were found already: two logs may have one row of archives.
    known: HashSet<FileId>,
    found: Vec<Orphans>,
    speaker: Reporter,
    exit: Exit,
}

/// What is said of files of a log that lie about for one reason.
struct Reason {
    kind: Kind,
    place: Option<Place>,
    remedy: Option<Remedy>,
    command: Option<String>,
}

impl Search<'_> {
    fn fail(&mut self, fault: Fault) {
        self.speaker.hear(Event::of_run(What::Failed(fault)));
        self.exit.worsen(Exit::Failed);
    }

    /// Looks beside all logs of a stanza, those that are gone included.
    fn stanza(&mut self, expanded: &ExpandedStanza) {
        for log in &expanded.logs {
            self.log(&expanded.stanza, &log.path, self.command(Some(&log.path)));
        }
        match self.surveyor.lone(expanded) {
            Ok(lone) => {
                for log in &lone.logs {
                    self.log(&expanded.stanza, log, self.command(None));
                }
                lone.refused.into_iter().for_each(|fault| self.fail(fault));
            }
            Err(fault) => self.fail(fault),
        }
        self.surveyor.leave_identity();
    }

    fn log(&mut self, stanza: &Stanza, log: &Arc<Path>, command: Option<String>) {
        match self.surveyor.beside(&stanza.policy, log) {
            Ok(Some(beside)) => self.sort_out(stanza, log, &beside, command.as_deref()),
            Ok(None) => {}
            Err(fault) => self.fail(fault),
        }
    }

    fn sort_out(&mut self, stanza: &Stanza, log: &Path, beside: &Beside, command: Option<&str>) {
        let found = &beside.found;
        let former: Vec<Site> = found.former_places().into_iter().map(|(site, _)| site).collect();
        let ways = self.surveyor.families.ways_of(log);
        let groups = orphans::of(&Question {
            policy: &stanza.policy,
            members: &found.family.members,
            now: self.now.epoch,
            is_compressed: &|member| ways.is_some_and(|ways| ways.is_compressed(&member.name)),
            is_current: &|site| !former.contains(&site),
        });
        for group in groups {
            let strays = group.members.iter().map(|member| Stray {
                name: member.name.clone(),
                site: member.site,
                facts: member.facts,
            });
            let reason = Reason {
                place: Some(place_of(stanza, &group.kind)),
                kind: group.kind,
                remedy: group.remedy,
                command: command.map(str::to_owned),
            };
            self.add(log, beside, strays.collect(), reason);
        }
        for (kind, strays) in self.doubtful(log, found) {
            let reason = Reason {
                place: Some(place_of(stanza, &kind)),
                kind,
                remedy: None,
                command: None,
            };
            self.add(log, beside, strays, reason);
        }
    }

    /// Returns what may be archives of a log, and may be somebody's files.
    fn doubtful(&mut self, log: &Path, found: &Found) -> BTreeMap<Kind, Vec<Stray>> {
        let mut doubtful: BTreeMap<Kind, Vec<Stray>> = BTreeMap::new();
        for (stray, why) in strangers(found) {
            doubtful.entry(Kind::Strange(why)).or_default().push(stray);
        }
        match self.surveyor.families.guess(log, found, &self.guesses) {
            Ok(guessed) => {
                for one in guessed {
                    let kind = Kind::Dated(self.guesses.format(one.format).to_owned());
                    let (name, site, facts) = (one.name, one.site, one.facts);
                    doubtful.entry(kind).or_default().push(Stray { name, site, facts });
                }
            }
            Err(fault) => self.fail(fault),
        }
        doubtful
    }

    /// Adds files that lie about, as far as no other log has them.
    fn add(&mut self, log: &Path, beside: &Beside, mut strays: Vec<Stray>, reason: Reason) {
        strays.retain(|stray| self.known.insert(stray.facts.id));
        strays.sort_by_key(|stray| stray.facts.modified);
        let Some(oldest) = strays.first() else { return };
        let oldest = Now::at_in(oldest.facts.modified.seconds, self.now.zone).local;
        let path = |stray: &Stray| Some(beside.found.place(stray.site)?.at.path.join(&stray.name));
        let Reason {
            kind,
            place,
            remedy,
            command,
        } = reason;
        self.found.push(Orphans {
            log: log.to_owned(),
            bytes: total(strays.iter().map(|stray| stray.facts.allocated)),
            paths: strays.iter().filter_map(path).collect(),
            oldest,
            kind,
            place,
            remedy,
            command,
            refused: beside.refused.clone(),
        });
    }

    /// Returns the command that prunes a log, or all of them, by the configuration that is looked at.
    fn command(&self, log: Option<&Path>) -> Option<String> {
        let mut words: Vec<OsString> = vec!["logrotate".into(), "--prune".into()];
        if let Some(log) = log {
            // A pattern of this name may lead to other logs, and to this one it may not.
            if is_special(log.as_os_str().as_bytes()) {
                return None;
            }
            words.extend(["--only".into(), log.into()]);
        }
        words.extend(cli::words_of_place(self.request));
        let words: Option<Vec<String>> = words.iter().map(|word| shell_word(word)).collect();
        Some(words?.join(" "))
    }

    /// Looks for archives of logs that were rotated once and that no stanza has any more.
    fn unclaimed(&mut self, stanzas: &[ExpandedStanza]) {
        let mut usual = Policy::default();
        usual.retention.keep = Keep::All;
        let mut logs: Vec<(Arc<Path>, Stamp)> = Vec::new();
        for (directory, entries) in self.nobodys(stanzas) {
            let Some(first) = entries.keys().next() else { continue };
            let Ok(home) = self.surveyor.directories.get(&directory, &directory.join(first)) else {
                continue;
            };
            let names: BTreeSet<OsString> = entries.keys().cloned().collect();
            match self.surveyor.families.would_be_archives(home.at.id, &names) {
                Ok(archives) => {
                    let entries = entries.into_values();
                    logs.extend(entries.filter(|(log, _)| !archives.contains(log.file_name().unwrap_or_default())));
                }
                Err(fault) => self.fail(fault),
            }
        }
        let paths: Vec<Arc<Path>> = logs.iter().map(|(log, _)| Arc::clone(log)).collect();
        if let Err(fault) = self.surveyor.families.enter_lone(&usual, &paths) {
            return self.fail(fault);
        }
        for (log, last) in logs {
            match self.surveyor.beside(&usual, &log) {
                Ok(Some(beside)) => self.add_unclaimed(&log, last, &beside),
                Ok(None) => {}
                Err(fault) => self.fail(fault),
            }
        }
    }

    fn add_unclaimed(&mut self, log: &Path, last: Stamp, beside: &Beside) {
        let members = beside.found.family.members.iter().map(|member| Stray {
            name: member.name.clone(),
            site: member.site,
            facts: member.facts,
        });
        // Without a stanza one usual style is as good as another.
        let unproven = strangers(&beside.found).filter(|(_, why)| *why == Strange::Unproven);
        let strays = members.chain(unproven.map(|(stray, _)| stray)).collect();
        let reason = Reason {
            kind: Kind::Unclaimed(last),
            place: None,
            remedy: None,
            command: None,
        };
        self.add(log, beside, strays, reason);
    }

    /// Returns the logs of the state that no stanza has, or would have, by directory and name.
    fn nobodys(&self, stanzas: &[ExpandedStanza]) -> BTreeMap<PathBuf, BTreeMap<OsString, (Arc<Path>, Stamp)>> {
        let mut nobodys: BTreeMap<PathBuf, BTreeMap<OsString, (Arc<Path>, Stamp)>> = BTreeMap::new();
        for entry in self.surveyor.table.entries() {
            let log = Path::new(OsStr::from_bytes(entry.path));
            if !self.surveyor.families.is_configured(log) {
                if let Some((directory, name)) = split_path(log) {
                    let of_directory = nobodys.entry(directory.to_owned()).or_default();
                    of_directory.insert(name.to_owned(), (log.into(), entry.stamp));
                }
            }
        }
        for (directory, logs) in &mut nobodys {
            let directory = directory.join("");
            let words = stanzas.iter().flat_map(|stanza| &stanza.stanza.patterns);
            let leads = |word: &&OsString| expand::leads_into(word.as_bytes(), directory.as_os_str().as_bytes());
            let words: Vec<&OsString> = words.filter(leads).collect();
            let covers = |log: &Path| {
                let covers = |word: &&OsString| expand::covers(word.as_bytes(), log.as_os_str().as_bytes());
                words.iter().any(covers)
            };
            logs.retain(|_, (log, _)| !covers(log));
        }
        nobodys
    }
}

/// Returns what is named like archives and may be none, and why that is not certain.
pub(super) fn strangers(found: &Found) -> impl Iterator<Item = (Stray, Strange)> {
    found.family.strangers.iter().filter_map(|stranger| {
        let facts = found.place(stranger.site)?.view.borrow().look(&stranger.name).ok()??;
        let (name, site) = (stranger.name.clone(), stranger.site);
        Some((Stray { name, site, facts }, stranger.why))
    })
}

/// Returns the line that makes archives orphans of this kind: that of the directive, or that of the stanza.
fn place_of(stanza: &Stanza, kind: &Kind) -> Place {
    let settings = kind.settings();
    let mut origins = stanza.origins.iter().rev();
    let origin = origins.find(|origin| settings.contains(&origin.row.setting));
    origin.map_or(&stanza.declared_at, |origin| &origin.place).clone()
}

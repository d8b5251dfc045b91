//! Who takes up how much, and who gives next: of the stanzas the one that takes up most, in it the log that does, of that its oldest archive.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use super::{Archive, Floors, Log, Pick, Standing};
use crate::facts::{FileTime, total};
use crate::policy::Keep;
use crate::unix::FileId;

/// What is counted, and what protects an archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// Only what is on this device; or all.
    pub(super) device: Option<u64>,
    /// What is younger than so many days stays where a log says nothing else.
    pub(super) default_days: u32,
    /// In seconds since 1970.
    pub(super) now: i64,
}

/// What keeps an archive from being given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// It is one of so many newest (`minrotate`); `None` where none is given.
    ByCount(Option<u32>),
    /// It is younger than so many days (`minretain`).
    ByAge {
        days: u32,
        /// Nobody said so.
        is_default: bool,
    },
    InUse,
    /// It could not be removed.
    Resists,
}

/// What protects the archives that are left, each once.
pub type Left = BTreeSet<Kept>;

/// The ledger of a pool, or of a file system.
#[derive(Debug)]
pub(super) struct Ledger {
    stanzas: BTreeMap<usize, Stanza>,
    logs: Vec<Account>,
    /// The stanzas that may give and have something to give, the next one first.
    order: BTreeSet<(Claim, usize)>,
    used: u64,
    left: Left,
}

/// Who gives before whom: who takes up more, then whose candidate is older, then whose path comes first.
type Claim = (Reverse<u64>, FileTime, usize);

#[derive(Debug, Default)]
struct Stanza {
    used: u64,
    /// It may give.
    is_open: bool,
    /// Its logs that have something to give, the next one first.
    order: BTreeSet<(Claim, usize)>,
}

#[derive(Debug)]
struct Account {
    stanza: usize,
    used: u64,
    /// Where its path stands among those of all logs.
    rank: usize,
    /// What it can give, the oldest first: the archive's number, what it takes up, and its time.
    candidates: VecDeque<(usize, u64, FileTime)>,
    /// How many of its archives are kept, by what keeps them.
    kept: BTreeMap<Kept, usize>,
}

/// How a log stands in a pool, or on a file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// What it takes up, its archives included.
    pub used: u64,
    /// What its stanza takes up.
    pub of_stanza: u64,
    /// How many of its archives can be taken, and what they take up.
    pub may_give: (usize, u64),
    /// How many of its archives are kept, by what keeps them.
    pub kept: BTreeMap<Kept, usize>,
}

impl Account {
    fn claim(&self) -> Option<Claim> {
        let (_, _, time) = self.candidates.front()?;
        Some((Reverse(self.used), *time, self.rank))
    }
}

impl Stanza {
    fn claim(&self) -> Option<Claim> {
        let ((_, time, rank), _) = self.order.first()?;
        self.is_open.then_some((Reverse(self.used), *time, *rank))
    }
}

impl Ledger {
    /// Enters logs, of which those stanzas may give that `may_give` names.
    pub(super) fn new(logs: &[&Log], terms: &Terms, may_give: impl Fn(usize) -> bool) -> Self {
        let mut ledger = Self {
            stanzas: BTreeMap::new(),
            logs: Vec::with_capacity(logs.len()),
            order: BTreeSet::new(),
            used: 0,
            left: Left::new(),
        };
        let mut by_path: Vec<usize> = (0..logs.len()).collect();
        by_path.sort_by(|one, other| logs[*one].path.cmp(&logs[*other].path));
        let mut ranks = vec![0; logs.len()];
        for (rank, log) in by_path.iter().enumerate() {
            ranks[*log] = rank;
        }
        ledger.logs.extend(logs.iter().zip(ranks).map(|(log, rank)| Account {
            stanza: log.stanza,
            used: 0,
            rank,
            candidates: VecDeque::new(),
            kept: BTreeMap::new(),
        }));
        let guarded = guarded(logs, terms);
        let mut counted = HashSet::new();
        for log in &by_path {
            if let Some(live) = logs[*log].live.filter(|live| terms.counts(live.id)) {
                ledger.count(*log, live.id, live.bytes, &mut counted);
            }
        }
        for log in by_path {
            ledger.enter(log, logs[log], terms, &guarded, &mut counted);
        }
        for (log, account) in ledger.logs.iter().enumerate() {
            let stanza = ledger.stanzas.entry(account.stanza).or_default();
            stanza.is_open = may_give(account.stanza);
            stanza.order.extend(account.claim().map(|claim| (claim, log)));
        }
        let claims = ledger.stanzas.iter();
        ledger.order = claims.filter_map(|(number, it)| Some((it.claim()?, *number))).collect();
        ledger
    }

    /// Counts a file once, whatever finds it again; answers whether this is the first time.
    fn count(&mut self, log: usize, id: FileId, bytes: u64, counted: &mut HashSet<FileId>) -> bool {
        let is_new = counted.insert(id);
        if is_new {
            let account = &mut self.logs[log];
            let stanza = self.stanzas.entry(account.stanza).or_default();
            for sum in [&mut self.used, &mut stanza.used, &mut account.used] {
                *sum = sum.saturating_add(bytes);
            }
        }
        is_new
    }

    fn enter(
        &mut self,
        number: usize,
        log: &Log,
        terms: &Terms,
        guarded: &HashMap<FileId, Kept>,
        counted: &mut HashSet<FileId>,
    ) {
        for (at, Archive { extent, standing, .. }) in log.archives.iter().enumerate() {
            let is_there = *standing != Standing::Gone && terms.counts(extent.id);
            if !is_there || !self.count(number, extent.id, extent.bytes, counted) || !extent.has_one_name {
                continue;
            }
            match guarded.get(&extent.id) {
                Some(kept) => {
                    self.left.insert(*kept);
                    *self.logs[number].kept.entry(*kept).or_default() += 1;
                }
                None => self.logs[number]
                    .candidates
                    .push_back((at, extent.bytes, extent.modified)),
            }
        }
    }

    /// Returns what all take up, as far as it is counted here.
    pub(super) fn used(&self) -> u64 {
        self.used
    }

    /// Returns what protects what is left.
    pub(super) fn left(&self) -> Left {
        self.left.clone()
    }

    /// Tells how a log stands, by its number.
    pub(super) fn holding(&self, log: usize) -> Option<Holding> {
        let account = self.logs.get(log)?;
        let bytes = account.candidates.iter().map(|(_, bytes, _)| *bytes);
        Some(Holding {
            used: account.used,
            of_stanza: self.stanzas.get(&account.stanza).map_or(0, |stanza| stanza.used),
            may_give: (account.candidates.len(), total(bytes)),
            kept: account.kept.clone(),
        })
    }

    /// Returns the archive that is to go next, and what its stanza takes up.
    pub(super) fn first(&self) -> Option<(Pick, u64)> {
        let (_, stanza) = self.order.first()?;
        let stanza = self.stanzas.get(stanza)?;
        let (_, log) = *stanza.order.first()?;
        let (archive, ..) = *self.logs[log].candidates.front()?;
        Some((Pick { log, archive }, stanza.used))
    }

    /// Lets more stanzas give.
    pub(super) fn open(&mut self, may_give: impl Fn(usize) -> bool) {
        for (number, stanza) in &mut self.stanzas {
            if !stanza.is_open && may_give(*number) {
                stanza.is_open = true;
                self.order.extend(stanza.claim().map(|claim| (claim, *number)));
            }
        }
    }

    /// Enters that an archive is gone; answers what it took up.
    pub(super) fn went(&mut self, pick: Pick) -> u64 {
        self.settle(pick, |bytes| bytes)
    }

    /// Enters that an archive is passed over.
    pub(super) fn stays(&mut self, pick: Pick, why: Kept) {
        self.settle(pick, |_| 0);
        self.left.insert(why);
    }

    /// Enters that an archive takes up less than before, whether it may be taken or not.
    pub(super) fn shrank(&mut self, pick: Pick, from: u64, to: u64) {
        let log = self.logs.get_mut(pick.log);
        if let Some(entry) = log.and_then(|log| log.candidates.iter_mut().find(|(at, ..)| *at == pick.archive)) {
            entry.1 = to;
        }
        self.change(pick.log, |_| from.saturating_sub(to));
    }

    /// Takes an archive out of those that may be taken, and so much off the sums.
    fn settle(&mut self, pick: Pick, freed: impl FnOnce(u64) -> u64) -> u64 {
        self.change(pick.log, |account| {
            let found = account.candidates.iter().position(|(at, ..)| *at == pick.archive);
            let gone = found.and_then(|found| account.candidates.remove(found));
            gone.map_or(0, |(_, bytes, _)| freed(bytes))
        })
    }

    /// Changes what a log has to give, and takes off the sums what that frees; nobody's place in line is wrong afterwards.
    fn change(&mut self, log: usize, change: impl FnOnce(&mut Account) -> u64) -> u64 {
        let account = &mut self.logs[log];
        let number = account.stanza;
        let Some(stanza) = self.stanzas.get_mut(&number) else {
            return 0;
        };
        if let Some(claim) = stanza.claim() {
            self.order.remove(&(claim, number));
        }
        if let Some(claim) = account.claim() {
            stanza.order.remove(&(claim, log));
        }
        let freed = change(account);
        for sum in [&mut self.used, &mut stanza.used, &mut account.used] {
            *sum = sum.saturating_sub(freed);
        }
        stanza.order.extend(account.claim().map(|claim| (claim, log)));
        self.order.extend(stanza.claim().map(|claim| (claim, number)));
        freed
    }
}

impl Terms {
    fn counts(&self, id: FileId) -> bool {
        self.device.is_none_or(|device| device == id.device)
    }
}

/// Returns what keeps which files, in any log that has them.
fn guarded(logs: &[&Log], terms: &Terms) -> HashMap<FileId, Kept> {
    let mut guarded = HashMap::new();
    for log in logs {
        let there = log.archives.iter().rev().filter(|it| it.standing != Standing::Gone);
        for (younger, archive) in there.enumerate() {
            if let Some(kept) = kept(log.floors, archive, younger, terms) {
                guarded.entry(archive.extent.id).or_insert(kept);
            }
        }
    }
    guarded
}

/// Tells what keeps an archive, of which there are so many younger ones.
fn kept(floors: Floors, archive: &Archive, younger: usize, terms: &Terms) -> Option<Kept> {
    match floors.keep {
        Keep::All => return Some(Kept::ByCount(None)),
        Keep::Count(count) if younger < usize::try_from(count).unwrap_or(usize::MAX) => {
            return Some(Kept::ByCount(Some(count)));
        }
        Keep::Count(_) => {}
    }
    let days = floors.min_age.unwrap_or(terms.default_days);
    if archive.extent.modified.is_younger(days, terms.now) {
        let is_default = floors.min_age.is_none();
        return Some(Kept::ByAge { days, is_default });
    }
    match archive.standing {
        Standing::There | Standing::Gone => None,
        Standing::Resists => Some(Kept::Resists),
        Standing::InUse => Some(Kept::InUse),
    }
}

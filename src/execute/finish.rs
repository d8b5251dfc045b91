//! What follows a log's switch, done by a few workers beside the other work, or at once where there is one.
//!
//! A job is one log's remaining steps. Compressed files of a batch of jobs are written first and flushed together. An archive that a
//! program still writes to is put behind all other work, and waited for only a little.

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::mem;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::compress::{self, Halfway};
use super::perform::{Progress, perform};
use super::work::LogWork;
use crate::event::{Event, Listener};
use crate::fault::Fault;
use crate::plan::Step;
use crate::sys::signals;

/// So many small outputs are written before the first of them is flushed.
const BATCH: usize = 64;
/// So many jobs may wait; more make the main thread wait, so that memory and descriptors stay bounded.
const QUEUE: usize = 256;
/// So long, in all, a run waits for programs that still write to an archive.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often they are asked again meanwhile.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// The most workers that are started without being asked for.
const MOST_JOBS: usize = 8;

/// Counts the processors that the process may use, a control group's limit included.
fn processors() -> NonZero<usize> {
    let count = std::thread::available_parallelism().map_or(1, |count| count.get().min(MOST_JOBS));
    NonZero::new(count).unwrap_or(NonZero::<usize>::MIN)
}

/// One log's remaining steps.
#[derive(Debug)]
pub struct Job {
    work: Arc<LogWork>,
    steps: VecDeque<Step>,
    events: Arc<Heard>,
    /// The compressed name that was not made, and the plain one that stands for it.
    left_plain: Option<(OsString, OsString)>,
    /// Its next step was announced already, and could not be done yet.
    asked_again: bool,
    failed: bool,
    interrupted: bool,
}

/// A finished job.
#[derive(Debug)]
pub struct Finished {
    /// The log.
    pub log: PathBuf,
    /// Something failed.
    pub failed: bool,
    /// The next run has to go on with it: the archive is still written, or the run was asked to end.
    pub put_off: bool,
    /// What is to be told, in order.
    pub events: Vec<(Instant, Event)>,
}

/// Keeps what a worker tells until its job is done.
#[derive(Debug, Default)]
struct Heard(Mutex<Vec<(Instant, Event)>>);

impl Listener for Heard {
    fn hear(&self, event: Event) {
        lock(&self.0).push((Instant::now(), event));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug, Default)]
struct Board {
    queue: VecDeque<Job>,
    held: VecDeque<Job>,
    running: usize,
    finished: Vec<Finished>,
    patient_until: Option<Instant>,
    closing: bool,
}

#[derive(Debug, Default)]
struct Shared {
    board: Mutex<Board>,
    changed: Condvar,
}

/// Finishes rotations.
#[derive(Debug)]
pub struct Finisher {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Asked for when there is something to share out: a run in which nothing is does without.
    jobs: OnceCell<NonZero<usize>>,
}

impl Finisher {
    /// Finishes with so many workers, or with one a processor; one means at once, in the main thread.
    #[must_use]
    pub fn new(jobs: Option<NonZero<usize>>) -> Self {
        Self {
            shared: Arc::default(),
            workers: Vec::new(),
            jobs: jobs.map_or_else(OnceCell::new, OnceCell::from),
        }
    }

    /// Returns how many work at once.
    pub fn jobs(&self) -> NonZero<usize> {
        *self.jobs.get_or_init(processors)
    }

    /// Takes over one log's remaining steps; `inline` ones are done before this returns.
    pub fn submit(&mut self, work: Arc<LogWork>, steps: Vec<Step>, inline: bool) {
        let job = Job {
            work,
            steps: steps.into(),
            events: Arc::default(),
            left_plain: None,
            asked_again: false,
            failed: false,
            interrupted: false,
        };
        if is_quick(&job) {
            run_batch(vec![job], &self.shared, NonZero::<usize>::MIN);
            return;
        }
        if inline || self.jobs().get() == 1 {
            run_batch(vec![job], &self.shared, self.jobs());
            return;
        }
        self.start_workers();
        if self.workers.is_empty() {
            // Nobody would ever take it.
            run_batch(vec![job], &self.shared, NonZero::<usize>::MIN);
            return;
        }
        let mut board = lock(&self.shared.board);
        while board.queue.len() >= QUEUE {
            board = self.shared.changed.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
        board.queue.push_back(job);
        drop(board);
        self.shared.changed.notify_all();
    }

    fn start_workers(&mut self) {
        while self.workers.len() < self.jobs().get() {
            let (shared, threads) = (Arc::clone(&self.shared), self.jobs());
            let started = std::thread::Builder::new()
                .name("finish".into())
                .spawn(move || serve(&shared, threads));
            match started {
                Ok(handle) => self.workers.push(handle),
                // Fewer workers are slower; where there is none the main thread does all.
                Err(_) => break,
            }
        }
    }

    /// Returns what was finished so far.
    pub fn collect(&self) -> Vec<Finished> {
        mem::take(&mut lock(&self.shared.board).finished)
    }

    /// Waits until all that was submitted is finished, working along, and returns what was not collected yet.
    pub fn wait(&self) -> Vec<Finished> {
        loop {
            let mut board = lock(&self.shared.board);
            if let Some(batch) = take_batch(&mut board) {
                drop(board);
                run_batch(batch, &self.shared, self.jobs());
                leave(&self.shared);
            } else if board.running > 0 {
                drop(self.shared.changed.wait(board));
            } else if !board.held.is_empty() {
                ask_held(board, &self.shared, self.jobs());
            } else {
                return mem::take(&mut board.finished);
            }
        }
    }
}

/// Notes that a batch is done.
fn leave(shared: &Shared) {
    lock(&shared.board).running -= 1;
    shared.changed.notify_all();
}

impl Drop for Finisher {
    fn drop(&mut self) {
        lock(&self.shared.board).closing = true;
        self.shared.changed.notify_all();
        for worker in self.workers.drain(..) {
            // A worker that panicked has been reported by its own message.
            drop(worker.join());
        }
    }
}

/// Says whether a job's steps are done sooner than they are handed over: nothing, or the removal of small files. Two
/// threads that change one directory only wait for each other.
fn is_quick(job: &Job) -> bool {
    let removals_only = job.steps.iter().all(|step| matches!(step, Step::Remove { .. }));
    removals_only && job.work.before.size <= BIG && job.work.set.policy.shred.is_none()
}

fn serve(shared: &Shared, threads: NonZero<usize>) {
    let mut board = lock(&shared.board);
    loop {
        if let Some(batch) = take_batch(&mut board) {
            drop(board);
            shared.changed.notify_all();
            run_batch(batch, shared, threads);
            leave(shared);
            board = lock(&shared.board);
        } else if board.closing {
            return;
        } else {
            board = shared.changed.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Takes the next jobs, big ones alone, and notes that somebody works on them.
fn take_batch(board: &mut Board) -> Option<Vec<Job>> {
    let mut batch = Vec::new();
    while let Some(next) = board.queue.front() {
        let big = next.work.before.size > BIG;
        if (big && !batch.is_empty()) || batch.len() >= BATCH {
            break;
        }
        batch.extend(board.queue.pop_front());
        if big {
            break;
        }
    }
    if batch.is_empty() {
        return None;
    }
    board.running += 1;
    Some(batch)
}

/// A log above this many bytes is worth a batch of its own.
const BIG: u64 = 1 << 20;

/// Runs some jobs. One that panics is a defect of ours, and still must not keep the run waiting: it counts as failed, and
/// the next run goes on with what it had not done.
fn run_batch(batch: Vec<Job>, shared: &Shared, threads: NonZero<usize>) {
    let marks: Vec<_> = batch
        .iter()
        .map(|job| (Arc::clone(&job.work), Arc::clone(&job.events)))
        .collect();
    let ran = catch_unwind(AssertUnwindSafe(|| run_jobs(batch, shared, threads)));
    if ran.is_ok() {
        return;
    }
    let mut board = lock(&shared.board);
    for (work, events) in marks {
        let is_told = board.finished.iter().any(|done| done.log == work.path)
            || board.held.iter().any(|job| Arc::ptr_eq(&job.work, &work));
        if !is_told {
            board.finished.push(Finished {
                log: work.path.clone(),
                failed: true,
                put_off: true,
                events: mem::take(&mut lock(&events.0)),
            });
        }
    }
}

fn run_jobs(batch: Vec<Job>, shared: &Shared, threads: NonZero<usize>) {
    let mut written = Vec::new();
    for job in batch {
        match advance(job, threads) {
            After::Done(done) => finished(shared, done),
            After::Written(job, half) => written.push((job, half)),
            After::Held(job) => lock(&shared.board).held.push_back(job),
        }
    }
    for (mut job, half) in written {
        complete(&mut job, *half);
        let mut next = advance(job, threads);
        loop {
            match next {
                After::Done(done) => break finished(shared, done),
                After::Held(job) => break lock(&shared.board).held.push_back(job),
                After::Written(mut job, half) => {
                    complete(&mut job, *half);
                    next = advance(job, threads);
                }
            }
        }
    }
}

fn finished(shared: &Shared, job: Job) {
    let done = Finished {
        log: job.work.path.clone(),
        failed: job.failed,
        put_off: job.left_plain.is_some() || job.interrupted,
        events: mem::take(&mut lock(&job.events.0)),
    };
    lock(&shared.board).finished.push(done);
}

enum After {
    Done(Job),
    Written(Job, Box<Halfway>),
    Held(Job),
}

/// Goes through a job's steps until one is only half done, or cannot be done yet.
fn advance(mut job: Job, threads: NonZero<usize>) -> After {
    while let Some(step) = job.steps.pop_front() {
        if signals::caught().is_some() {
            fail(&mut job, Fault::Interrupted);
            return After::Done(job);
        }
        let step = stand_in(&job, step);
        if !std::mem::take(&mut job.asked_again) {
            job.work.announce(&step, &*job.events);
        }
        match perform(&job.work, &step, threads, &*job.events) {
            Ok(Progress::Done) => {}
            Ok(Progress::Halfway(half)) => return After::Written(job, half),
            Ok(Progress::Held) => {
                job.steps.push_front(step);
                job.asked_again = true;
                return After::Held(job);
            }
            Err(fault) => {
                fail(&mut job, fault);
                return After::Done(job);
            }
        }
    }
    After::Done(job)
}

/// A step about a compressed file that was not made is about the plain one.
fn stand_in(job: &Job, step: Step) -> Step {
    match (&job.left_plain, step) {
        (Some((missing, plain)), Step::Mail { what, subject, .. }) if what == *missing => Step::Mail {
            what: plain.clone(),
            subject,
            uncompress: false,
        },
        (_, step) => step,
    }
}

fn fail(job: &mut Job, fault: Fault) {
    job.interrupted = fault == Fault::Interrupted;
    job.events.hear(Event::Failed(fault));
    job.failed = true;
    job.steps.clear();
}

fn complete(job: &mut Job, half: Halfway) {
    let (to, from) = half.names();
    match compress::complete(&job.work, half, &*job.events) {
        Ok(true) => {}
        Ok(false) => leave_plain(job, (to, from), None),
        Err(fault) => fail(job, fault),
    }
}

fn leave_plain(job: &mut Job, (to, from): (OsString, OsString), by: Option<String>) {
    job.events.hear(Event::StillWritten {
        path: job.work.archive_path_of(&from),
        by,
    });
    job.left_plain = Some((to, from));
}

/// Asks once more whether the archives that were still written can be compressed now; gives up when patience is out.
fn ask_held(mut board: MutexGuard<'_, Board>, shared: &Shared, threads: NonZero<usize>) {
    let until = *board.patient_until.get_or_insert_with(|| Instant::now() + PATIENCE);
    let patient = Instant::now() < until && signals::caught().is_none();
    let held = mem::take(&mut board.held);
    drop(board);
    if patient {
        std::thread::sleep(ASK_AGAIN);
        run_batch(held.into(), shared, threads);
        return;
    }
    let mut given_up = Vec::new();
    for mut job in held {
        if let Some(Step::Compress { from, to, .. }) = job.steps.pop_front() {
            let program = compress::holder(&job.work, &from);
            leave_plain(&mut job, (to, from), program);
        }
        given_up.push(job);
    }
    run_batch(given_up, shared, threads);
}

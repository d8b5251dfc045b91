//! What follows a log's switch, done by a few workers beside the other work, or at once where there is one.
//!
//! Compressed files of a batch of jobs are written first and flushed together. What a job does is `job`'s; when one is tried again that
//! a program's writing kept from going on is the session's to decide.

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::mem;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::job::{After, Finished, Job, lock};
use crate::plan::Step;
use crate::sys::descriptors;

/// So many small outputs are written before the first of them is flushed, or as many as descriptors allow.
const BATCH: usize = 64;
/// A worker's batch may hold an eighth of the open files allowed, shared with the other workers.
const BATCH_PART: usize = 8;
/// So many jobs may wait; more make the main thread wait, so that memory and descriptors stay bounded.
const QUEUE: usize = 256;
/// Jobs that wait hold two directories each: a quarter of the open files allowed.
const QUEUE_PART: usize = 8;
/// The most workers that are started without being asked for.
const MOST_JOBS: usize = 8;

/// Counts the processors that the process may use, a control group's limit included.
fn processors() -> NonZero<usize> {
    let count = std::thread::available_parallelism().map_or(1, |count| count.get().min(MOST_JOBS));
    NonZero::new(count).unwrap_or(NonZero::<usize>::MIN)
}

#[derive(Debug, Default)]
struct Board {
    queue: VecDeque<Job>,
    running: usize,
    finished: Vec<Finished>,
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
    pub(super) fn submit(&mut self, job: Job, inline: bool) {
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
        while board.queue.len() >= descriptors::share(QUEUE_PART, QUEUE) {
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
            if let Some(batch) = take_batch(&mut board, self.jobs()) {
                drop(board);
                run_batch(batch, &self.shared, self.jobs());
                leave(&self.shared);
            } else if board.running > 0 {
                drop(self.shared.changed.wait(board));
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
    let removals_only = job.steps().all(|step| matches!(step, Step::Remove { .. }));
    removals_only && job.size() <= BIG && job.turn().site.stanza.policy.shred.is_none()
}

fn serve(shared: &Shared, threads: NonZero<usize>) {
    let mut board = lock(&shared.board);
    loop {
        if let Some(batch) = take_batch(&mut board, threads) {
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
fn take_batch(board: &mut Board, jobs: NonZero<usize>) -> Option<Vec<Job>> {
    let mut batch = Vec::new();
    let most = descriptors::share(BATCH_PART * jobs.get(), BATCH);
    while let Some(next) = board.queue.front() {
        let big = next.size() > BIG;
        if (big && !batch.is_empty()) || batch.len() >= most {
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
    guard(batch, shared, |batch| run_jobs(batch, shared, threads));
}

/// Has some jobs run; those that are not told of when that panics have failed.
fn guard(batch: Vec<Job>, shared: &Shared, run: impl FnOnce(Vec<Job>)) {
    let marks: Vec<_> = batch.iter().map(Job::mark).collect();
    let ran = catch_unwind(AssertUnwindSafe(|| run(batch)));
    if ran.is_ok() {
        return;
    }
    let mut board = lock(&shared.board);
    for mark in marks {
        let is_told = board
            .finished
            .iter()
            .any(|done| done.turn.site.path == mark.turn.site.path);
        if !is_told {
            board.finished.push(mark.broken_off());
        }
    }
}

fn run_jobs(batch: Vec<Job>, shared: &Shared, threads: NonZero<usize>) {
    let mut written = Vec::new();
    for job in batch {
        match job.advance(threads) {
            After::Written(job, half) => written.push((job, half)),
            other => take_in(shared, other),
        }
    }
    for (mut job, mut half) in written {
        let after = loop {
            job.complete(*half);
            match job.advance(threads) {
                After::Written(same, next) => (job, half) = (same, next),
                other => break other,
            }
        };
        take_in(shared, after);
    }
}

/// Puts a job where it belongs now.
fn take_in(shared: &Shared, after: After) {
    let mut board = lock(&shared.board);
    match after {
        After::Done(done) => board.finished.push(done),
        // Whoever wrote it completes it.
        After::Written(..) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execute::job::tests::job;

    #[test]
    fn a_job_that_panics_has_failed_and_what_was_told_before_stands() {
        let shared = Shared::default();
        guard(vec![job("/log/one"), job("/log/two")], &shared, |batch| {
            let mut batch = batch.into_iter();
            let one = batch.next().unwrap();
            take_in(&shared, one.advance(NonZero::<usize>::MIN));
            drop(batch.next());
            panic!("a defect");
        });
        let board = lock(&shared.board);
        let told: Vec<_> = board
            .finished
            .iter()
            .map(|done| (done.turn.site.path.to_str().unwrap(), done.failed, done.put_off))
            .collect();
        assert_eq!(told, [("/log/one", false, false), ("/log/two", true, true)]);
    }

    #[test]
    fn a_worker_that_panics_does_not_keep_the_run_waiting() {
        let finisher = Finisher::new(None);
        lock(&finisher.shared.board).running = 1;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                guard(vec![job("/log/one")], &finisher.shared, |_| panic!("a defect"));
                leave(&finisher.shared);
            });
            let done = finisher.wait();
            assert!(done.iter().all(|done| done.failed) && done.len() == 1, "{done:?}");
        });
    }
}

//! The hands that really do it.

use std::num::NonZero;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Hands;
use super::compress;
use super::finish::{Finished, Finisher};
use super::hook::{self, Call};
use super::olddir;
use super::perform::{Progress, perform};
use super::work::{LogWork, SetWork};
use crate::event::{Event, Listener};
use crate::fault::Fault;
use crate::observe::{Directories, Held};
use crate::plan::Step;
use crate::policy::Ownership;
use crate::sys::{create, signals};

/// So long, in all, a run waits before a switch for programs that still write to an older archive.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often they are asked again meanwhile.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// Carries out steps.
#[derive(Debug)]
pub struct Executor {
    listener: Arc<dyn Listener>,
    finisher: Finisher,
    patient_until: Option<Instant>,
}

impl Executor {
    /// Works with so many workers, or with one a processor, and tells the listener what is done.
    #[must_use]
    pub fn new(listener: &Arc<dyn Listener>, jobs: Option<NonZero<usize>>) -> Self {
        create::know_umask();
        Self {
            listener: Arc::clone(listener),
            finisher: Finisher::new(jobs),
            patient_until: None,
        }
    }

    fn perform(&mut self, work: &LogWork, step: &Step) -> Result<(), Fault> {
        let threads = match step {
            Step::Compress { .. } => self.finisher.jobs(),
            _ => NonZero::<usize>::MIN,
        };
        loop {
            match perform(work, step, threads, &*self.listener)? {
                Progress::Done => return Ok(()),
                Progress::Halfway(half) => {
                    let (_, from) = half.names();
                    return match compress::complete(work, *half, &*self.listener)? {
                        true => Ok(()),
                        false => Err(Fault::StillWritten {
                            path: work.archive_path_of(&from),
                            by: None,
                        }),
                    };
                }
                Progress::Held => {
                    let until = *self.patient_until.get_or_insert_with(|| Instant::now() + PATIENCE);
                    if Instant::now() >= until {
                        let Step::Compress { from, .. } = step else {
                            return Ok(());
                        };
                        return Err(Fault::StillWritten {
                            path: work.archive_path_of(from),
                            by: compress::holder(work, from),
                        });
                    }
                    std::thread::sleep(ASK_AGAIN);
                }
            }
        }
    }
}

impl Hands for Executor {
    fn script(&mut self, set: &SetWork, call: &Call) -> Result<(), Fault> {
        self.listener.hear(Event::Script {
            hook: call.hook,
            rehearsed: None,
        });
        hook::run(set, call)
    }

    fn make_dir(
        &mut self,
        directories: &mut Directories,
        base: &Held,
        path: &Path,
        ownership: &Ownership,
        log: &Path,
    ) -> Result<Option<Rc<Held>>, Fault> {
        olddir::make(base, path, ownership, &*self.listener)?;
        directories.get_below(base, path, log).map(Some)
    }

    fn step(&mut self, work: &LogWork, step: &Step) -> Result<(), Fault> {
        if signals::caught().is_some() {
            return Err(Fault::Interrupted);
        }
        work.announce(step, &*self.listener);
        self.perform(work, step)
    }

    fn finish(&mut self, work: Arc<LogWork>, steps: Vec<Step>, inline: bool) {
        self.finisher.submit(work, steps, inline);
    }

    fn collect(&mut self) -> Vec<Finished> {
        self.finisher.collect()
    }

    fn wait(&mut self) -> Vec<Finished> {
        self.finisher.wait()
    }
}

//! Runs that are killed, hindered or cut off from power at every system call, and what the next run makes of it.
//!
//! `tracer` stops a run where it is wanted, `scene` is the world it rotates in, `verdict` looks for what is missing.

mod calls;
mod daemon;
mod disks;
mod faults;
mod findings;
mod held;
mod housekeeping;
mod journal;
mod kills;
mod later;
mod obstacles;
mod power;

mod scene;
mod signals;
mod storms;
mod sweep;
pub(crate) mod tracer;
mod verdict;
mod ways;

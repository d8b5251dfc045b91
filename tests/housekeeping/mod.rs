//! Housekeeping: what `prune` and budgets remove, and what they never do, whatever lies about.
//!
//! `home` is a directory with logs and a configuration. How a run is killed in housekeeping is `interrupted`'s, who swaps meanwhile `races`'.

mod disks;
mod home;
mod lookalikes;
mod naming;
mod portable;
mod properties;
mod taken_over;

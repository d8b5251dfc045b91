//! The state of the last rotations: a table, its text, and what can be wrong with it.
//!
//! Pure: `store` reads and writes the files.

pub mod codec;
pub mod expiry;
pub mod problem;
pub mod record;
pub mod table;

pub use problem::StateProblem;
pub use table::StateTable;

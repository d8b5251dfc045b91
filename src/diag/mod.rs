//! Complaints about input: what is wrong and where, as data. `report::cite` has the sentences.

use std::path::Path;
use std::sync::Arc;

pub mod problem;

pub use problem::Problem;

/// A place in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file, by the path it was reached by.
    pub file: Arc<Path>,
    /// The line, from 1.
    pub line: u32,
    /// The column in bytes, from 1.
    pub column: u32,
    /// How many bytes it covers; 0 where only the spot is known.
    pub length: u32,
}

/// How much a complaint weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Said only with `-v` or `-d`.
    Note,
    /// Said always; nothing is lost by it.
    Warning,
    /// Said always; something was left out, and the exit status is 1.
    Error,
}

/// One complaint: what, where, and how much it weighs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// Where it is, if it has a place in a file.
    pub place: Option<Place>,
    pub problem: Problem,
    /// The line of the file that the place is in, without its newline, where there is one to show.
    pub excerpt: Option<Vec<u8>>,
}

impl Diagnostic {
    /// Makes a complaint whose weight is that of its problem.
    #[must_use]
    pub fn new(problem: Problem, place: Option<Place>, excerpt: Option<Vec<u8>>) -> Self {
        Self {
            severity: problem.class().severity,
            place,
            problem,
            excerpt,
        }
    }
}

//! Complaints about input: what is wrong and where, as data. `report::cite` has the sentences.

use std::path::Path;
use std::sync::Arc;

/// A place in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
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

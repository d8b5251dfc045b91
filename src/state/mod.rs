//! The state of the last rotations: a table, and its text.

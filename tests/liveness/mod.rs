//! A log is rotated at its time, whatever became of its archives: the rules that begin with P, each in a test that says so.

mod lines;
mod names;
mod obstacles;
mod reopened;
mod rows;
mod scripts;

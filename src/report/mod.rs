//! The only place that writes sentences.

pub mod cite;

//! Changes the world, as planned.

pub mod engine;
pub mod gzip;
pub mod zstd;

//! Changes the world, as planned.

pub mod decompress;
pub mod engine;
pub mod gzip;
pub mod zstd;

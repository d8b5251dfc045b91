//! The configuration language: bytes to tokens to items.

//! The configuration language: bytes to tokens to items. No files, no users, no meaning.

pub mod ast;
pub mod directive;
pub mod lex;
pub mod parse;
pub mod value;

//! All tests that run the program or read the project's files, in one binary for quick links.
//!
//! A module a subject, beside this file; what several share is in `support`.

mod support;

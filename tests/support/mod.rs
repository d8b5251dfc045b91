//! What several modules of tests share: running binaries, small trees, needed tools.

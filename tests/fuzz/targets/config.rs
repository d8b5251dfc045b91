//! Any bytes as configuration: parsed, loaded and complained about, without a panic or a control character.

#![no_main]

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use libfuzzer_sys::fuzz_target;
use logrotate_rs::config::parse;
use logrotate_rs::load::{LoadOptions, load};
use logrotate_rs::report::cite;

/// The file that the bytes are put into, in memory where that can be.
fn file() -> &'static PathBuf {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let dir = if Path::new("/dev/shm").is_dir() { PathBuf::from("/dev/shm") } else { std::env::temp_dir() };
        dir.join(format!("logrotate-fuzz-{}.conf", std::process::id()))
    })
}

fuzz_target!(|data: &[u8]| {
    let _ = parse::parse(data, Arc::from(Path::new("fuzzed")));
    // What includes reach is no part of the input; reading it tells nothing.
    if data.windows(7).any(|word| word == b"include") {
        return;
    }
    std::fs::write(file(), data).expect("the file can be written");
    let options = LoadOptions { record_origins: true, offline: true, ..LoadOptions::default() };
    let loaded = load(std::slice::from_ref(file()), &options, &mut |diagnostic| {
        let said = cite::line(&diagnostic);
        assert!(!said.chars().any(|one| one.is_control() && one != '\n'), "{said:?}");
        let _ = cite::remedy(&diagnostic.problem);
    });
    for stanza in loaded.stanzas {
        assert!(!stanza.patterns.is_empty(), "a stanza without a word");
    }
});

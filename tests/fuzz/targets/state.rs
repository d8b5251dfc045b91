//! Any bytes as a state file and as a journal: read without a panic, and what is read is written so that it reads the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use logrotate_rs::state::{codec, record};

fuzz_target!(|data: &[u8]| {
    for line in data.split(|byte| *byte == b'\n') {
        let Ok(Some(entry)) = codec::parse_line(line) else { continue };
        let mut text = Vec::new();
        if !codec::write_line(&mut text, &entry.path, entry.stamp) {
            continue;
        }
        let written = text.strip_suffix(b"\n").expect("a line ends");
        let again = codec::parse_line(written).expect("what we write can be read").expect("it is no empty line");
        assert_eq!((&again.path, again.stamp), (&entry.path, entry.stamp));
    }
    let _ = record::replay(data);
});

//! The control: did the machine really have two processors for us in this round?

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Result, ensure};

use crate::tree;

/// The text that the control compresses: about a fifth of a second for `gzip`.
const SIZE: u64 = 12 << 20;

/// A file to compress, made once.
pub(crate) struct Control {
    file: PathBuf,
}

impl Control {
    /// Makes the file.
    pub(crate) fn new(dir: &Path) -> Result<Self> {
        let file = dir.join("control.log");
        tree::big_log(&file, SIZE, 3)?;
        Ok(Control { file })
    }

    /// Answers the time of two `gzip`s at once over the time of one: 1.0 is two whole processors, 2.0 is one.
    pub(crate) fn measure(&self) -> Result<f64> {
        let alone = self.gzips(1)?.min(self.gzips(1)?);
        Ok(self.gzips(2)? / alone)
    }

    fn gzips(&self, count: usize) -> Result<f64> {
        let begin = Instant::now();
        let start = || {
            Command::new("gzip")
                .arg("-c")
                .arg(&self.file)
                .stdout(Stdio::null())
                .spawn()
        };
        let children = (0..count).map(|_| start()).collect::<Result<Vec<_>, _>>()?;
        for mut child in children {
            ensure!(child.wait()?.success(), "gzip failed");
        }
        Ok(begin.elapsed().as_secs_f64())
    }
}

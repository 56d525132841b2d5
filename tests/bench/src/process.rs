//! A child process: ended with the bench, and asked what it used.

use std::process::Child;

use anyhow::{Context, Result};

/// Clock ticks a second in `/proc`; 100 on every Linux that matters.
const TICKS_PER_SECOND: f64 = 100.0;

/// A child that is killed when it is dropped.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) const fn new(child: Child) -> Self {
        Self(child)
    }

    /// CPU seconds used so far, by all its threads.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        let after_name = stat.rsplit_once(')').context("no name in stat")?.1;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let ticks =
            |position: usize| -> Result<f64> { Ok(fields.get(position).context("short stat")?.parse()?) };
        Ok((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
    }

    /// The most memory it ever held, in MB.
    pub(crate) fn peak_mb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kb: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kb / 1_024.0)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.kill().is_ok() {
            self.0.wait().ok();
        }
    }
}

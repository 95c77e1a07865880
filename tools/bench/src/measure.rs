//! What a program takes: wall time, CPU time and peak memory, of the program itself and not of who measures it.
//!
//! A small process starts the program and asks the system about its children afterwards. Programs that start others (apksigner is
//! a shell script that starts Java) are counted with them; their peak is that of the largest process.

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use serde::{Deserialize, Serialize};

/// What a program took.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// Wall time in microseconds.
    pub(crate) wall: u64,
    /// CPU time of all threads and processes in microseconds.
    pub(crate) cpu: u64,
    /// Peak resident memory in KiB.
    pub(crate) peak: u64,
}

impl Usage {
    /// This and then another one.
    pub(crate) fn and_then(self, other: Self) -> Self {
        Self { wall: self.wall + other.wall, cpu: self.cpu + other.cpu, peak: self.peak.max(other.peak) }
    }

    /// Of each value the median.
    pub(crate) fn median(all: &[Self]) -> Self {
        let of = |value: fn(&Self) -> u64| median(all.iter().map(value).collect());
        Self { wall: of(|usage| usage.wall), cpu: of(|usage| usage.cpu), peak: of(|usage| usage.peak) }
    }
}

/// The value in the middle; zero where there is none.
pub(crate) fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Runs `command` through a process that measures it.
pub(crate) fn measure(command: &[OsString]) -> anyhow::Result<Usage> {
    let this = std::env::current_exe()?;
    let output = Command::new(this).arg("measure").arg("--").args(command).output()?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("the measuring process said something else")
}

/// What the measuring process does.
pub(crate) fn measure_here(command: &[OsString]) -> anyhow::Result<Usage> {
    let (program, arguments) = command.split_first().context("nothing to run")?;
    let started = Instant::now();
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output()?;
    let wall = microseconds(started.elapsed());
    if !output.status.success() {
        let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        bail!("it ended with {}: {out}{error}", output.status);
    }
    let children = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = children.user_time().num_microseconds() + children.system_time().num_microseconds();
    Ok(Usage { wall, cpu: u64::try_from(cpu)?, peak: u64::try_from(children.max_rss())? })
}

pub(crate) fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

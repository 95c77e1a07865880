//! Contenders run against each other in one go.

use std::ffi::OsString;
use std::path::Path;

use crate::measure::{Usage, measure};

/// The commands of one contender, one after another.
pub(crate) type Steps = Vec<Vec<OsString>>;

/// A folder in memory, where the system has one: a disk that writes in the background takes a core from whoever runs just then.
pub(crate) fn scratch() -> std::io::Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }
}

/// The medians of every contender, each of which runs once in each round, beginning with another one each time; the first round only
/// warms up.
pub(crate) fn run<const N: usize>(contenders: &[Steps; N], rounds: usize) -> anyhow::Result<[Usage; N]> {
    let mut measured: [Vec<Usage>; N] = std::array::from_fn(|_| Vec::new());
    for round in 0..=rounds {
        for turn in 0..N {
            let which = (round + turn) % N;
            let mut usage = Usage::default();
            for step in &contenders[which] {
                usage = usage.and_then(measure(step)?);
            }
            if round > 0 {
                measured[which].push(usage);
            }
        }
    }
    Ok(measured.map(|all| Usage::median(&all)))
}

/// A command of words.
pub(crate) fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

/// A command with paths behind its words.
pub(crate) fn with(mut command: Vec<OsString>, files: &[&Path]) -> Vec<OsString> {
    command.extend(files.iter().map(OsString::from));
    command
}

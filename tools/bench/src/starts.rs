//! (c) How long a function takes from the start of its process to its first poll of the Runtime API and to its first answer.

mod process;
mod tls;

use std::path::{Path, PathBuf};

use crate::measure::median;
use crate::page::{Table, mebibytes, milliseconds};
use crate::stack::Stack;
use process::Start;
use tls::Terminator;

/// The function that is nothing but the runtime.
const BARE: &str = "bare";

/// Functions and the events that are their first.
const FUNCTIONS: [(&str, &str); 5] = [
    ("automate-upload", "upload"),
    ("automate-status", "status"),
    ("upload-arrival", "put"),
    ("protection-worker", "wake-up"),
    ("maintenance", "each-minute"),
];

/// Starts every function `rounds` times, and returns the part of the page.
pub(crate) async fn compare(stack: &Stack, rounds: usize) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let terminator = Terminator::start(stack.aws_address()?, folder.path()).await?;
    let functions = [(BARE, "")].into_iter().chain(FUNCTIONS);
    let programs: Vec<(&str, &str, PathBuf)> =
        functions.map(|(name, event)| Ok((name, event, program(name)?))).collect::<anyhow::Result<_>>()?;
    let mut starts: Vec<Vec<Start>> = vec![Vec::new(); programs.len()];
    eprintln!("bench: starts, {rounds} rounds");
    for round in 0..=rounds {
        for ((name, event, program), starts) in programs.iter().zip(&mut starts) {
            let event = stack.event(name, event).await?;
            let start = process::start(name, program, stack, &terminator, event).await?;
            if round > 0 {
                starts.push(start);
            }
        }
    }
    let names: Vec<&str> = programs.iter().map(|(name, ..)| *name).collect();
    Ok(section(&names, &starts, rounds))
}

/// The release binary beside this one.
fn program(name: &str) -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe()?;
    let program = this.parent().unwrap_or(Path::new(".")).join(name);
    anyhow::ensure!(program.exists(), "{} is missing: ./dev bench builds it", program.display());
    Ok(program)
}

fn section(names: &[&str], starts: &[Vec<Start>], rounds: usize) -> String {
    let mut table = Table::new(&[
        "function",
        "first poll, ms",
        "of it waiting for AWS, ms",
        "CPU, ms",
        "resident, MiB",
        "first answer after its event, ms",
        "of it waiting for AWS, ms",
        "CPU until then, ms",
        "resident then, MiB",
    ]);
    let mut own = Vec::new();
    for (name, starts) in names.iter().zip(starts) {
        let of = |value: fn(&Start) -> u64| median(starts.iter().map(value).collect());
        own.push(median(starts.iter().map(|start| start.poll.saturating_sub(start.poll_waited)).collect()));
        table.row(&[
            format!("`{name}`"),
            milliseconds(of(|start| start.poll)),
            milliseconds(of(|start| start.poll_waited)),
            milliseconds(of(|start| start.poll_cpu)),
            mebibytes(of(|start| start.poll_resident)),
            milliseconds(of(|start| start.answer)),
            milliseconds(of(|start| start.answer_waited)),
            milliseconds(of(|start| start.answer_cpu)),
            mebibytes(of(|start| start.answer_resident)),
        ]);
    }
    let bare = own.first().copied().unwrap_or_default();
    let lines: Vec<String> = names
        .iter()
        .zip(&own)
        .skip(1)
        .map(|(name, own)| {
            let more = own.saturating_sub(bare);
            let verdict = if more <= 3_000 { "within 3 ms" } else { "**not within 3 ms**" };
            format!(
                "- `{name}`: {} ms more than the bare runtime until its first poll, not counting AWS: {verdict}",
                milliseconds(more)
            )
        })
        .collect();
    format!(
        "Release binaries, each started {rounds} times in turn by a Runtime API on loopback, with the roots that functions are \
         deployed with and one more; `bare` is the Rust runtime with a handler that does nothing. AWS is the local one behind a TLS terminator on loopback, \
         which knows how long it was waited for.\n\n{table}\n{}\n",
        lines.join("\n")
    )
}

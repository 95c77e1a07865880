//! `./dev explain` and `./dev diff`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use inspect::{diff, explain};

/// What the controls would change in a package, and what changed between two.
#[derive(Debug, Parser)]
#[command(name = "inspect", bin_name = "./dev")]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell what each control would change in an app, without changing or uploading anything; exit status 1 when a control that was
    /// named cannot be applied
    Explain(explain::Options),
    /// Tell entry by entry what differs between two packages; exit status 1 when there is one that controls, packaging and signing
    /// do not make
    Diff(diff::Options),
}

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let done = match Options::parse().command {
        Command::Explain(options) => explain::run(&options, &mut out),
        Command::Diff(options) => diff::run(&options, &mut out),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // A reader that has seen enough, such as `head`.
        Err(error)
            if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) =>
        {
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {}", with_causes(&error));
            ExitCode::from(2)
        }
    }
}

/// The message and its causes, as far as the messages before do not say them already.
fn with_causes(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |text, cause| {
        let cause = cause.to_string();
        match text.is_empty() {
            true => cause,
            false if text.contains(&cause) => text,
            false => format!("{text}: {cause}"),
        }
    })
}

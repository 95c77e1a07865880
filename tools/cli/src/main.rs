//! Entry point of `apptego`.

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "main reads the environment")]
    let key = std::env::var("APPTEGO_API_KEY").ok();
    ExitCode::from(cli::run_from_terminal(cli::Cli::parse(), key).await as u8)
}

//! Entry point of the local server.

use std::process::ExitCode;

use clap::Parser as _;
use local::commands::{Command, Options};

#[tokio::main]
async fn main() -> ExitCode {
    let Options { command } = Options::parse();
    let filter = if matches!(command, Command::Serve(_)) { "info,aws=warn" } else { "error" };
    tracing_subscriber::fmt().compact().with_env_filter(filter).with_writer(std::io::stderr).init();
    command.run().await
}

//! The customer's command line: a pure HTTP client of the Automation API.
//!
//! `main` parses and exits; [`run`] does the rest. Another program can do the same with a [`Cli`] it parsed itself.

mod args;
mod client;
mod console;
mod download;
mod error;
mod findings;
mod pacing;
mod report;
mod run;
mod upload;
mod wait;
mod wire;

pub use args::{Cli, Command, Common, Download, Environment, Platform, Protect, Source, StatusOf, Upload};
pub use client::{ApiKey, Client};
pub use console::{Console, Style};
pub use error::{Error, Exit, Refusal};
pub use pacing::Pacing;
pub use report::render as render_report;
pub use run::{Setting, run, run_from_terminal};

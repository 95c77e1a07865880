//! Benchmarks against peers. Prints ratios from one run; never fails for being slow.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line")]

mod apps;
mod bundles;
mod calls;
mod contenders;
mod journey;
mod machine;
mod maker;
mod measure;
mod packages;
mod page;
mod peers;
mod rounds;
mod stack;
mod starts;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use contenders::Files;
use stack::Stack;

/// Measures this project against the usual tools and against the least that is possible.
#[derive(Debug, Parser)]
#[command(name = "bench", bin_name = "./dev bench", args_conflicts_with_subcommands = true)]
struct Options {
    #[command(subcommand)]
    contender: Option<Contender>,
    #[command(flatten)]
    run: Run,
}

#[derive(Debug, Args)]
struct Run {
    /// What to measure; everything, where nothing is named
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Rounds of each comparison
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Tools, data and state
    #[arg(long, env = "APPTEGO_HOME", default_value = ".local", hide = true)]
    home: PathBuf,
    /// Real packages
    #[arg(long, env = "APPTEGO_SAMPLES", default_value = ".local/samples", hide = true)]
    samples: PathBuf,
    /// The outside signer of iOS apps
    #[arg(long, env = "RCODESIGN", default_value = "rcodesign", hide = true)]
    rcodesign: PathBuf,
    /// Where to write the page, besides printing it
    #[arg(long)]
    page: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Protecting packages, against zipalign and apksigner and against copying
    Packages,
    /// Protecting Android App Bundles, against jarsigner
    Bundles,
    /// Protecting iOS apps, against rcodesign
    Apps,
    /// From the arrival of an upload to the completed job
    Journey,
    /// The start of each function
    Starts,
    /// Calls to AWS behind each request
    Calls,
}

/// What the benchmark starts as processes of their own.
#[derive(Debug, Subcommand)]
enum Contender {
    #[command(hide = true)]
    Measure {
        #[arg(last = true)]
        command: Vec<OsString>,
    },
    #[command(hide = true)]
    Protect(Files),
    #[command(hide = true)]
    Copy(Files),
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    match options.contender {
        Some(Contender::Measure { command }) => {
            println!("{}", serde_json::to_string(&measure::measure_here(&command)?)?);
            Ok(())
        }
        Some(Contender::Protect(files)) => contenders::protect(&files),
        Some(Contender::Copy(files)) => contenders::copy(&files),
        None => run(&options.run),
    }
}

/// Not an async main: contenders must not carry a runtime's threads.
fn run(options: &Run) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let wants = |part| options.parts.is_empty() || options.parts.contains(&part);
    let mut page = format!(
        "# Performance\n\nWritten by `./dev bench` on {}.\nRatios come from one run; absolute times are those of that machine.\n",
        machine::describe()
    );
    let mut add = |title: &str, text: String| page.push_str(&format!("\n## {title}\n\n{}\n", text.trim_end()));
    if wants(Part::Packages) {
        add("Protecting a package", packages::compare(&options.samples, options.rounds)?);
    }
    if wants(Part::Bundles) {
        add("Protecting a bundle", bundles::compare(&options.samples, options.rounds)?);
    }
    if wants(Part::Apps) {
        add("Protecting an iOS app", apps::compare(&options.samples, &options.rcodesign, options.rounds)?);
    }
    if [Part::Journey, Part::Starts, Part::Calls].into_iter().any(wants) {
        let stack = runtime.block_on(Stack::start(&options.home))?;
        if wants(Part::Journey) {
            let text = runtime.block_on(journey::measure(&stack, &options.samples, options.rounds.min(3)))?;
            add("From arrival to completed", text);
        }
        if wants(Part::Starts) {
            add("The start of each function", runtime.block_on(starts::compare(&stack, options.rounds))?);
        }
        if wants(Part::Calls) {
            add("Calls to AWS", runtime.block_on(calls::count(&stack))?);
        }
        runtime.block_on(stack.stop())?;
    }
    println!("{page}");
    if let Some(path) = &options.page {
        std::fs::write(path, &page)?;
    }
    Ok(())
}

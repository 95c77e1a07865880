//! The local server under load: customers build, workers are killed, messages come twice. Afterwards what is stored is judged.
#![expect(clippy::print_stdout, reason = "a command line")]

mod api;
mod customer;
mod doubling;
mod findings;
mod journeys;
mod judge;
mod memory;
mod objects;
mod packages;
mod queues;
mod stack;
mod workers;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use clap::Parser;
use local::signals::Signals;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::customer::{Accepted, Customer};
use crate::doubling::Doubler;
use crate::findings::Findings;
use crate::memory::Memory;
use crate::packages::Packages;
use crate::stack::Stack;
use crate::workers::Workers;

/// Clients, spread evenly over the tenants.
const CLIENTS: usize = 20;
/// How long what was begun may take to come to its end.
const SETTLE_LIMIT: Duration = Duration::from_secs(300);

/// Runs the local server while its workers are killed and its messages doubled, then judges what is stored.
#[derive(Debug, Parser)]
#[command(name = "soak", bin_name = "./dev soak")]
struct Options {
    /// How long clients build, in minutes
    #[arg(default_value_t = 30.0, value_parser = minutes)]
    minutes: f64,
    /// Makes the same choices as an earlier run
    #[arg(long)]
    seed: Option<u64>,
    /// Tools, data and state
    #[arg(long, env = "APPTEGO_HOME", default_value = ".local", hide = true)]
    home: PathBuf,
    /// Real packages
    #[arg(long, env = "APPTEGO_SAMPLES", default_value = ".local/samples", hide = true)]
    samples: PathBuf,
}

/// A number of minutes that a run may take.
fn minutes(text: &str) -> Result<f64, String> {
    let minutes = text.parse().ok().filter(|minutes| (0.01..=1440.0).contains(minutes));
    minutes.ok_or_else(|| "from 0.01 to 1440 minutes".to_owned())
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match soak_unless_asked_to_end(&options).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn soak_unless_asked_to_end(options: &Options) -> anyhow::Result<bool> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        outcome = soak(options) => outcome,
        // What was started ends with the runtime.
        _ = signals.next() => bail!("interrupted"),
    }
}

async fn soak(options: &Options) -> anyhow::Result<bool> {
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    println!("soak: {} minutes, {CLIENTS} clients, seed {seed}", options.minutes);
    let packages = Packages::load(&options.samples)?;
    let begun = Instant::now();
    let stack = Arc::new(Stack::start(&options.home).await?);
    let findings = Findings::default();
    let doubler = Arc::new(Doubler::new(&stack.config, seed));
    let workers = Workers::start(&stack, &doubler, &findings, seed)?;
    let memory = Memory::watch(&stack, &workers);
    let end = Instant::now() + Duration::from_secs_f64(options.minutes * 60.0);

    let mut disturbances = JoinSet::new();
    disturbances.spawn(timeout_at(end, workers.clone().kill_now_and_then(seed)));
    let arrivals = stack.resources.arrival_queue_url.clone();
    disturbances.spawn(timeout_at(end, Arc::clone(&doubler).double_arrivals(arrivals)));
    let accepted = run_clients(&stack, &packages, &findings, end, seed).await;
    disturbances.shutdown().await;
    let memory = memory.stop().await;
    let seconds = begun.elapsed().as_secs();
    println!("soak: {} builds were accepted and followed in {seconds} s; waiting for the rest", accepted.len());
    // What did end can be judged also where something does not.
    if let Err(error) = queues::settle(&stack, &workers, SETTLE_LIMIT).await {
        findings.add(format!("what was begun did not come to its end: {error:#}"));
    }
    match judge::judge(&stack, &workers, &accepted, &findings).await {
        Ok(verdict) => print!("\n{verdict}"),
        Err(error) => findings.add(format!("what is stored could not be judged: {error:#}")),
    }
    memory.judge(&findings);
    workers.judge(&findings);
    doubler.judge(&findings);
    println!("{}{}{memory}", workers.counts(), doubler.counts());
    println!("duration    {} s, seed {seed}", begun.elapsed().as_secs());
    let passed = findings.tell();
    workers.stop().await;
    stack.stop(passed).await?;
    Ok(passed)
}

async fn run_clients(
    stack: &Arc<Stack>,
    packages: &Arc<Packages>,
    findings: &Findings,
    end: Instant,
    seed: u64,
) -> Vec<Accepted> {
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let tenant = &stack.tenants[number % stack.tenants.len()];
        let rng = fastrand::Rng::with_seed(seed.wrapping_add(1 + number as u64));
        let customer = Customer::new(stack, tenant, Arc::clone(packages), findings.clone(), rng);
        clients.spawn(customer.build_until(end));
    }
    let mut accepted = Vec::new();
    while let Some(client) = clients.join_next().await {
        match client {
            Ok(client) => accepted.extend(client),
            Err(error) => findings.add(format!("a client broke: {error}")),
        }
    }
    accepted
}

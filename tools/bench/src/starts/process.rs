//! One start of one function.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use local::runtime::RuntimeApi;
use tokio::process::Command;

use super::tls::Terminator;
use crate::measure::microseconds;
use crate::stack::Stack;

/// Longest time for a start or an answer.
const LIMIT: Duration = Duration::from_secs(30);

/// What one start took: times in microseconds, memory in KiB.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) poll: u64,
    pub(super) poll_waited: u64,
    pub(super) poll_cpu: u64,
    pub(super) poll_resident: u64,
    pub(super) answer: u64,
    pub(super) answer_waited: u64,
    pub(super) answer_cpu: u64,
    pub(super) answer_resident: u64,
}

/// Starts the program, waits for its first poll, hands it its first event, and ends it.
pub(super) async fn start(
    name: &str,
    program: &Path,
    stack: &Stack,
    terminator: &Terminator,
    event: String,
) -> anyhow::Result<Start> {
    let mut api = RuntimeApi::start().await?;
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(api.environment(name, stack.names(), &terminator.endpoint()))
        .env("SSL_CERT_FILE", terminator.roots())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    terminator.waited();
    let started = Instant::now();
    let mut process = command.spawn()?;
    let id = process.id().context("it ended at once")?;
    let polled = tokio::select! {
        polled = tokio::time::timeout(LIMIT, api.polled()) => polled.context("no poll")??,
        status = process.wait() => bail!("{name} ended before its first poll: {}", status?),
    };
    let (poll_waited, poll_cpu, poll_resident) = (terminator.waited(), cpu(id)?, resident(id)?);

    let sent = Instant::now();
    let answer = api.invoke("first", event, LIMIT).await.with_context(|| format!("{name}'s first event"))?;
    if let Err(error) = &answer.body {
        bail!("{name}: {}", String::from_utf8_lossy(error));
    }
    let result = Start {
        poll: microseconds(polled - started),
        poll_waited: microseconds(poll_waited),
        poll_cpu,
        poll_resident,
        answer: microseconds(answer.at - sent),
        answer_waited: microseconds(terminator.waited()),
        answer_cpu: cpu(id)?,
        answer_resident: resident(id)?,
    };
    process.kill().await?;
    Ok(result)
}

/// CPU time of every thread so far, in microseconds.
fn cpu(process: u32) -> anyhow::Result<u64> {
    let mut nanoseconds = 0;
    for thread in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let text = std::fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
        nanoseconds += text.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or_default();
    }
    Ok(nanoseconds / 1000)
}

/// Resident memory in KiB.
fn resident(process: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.split_whitespace().next().context("no number")?.parse()?)
}

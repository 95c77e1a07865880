//! Whether something is still under way, and what time does to the rest.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use domain::job::StateName;
use domain::time;
use local::PREFIX;
use service::{Clock, Service};
use tokio::time::{Instant, sleep};

use crate::objects;
use crate::stack::Stack;
use crate::workers::Workers;

/// After so many seconds uploads that did not come are given up, and no lease is live.
const LATER: i64 = 25 * 3600;
/// Between two runs of the reconciler, seconds.
const MINUTE: i64 = 60;
const RUNS: i64 = 20;
/// For one run of it.
const RUN: Duration = Duration::from_secs(60);

/// Waits until no message, no worker and no build is under way; then lets a day pass for the reconciler.
pub(crate) async fn settle(stack: &Stack, workers: &Workers, limit: Duration) -> anyhow::Result<()> {
    let end = Instant::now() + limit;
    let mut quiet = 0;
    // Twice in a row: a message may be on its way from one look to the next.
    while quiet < 2 {
        let busy = under_way(stack, workers).await?;
        quiet = if busy.is_empty() { quiet + 1 } else { 0 };
        if Instant::now() > end {
            bail!("still under way after {} s: {busy}", limit.as_secs());
        }
        sleep(Duration::from_secs(1)).await;
    }
    let_a_day_pass(stack).await
}

async fn under_way(stack: &Stack, workers: &Workers) -> anyhow::Result<String> {
    let mut busy = String::new();
    for queue in ["arrival", "build"] {
        let messages = messages(stack, queue).await?;
        if messages > 0 {
            busy += &format!("{messages} messages of the {queue} queue, ");
        }
    }
    if !workers.are_idle() {
        busy += "a worker, ";
    }
    let jobs = objects::scan(stack).await?.jobs;
    let open = |(_, job): &(_, &domain::job::Job)| matches!(job.state.name(), StateName::Queued | StateName::Running);
    let open: Vec<String> = jobs.iter().filter(open).map(|((tenant, job), _)| format!("{tenant}/{job}")).collect();
    Ok(busy + &open.join(", "))
}

/// Messages of a queue that are there, hidden or delayed.
pub(crate) async fn messages(stack: &Stack, queue: &str) -> anyhow::Result<u64> {
    let client = aws_sdk_sqs::Client::new(&stack.config);
    let url = client.get_queue_url().queue_name(format!("{PREFIX}-{queue}")).send().await?.queue_url;
    let mut request = client.get_queue_attributes().queue_url(url.context("a queue without a URL")?);
    let names = [
        Attribute::ApproximateNumberOfMessages,
        Attribute::ApproximateNumberOfMessagesNotVisible,
        Attribute::ApproximateNumberOfMessagesDelayed,
    ];
    for name in &names {
        request = request.attribute_names(name.clone());
    }
    let attributes = request.send().await?.attributes.unwrap_or_default();
    let count = |name| attributes.get(name).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    Ok(names.iter().map(count).sum())
}

/// The reconciler, by a clock that runs ahead, until nothing is due any more.
async fn let_a_day_pass(stack: &Stack) -> anyhow::Result<()> {
    for run in 0..RUNS {
        let ahead = LATER + run * MINUTE;
        let clock = Clock::new(move || time::after(Clock::system().now(), ahead));
        let done = Service::new(stack.store.clone(), clock).reconcile(Instant::now() + RUN).await?;
        ensure!(done.failed == 0, "the reconciler failed at {} jobs", done.failed);
        if done.looked_at == 0 {
            return Ok(());
        }
    }
    bail!("after {RUNS} runs of the reconciler there are still jobs due")
}

//! (b) From the arrival of a large package to the completed job, on the local stack.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::bail;
use local::outbox::Outbox;
use local::server::Behind;
use tokio::net::TcpListener;

use crate::maker;
use crate::measure::median;
use crate::page::Table;
use crate::stack::{Stack, text};

/// How often the job is looked at.
const PAUSE: Duration = Duration::from_millis(20);
/// Bandwidths of storage for the model, in MB/s.
const BANDWIDTHS: [f64; 3] = [50.0, 100.0, 200.0];

/// One build: stages as the report has them, and the whole, in milliseconds.
struct Build {
    stages: Vec<(String, u64)>,
    whole: u64,
}

/// Builds `rounds` times, and returns the part of the page.
pub(crate) async fn measure(stack: &Stack, samples: &Path, rounds: usize) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let package = std::fs::read(maker::make(samples, 24, folder.path())?)?;
    let size = package.len();
    let config = stack.aws.config();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let behind = Behind::usual(Outbox::new(folder.path().join("outbox")));
    let server = local::server::start(&config, &stack.resources, stack.app.clone(), listener, behind);
    eprintln!("bench: arrival to completed, {rounds} rounds");
    let mut builds = Vec::new();
    for round in 0..=rounds {
        let build = build(stack, package.clone()).await?;
        if round > 0 {
            builds.push(build);
        }
    }
    server.stop().await;
    Ok(section(&builds, size, rounds))
}

async fn build(stack: &Stack, package: Vec<u8>) -> anyhow::Result<Build> {
    let ticket = stack.request_upload("large.apk", None).await?;
    stack.put(text(&ticket, "upload_url")?, package).await?;
    let arrived = Instant::now();
    let path = format!("/automate/status/{}", text(&ticket, "job_id")?);
    let status = loop {
        let status = stack.call("GET", &path, None).await?;
        match text(&status, "status")? {
            "completed" => break status,
            "failed" => bail!("the build failed: {status}"),
            _ => tokio::time::sleep(PAUSE).await,
        }
    };
    let whole = u64::try_from(arrived.elapsed().as_millis())?;
    let report = stack.fetch(text(&status, "report_url")?).await?;
    let stages = report["stages"].as_array().cloned().unwrap_or_default();
    let stage =
        |stage: &serde_json::Value| Some((stage["phase"].as_str()?.to_owned(), stage["milliseconds"].as_u64()?));
    Ok(Build { stages: stages.iter().filter_map(stage).collect(), whole })
}

fn section(builds: &[Build], size: usize, rounds: usize) -> String {
    let Some(first) = builds.first() else { return String::new() };
    let mut table = Table::new(&["stage", "ms"]);
    let mut rest = median(builds.iter().map(|build| build.whole).collect());
    let whole = rest;
    let (mut downloading, mut working) = (0, 0);
    for (position, (name, _)) in first.stages.iter().enumerate() {
        let of = |build: &Build| build.stages.get(position).map_or(0, |(_, milliseconds)| *milliseconds);
        let milliseconds = median(builds.iter().map(of).collect());
        table.row(&[name.clone(), milliseconds.to_string()]);
        rest = rest.saturating_sub(milliseconds);
        if name.eq_ignore_ascii_case("downloading") { downloading = milliseconds } else { working += milliseconds }
    }
    table.row(&["queue, lease, upload and finishing".to_owned(), rest.to_string()]);
    table.row(&["**arrival to completed**".to_owned(), whole.to_string()]);
    format!(
        "A package of {} MB, put to its signed URL in one part; medians of {rounds} builds. Storage is the local AWS, a single \
         Python process on the same cores, which takes most of the time.\n\n{table}\n{}",
        (size + 500_000) / 1_000_000,
        model(size, downloading, working, rest)
    )
}

/// What bandwidth-limited storage would make of it.
fn model(size: usize, downloading: u64, working: u64, rest: u64) -> String {
    let mut table =
        Table::new(&["S3 bandwidth, MB/s", "download, ms", "engine and verifier, ms", "upload, ms", "sum, ms"]);
    for bandwidth in BANDWIDTHS {
        let transfer = (size as f64 / 1000.0 / bandwidth).round() as u64;
        let sum = transfer + working + transfer;
        table.row(&[
            bandwidth.to_string(),
            transfer.to_string(),
            working.to_string(),
            transfer.to_string(),
            sum.to_string(),
        ]);
    }
    format!(
        "With storage that is limited by bandwidth: *time = size ÷ bandwidth + engine and verifier + size ÷ bandwidth*, the output \
         being about as long as the input; the {downloading} ms of download and the {rest} ms around the build above are those of the \
         local AWS and are left out.\n\n{table}\n"
    )
}

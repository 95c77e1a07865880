//! (d) Calls to AWS behind each request, and how many of them wait for one another.

use serde_json::json;

use crate::page::Table;
use crate::stack::{Stack, small_package, text};

/// Length of an upload in several parts, bytes.
const LARGE: usize = 100 << 20;

/// Makes each request once, and returns the part of the page.
pub(crate) async fn count(stack: &Stack) -> anyhow::Result<String> {
    // Connections and credentials are made before anything is counted.
    let package = small_package();
    stack.request_upload("first.apk", Some(package.len())).await?;
    let mut table = Table::new(&["request", "calls", "rounds", "one after the other"]);
    let mut row = |request: &str| {
        let rounds = stack.recorder.rounds();
        let calls: usize = rounds.iter().map(Vec::len).sum();
        let names: Vec<String> = rounds.iter().map(|round| summarize(round)).collect();
        table.row(&[request.to_owned(), calls.to_string(), rounds.len().to_string(), names.join(", then ")]);
    };
    stack.recorder.rounds();

    let ticket = stack.request_upload("app.apk", Some(package.len())).await?;
    row("`POST /automate/upload`");
    stack.put(text(&ticket, "upload_url")?, package).await?;
    let status = format!("/automate/status/{}", text(&ticket, "job_id")?);
    stack.call("GET", &status, None).await?;
    row("`GET /automate/status/{jobId}` that notices the upload");
    stack.call("GET", &status, None).await?;
    row("`GET /automate/status/{jobId}`");

    let ticket = stack.request_upload("large.apk", Some(LARGE)).await?;
    row("`POST /automate/upload`, several parts");
    let parts = put_parts(stack, &ticket, LARGE).await?;
    stack.recorder.rounds();
    let claim = json!({ "file_path": ticket["file_path"], "upload_id": ticket["upload_id"], "parts": parts });
    stack.call("POST", "/automate/upload/complete", Some(claim)).await?;
    row("`POST /automate/upload/complete`");
    Ok(format!(
        "Each counted once through the API's router by an interceptor of the SDK; tests assert the same numbers.\n\n{table}\n"
    ))
}

async fn put_parts(stack: &Stack, ticket: &serde_json::Value, size: usize) -> anyhow::Result<Vec<serde_json::Value>> {
    let length = usize::try_from(ticket["chunk_size"].as_u64().unwrap_or_default())?;
    let urls = ticket["part_urls"].as_array().cloned().unwrap_or_default();
    let mut parts = Vec::new();
    for (number, url) in (1_usize..).zip(urls) {
        let length = length.min(size - length * (number - 1));
        let etag = stack.put(url.as_str().unwrap_or_default(), vec![0x5A; length]).await?;
        parts.push(json!({ "ETag": etag, "PartNumber": number }));
    }
    Ok(parts)
}

/// The names of the calls of one round, with how often each was made.
fn summarize(round: &[String]) -> String {
    let mut names: Vec<(&str, usize)> = Vec::new();
    for name in round {
        match names.iter_mut().find(|(known, _)| known == name) {
            Some((_, count)) => *count += 1,
            None => names.push((name, 1)),
        }
    }
    let shown =
        names.iter().map(|(name, count)| if *count == 1 { (*name).to_owned() } else { format!("{count} × {name}") });
    shown.collect::<Vec<_>>().join(" + ")
}

//! A customer's steps: ask, upload, follow, download; and the record of what was accepted.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::id::{Sha256Hex, TenantId};
use fastrand::Rng;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::api::{Answer, Api};
use crate::findings::Findings;
use crate::judge::withhold_url;
use crate::packages::Packages;
use crate::stack::{Builder, Stack};

/// How long a build may take from its upload on.
const FOLLOW_LIMIT: Duration = Duration::from_secs(420);

/// How a build has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Output,
    /// With this failure.
    Failure(&'static str),
    /// Nothing was uploaded, and nothing said of it any more.
    Nothing,
}

/// A build that the API accepted.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) tenant: TenantId,
    pub(crate) job: String,
    pub(crate) expected: Expected,
    /// SHA-256 of what was uploaded.
    pub(crate) input: Option<Sha256Hex>,
    /// The end, as status answered it.
    pub(crate) end: Option<Value>,
    /// SHA-256 of what was downloaded.
    pub(crate) downloaded: Option<String>,
}

pub(crate) struct Customer {
    pub(crate) api: Api,
    pub(crate) packages: Arc<Packages>,
    pub(crate) findings: Findings,
    pub(crate) rng: Rng,
    pub(crate) end: Instant,
    tenant: TenantId,
    pub(crate) accepted: Vec<Accepted>,
    /// Builds whose slot can be had back.
    pub(crate) forgotten: Vec<usize>,
}

/// The place of an accepted build, and where its package goes.
pub(crate) struct Ticket {
    pub(crate) index: usize,
    pub(crate) answer: Answer,
}

impl Customer {
    pub(crate) fn new(stack: &Stack, tenant: &Builder, packages: Arc<Packages>, findings: Findings, rng: Rng) -> Self {
        let api = Api::new(stack, tenant, findings.clone());
        let (accepted, forgotten) = (Vec::new(), Vec::new());
        Self { api, packages, findings, rng, end: Instant::now(), tenant: tenant.id.clone(), accepted, forgotten }
    }

    /// One build after another until `end`; those that were begun are followed to their end.
    pub(crate) async fn build_until(mut self, end: Instant) -> Vec<Accepted> {
        self.end = end;
        self.pause(3000).await;
        while Instant::now() < end {
            // Nothing: its build came to no good, which is written down.
            let _ = self.travel().await;
            self.pause(3000).await;
        }
        self.accepted
    }

    pub(crate) async fn pause(&mut self, longest: u64) {
        sleep(Duration::from_millis(self.rng.u64(..longest))).await;
    }

    /// Asks for an upload until there is room, some of the time with an `Idempotency-Key` and twice.
    pub(crate) async fn ask(&mut self, name: &str, size: Option<usize>) -> Option<Ticket> {
        let version = ["dev", "stg", "prod"][self.rng.usize(..3)];
        let mut body = json!({ "file_name": name, "platform": "android", "version": version });
        if let Some(size) = size {
            body["file_size"] = json!(size);
        }
        let key = self.rng.bool().then(|| format!("{:016x}", self.rng.u64(..)));
        loop {
            let answer = self.ask_once(&body, key.as_deref()).await?;
            match answer.status {
                StatusCode::OK => return Some(self.note(answer)),
                StatusCode::TOO_MANY_REQUESTS if Instant::now() < self.end => {
                    if answer.code() == "concurrent_build_limit"
                        && let Some(index) = self.forgotten.pop()
                    {
                        self.cancel(index).await?;
                    }
                    sleep(Duration::from_secs(answer.retry_after.min(3))).await;
                }
                StatusCode::TOO_MANY_REQUESTS => return None,
                status => return self.fault("upload", &format!("{status} {}", answer.body)),
            }
        }
    }

    async fn ask_once(&mut self, body: &Value, key: Option<&str>) -> Option<Answer> {
        let twice = key.is_some() && self.rng.bool();
        let ask = || self.api.call(Method::POST, "/automate/upload", Some(body), key);
        if !twice {
            return ask().await;
        }
        let (one, other) = tokio::join!(ask(), ask());
        let (one, other) = (one?, other?);
        let (first, second) = if one.status.is_success() { (one, other) } else { (other, one) };
        let same = first.text("job_id") == second.text("job_id") && first.replayed != second.replayed;
        if second.status.is_success() && !same {
            self.findings.add(format!("one Idempotency-Key, two answers: {} and {}", first.body, second.body));
        }
        Some(first)
    }

    fn note(&mut self, answer: Answer) -> Ticket {
        self.accepted.push(Accepted {
            tenant: self.tenant.clone(),
            job: answer.text("job_id").to_owned(),
            expected: Expected::Output,
            input: None,
            end: None,
            downloaded: None,
        });
        Ticket { index: self.accepted.len() - 1, answer }
    }

    /// Puts a package in one piece, now and then a second time.
    pub(crate) async fn upload(&mut self, ticket: &Ticket, package: &Bytes) -> Option<()> {
        self.accepted[ticket.index].input = Some(Sha256Hex::of(package));
        let url = ticket.answer.text("upload_url");
        self.api.put(url, package).await?;
        if self.rng.u8(..8) == 0 && package.len() < 1_000_000 {
            self.api.put(url, package).await?;
        }
        Some(())
    }

    /// Gives a build up; where it has ended already, its end stands.
    pub(crate) async fn cancel(&mut self, index: usize) -> Option<()> {
        let job = self.accepted[index].job.clone();
        let answer = self.api.post(&format!("/automate/cancel/{job}"), None).await?;
        match answer.status {
            StatusCode::OK => self.accepted[index].expected = Expected::Failure("cancelled"),
            StatusCode::CONFLICT => {}
            status => return self.fault(&job, &format!("cancel: {status} {}", answer.body)),
        }
        Some(())
    }

    /// Waits for the end of a build whose upload is there.
    pub(crate) async fn follow(&mut self, index: usize) -> Option<Value> {
        let job = self.accepted[index].job.clone();
        let limit = Instant::now() + FOLLOW_LIMIT;
        while Instant::now() < limit {
            let mut answer = self.api.get(&format!("/automate/status/{job}")).await?;
            if answer.status != StatusCode::OK {
                return self.fault(&job, &format!("status: {} {}", answer.status, answer.body));
            }
            if matches!(answer.text("status"), "completed" | "failed") {
                withhold_url(&mut answer.body);
                self.accepted[index].end = Some(answer.body.clone());
                return Some(answer.body);
            }
            self.pause(2500).await;
        }
        self.fault(&job, "it did not end")
    }

    /// Downloads the output and its report, and compares their digests with what the API says.
    pub(crate) async fn collect(&mut self, index: usize) -> Option<()> {
        let Accepted { job, input, .. } = &self.accepted[index];
        let (job, input) = (job.clone(), input.as_ref().map(ToString::to_string));
        let answer = self.api.get(&format!("/automate/download/{job}")).await?;
        if answer.status != StatusCode::OK {
            return self.fault(&job, &format!("download: {} {}", answer.status, answer.body));
        }
        let (sha256, size) = self.api.fetch_digest(answer.text("download_url")).await?;
        let report = self.api.fetch_json(answer.text("report_url")).await?;
        let said = (answer.text("sha256"), answer.body["size"].as_u64());
        if said != (&sha256, Some(size)) || report["output"]["sha256"] != sha256 {
            let reported = &report["output"];
            self.findings.add(format!("{job}: downloaded {sha256}, {size} bytes; said {said:?}, reported {reported}"));
        }
        if report["input"]["sha256"].as_str() != input.as_deref() {
            self.findings.add(format!("{job}: built from another package than {input:?}: {report}"));
        }
        if answer.body.get("mapping_url").is_some() {
            self.api.fetch_json(answer.text("mapping_url")).await?;
        }
        self.accepted[index].downloaded = Some(sha256);
        Some(())
    }

    pub(crate) fn fault<T>(&self, what: &str, why: &str) -> Option<T> {
        self.findings.add(format!("{}/{what}: {why}", self.tenant));
        None
    }
}

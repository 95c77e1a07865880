//! A stack on a local AWS of its own, with a tenant that may build as much as it likes.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use api::App;
use domain::credential::AutomationKey;
use domain::plan::LimitChanges;
use fixtures::{archive, manifest};
use formats::zip::Method;
use local::aws::{LocalAws, program};
use local::calls::Recorder;
use local::provision::{self, Settings, provision};
use local::seed;
use serde_json::{Value, json};
use service::operator::Setting;
use service::{Clock, Service};
use store::{Clients, Names, Store};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The file name in the recorded event of an arrival.
const ARRIVING: &str = "größe (1).apk";

/// Pause after a request that came too early.
const TURNED_AWAY: Duration = Duration::from_secs(1);

/// A stack whose API is served, and whose queues nobody polls.
pub(crate) struct Stack {
    pub(crate) aws: LocalAws,
    pub(crate) resources: provision::Stack,
    pub(crate) app: App,
    /// The calls to AWS of its API.
    pub(crate) recorder: Recorder,
    key: AutomationKey,
    address: String,
    client: reqwest::Client,
    api: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Stack {
    /// Starts the local AWS that `./dev` installs in `home`. It keeps objects in memory: from disk it would read the whole of one for
    /// every range.
    pub(crate) async fn start(home: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let aws = LocalAws::start(&program(home), None, &folder.path().join("aws.log")).await?;
        let config = aws.config();
        let resources = provision(&config, "bench", Settings::default()).await?;
        let recorder = Recorder::default();
        let store = Store::new(Clients::connect(&config, &[recorder.interceptor()]), resources.names.clone());
        let service = Service::new(store, Clock::system());
        let tenant = seed::seed(&service).await?;
        let most = Some(Some(10_000));
        let limits = LimitChanges { concurrent_builds: most, weekly_builds: most, ..LimitChanges::default() };
        service.set(&tenant.id, &Setting::CustomLimits(limits)).await?;
        let key = seed::make_automation_key(&service, &tenant.id, "Benchmark").await?;
        let app = App { service };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let router = api::serve(local::routes(), app.clone());
        let api = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("bench: the API ended: {error}");
            }
        });
        let client = reqwest::Client::new();
        Ok(Self { aws, resources, app, recorder, key, address, client, api, _folder: folder })
    }

    /// Ends it.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.api.abort();
        self.aws.stop().await
    }

    /// Where the local AWS listens.
    pub(crate) fn aws_address(&self) -> anyhow::Result<SocketAddr> {
        let config = self.aws.config();
        let endpoint = config.endpoint_url().unwrap_or_default();
        endpoint.trim_start_matches("http://").parse().with_context(|| format!("an address: {endpoint}"))
    }

    /// What the functions work with.
    pub(crate) fn names(&self) -> &Names {
        &self.resources.names
    }

    /// A call of the API with the tenant's key; it has to succeed.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.address);
        let mut request = self.client.request(method.parse()?, url).bearer_auth(self.key.expose());
        if let Some(body) = body {
            request = request.json(&body);
        }
        // The API bounds how many builds a tenant asks for at once.
        let answer = loop {
            let answer = request.try_clone().context("a body that cannot be sent again")?.send().await?;
            if answer.status() != reqwest::StatusCode::TOO_MANY_REQUESTS {
                break answer;
            }
            tokio::time::sleep(TURNED_AWAY).await;
        };
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{method} {path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// Asks for an upload; the answer has the job's id and one URL, or several where a large size is announced.
    pub(crate) async fn request_upload(&self, name: &str, size: Option<usize>) -> anyhow::Result<Value> {
        let mut body = json!({ "file_name": name, "platform": "android", "version": "prod" });
        if let Some(size) = size {
            body["file_size"] = json!(size);
        }
        self.call("POST", "/automate/upload", Some(body)).await
    }

    /// Puts bytes to a signed URL; returns their ETag.
    pub(crate) async fn put(&self, url: &str, bytes: Vec<u8>) -> anyhow::Result<String> {
        let answer = self.client.put(url).body(bytes).send().await?;
        ensure!(answer.status().is_success(), "the upload was answered with {}", answer.status());
        Ok(answer.headers().get("etag").context("no ETag")?.to_str()?.to_owned())
    }

    /// What is behind a signed URL.
    pub(crate) async fn fetch(&self, url: &str) -> anyhow::Result<Value> {
        let answer = self.client.get(url).send().await?;
        ensure!(answer.status().is_success(), "the download was answered with {}", answer.status());
        Ok(serde_json::from_str(&answer.text().await?)?)
    }

    /// A recorded event of a function, about a job that is there for it.
    pub(crate) async fn event(&self, function: &str, case: &str) -> anyhow::Result<String> {
        if case.is_empty() {
            return Ok("{}".to_owned());
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut text = std::fs::read_to_string(root.join(format!("events/{function}/{case}.json")))?;
        if text.contains("$JOB_ID") {
            text = text.replace("$JOB_ID", &self.make_job(function).await?);
        }
        Ok(text.replace("$APPTEGO_API_KEY", &self.key.expose()))
    }

    /// A job with an upload that nobody has noticed yet; for the worker, one that is in its queue.
    async fn make_job(&self, function: &str) -> anyhow::Result<String> {
        let package = small_package();
        let ticket = self.request_upload(ARRIVING, Some(package.len())).await?;
        self.put(text(&ticket, "upload_url")?, package).await?;
        let job = text(&ticket, "job_id")?.to_owned();
        if function == "protection-worker" {
            self.call("GET", &format!("/automate/status/{job}"), None).await?;
        }
        Ok(job)
    }
}

/// A field of an answer as text.
pub(crate) fn text<'a>(answer: &'a Value, field: &str) -> anyhow::Result<&'a str> {
    answer.get(field).and_then(Value::as_str).with_context(|| format!("no text {field} in {answer}"))
}

/// The smallest app that can be protected.
pub(crate) fn small_package() -> Vec<u8> {
    archive(&[
        ("AndroidManifest.xml", Method::Deflated, manifest(24, 34).as_slice()),
        ("classes.dex", Method::Deflated, &fixtures::dex()),
    ])
}

//! The commands, from parsed arguments to exit code.

use std::{
    future::Future,
    io::{self, IsTerminal, Write},
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value;
use uuid::Uuid;

use crate::{
    args::{self, Cli, Command, Common, Download, Protect, Source, StatusOf},
    client::{ApiKey, Client},
    console::{Console, Style},
    download,
    error::{Error, Exit},
    findings::Findings,
    pacing::Pacing,
    upload::{self, LocalFile},
    wait::{self, Deadline},
    wire::{DownloadGrant, JobId, JobState, SignedUrl, Status, UploadGrant, UploadRequest, UploadTarget},
};

/// Longest time that cleaning up after an interrupt may take.
const FAREWELL: Duration = Duration::from_secs(10);

/// What a command needs beside its arguments.
pub struct Setting<'a> {
    /// Value of `APPTEGO_API_KEY`.
    pub key: Option<String>,
    /// For people.
    pub console: Console,
    /// For programs, and results.
    pub out: &'a mut dyn Write,
    /// Pauses.
    pub pacing: Pacing,
}

/// Runs a command on the process's own streams and signals.
pub async fn run_from_terminal(cli: Cli, key: Option<String>) -> Exit {
    let style = match (cli.common.quiet, io::stderr().is_terminal()) {
        (true, _) => Style::Quiet,
        (false, true) => Style::Bar,
        (false, false) => Style::Plain,
    };
    let console = Console::new(style, io::stderr());
    let setting = Setting { key, console, out: &mut io::stdout(), pacing: Pacing::default() };
    run(cli, setting, interrupted).await
}

/// Runs a command. `interrupt` makes a future that ends when the user wants to stop; it is called anew for the
/// clean-up, which a second interrupt breaks off.
pub async fn run<I: Future<Output = ()>>(cli: Cli, setting: Setting<'_>, interrupt: impl Fn() -> I) -> Exit {
    let Setting { key, console, out, pacing } = setting;
    let mut found = Findings::default();
    let outcome = match connect(&cli.common, key.as_deref(), pacing) {
        Ok(client) => {
            let session = Session { client, console: console.clone(), open: Mutex::default() };
            session.run(cli.command, &mut found, interrupt).await
        }
        Err(error) => Err(error),
    };
    console.clear();
    if let Err(error) = &outcome {
        console.warn(&format!("error: {error}"));
        found.suggest(&console);
    }
    let exit = outcome.as_ref().err().map_or(Exit::Success, Error::exit);
    let results = found.to_lines(outcome.is_ok());
    // A reader that went away (`apptego … | head`) is no reason to fail.
    let _ = if cli.common.json {
        results.iter().for_each(|line| console.say(line));
        writeln!(out, "{}", found.to_json(outcome.err().as_ref()))
    } else {
        results.iter().try_for_each(|line| writeln!(out, "{line}"))
    };
    exit
}

fn connect(common: &Common, key: Option<&str>, pacing: Pacing) -> Result<Client, Error> {
    Client::new(&common.api_url, common.allow_http, ApiKey::new(key)?, pacing)
}

/// A job that is not over.
#[derive(Clone)]
enum OpenJob {
    /// The bytes are on their way; without them the job is of no use.
    Uploading {
        job: JobId,
        /// `file_path` and `upload_id` while parts may lie in the storage.
        multipart: Option<(String, String)>,
    },
    /// The service builds.
    Building { job: JobId },
}

struct Session {
    client: Client,
    console: Console,
    open: Mutex<Option<OpenJob>>,
}

impl Session {
    async fn run<I: Future<Output = ()>>(
        &self,
        command: Command,
        found: &mut Findings,
        interrupt: impl Fn() -> I,
    ) -> Result<(), Error> {
        let outcome = tokio::select! {
            outcome = self.perform(command, found) => outcome,
            () = interrupt() => Err(Error::Interrupted),
        };
        if let Err(error) = &outcome
            && let Some(open) = self.set_open(None)
        {
            self.console.clear();
            tokio::select! {
                () = self.part_with(&open, error) => {}
                () = interrupt() => {}
                () = tokio::time::sleep(FAREWELL) => self.console.warn("the service did not answer: the job may go on"),
            }
        }
        outcome
    }

    async fn perform(&self, command: Command, found: &mut Findings) -> Result<(), Error> {
        match command {
            Command::Protect(protect) => self.protect(protect, found).await,
            Command::Upload(upload) => {
                let deadline = Deadline::after(Duration::from_secs(upload.source.timeout));
                self.upload(&upload.source, deadline, found).await?;
                self.set_open(None);
                Ok(())
            }
            Command::Status(status) => self.status(status, found).await,
            Command::Download(download) => self.download(download, found).await,
            Command::Cancel { job } => {
                self.client.cancel(&job).await?;
                self.console.say(&format!("job {job} is cancelled"));
                found.job_id = Some(job);
                Ok(())
            }
        }
    }

    async fn protect(&self, protect: Protect, found: &mut Findings) -> Result<(), Error> {
        let (file_name, _) = args::announce(&protect.source.app, protect.source.platform)?;
        let out = protect.out.unwrap_or_else(|| args::protected_name(&file_name));
        check_destination(&out, Some(&protect.source.app))?;
        let file = LocalFile::open(&protect.source.app)?;
        let digest = tokio::task::spawn_blocking(move || file.digest());
        let deadline = Deadline::after(Duration::from_secs(protect.source.timeout));
        let job = self.upload(&protect.source, deadline, found).await?;
        let status = self.watch(&job, deadline, found).await?;
        let report_url = match status.report_url {
            None => self.client.request_download(&job).await?.report_url,
            url => url,
        };
        let report = self.read_report(report_url, protect.report.as_deref(), found).await;
        if let (Some(report), Ok(digest)) = (&found.report, digest.await) {
            check_input(report, &digest?)?;
        }
        found.output = Some(download::fetch(&self.client, &job, &out, &self.console).await?);
        if let Some(file) = &protect.mapping {
            let grant = self.client.request_download(&job).await?;
            self.keep_mapping(grant.mapping_url, file).await?;
        }
        report
    }

    /// Leaves the job open.
    async fn upload(&self, source: &Source, deadline: Deadline, found: &mut Findings) -> Result<JobId, Error> {
        let (file_name, platform) = args::announce(&source.app, source.platform)?;
        let file = LocalFile::open(&source.app)?;
        let request = UploadRequest {
            file_name,
            platform: platform.as_str(),
            version: source.env.as_str(),
            file_size: file.size,
            signing_key_id: source.signing_key.clone(),
        };
        let idempotency_key = Uuid::now_v7().to_string();
        let limit = if source.no_queue { Deadline::after(Duration::ZERO) } else { deadline };
        let grant = wait::request_slot(&self.client, &request, &idempotency_key, limit, &self.console).await?;
        found.job_id = Some(grant.job_id.clone());
        self.set_open(Some(OpenJob::uploading(&grant)));
        self.console.say(&format!("job {}: {} ({} bytes)", grant.job_id, request.file_name, file.size));
        upload::send(&self.client, &grant, &file, &self.console).await?;
        self.set_open(Some(OpenJob::Building { job: grant.job_id.clone() }));
        Ok(grant.job_id)
    }

    async fn watch(&self, job: &JobId, deadline: Deadline, found: &mut Findings) -> Result<Status, Error> {
        let outcome = wait::watch(&self.client, job, deadline, &self.console).await;
        self.console.clear();
        if matches!(&outcome, Ok(_) | Err(Error::Build { .. })) {
            self.set_open(None);
        }
        found.job = match &outcome {
            Ok(status) => Some(status.clone()),
            // Read again for `--json`, which shows a failed job too.
            Err(Error::Build { .. }) => self.client.status(job).await.ok(),
            Err(_) => None,
        };
        outcome
    }

    async fn status(&self, status: StatusOf, found: &mut Findings) -> Result<(), Error> {
        found.job_id = Some(status.job.clone());
        if status.wait {
            let deadline = Deadline::after(Duration::from_secs(status.timeout));
            return self.watch(&status.job, deadline, found).await.map(drop);
        }
        let seen = self.client.status(&status.job).await?;
        let failed = (seen.status == JobState::Failed).then(|| wait::failure(&seen));
        found.job = Some(seen);
        failed.map_or(Ok(()), Err)
    }

    async fn download(&self, download: Download, found: &mut Findings) -> Result<(), Error> {
        found.job_id = Some(download.job.clone());
        let grant = self.client.request_download(&download.job).await?;
        let out = match download.out {
            Some(out) => out,
            None => args::protected_name(base_name(&grant)?),
        };
        check_destination(&out, None)?;
        let report = self.read_report(grant.report_url, download.report.as_deref(), found).await;
        if let Some(file) = &download.mapping {
            self.keep_mapping(grant.mapping_url, file).await?;
        }
        found.output = Some(download::fetch(&self.client, &download.job, &out, &self.console).await?);
        report
    }

    /// Reads the build report and keeps it in `file`.
    async fn read_report(
        &self,
        url: Option<SignedUrl>,
        file: Option<&Path>,
        found: &mut Findings,
    ) -> Result<(), Error> {
        let doing = "reading the build report";
        let url = url.ok_or_else(|| Error::Unexpected { doing, what: "the service names none".to_owned() })?;
        let report = self.client.fetch_json(doing, &url).await?;
        let written =
            file.map(|file| std::fs::write(file, format!("{report:#}\n")).map_err(Error::file("write", file)));
        found.report = Some(report);
        written.unwrap_or(Ok(()))
    }

    /// Keeps the mapping of renamed resources in `file`; a build that renamed none has none, and that is said.
    async fn keep_mapping(&self, url: Option<SignedUrl>, file: &Path) -> Result<(), Error> {
        let Some(url) = url else {
            self.console.warn(&format!("the build renamed no resources: {} is not written", file.display()));
            return Ok(());
        };
        let mapping = self.client.fetch_json("reading the mapping of resources", &url).await?;
        std::fs::write(file, format!("{mapping:#}\n")).map_err(Error::file("write", file))
    }

    /// Gives up a job that nobody will wait for any more: after an interrupt, and when its upload failed.
    /// The error that led here is the one worth telling, so that those met here are only warnings.
    async fn part_with(&self, open: &OpenJob, error: &Error) {
        let job = match open {
            OpenJob::Building { job } if !matches!(error, Error::Interrupted) => {
                return self.console.warn(&format!("job {job} goes on; to wait for it: apptego status {job} --wait"));
            }
            OpenJob::Building { job } => job,
            OpenJob::Uploading { job, multipart } => {
                if let Some((file_path, upload_id)) = multipart {
                    let _ = self.client.abort(file_path, upload_id).await;
                }
                job
            }
        };
        match self.client.cancel(job).await {
            Ok(()) => self.console.warn(&format!("job {job} is cancelled")),
            Err(error) => self.console.warn(&format!("job {job} could not be cancelled: {error}")),
        }
    }

    fn set_open(&self, job: Option<OpenJob>) -> Option<OpenJob> {
        std::mem::replace(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner), job)
    }
}

impl OpenJob {
    fn uploading(grant: &UploadGrant) -> Self {
        let multipart = match &grant.target {
            UploadTarget::Single(_) => None,
            UploadTarget::Multipart { upload_id, .. } => Some((grant.file_path.clone(), upload_id.clone())),
        };
        Self::Uploading { job: grant.job_id.clone(), multipart }
    }
}

/// Refuses early what would fail only after the build.
fn check_destination(out: &Path, input: Option<&Path>) -> Result<(), Error> {
    let folder = download::folder_of(out);
    if !folder.is_dir() {
        return Err(Error::Usage(format!("--out: {} is not a folder", folder.display())));
    }
    if out.is_dir() {
        return Err(Error::Usage(format!("--out: {} is a folder", out.display())));
    }
    let real = |path: &Path| path.canonicalize().ok();
    if input.is_some_and(|input| real(out).is_some_and(|out| real(input) == Some(out))) {
        return Err(Error::Usage("--out: the app itself is not overwritten".to_owned()));
    }
    Ok(())
}

/// The report tells what was protected: it must be what lies here.
fn check_input(report: &Value, digest: &str) -> Result<(), Error> {
    let told = report.pointer("/input/sha256").and_then(Value::as_str);
    match told.filter(|told| !told.eq_ignore_ascii_case(digest)) {
        Some(told) => Err(Error::Mismatch(format!(
            "the service protected a file with SHA-256 {told}, the local one has {digest}; nothing was kept"
        ))),
        None => Ok(()),
    }
}

/// The service's file name may name no other place.
fn base_name(grant: &DownloadGrant) -> Result<&str, Error> {
    let name = grant.file_name.as_str();
    if name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\')) || matches!(name, "" | "." | "..") {
        let what = "a file name that is not a plain name".to_owned();
        return Err(Error::Unexpected { doing: "requesting the download", what });
    }
    Ok(name)
}

/// Ends at Ctrl-C, and at SIGTERM, with which CI systems cancel.
async fn interrupted() {
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = ctrl_c => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

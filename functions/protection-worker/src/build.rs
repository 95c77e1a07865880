//! One build: fetch, protect, verify, store. Nothing that was not verified reaches storage.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

use domain::error::Error;
use domain::file_name::FileName;
use domain::job::{Failure, Job, Output, SIGNING_FAILED};
use domain::phase::Phase;
use domain::platform::Platform;
use domain::policy::Policy;
use engine::{Observer as _, Plan, Report, SigningKey, Stage};
use formats::limits::Limits;
use formats::source::{FileSource, Source as _};
use service::Service;
use service::work::Assignment;
use signing::Signer;
use signing::ios::IosIdentity;
use store::Store;
use store::signing_keys::KeyMaterial;
use tokio::time::Instant;
use verify::Expected;

use crate::identify::identify;
use crate::watch::Watch;
use crate::{digest, download, thread};

/// How a build ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The output is stored.
    Built(Output),
    /// The package, or what is asked of it, is at fault.
    Broken(Failure),
    /// The infrastructure failed; another attempt may work.
    Trouble(Error),
    /// The job was cancelled, or went to another attempt.
    Lost,
}

impl Ended {
    /// For the log.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Built(_) => "built",
            Self::Broken(failure) => &failure.code,
            Self::Trouble(_) => "trouble",
            Self::Lost => "lost",
        }
    }

    pub(crate) fn late() -> Self {
        Self::Broken(Failure::new("deadline", "The build did not finish in the time that a build may take"))
    }
}

/// What the engine's thread works with.
struct Inputs {
    upload: File,
    output: File,
    file_name: FileName,
    platform: Platform,
    policy: Policy,
    key: Option<LoadedKey>,
    /// The moment that a signature names, in Unix seconds.
    signing_time: i64,
}

/// Builds the assignment's package until `deadline` and stores the output under the attempt's own prefix.
pub(crate) async fn run(service: &Service, assignment: &Assignment, deadline: Instant) -> Ended {
    let watch = Arc::new(Watch::new(deadline));
    tokio::select! {
        ended = build(service, assignment, &watch) => ended.unwrap_or_else(|ended| ended),
        // The job is lost: what the thread still does comes to nothing, and the engine stops at its next look.
        () = watch.report(service, assignment) => Ended::Lost,
        () = tokio::time::sleep_until(deadline) => Ended::late(),
    }
}

async fn build(service: &Service, assignment: &Assignment, watch: &Arc<Watch>) -> Result<Ended, Ended> {
    let (store, job) = (service.store(), &assignment.job);
    let folder = tempfile::tempdir().map_err(Error::internal)?;
    let (upload, output) = (folder.path().join("upload"), folder.path().join("output"));
    let (fetched, policy) = (create(&upload)?, policy(store, job).await?);
    let started = Instant::now();
    let uploaded = download::fetch(store, assignment, &fetched, watch).await?;
    let downloading = Stage { phase: Phase::Downloading, milliseconds: milliseconds(started) };
    identify(service, assignment, &fetched).await?;

    let inputs = Inputs {
        upload: fetched,
        output: create(&output)?,
        file_name: job.file_name.clone(),
        platform: job.platform,
        policy,
        // After the app is known: a build whose key is gone is one of its application too.
        key: load_key(service, job).await?,
        signing_time: job.id.start_time(),
    };
    let watching = Arc::clone(watch);
    let protected = thread::run(move || protect_and_verify(inputs, &watching));
    let mut report = protected.await.map_err(|_| defect())??;
    report.stages.insert(0, downloading);
    report.input.sha256 = Some(uploaded);
    report.signs_again = job.signs_again.map(|output| output.job.start_time());
    publish(store, job, &output, report, watch).await
}

/// The engine, then the independent check of what it wrote. Runs on a thread.
fn protect_and_verify(inputs: Inputs, watch: &Watch) -> Result<Report, Ended> {
    let Inputs { upload, output, file_name, platform, policy, key, signing_time } = inputs;
    let source = FileSource::new(upload).map_err(Error::internal)?;
    let limits = Limits::default();
    let mut sink = BufWriter::with_capacity(1 << 20, output);
    let (file_name, key) = (&file_name, key.as_ref());
    let signing_key = key.map(|key| key.for_plan(signing_time));
    let plan = Plan { file_name, platform, policy: &policy, key: signing_key, limits };
    let mut report = engine::protect(&source, &mut sink, &plan, watch).map_err(of_engine)?;
    let output = sink.into_inner().map_err(|error| Error::internal(error.into_error()))?;

    let started = Instant::now();
    let output = FileSource::new(output).map_err(Error::internal)?;
    let certificate = key.map(|key| key.signer().certificate_sha256());
    let expected = Expected {
        input: &source,
        policy: &policy,
        certificate_sha256: certificate.as_deref(),
        profile: key.and_then(LoadedKey::profile),
        limits: &limits,
    };
    let total = output.len();
    let advance = |_: u64| watch.observe(engine::Progress { phase: Phase::Verifying, done: 0, total }).is_ok();
    let verification = verify::verify(&output, &expected, &advance).map_err(|error| of_verifier(error, watch))?;
    report.stages.push(Stage { phase: Phase::Verifying, milliseconds: milliseconds(started) });
    report.verification = Some(serde_json::to_value(verification).map_err(Error::internal)?);
    Ok(report)
}

/// Stores output and report under the attempt; the job's finishing write makes them visible.
async fn publish(
    store: &Store,
    job: &Job,
    output: &Path,
    mut report: Report,
    watch: &Arc<Watch>,
) -> Result<Ended, Ended> {
    let uploading = engine::Progress { phase: Phase::Uploading, done: 0, total: report.output.size };
    watch.observe(uploading)?;
    let (file, watching) = (File::open(output).map_err(Error::internal)?, Arc::clone(watch));
    let stored = async { store.put_output(job, job.attempt, output).await.map_err(Ended::from) };
    let ((), sha256) = tokio::try_join!(stored, digest::of_file(file, move || watching.observe(uploading)))?;
    report.output.sha256 = Some(sha256.clone());
    store.put_report(job, job.attempt, serde_json::to_vec(&report).map_err(Error::internal)?).await?;
    if let Some(mapping) = &report.mapping {
        store.put_mapping(job, job.attempt, serde_json::to_vec(mapping).map_err(Error::internal)?).await?;
    }
    let (size, has_mapping) = (report.output.size, report.mapping.is_some());
    Ok(Ended::Built(Output { attempt: job.attempt, sha256, size, has_mapping }))
}

/// What the build has to carry out.
async fn policy(store: &Store, job: &Job) -> Result<Policy, Error> {
    let policy = store.configuration(&job.tenant, &job.config).await?.policy(job.platform);
    Ok(if job.signs_again.is_some() { policy.for_signing_again() } else { policy })
}

/// The key that the job names, opened.
enum LoadedKey {
    Android(Box<Signer>),
    Ios(Box<IosIdentity>),
}

impl LoadedKey {
    /// `signing_time` is that of the job: each attempt makes the same bytes.
    fn for_plan(&self, signing_time: i64) -> SigningKey<'_> {
        match self {
            Self::Android(signer) => SigningKey::Android(signer),
            Self::Ios(identity) => SigningKey::Ios { identity, signing_time },
        }
    }

    fn signer(&self) -> &Signer {
        match self {
            Self::Android(signer) => signer,
            Self::Ios(identity) => identity.signer(),
        }
    }

    fn profile(&self) -> Option<&[u8]> {
        match self {
            Self::Android(_) => None,
            Self::Ios(identity) => Some(identity.profile().bytes()),
        }
    }
}

async fn load_key(service: &Service, job: &Job) -> Result<Option<LoadedKey>, Ended> {
    let Some(id) = &job.signing_key_id else { return Ok(None) };
    let broken = |message: String| Ended::Broken(Failure::new(SIGNING_FAILED, message));
    let found = service.store().signing_key_material(&job.tenant, id).await?;
    let (_, key) = found.ok_or_else(|| broken(format!("Signing failed: the signing key {id} was deleted")))?;
    let (platform, now) = (job.platform, service.clock().now().as_second());
    // What a keystore asks for to be opened can take seconds.
    let opening = thread::run(move || open(&key, platform, now));
    let opened = opening.await.map_err(|_| defect())?;
    opened.map(Some).map_err(|reason| broken(format!("Signing failed: {reason}")))
}

fn open(key: &KeyMaterial, platform: Platform, now: i64) -> Result<LoadedKey, String> {
    let KeyMaterial { keystore, password, key_password, alias, profile } = key;
    match platform {
        Platform::Android => Signer::from_keystore(keystore, password, key_password.as_deref(), alias.as_deref())
            .map(|signer| LoadedKey::Android(Box::new(signer)))
            .map_err(|error| error.to_string()),
        Platform::Ios => IosIdentity::open(keystore, password, profile, now)
            .map(|identity| LoadedKey::Ios(Box::new(identity)))
            .map_err(|error| error.to_string()),
    }
}

fn of_engine(error: engine::Error) -> Ended {
    match error {
        engine::Error::Cancelled => Ended::Lost,
        engine::Error::Deadline => Ended::late(),
        error if error.is_permanent() => Ended::Broken(Failure::new(error.code(), error.to_string())),
        error => Ended::Trouble(Error::internal(error)),
    }
}

fn of_verifier(error: verify::Error, watch: &Watch) -> Ended {
    match error {
        verify::Error::Stopped if watch.is_lost() => Ended::Lost,
        verify::Error::Stopped => Ended::late(),
        error @ verify::Error::Failed { .. } => {
            tracing::error!(%error, "an output was held back");
            Ended::Broken(Failure::new(error.code(), error.to_string()))
        }
        error => Ended::Trouble(Error::internal(error)),
    }
}

/// A panic in the engine: another attempt would end the same way.
pub(crate) fn defect() -> Ended {
    tracing::error!("the engine panicked");
    let message = "The build failed because of an error in the service; contact support with the job ID";
    Ended::Broken(Failure::new("internal", message))
}

fn create(path: &Path) -> Result<File, Error> {
    File::options().read(true).write(true).create_new(true).open(path).map_err(Error::internal)
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

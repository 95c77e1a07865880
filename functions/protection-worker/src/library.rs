//! One library: the tenant's policy and its key, packed, stored, published.

use domain::error::Error;
use domain::id::Sha256Hex;
use domain::job::Failure;
use domain::library::{AppIdentifier, Package};
use domain::platform::{ConfigVersion, Platform};
use engine::library::{self, Library};
use service::Service;
use service::library_work::LibraryAssignment;
use service::live_policies::CarriedPolicy;
use service::work::Leased;
use store::wakeups::LibraryWakeup;
use tokio::time::{Instant, timeout_at};

use crate::{PAST_LEASE_SECONDS, Verdict, Worker, thread, unreadable};

/// Why there is no package.
enum Ended {
    /// The library cannot be made.
    Broken(Failure),
    /// The infrastructure failed; another attempt may work.
    Trouble(Error),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Trouble(error)
    }
}

impl Worker {
    /// Makes the library that a wake-up asks for.
    pub(crate) async fn make_library(&self, wakeup: Option<LibraryWakeup>, end: Instant) -> Result<Verdict, Error> {
        let Some(wakeup) = wakeup else { return Ok(unreadable()) };
        let assignment = match self.service.lease_library(&wakeup, i64::from(self.lease.seconds)).await? {
            Leased::Work(assignment) => *assignment,
            Leased::Busy { seconds } => return Ok(Verdict::ComeBack(seconds + PAST_LEASE_SECONDS)),
            Leased::Nothing => return Ok(Verdict::Acknowledge),
        };
        let attempt = assignment.build.attempt;
        tracing::info!(attempt, "library starts");
        let started = Instant::now();
        let built = timeout_at(end - self.lease.reserve, build(&self.service, &assignment)).await;
        let built = built.unwrap_or_else(|_| Err(Ended::Trouble(Error::internal("the time is up"))));
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let ended = match &built {
            Ok(_) => "built",
            Err(Ended::Broken(failure)) => &failure.code,
            Err(Ended::Trouble(_)) => "trouble",
        };
        tracing::info!(attempt, milliseconds, ended, "library ends");
        let aftermath = match built {
            Ok(package) => self.service.finish_library(assignment, package).await?,
            Err(Ended::Broken(failure)) => self.service.fail_library(assignment, failure).await?,
            Err(Ended::Trouble(error)) => {
                tracing::error!(error = error.with_causes(), "the infrastructure failed the library");
                self.service.retry_library(assignment).await?
            }
        };
        Ok(aftermath.into())
    }
}

/// Packs the library and stores it under the attempt's own prefix. Apps that are built with it carry the policy of production.
async fn build(service: &Service, assignment: &LibraryAssignment) -> Result<Package, Ended> {
    // Whoever switched it off means the builds that wait, too: a library without the agent protects nothing.
    if !service.makes_libraries() {
        return Err(Ended::Broken(Failure::new("custom_library_disabled", "Custom Library is not enabled here")));
    }
    let LibraryAssignment { library, build } = assignment;
    let policy = service.carried_policy(&library.tenant, ConfigVersion::Production).await?;
    let policy_version = policy.policy_version;
    let (platform, identifier, version) = (build.platform, library.app_identifier.clone(), build.version());
    let packed = thread::run(move || pack(platform, &identifier, &version, &policy));
    let bytes = packed.await.map_err(|_| defect())??;
    let size = u64::try_from(bytes.len()).map_err(Error::internal)?;
    let package = Package { attempt: build.attempt, sha256: Sha256Hex::of(&bytes), size, policy_version };
    service.store().put_library_package(&library.tenant, build, bytes).await?;
    Ok(package)
}

/// There is no runtime agent yet that the library could carry; the package says so.
fn pack(
    platform: Platform,
    app_identifier: &AppIdentifier,
    version: &str,
    policy: &CarriedPolicy,
) -> Result<Vec<u8>, Ended> {
    let CarriedPolicy { document, verification_key, .. } = policy;
    let library = Library { app_identifier: app_identifier.as_str(), version, policy: document, verification_key };
    let mut bytes = Vec::new();
    let packed = match platform {
        Platform::Android => library::android::write(&library, None, &mut bytes),
        Platform::Ios => library::ios::write(&library, None, &mut bytes),
    };
    packed.map_err(|error| Ended::Broken(Failure::new(error.code(), error.to_string())))?;
    Ok(bytes)
}

/// A panic: another attempt would end the same way.
fn defect() -> Ended {
    tracing::error!("packing a library panicked");
    let message = "The build failed because of an error in the service; contact support with the build ID";
    Ended::Broken(Failure::new("internal", message))
}

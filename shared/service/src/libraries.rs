//! Custom Library for customers: status, identifiers, downloads (page 003, "Custom Library / BYOA").

use domain::error::Error;
use domain::id::TenantId;
use domain::library::{AppIdentifier, Library, LibraryBuild, LibraryBuildId, Package};
use domain::platform::Platform;
use domain::tenant::Tenant;
use jiff::Timestamp;
use store::idempotency::Created;
use store::libraries::Over;
use store::wakeups::LibraryWakeup;
use store::{Change, ReplayOwner};
use uuid::Uuid;

use crate::Service;
use crate::access::Caller;
use crate::changing::{Answered, Attempt, IdempotentRequest, Tried};

/// The answer for an identifier that the tenant does not have.
const NO_IDENTIFIER: &str = "App identifier not found";

/// The libraries of a tenant.
#[derive(Clone, Debug)]
pub struct LibraryStatus {
    /// How many identifiers it may have.
    pub max_identifiers: u32,
    /// In the order in which they were set.
    pub libraries: Vec<Library>,
    /// When they were read.
    pub now: Timestamp,
}

/// Which package is asked for.
#[derive(Clone, Debug)]
pub struct LibraryQuery {
    /// For this platform.
    pub platform: Platform,
    /// Of this build; else the latest.
    pub build: Option<LibraryBuildId>,
    /// For this app; else for any.
    pub app_identifier: Option<AppIdentifier>,
}

/// A library to be fetched.
#[derive(Clone, Debug)]
pub struct LibraryDownload {
    /// Downloads it for an hour.
    pub url: String,
    /// The name that the download bears.
    pub file_name: String,
    /// What is downloaded.
    pub package: Package,
}

impl Service {
    /// The libraries of the caller's tenant; `None` where the custom library is not enabled for it.
    pub async fn library_status(&self, caller: &Caller) -> Result<Option<LibraryStatus>, Error> {
        if self.require_libraries(&caller.tenant).is_err() {
            return Ok(None);
        }
        let libraries = self.live_libraries(&caller.tenant.id).await?;
        let max_identifiers = caller.tenant.custom_limits.library_identifiers();
        Ok(Some(LibraryStatus { max_identifiers, libraries, now: self.clock.now() }))
    }

    /// Adds an identifier, or takes one again, and starts a build for each platform that neither runs nor is in its cooldown.
    pub async fn set_library(
        &self,
        caller: &Caller,
        identifier: &AppIdentifier,
        request: Option<IdempotentRequest>,
    ) -> Result<Answered<()>, Error> {
        self.require_libraries(&caller.tenant)?;
        identifier.check_free()?;
        let request = request.as_ref();
        if self.earlier(ReplayOwner::Tenant(&caller.tenant.id), request).await?.is_some() {
            return Ok(Answered { value: (), replayed: true });
        }
        let id = || Uuid::now_v7().to_string().parse();
        let ids = &[(Platform::Android, id()?), (Platform::Ios, id()?)];
        let attempt = |attempt: Attempt| async move {
            let tenant = &attempt.tenant.clone();
            self.require_libraries(tenant)?;
            let (found, roster) =
                tokio::try_join!(self.store.library(&tenant.id, identifier), self.store.roster(&tenant.id))?;
            roster.check_library(identifier, tenant.custom_limits.library_identifiers())?;
            let over = if found.is_some() { Over::Before } else { Over::Nothing };
            let before = found.unwrap_or_else(|| Library::new(tenant.id.clone(), identifier.clone(), attempt.now));
            let (library, started) = before.start(ids, &caller.user_id, attempt.now)?;
            let attempt = attempt.creating(request, Created::Nothing);
            match (self.store.set_library(tenant, (&library, over), attempt.record()).await?, request) {
                (Change::Repeated(twin), Some(request)) => {
                    request.repeat(twin)?;
                    Ok(Tried::Settled(None))
                }
                (change, _) => Ok(Tried::Written(change, Some(started))),
            }
        };
        let Some(started) = self.settle(caller, attempt).await? else {
            return Ok(Answered { value: (), replayed: true });
        };
        for build in started {
            self.try_to_wake_for(&caller.tenant.id, identifier, build).await;
        }
        Ok(Answered { value: (), replayed: false })
    }

    /// The package of the latest successful build, or of the one that is named.
    pub async fn library_download(&self, caller: &Caller, query: &LibraryQuery) -> Result<LibraryDownload, Error> {
        self.require_libraries(&caller.tenant)?;
        let tenant = &caller.tenant.id;
        let libraries = match &query.app_identifier {
            Some(identifier) => vec![self.live_library(tenant, identifier).await?],
            None => self.live_libraries(tenant).await?,
        };
        let builds = libraries.iter().flat_map(|library| library.builds.iter().map(move |build| (library, build)));
        let asked_for = |build: &LibraryBuild| {
            build.platform == query.platform && query.build.as_ref().is_none_or(|id| *id == build.build_id)
        };
        let packages = builds.filter_map(|(library, build)| Some((library, build, build.package()?)));
        let latest = packages
            .filter(|(_, build, _)| asked_for(build))
            .max_by_key(|(_, build, _)| (build.completed_at(), &build.build_id));
        let (library, build, package) = latest.ok_or(Error::NotFound(match query.build {
            Some(_) => "Library build not found",
            None => "There is no successful library build for this platform",
        }))?;
        Ok(LibraryDownload {
            url: self.store.presign_library_package(library, build, package).await?,
            file_name: build.file_name(&library.app_identifier),
            package: package.clone(),
        })
    }

    /// Deletes an identifier with every build of it. It is gone for everybody at once; the objects and then its item follow, now or by the
    /// reconciler.
    pub async fn delete_library(&self, caller: &Caller, identifier: &AppIdentifier) -> Result<(), Error> {
        self.require_libraries(&caller.tenant)?;
        let attempt = |attempt: Attempt| async move {
            let tenant = &attempt.tenant;
            self.require_libraries(tenant)?;
            let library = self.live_library(&tenant.id, identifier).await?.delete(attempt.now)?;
            let change = self.store.delete_library(tenant, &library, attempt.record()).await?;
            Ok(Tried::Written(change, library))
        };
        let library = self.settle(caller, attempt).await?;
        self.try_to_clear_library(&library).await;
        Ok(())
    }

    /// Refuses a tenant that has no custom library, and every one where this installation makes none.
    fn require_libraries(&self, tenant: &Tenant) -> Result<(), Error> {
        if self.makes_libraries() && tenant.has_library() {
            return Ok(());
        }
        Err(Error::Forbidden("Custom Library is not enabled for this tenant"))
    }

    async fn live_library(&self, tenant: &TenantId, identifier: &AppIdentifier) -> Result<Library, Error> {
        let found = self.store.library(tenant, identifier).await?;
        found.filter(|library| !library.is_deleted()).ok_or(Error::NotFound(NO_IDENTIFIER))
    }

    async fn live_libraries(&self, tenant: &TenantId) -> Result<Vec<Library>, Error> {
        let mut libraries = self.store.libraries(tenant).await?;
        libraries.retain(|library| !library.is_deleted());
        Ok(libraries)
    }

    /// Where this fails, the reconciler does it.
    async fn try_to_wake_for(&self, tenant: &TenantId, identifier: &AppIdentifier, build: LibraryBuildId) {
        let id = build.to_string();
        let wakeup = LibraryWakeup { v: 1, tenant: tenant.clone(), app_identifier: identifier.clone(), build };
        if let Err(error) = self.store.send_library_wakeup(&wakeup).await {
            tracing::warn!(build.id = id, error = error.with_causes(), "a wake-up is left to the reconciler");
        }
    }
}

//! Use cases: what the functions call. Each loads, lets the domain decide, and commits through the store.

pub mod access;
pub mod admission;
pub mod applications;
pub mod arrival;
pub mod assistant;
pub mod audit;
pub mod authentication;
pub mod billing;
pub mod cancellation;
pub mod changing;
pub mod clock;
pub mod completion;
pub mod configurations;
pub mod credentials;
mod cursors;
pub mod deletion;
pub mod documents;
pub mod libraries;
pub mod library_work;
pub mod live_policies;
pub mod mailing;
pub mod members;
pub mod operator;
pub mod purging;
pub mod reconciliation;
pub mod requester;
pub mod sales_contacts;
pub mod saml;
pub mod signing_again;
pub mod signing_keys;
pub mod status;
pub mod support;
pub mod support_desk;
pub mod tenants;
mod tidying;
mod transition;
pub mod work;

use std::sync::Arc;
use std::time::Duration;

use ::assistant::Answerer;
use domain::error::Error;
use domain::id::{JobId, TenantId};
use domain::job::Job;
use domain::tenant::Tenant;
use identity::Verifier;
use store::Store;
use tracing::Span;

use billing::Payments;
pub use clock::Clock;
use support::Desk;

/// Where browsers reach the portal, where nothing else is said (page 001).
pub const PORTAL_URL: &str = "https://app.apptego.com";

/// One call deletes builds of an application for so long, and leaves the rest to the next one: the gateway waits for 30 seconds.
const DELETION_TIME: Duration = Duration::from_secs(15);

/// The use cases over one stack's storage.
#[derive(Clone, Debug)]
pub struct Service {
    store: Store,
    clock: Clock,
    verifier: Option<Verifier>,
    portal_url: Arc<str>,
    desk: Arc<Desk>,
    payments: Option<Payments>,
    answerer: Option<Arc<dyn Answerer>>,
    deletion_time: Duration,
    libraries: bool,
}

impl Service {
    /// Works on `store` by the time of `clock`.
    pub fn new(store: Store, clock: Clock) -> Self {
        Self {
            store,
            clock,
            verifier: None,
            portal_url: PORTAL_URL.into(),
            desk: Arc::default(),
            payments: None,
            answerer: None,
            deletion_time: DELETION_TIME,
            libraries: false,
        }
    }

    /// The same, for people who sign in to the user pool of `verifier`; without one, no session is genuine.
    pub fn with_sessions(self, verifier: Option<Verifier>) -> Self {
        Self { verifier, ..self }
    }

    /// Who checks the sessions of people.
    pub fn sessions(&self) -> Option<Verifier> {
        self.verifier.clone()
    }

    /// The same, where browsers reach the portal at `url`, without a slash at its end.
    pub fn with_portal(self, url: &str) -> Self {
        Self { portal_url: url.trim_end_matches('/').into(), ..self }
    }

    /// The same, whose mail about customers goes to `desk`.
    pub fn with_desk(self, desk: Desk) -> Self {
        Self { desk: desk.into(), ..self }
    }

    /// The same, where tenants pay at Stripe; without it, billing is not set up.
    pub fn with_payments(self, payments: Option<Payments>) -> Self {
        Self { payments, ..self }
    }

    /// The same, whose assistant and AI Search `answerer` is; without one, they fail.
    pub fn with_answerer(self, answerer: Arc<dyn Answerer>) -> Self {
        Self { answerer: Some(answerer), ..self }
    }

    /// The same, where one call deletes builds for so long.
    pub fn with_deletion_time(self, deletion_time: Duration) -> Self {
        Self { deletion_time, ..self }
    }

    /// The same, which makes libraries for tenants whose custom library is enabled. Without it none has one: a library without the runtime
    /// agent protects nothing.
    pub fn with_libraries(self, libraries: bool) -> Self {
        Self { libraries, ..self }
    }

    /// Whether it makes libraries.
    pub const fn makes_libraries(&self) -> bool {
        self.libraries
    }

    /// The same, on another storage.
    pub fn over(self, store: Store) -> Self {
        Self { store, ..self }
    }

    /// The storage below, for tools that seed it.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The clock it works by.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A tenant that has to be there, since something of it was found.
    async fn owner(&self, id: &TenantId) -> Result<Tenant, Error> {
        self.store.tenant(id).await?.ok_or_else(|| Error::internal("a job without a tenant"))
    }
}

/// Around what is done for a job: every line of the log in it says whose and which one it is.
pub fn build_span(tenant: &TenantId, job: JobId) -> Span {
    tracing::info_span!("build", tenant.id = %tenant, build.id = %job)
}

/// The job that was read, if customers see it.
fn visible<T>(found: Option<(Job, T)>) -> Result<(Job, T), Error> {
    found.filter(|(job, _)| job.is_visible()).ok_or_else(no_such_job)
}

/// The answer for a job that the tenant does not have.
const fn no_such_job() -> Error {
    Error::NotFound("Job not found")
}

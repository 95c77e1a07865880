//! Use cases: what the functions call. Each loads, lets the domain decide, and commits through the store.

pub mod admission;
pub mod arrival;
pub mod authentication;
pub mod cancellation;
pub mod clock;
pub mod completion;
pub mod reconciliation;
pub mod status;
mod tidying;
mod transition;
pub mod work;

use domain::error::Error;
use domain::id::{JobId, TenantId};
use domain::tenant::Tenant;
use store::Store;
use tracing::Span;

pub use clock::Clock;

/// The use cases over one stack's storage.
#[derive(Clone, Debug)]
pub struct Service {
    store: Store,
    clock: Clock,
}

impl Service {
    /// Works on `store` by the time of `clock`.
    pub const fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
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

/// The tenant of an automation key, which has to be on a plan with automation (page 000: 401 otherwise).
fn automation_tenant(tenant: Option<Tenant>) -> Result<Tenant, Error> {
    let tenant = tenant.ok_or(Error::Unauthenticated)?;
    tenant.require_automation()?;
    Ok(tenant)
}

/// The answer for a job that the tenant does not have.
const fn no_such_job() -> Error {
    Error::NotFound("Job not found")
}

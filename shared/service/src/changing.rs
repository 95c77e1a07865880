//! Makes a change to what belongs to a tenant, deciding again whenever somebody else was faster, and once for each
//! `Idempotency-Key`.

use domain::audit::{AuditEvent, Log};
use domain::error::Error;
use domain::id::Sha256Hex;
use domain::member::MemberId;
use domain::roster::Roster;
use domain::tenant::Tenant;
use jiff::Timestamp;
use store::idempotency::{Created, IdempotencyRecord, REPLAY_SECONDS};
use store::{Change, Edit, Record, ReplayOwner};

use crate::Service;
use crate::access::Caller;

/// Writers that may come in between before it is a failure.
pub(crate) const TRIES: u32 = 64;

/// A creating request that carried an `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotentRequest {
    /// SHA-256 of caller, route and key.
    pub scope: Sha256Hex,
    /// SHA-256 of the body.
    pub body: Sha256Hex,
}

/// What came of a creating request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered<T> {
    /// What it created.
    pub value: T,
    /// Whether an earlier request with the same key did.
    pub replayed: bool,
}

/// A try at a change.
pub(crate) struct Attempt {
    /// The tenant as it is.
    pub(crate) tenant: Tenant,
    /// When it is made.
    pub(crate) now: Timestamp,
    log: Log,
    event: AuditEvent,
    replay: Option<IdempotencyRecord>,
}

/// What came of a try.
pub(crate) enum Tried<T> {
    /// There is nothing to change.
    Settled(T),
    /// A change was written or refused; the value is for one that was written.
    Written(Change, T),
}

impl Attempt {
    /// The same, which leaves the record of `request`, if there is one: it creates `created`.
    pub(crate) fn creating(self, request: Option<&IdempotentRequest>, created: Created) -> Self {
        let replay = request.map(|request| request.record(created, self.now));
        Self { replay, ..self }
    }

    /// What the change leaves behind besides itself.
    pub(crate) fn record(&self) -> Record<'_> {
        let replay = self.replay.as_ref().map(|record| (ReplayOwner::Tenant(&self.tenant.id), record));
        Record { log: &self.log, event: &self.event, replay }
    }
}

impl IdempotentRequest {
    /// The record of this request, which created something.
    pub(crate) fn record(&self, created: Created, now: Timestamp) -> IdempotencyRecord {
        let expires_at = domain::time::after(now, REPLAY_SECONDS).as_second();
        IdempotencyRecord { scope: self.scope.clone(), body: self.body.clone(), created, expires_at }
    }

    /// What an earlier request with this key created, if it was the same request.
    pub(crate) fn repeat(&self, earlier: IdempotencyRecord) -> Result<Created, Error> {
        if earlier.body == self.body { Ok(earlier.created) } else { Err(Error::IdempotencyKeyReused) }
    }
}

impl Service {
    /// Makes a change that creates nothing.
    pub(crate) async fn edit(&self, caller: &Caller, edit: Edit<'_>) -> Result<(), Error> {
        self.edit_once(caller, edit, None).await.map(drop)
    }

    /// Makes a change, or tells what an earlier request with the same key created.
    pub(crate) async fn edit_once(
        &self,
        caller: &Caller,
        edit: Edit<'_>,
        request: Option<(&IdempotentRequest, Created)>,
    ) -> Result<Option<Created>, Error> {
        let attempt = |attempt: Attempt| async move {
            let change = self.store.edit(&attempt.tenant, edit, attempt.record()).await?;
            match &change {
                Change::Missing => return Err(missing(edit)),
                Change::Refused(roster) => check(edit, roster, &attempt.tenant)?,
                Change::PersonChanged => self.check_memberships(edit).await?,
                _ => {}
            }
            Ok(change)
        };
        self.change(caller, request, attempt).await
    }

    /// Changes the tenant itself as `decide` says.
    pub(crate) async fn change_tenant(
        &self,
        caller: &Caller,
        decide: impl Fn(&mut Tenant, Timestamp) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let decide = &decide;
        let attempt = |attempt: Attempt| async move {
            let mut changed = attempt.tenant.clone();
            decide(&mut changed, attempt.now)?;
            self.store.change_tenant(&changed, attempt.record()).await
        };
        self.change(caller, None, attempt).await.map(drop)
    }

    /// Makes a change, or tells what an earlier request with the same key created. `attempt` tries it, and says what stands
    /// against it for good; whatever else comes of it is decided again.
    pub(crate) async fn change<F: Future<Output = Result<Change, Error>>>(
        &self,
        caller: &Caller,
        request: Option<(&IdempotentRequest, Created)>,
        attempt: impl Fn(Attempt) -> F,
    ) -> Result<Option<Created>, Error> {
        let request = request.as_ref();
        let tried = |now: Attempt| {
            let change = attempt(match request {
                Some((request, created)) => now.creating(Some(request), created.clone()),
                None => now,
            });
            async move {
                match (change.await?, request) {
                    (Change::Repeated(earlier), Some((request, _))) => {
                        request.repeat(earlier).map(Some).map(Tried::Settled)
                    }
                    (change, _) => Ok(Tried::Written(change, None)),
                }
            }
        };
        self.settle(caller, tried).await
    }

    /// Tries until a change is made or nothing is left to do; returns what that try gives.
    pub(crate) async fn settle<T, F: Future<Output = Result<Tried<T>, Error>>>(
        &self,
        caller: &Caller,
        attempt: impl Fn(Attempt) -> F,
    ) -> Result<T, Error> {
        let mut tenant = caller.tenant.clone();
        for _ in 0..TRIES {
            let now = self.clock.now();
            let (log, event) = caller.trail.event_of_change(now);
            match attempt(Attempt { tenant: tenant.clone(), now, log, event, replay: None }).await? {
                Tried::Settled(value) => return Ok(value),
                Tried::Written(Change::Done, value) => {
                    caller.trail.close();
                    return Ok(value);
                }
                Tried::Written(Change::TenantChanged, _) => tenant = self.readmit(caller).await?,
                Tried::Written(repeated @ Change::Repeated(_), _) => return Err(unexpected(&repeated)),
                Tried::Written(
                    Change::PersonChanged
                    | Change::GroupsChanged
                    | Change::VersionChanged
                    | Change::Refused(_)
                    | Change::Missing,
                    _,
                ) => {}
            }
        }
        Err(Error::internal("a tenant was changed by others too often"))
    }

    /// What an earlier request with the same key created.
    pub(crate) async fn earlier(
        &self,
        owner: ReplayOwner<'_>,
        request: Option<&IdempotentRequest>,
    ) -> Result<Option<Created>, Error> {
        let Some(request) = request else { return Ok(None) };
        let earlier = self.store.idempotency_record(owner, &request.scope, self.clock.now()).await?;
        earlier.map(|earlier| request.repeat(earlier)).transpose()
    }

    /// The tenant as it is now, if it still answers the call.
    pub(crate) async fn readmit(&self, caller: &Caller) -> Result<Tenant, Error> {
        let tenant = self.store.tenant(&caller.tenant.id).await?;
        let tenant = tenant.ok_or(Error::NotFound("The tenant no longer exists"))?;
        caller.demand.check(&tenant, &caller.permissions)?;
        Ok(tenant)
    }

    async fn check_memberships(&self, edit: Edit<'_>) -> Result<(), Error> {
        let Edit::AddPerson(person, ..) = edit else { return Ok(()) };
        self.store.memberships(person).await?.check_join()
    }
}

/// What the roster says against a change; nothing where it has changed again meanwhile.
fn check(edit: Edit<'_>, roster: &Roster, tenant: &Tenant) -> Result<(), Error> {
    match edit {
        Edit::AddPerson(person, ..) => roster.check_join(person, tenant.max_users()),
        Edit::RemovePerson(person) | Edit::SetPermissions(MemberId::Person(person), _) => {
            roster.check_dismissal(person, tenant)
        }
        Edit::CreateApiToken(_) => roster.check_token(),
        Edit::CreateAutomationKey(_) => roster.check_key(),
        Edit::CreateSigningKey(key) => roster.check_signing_key(key.record.platform),
        Edit::SetPermissions(MemberId::Token(_), _)
        | Edit::DeleteApiToken(_)
        | Edit::ToggleAutomationKey(..)
        | Edit::DeleteAutomationKey(_) => Ok(()),
    }
}

/// The answer where an upload is named that nothing was put to.
pub(crate) const NOTHING_UPLOADED: &str = "Nothing was uploaded under this id";

/// The answer for a signing key that the tenant does not have.
pub(crate) const NO_SIGNING_KEY: &str = "Signing key not found";

/// The answer where what is to be changed is not there (page 004, "Common Errors").
const fn missing(edit: Edit<'_>) -> Error {
    Error::NotFound(match edit {
        Edit::AddPerson(..) | Edit::RemovePerson(_) | Edit::SetPermissions(MemberId::Person(_), _) => "User not found",
        Edit::CreateApiToken(_) | Edit::DeleteApiToken(_) | Edit::SetPermissions(MemberId::Token(_), _) => {
            "API token not found"
        }
        Edit::CreateAutomationKey(_) | Edit::ToggleAutomationKey(..) | Edit::DeleteAutomationKey(_) => {
            "Automation key not found"
        }
        Edit::CreateSigningKey(_) => NO_SIGNING_KEY,
    })
}

pub(crate) fn unexpected(change: &Change) -> Error {
    Error::internal(format!("a change that no condition explains: {change:?}"))
}

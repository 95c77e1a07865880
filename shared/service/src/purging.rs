//! The purge: removes whatever a tenant has that was marked for deletion 30 days ago, and leaves a receipt.
//!
//! A run may end at any line, by its time or by a failure, and the next one goes on. First nothing opens the tenant any
//! more, then its builds end; when nobody who was let in before can still write, everything goes, and the tenant last.

use std::collections::BTreeSet;

use domain::error::Error;
use domain::id::TenantId;
use domain::job::{Event, Job};
use domain::member::EmailAddress;
use domain::purge::{Kind, Purge};
use domain::roster::Roster;
use domain::tenant::{Deletion, Tenant};
use store::sweep::Bucket;
use tokio::time::Instant;

use crate::Service;
use crate::changing::TRIES;

/// Tenants that one run looks at.
const BATCH: i32 = 100;
/// People who leave a tenant before that is written down.
const PEOPLE: usize = 50;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Tenants that are gone.
    pub gone: u32,
    /// Tenants at which the next run goes on.
    pub unfinished: u32,
    /// Tenants at which something failed; the next run goes on with them too.
    pub failed: u32,
    /// Seconds for which one that is not gone had been due, at most.
    pub overdue_seconds: i64,
}

/// Why a run leaves a tenant.
enum Left {
    /// There is nothing more to do: it is gone, or was restored before the purge began.
    Over,
    /// Something has to be waited for, the time is up, or another run is at it.
    Unfinished,
    /// Something failed.
    Failed(Error),
}

impl From<Error> for Left {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// One tenant in one run.
struct Run<'a> {
    service: &'a Service,
    tenant: Tenant,
    deletion: Deletion,
    purge: Purge,
    until: Instant,
}

impl Service {
    /// Goes on with every tenant whose purge is due, until it is `until`. One tenant's failure does not keep the others
    /// waiting.
    pub async fn purge(&self, until: Instant) -> Result<Purged, Error> {
        let mut done = Purged::default();
        for hint in self.store.due_purges(self.clock.now(), BATCH).await? {
            if Instant::now() >= until {
                break;
            }
            let id = hint.into_key();
            let run = match self.begin_purge(&id, until).await {
                Ok(run) => run,
                Err(left) => {
                    done.count(&id, left, 0);
                    continue;
                }
            };
            let due = run.deletion.purge_at;
            match run.carry_out().await {
                Ok(()) => done.gone += 1,
                Err(left) => done.count(&id, left, self.clock.now().as_second() - due),
            }
        }
        Ok(done)
    }

    /// Makes sure that the purge has begun, unless the tenant was restored.
    async fn begin_purge(&self, id: &TenantId, until: Instant) -> Result<Run<'_>, Left> {
        for _ in 0..TRIES {
            let now = self.clock.now();
            let tenant = self.store.tenant(id).await?.ok_or(Left::Over)?;
            let deletion = tenant.due_deletion(now).cloned().ok_or(Left::Over)?;
            let run = |tenant, purge| Run { service: self, tenant, deletion: deletion.clone(), purge, until };
            if let Some(purge) = self.store.purge(id).await? {
                return Ok(run(tenant, purge));
            }
            let begun = Tenant { deletion: Some(Deletion { purging: true, ..deletion.clone() }), ..tenant };
            let purge = Purge::begin(now);
            if self.store.begin_purge(&begun, &purge).await? {
                tracing::info!(tenant.id = %id, "a purge begins");
                return Ok(run(Tenant { revision: begun.revision + 1, ..begun }, purge));
            }
        }
        Err(Left::Failed(Error::internal("a tenant was changed by others too often")))
    }
}

impl Purged {
    fn count(&mut self, tenant: &TenantId, left: Left, overdue: i64) {
        match left {
            Left::Over => return,
            Left::Unfinished => self.unfinished += 1,
            Left::Failed(error) => {
                self.failed += 1;
                tracing::error!(tenant.id = %tenant, error = error.with_causes(), "could not purge");
            }
        }
        self.overdue_seconds = self.overdue_seconds.max(overdue);
    }
}

impl Run<'_> {
    async fn carry_out(mut self) -> Result<(), Left> {
        self.shut_out().await?;
        let live = self.end_builds().await?;
        if live || !self.purge.is_settled(self.service.clock.now()) {
            return Err(Left::Unfinished);
        }
        self.sweep(Bucket::Uploads, Kind::Uploads, Kind::UnfinishedUploads).await?;
        self.sweep(Bucket::Artifacts, Kind::Artifacts, Kind::UnfinishedArtifacts).await?;
        self.remove_items().await?;
        self.remove_events().await?;
        let now = self.service.clock.now();
        let receipt = self.purge.receipt(&self.tenant, &self.deletion, now);
        if !self.service.store.end_purge(&self.tenant, &self.purge, &receipt).await? {
            return Err(Left::Unfinished);
        }
        tracing::info!(tenant.id = %self.tenant.id, purge.removed = ?receipt.removed, "a tenant is purged");
        Ok(())
    }

    /// Takes keys, tokens and people away, so that nothing opens the tenant any more.
    async fn shut_out(&mut self) -> Result<(), Left> {
        let roster = self.service.store.roster(&self.tenant.id).await?;
        let keys = self.purge.count(Kind::AutomationKeys, roster.keys.iter().map(|key| key.as_str()));
        let tokens = self.purge.count(Kind::ApiTokens, roster.tokens.iter().map(|token| token.as_str()));
        let people = self.purge.count(Kind::People, roster.people.iter().map(EmailAddress::as_str));
        if keys || tokens || people {
            self.write_down().await?;
        }
        self.service.store.shut_out(&self.tenant.id, &roster).await?;
        self.service.end_subscriptions(&self.tenant.id, self.until).await?;
        self.service.store.forget_customer(&self.tenant.id).await?;
        let Roster { people, admins, tokens, keys, .. } = roster;
        self.strike(Roster { tokens, keys, ..Roster::default() }).await?;
        let people: Vec<EmailAddress> = people.into_iter().collect();
        for leaving in people.chunks(PEOPLE) {
            for person in leaving {
                self.service.store.forget_membership(&self.tenant.id, person).await?;
            }
            let people: BTreeSet<EmailAddress> = leaving.iter().cloned().collect();
            let admins = admins.intersection(&people).cloned().collect();
            self.strike(Roster { people, admins, ..Roster::default() }).await?;
        }
        if self.purge.close(self.service.clock.now()) {
            self.write_down().await?;
        }
        Ok(())
    }

    async fn strike(&self, gone: Roster) -> Result<(), Left> {
        self.service.store.strike(&self.tenant.id, &gone).await?;
        self.check_time()
    }

    /// Ends every build, as its owner could. `true`: a worker may still store something.
    async fn end_builds(&self) -> Result<bool, Left> {
        let mut live = self.service.cancel_libraries(&self.tenant.id).await?;
        self.check_time()?;
        for job in self.service.store.untidy_jobs(&self.tenant.id).await? {
            let job = self.ended(job).await?;
            live |= job.apply(Event::Tidy, self.service.clock.now()).is_err();
            self.check_time()?;
        }
        Ok(live)
    }

    async fn ended(&self, job: Job) -> Result<Job, Error> {
        if job.has_ended() {
            return Ok(job);
        }
        Ok(self.service.carry_out(job, |_| Ok(Event::Cancel)).await?.into_job())
    }

    async fn sweep(&mut self, bucket: Bucket, objects: Kind, unfinished: Kind) -> Result<(), Left> {
        let store = &self.service.store;
        loop {
            let found = store.unfinished_uploads(bucket, &self.tenant.id).await?;
            if found.is_empty() {
                break;
            }
            self.count(unfinished, found.iter().map(|upload| upload.key.as_str())).await?;
            for upload in &found {
                store.drop_unfinished(bucket, upload).await?;
                self.check_time()?;
            }
        }
        loop {
            let found = store.tenant_objects(bucket, &self.tenant.id).await?;
            if found.is_empty() {
                return Ok(());
            }
            self.count(objects, found.iter().map(String::as_str)).await?;
            store.remove_objects(bucket, &found).await?;
        }
    }

    async fn remove_items(&mut self) -> Result<(), Left> {
        loop {
            let found = self.service.store.tenant_items(&self.tenant.id).await?;
            if found.is_empty() {
                return Ok(());
            }
            self.count(Kind::Items, found.iter().map(|item| item.name.as_str())).await?;
            self.service.store.remove_items(&found).await?;
        }
    }

    async fn remove_events(&mut self) -> Result<(), Left> {
        loop {
            let found = self.service.store.tenant_events(&self.tenant.id).await?;
            if found.is_empty() {
                return Ok(());
            }
            self.count(Kind::Events, found.iter().map(|event| event.name.as_str())).await?;
            self.service.store.remove_events(&found).await?;
        }
    }

    /// Counts a page, before it is removed.
    async fn count<'k>(&mut self, kind: Kind, keys: impl Iterator<Item = &'k str>) -> Result<(), Left> {
        self.check_time()?;
        if self.purge.count(kind, keys) { self.write_down().await } else { Ok(()) }
    }

    /// Another run that is at the same tenant goes on alone.
    async fn write_down(&mut self) -> Result<(), Left> {
        let written = self.service.store.continue_purge(&self.tenant.id, &mut self.purge).await?;
        if written { Ok(()) } else { Err(Left::Unfinished) }
    }

    fn check_time(&self) -> Result<(), Left> {
        if Instant::now() < self.until { Ok(()) } else { Err(Left::Unfinished) }
    }
}

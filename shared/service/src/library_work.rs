//! A worker's side of a library: lease, and one of finish, fail and retry; and what the reconciler does for those that nobody works on.

use domain::error::Error;
use domain::id::TenantId;
use domain::job::{Failure, Refusal};
use domain::library::{AppIdentifier, BuildEvent, BuildStateName, Library, LibraryBuild, LibraryBuildId, Package};
use store::wakeups::LibraryWakeup;
use tracing::Span;

use crate::Service;
use crate::reconciliation::Reconciled;
use crate::transition::TRIES;
use crate::work::{Aftermath, Leased};

/// A build of a library under a lease.
#[derive(Clone, Debug)]
pub struct LibraryAssignment {
    /// The library as it was then.
    pub library: Library,
    /// The build as it was leased.
    pub build: LibraryBuild,
}

/// What became of an event.
enum Outcome {
    /// It is written; the library as it is now.
    Done(Library),
    /// It does not apply to the build as it is.
    Refused(Library, Refusal),
    /// The library is gone.
    Gone,
}

impl Service {
    /// Takes a build of a library for `seconds`. The third lease that ran out without a word fails it instead.
    pub async fn lease_library(
        &self,
        wakeup: &LibraryWakeup,
        seconds: i64,
    ) -> Result<Leased<LibraryAssignment>, Error> {
        let LibraryWakeup { tenant, app_identifier, build: id, .. } = wakeup;
        let Some(library) = self.store.library(tenant, app_identifier).await? else { return Ok(Leased::Nothing) };
        let decide = |build: &LibraryBuild| build.judge_lease(self.clock.now(), seconds);
        match self.carry_out_library(library, id, decide).await? {
            Outcome::Done(library) => match library.build(id).cloned() {
                Some(build) if !build.has_ended() => Ok(Leased::Work(Box::new(LibraryAssignment { library, build }))),
                _ => {
                    self.try_to_tidy_library(&library).await;
                    Ok(Leased::Nothing)
                }
            },
            Outcome::Refused(_, Refusal::Leased { until }) => {
                Ok(Leased::Busy { seconds: until - self.clock.now().as_second() })
            }
            Outcome::Refused(..) | Outcome::Gone => Ok(Leased::Nothing),
        }
    }

    /// Publishes the attempt's package, which is stored already.
    pub async fn finish_library(&self, assignment: LibraryAssignment, package: Package) -> Result<Aftermath, Error> {
        self.conclude_library(assignment, |_| Ok(BuildEvent::Finish(package.clone()))).await
    }

    /// Ends the build: the library cannot be made.
    pub async fn fail_library(&self, assignment: LibraryAssignment, failure: Failure) -> Result<Aftermath, Error> {
        let attempt = assignment.build.attempt;
        self.conclude_library(assignment, |_| Ok(BuildEvent::Fail { attempt, failure: failure.clone() })).await
    }

    /// Gives the build back because the infrastructure failed the attempt; a day after the first time, ends it.
    pub async fn retry_library(&self, assignment: LibraryAssignment) -> Result<Aftermath, Error> {
        let attempt = assignment.build.attempt;
        self.conclude_library(assignment, |build| Ok(build.judge_trouble(attempt, self.clock.now()))).await
    }

    async fn conclude_library(
        &self,
        assignment: LibraryAssignment,
        decide: impl Fn(&LibraryBuild) -> Result<BuildEvent, Refusal>,
    ) -> Result<Aftermath, Error> {
        let LibraryAssignment { library, build } = assignment;
        let tenant = library.tenant.clone();
        let outcome = self.carry_out_library(library, &build.build_id, decide).await?;
        let (Outcome::Done(library) | Outcome::Refused(library, _)) = outcome else {
            return self.leave_attempt(&tenant, &build).await;
        };
        match library.build(&build.build_id) {
            None => self.leave_attempt(&tenant, &build).await,
            Some(now) if !now.has_ended() => Ok(Aftermath::Unfinished),
            Some(now) => {
                if now.package().is_none_or(|package| package.attempt != build.attempt) {
                    self.leave_attempt(&tenant, &build).await?;
                }
                self.try_to_tidy_library(&library).await;
                Ok(Aftermath::Over)
            }
        }
    }

    /// Removes what an attempt may have stored for a build that is over, or gone.
    async fn leave_attempt(&self, tenant: &TenantId, build: &LibraryBuild) -> Result<Aftermath, Error> {
        self.store.delete_library_attempt(tenant, (&build.build_id, build.platform), build.attempt).await?;
        Ok(Aftermath::Over)
    }

    /// Carries out what `decide` says of a build, deciding again whenever somebody else was faster.
    async fn carry_out_library(
        &self,
        mut library: Library,
        id: &LibraryBuildId,
        decide: impl Fn(&LibraryBuild) -> Result<BuildEvent, Refusal>,
    ) -> Result<Outcome, Error> {
        for _ in 0..TRIES {
            let event = library.build(id).ok_or(Refusal::NoTransition).and_then(&decide);
            let next = match event.and_then(|event| library.apply(id, event, self.clock.now())) {
                Ok(next) => next,
                Err(refusal) => return Ok(Outcome::Refused(library, refusal)),
            };
            if self.store.commit_library(&next).await? {
                return Ok(Outcome::Done(next));
            }
            match self.store.library(&library.tenant, &library.app_identifier).await? {
                Some(found) => library = found,
                None => return Ok(Outcome::Gone),
            }
        }
        Err(Error::internal("a library was changed by others too often"))
    }

    /// What should have happened to a due library and did not.
    pub(crate) async fn look_at_library(
        &self,
        tenant: &TenantId,
        identifier: &AppIdentifier,
        done: &mut Reconciled,
    ) -> Result<(), Error> {
        let Some(library) = self.store.library(tenant, identifier).await? else { return Ok(()) };
        let now = self.clock.now().as_second();
        if !done.is_due(library.due_at(), now) {
            return Ok(());
        }
        let due = library.builds.iter().filter(|build| build.due_at.is_some_and(|due| due <= now));
        for build in due.cloned().collect::<Vec<_>>() {
            self.revive(&library, build).await?;
        }
        self.clear_library(tenant, identifier).await
    }

    async fn revive(&self, library: &Library, build: LibraryBuild) -> Result<(), Error> {
        let (tenant, app_identifier) = (library.tenant.clone(), library.app_identifier.clone());
        let id = build.build_id;
        let wakeup = LibraryWakeup { v: 1, tenant, app_identifier, build: id.clone() };
        match build.state.name() {
            BuildStateName::Pending => {
                self.store.send_library_wakeup(&wakeup).await?;
                self.carry_out_library(library.clone(), &id, |_| Ok(BuildEvent::Recheck)).await.map(drop)
            }
            // Whoever takes the message decides whether the lease is over.
            BuildStateName::Building => self.store.send_library_wakeup(&wakeup).await,
            BuildStateName::Success | BuildStateName::Failed | BuildStateName::Deleted => Ok(()),
        }
    }

    /// Tidies now if that works; the reconciler does it otherwise.
    async fn try_to_tidy_library(&self, library: &Library) {
        if let Err(error) = self.tidy_library(&library.tenant, &library.app_identifier).await {
            tracing::warn!(tenant.id = %library.tenant, error = error.with_causes(), "left to the reconciler");
        }
    }

    /// As [`Self::try_to_tidy_library`], of a library that was deleted.
    pub(crate) async fn try_to_clear_library(&self, library: &Library) {
        if let Err(error) = self.clear_library(&library.tenant, &library.app_identifier).await {
            tracing::warn!(tenant.id = %library.tenant, error = error.with_causes(), "left to the reconciler");
        }
    }

    /// Tidies, and then removes the item of a library that was deleted.
    async fn clear_library(&self, tenant: &TenantId, identifier: &AppIdentifier) -> Result<(), Error> {
        match self.tidy_library(tenant, identifier).await? {
            Some(library) if library.is_deleted() && library.builds.is_empty() => {
                self.store.remove_library(&library).await
            }
            _ => Ok(()),
        }
    }

    /// Removes what ended builds of a library left in storage, then marks them as tidy; the library as it is then.
    async fn tidy_library(&self, tenant: &TenantId, identifier: &AppIdentifier) -> Result<Option<Library>, Error> {
        let Some(mut library) = self.store.library(tenant, identifier).await? else { return Ok(None) };
        let untidy = |build: &LibraryBuild| build.has_ended() && build.due_at.is_some();
        for build in library.builds.clone().into_iter().filter(untidy) {
            // Judged first: what a worker stores between the removal and the end of its lease must not be missed.
            let settled = build.is_settled(self.clock.now());
            self.store.delete_unpublished_library(tenant, &build).await?;
            if !settled {
                continue;
            }
            let is_same = |now: &LibraryBuild| now.state == build.state;
            let decide = |now: &LibraryBuild| is_same(now).then_some(BuildEvent::Tidy).ok_or(Refusal::NoTransition);
            library = match self.carry_out_library(library, &build.build_id, decide).await? {
                Outcome::Done(library) | Outcome::Refused(library, _) => library,
                Outcome::Gone => return Ok(None),
            };
        }
        Ok(Some(library))
    }

    /// Ends every build of a tenant's libraries. `true`: a worker may still store something.
    pub(crate) async fn cancel_libraries(&self, tenant: &TenantId) -> Result<bool, Error> {
        let mut live = false;
        for library in self.store.libraries(tenant).await? {
            for build in library.builds.iter().filter(|build| !build.has_ended()) {
                self.carry_out_library(library.clone(), &build.build_id, |_| Ok(BuildEvent::Cancel)).await?;
            }
            let now = self.store.library(tenant, &library.app_identifier).await?;
            let settled = |build: &LibraryBuild| build.is_settled(self.clock.now());
            live |= now.is_some_and(|library| !library.builds.iter().all(settled));
        }
        Ok(live)
    }
}

/// Around what is done for a build of a library: every line of the log in it says whose and which one it is.
pub fn library_span(wakeup: &LibraryWakeup) -> Span {
    tracing::info_span!("library", tenant.id = %wakeup.tenant, build.id = %wakeup.build)
}

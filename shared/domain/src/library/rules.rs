//! The rules behind the table: which builds start, what a deletion needs, which event applies to a build and what it makes of it.

use jiff::Timestamp;

use super::table::{BuildEvent, BuildEventName, BuildTransition, TRANSITIONS};
use super::{AppIdentifier, BuildState, Library, LibraryBuild, LibraryBuildId, MOST_BUILDS, whole_days};
use crate::error::Error;
use crate::id::TenantId;
use crate::job::{Failure, GRACE_SECONDS, RECHECK_SECONDS, Refusal, SILENT_ENDS, TROUBLE_SECONDS};
use crate::platform::Platform;

impl Library {
    /// An identifier that has no item: without builds, until they start. Its revisions begin above all that an earlier item of it can
    /// have had, so that nobody who has seen that one takes this one for it.
    pub fn new(tenant: TenantId, app_identifier: AppIdentifier, now: Timestamp) -> Self {
        let (set_by, builds) = (String::new(), Vec::new());
        let revision = u64::try_from(now.as_millisecond()).unwrap_or(0);
        Self { tenant, app_identifier, set_at: 0, set_by, builds, deleted_at: Some(now.as_second()), revision }
    }

    /// Starts a build for each platform that neither runs nor is in its cooldown, under the id that is its own; refused where there is
    /// none. An identifier that is new, or was deleted, is set by it.
    pub fn start(
        &self,
        ids: &[(Platform, LibraryBuildId); 2],
        by: &str,
        now: Timestamp,
    ) -> Result<(Self, Vec<LibraryBuildId>), Error> {
        let may_start = |platform| self.running(platform).is_none() && self.cooldown(platform, now) == 0;
        let starting: Vec<_> = ids.iter().filter(|(platform, _)| may_start(*platform)).collect();
        if starting.is_empty() {
            return Err(self.nothing_to_start(now));
        }
        let mut library = self.clone();
        library.revision += 1;
        if self.is_deleted() {
            library.deleted_at = None;
            (library.set_at, library.set_by) = (now.as_second(), by.to_owned());
        }
        library.make_room(starting.len(), now)?;
        library.builds.extend(starting.iter().map(|(platform, id)| LibraryBuild::pending(id.clone(), *platform, now)));
        Ok((library, starting.into_iter().map(|(_, id)| id.clone()).collect()))
    }

    /// Deletes the identifier and every build of it, none of which may run or be in its cooldown.
    pub fn delete(&self, now: Timestamp) -> Result<Self, Error> {
        if Platform::ALL.into_iter().any(|platform| self.running(platform).is_some()) {
            return Err(Error::Conflict {
                code: "library_build_running",
                message: "A library build of this app identifier has not ended yet",
            });
        }
        if let Some(seconds) =
            Platform::ALL.into_iter().map(|platform| self.cooldown(platform, now)).max().filter(|left| *left > 0)
        {
            return Err(self.in_cooldown("can be deleted", seconds));
        }
        let mut library = self.clone();
        library.revision += 1;
        library.deleted_at = Some(now.as_second());
        library.builds.iter_mut().for_each(|build| build.delete(now));
        library.forget();
        Ok(library)
    }

    /// Carries `event` out on a build at `now`, as far as the table and its conditions allow.
    pub fn apply(&self, id: &LibraryBuildId, event: BuildEvent, now: Timestamp) -> Result<Self, Refusal> {
        let build = self.build(id).ok_or(Refusal::NoTransition)?;
        let row = transition(build, event.name()).ok_or(Refusal::NoTransition)?;
        build.check(&event, now)?;
        let mut library = self.clone();
        library.revision += 1;
        if row.to.is_none() {
            library.builds.retain(|build| build.build_id != *id);
        }
        if let Some(build) = library.builds.iter_mut().find(|build| build.build_id == *id) {
            build.advance(event, now);
        }
        library.forget();
        Ok(library)
    }

    fn running(&self, platform: Platform) -> Option<&LibraryBuild> {
        self.builds.iter().find(|build| build.platform == platform && !build.has_ended())
    }

    /// Makes room for some more builds: the oldest go that are not the latest success of their platform. A failed one that is tidy
    /// leaves nothing behind.
    fn make_room(&mut self, more: usize, now: Timestamp) -> Result<(), Error> {
        let kept = |library: &Self| library.builds.iter().filter(|build| build.counts()).count();
        while kept(self) + more > MOST_BUILDS {
            let latest =
                Platform::ALL.map(|platform| self.latest_success(platform).map(|build| build.build_id.clone()));
            let may_go = |build: &LibraryBuild| {
                build.counts() && build.has_ended() && !latest.iter().flatten().any(|id| *id == build.build_id)
            };
            let Some(oldest) = self.builds.iter_mut().find(|build| may_go(build)) else { return Err(no_room()) };
            oldest.delete(now);
        }
        self.forget();
        // Their objects go in seconds: where they do not, storage fails, and nothing would be built either.
        if self.builds.len() + more > 2 * MOST_BUILDS { Err(no_room()) } else { Ok(()) }
    }

    /// Leaves out what was deleted and has nothing in storage.
    fn forget(&mut self) {
        self.builds.retain(|build| build.counts() || build.due_at.is_some());
    }

    fn nothing_to_start(&self, now: Timestamp) -> Error {
        if Platform::ALL.into_iter().any(|platform| self.running(platform).is_some()) {
            return Error::Conflict {
                code: "library_build_running",
                message: "Libraries for this app identifier are being built",
            };
        }
        let seconds = Platform::ALL.into_iter().map(|platform| self.cooldown(platform, now)).min().unwrap_or(0);
        self.in_cooldown("can be built again", seconds)
    }

    fn in_cooldown(&self, what: &str, seconds: i64) -> Error {
        let days = whole_days(seconds);
        let unit = if days == 1 { "day" } else { "days" };
        let message = format!("Libraries for {} were built lately: they {what} in {days} {unit}", self.app_identifier);
        Error::NotReady { code: "library_cooldown", message: message.into() }
    }
}

impl LibraryBuild {
    fn pending(build_id: LibraryBuildId, platform: Platform, now: Timestamp) -> Self {
        let created_at = now.as_second();
        let due_at = Some(created_at + RECHECK_SECONDS);
        Self {
            build_id,
            platform,
            created_at,
            state: BuildState::Pending,
            attempt: 0,
            silent_ends: 0,
            trouble_since: None,
            due_at,
        }
    }

    /// The event with which a worker that was woken takes the build, or the reason for which it does not.
    pub fn judge_lease(&self, now: Timestamp, seconds: i64) -> Result<BuildEvent, Refusal> {
        match self.state {
            BuildState::Pending => Ok(BuildEvent::Lease { seconds }),
            BuildState::Building { lease_until } if lease_until > now.as_second() => {
                Err(Refusal::Leased { until: lease_until })
            }
            BuildState::Building { .. } if self.silent_ends + 1 >= SILENT_ENDS => Ok(BuildEvent::GiveUp(Failure::new(
                "worker_lost",
                format!("The build stopped without an answer {SILENT_ENDS} times"),
            ))),
            BuildState::Building { .. } => Ok(BuildEvent::Lease { seconds }),
            _ => Err(Refusal::NoTransition),
        }
    }

    /// The event for an attempt that the infrastructure failed: another try, or the end after a day of trouble.
    pub fn judge_trouble(&self, attempt: u32, now: Timestamp) -> BuildEvent {
        match self.trouble_since {
            Some(since) if now.as_second() - since >= TROUBLE_SECONDS => BuildEvent::Fail {
                attempt,
                failure: Failure::new(
                    "infrastructure",
                    "The library could not be built for 24 hours; set the app identifier again or contact support",
                ),
            },
            _ => BuildEvent::Retry { attempt },
        }
    }

    /// Whether what it left in storage may be removed for good: no worker can still store anything.
    pub fn is_settled(&self, now: Timestamp) -> bool {
        transition(self, BuildEventName::Tidy).is_some() && self.check(&BuildEvent::Tidy, now).is_ok()
    }

    fn check(&self, event: &BuildEvent, now: Timestamp) -> Result<(), Refusal> {
        let now = now.as_second();
        match (event, &self.state) {
            (BuildEvent::Lease { .. } | BuildEvent::GiveUp(_), BuildState::Building { lease_until }) => {
                let last_lease = self.silent_ends + 1 >= SILENT_ENDS;
                match *lease_until > now {
                    true => Err(Refusal::Leased { until: *lease_until }),
                    false if last_lease == matches!(event, BuildEvent::GiveUp(_)) => Ok(()),
                    false => Err(Refusal::NotDue),
                }
            }
            (BuildEvent::Retry { attempt } | BuildEvent::Fail { attempt, .. }, _) if *attempt != self.attempt => {
                Err(Refusal::Superseded)
            }
            (BuildEvent::Finish(package), _) if package.attempt != self.attempt => Err(Refusal::Superseded),
            (BuildEvent::Tidy, _) if self.due_at.is_some_and(|due| due - GRACE_SECONDS > now) => Err(Refusal::NotDue),
            _ => Ok(()),
        }
    }

    fn advance(&mut self, event: BuildEvent, now: Timestamp) {
        let completed_at = now.as_second();
        match event {
            BuildEvent::Lease { seconds } => {
                self.attempt += 1;
                self.silent_ends += u32::from(matches!(self.state, BuildState::Building { .. }));
                let lease_until = completed_at.saturating_add(seconds);
                self.state = BuildState::Building { lease_until };
                self.due_at = Some(lease_until + GRACE_SECONDS);
            }
            BuildEvent::Retry { .. } => {
                self.trouble_since = self.trouble_since.or(Some(completed_at));
                self.state = BuildState::Pending;
                self.due_at = Some(completed_at + RECHECK_SECONDS);
            }
            BuildEvent::Recheck => self.due_at = Some(completed_at + RECHECK_SECONDS),
            BuildEvent::Finish(package) => {
                self.state = BuildState::Success { package, completed_at };
                self.due_at = Some(completed_at + GRACE_SECONDS);
            }
            BuildEvent::GiveUp(failure) | BuildEvent::Fail { failure, .. } => {
                self.fail(failure, completed_at, completed_at)
            }
            BuildEvent::Cancel => {
                // Its worker may still store a package until its lease ends.
                let until = match self.state {
                    BuildState::Building { lease_until } => lease_until.max(completed_at),
                    _ => completed_at,
                };
                self.fail(Failure::new("cancelled", "Cancelled"), completed_at, until);
            }
            BuildEvent::Delete => self.delete(now),
            BuildEvent::Tidy => self.due_at = None,
        }
    }

    fn fail(&mut self, failure: Failure, completed_at: i64, settled_at: i64) {
        self.state = BuildState::Failed { failure, completed_at };
        self.due_at = Some(settled_at + GRACE_SECONDS);
    }

    /// What has ended becomes deleted. A failed build that is tidy has nothing left in storage, and stays so.
    fn delete(&mut self, now: Timestamp) {
        let Some(completed_at) = self.completed_at() else { return };
        let left_nothing = matches!(self.state, BuildState::Failed { .. }) && self.due_at.is_none();
        if !left_nothing {
            self.due_at = self.due_at.or(Some(now.as_second() + GRACE_SECONDS));
        }
        self.state = BuildState::Deleted { completed_at };
    }

    /// Whether it counts among those that are kept.
    const fn counts(&self) -> bool {
        !matches!(self.state, BuildState::Deleted { .. })
    }
}

fn transition(build: &LibraryBuild, event: BuildEventName) -> Option<&'static BuildTransition> {
    let from = build.state.name();
    TRANSITIONS.iter().find(|row| row.from == from && row.event == event)
}

const fn no_room() -> Error {
    Error::Conflict {
        code: "library_builds_untidy",
        message: "Earlier libraries of this app identifier are still being removed: try again in a minute",
    }
}

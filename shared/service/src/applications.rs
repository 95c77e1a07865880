//! Applications and builds as they are listed (contracts, "Applications and builds").

use domain::application::{AppFacts, Application};
use domain::error::Error;
use domain::id::{ApplicationId, JobId, TenantId};
use domain::job::{Event, Job, State};
use domain::platform::{ConfigVersion, Platform};
use domain::progress::Progress;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use store::applications::{Order, Shelving};

use crate::Service;
use crate::access::Caller;
use crate::work::Assignment;

/// Applications whose builds are counted at a time.
const AT_A_TIME: usize = 8;
/// Pages of the table that one request reads: where filters leave little of them, the list is long in other ways.
const MOST_READS: usize = 20;

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// What it lists.
    pub items: Vec<T>,
    /// With it, the list goes on; `None` at its end.
    pub cursor: Option<String>,
}

/// An application as it is listed.
#[derive(Clone, Debug)]
pub struct ApplicationView {
    /// The application.
    pub application: Application,
    /// How many builds it has.
    pub builds: u64,
    /// A signed URL of its icon.
    pub icon_url: Option<String>,
}

/// A build as it is listed.
#[derive(Clone, Debug)]
pub struct BuildView {
    /// The job.
    pub job: Job,
    /// What its worker last reported, while it runs.
    pub progress: Option<Progress>,
}

/// Which builds are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildFilter {
    /// Those of this application.
    pub application: Option<ApplicationId>,
    /// Those for this platform.
    pub platform: Option<Platform>,
    /// Those with this configuration version.
    pub version: Option<ConfigVersion>,
}

impl BuildFilter {
    fn takes(&self, job: &Job) -> bool {
        // A build is one from the moment at which its package is there, as for the status (contracts).
        let is_build = job.is_visible() && !matches!(job.state, State::AwaitingUpload);
        is_build
            && self.platform.is_none_or(|platform| platform == job.platform)
            && self.version.is_none_or(|version| version == job.version)
    }

    /// Names the list: its cursors continue no other one.
    fn scope(&self, tenant: &TenantId) -> String {
        let Self { application, platform, version } = self;
        format!("builds {tenant} {application:?} {platform:?} {version:?}")
    }
}

impl Service {
    /// At most `limit` applications of the caller's tenant, in the order of their ids.
    pub async fn applications(
        &self,
        caller: &Caller,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<ApplicationView>, Error> {
        let tenant = &caller.tenant.id;
        let (scope, now) = (format!("applications {tenant}"), self.clock.now());
        let after = match cursor {
            Some(cursor) => Some(self.open_cursor(&scope, cursor).await?.parse()?),
            None => None,
        };
        let mut found = self.store.applications(tenant, after.as_ref(), limit + 1, now).await?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let cursor = match found.last().filter(|_| has_more) {
            Some(last) => Some(self.seal_cursor(&scope, last.application_id.as_str()).await?),
            None => None,
        };
        let views = stream::iter(found).map(|application| self.view(tenant, application)).buffered(AT_A_TIME);
        Ok(Page { items: views.try_collect().await?, cursor })
    }

    async fn view(&self, tenant: &TenantId, application: Application) -> Result<ApplicationView, Error> {
        let builds = self.store.count_builds(tenant, &application.application_id, self.clock.now()).await?;
        let icon_url = match application.app.has_icon {
            true => Some(self.store.presign_icon(tenant, application.latest_build).await?),
            false => None,
        };
        Ok(ApplicationView { application, builds, icon_url })
    }

    /// At most `limit` builds of the caller's tenant, the latest first. A page may be shorter although the list goes on.
    pub async fn builds(
        &self,
        caller: &Caller,
        filter: &BuildFilter,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<BuildView>, Error> {
        let tenant = &caller.tenant.id;
        let (scope, now) = (filter.scope(tenant), self.clock.now());
        let mut before = match cursor {
            Some(cursor) => Some(self.open_cursor(&scope, cursor).await?.parse::<JobId>()?),
            None => None,
        };
        let mut items = Vec::new();
        for _ in 0..MOST_READS {
            let page = match &filter.application {
                Some(application) => self.store.jobs_of(tenant, application, before, now).await?,
                None => self.store.jobs(tenant, before, now).await?,
            };
            let taken = page.jobs.into_iter().filter(|(job, _)| filter.takes(job));
            items.extend(taken.map(|(job, progress)| BuildView { job, progress }));
            before = page.rest;
            if before.is_none() || items.len() > limit {
                break;
            }
        }
        if items.len() > limit {
            items.truncate(limit);
            before = items.last().map(|last| last.job.id);
        }
        let cursor = match before {
            Some(before) => Some(self.seal_cursor(&scope, &before.to_string()).await?),
            None => None,
        };
        Ok(Page { items, cursor })
    }

    /// Notes what a worker read of its package's app. Where the lease is lost, nothing happens: its worker learns of it elsewhere.
    pub async fn identify(&self, assignment: &Assignment, app: AppFacts) -> Result<(), Error> {
        let attempt = assignment.job.attempt;
        let decide = |_: &Job| Ok(Event::Identify { attempt, app: app.clone() });
        self.carry_out(assignment.job.clone(), decide).await.map(drop)
    }

    /// What a step of a job does to the application that the job belongs to, as that is now.
    pub(crate) async fn shelving(&self, before: &Job, after: &Job) -> Result<Option<Shelving>, Error> {
        match (before.application_id(), after.application_id()) {
            (None, Some(_)) => self.joins(after).await,
            (Some(id), _) if !after.is_visible() => self.leaves(&id, after).await,
            _ => Ok(None),
        }
    }

    async fn joins(&self, job: &Job) -> Result<Option<Shelving>, Error> {
        let Some(build) = Application::of(job) else { return Ok(None) };
        let known = self.store.application(&job.tenant, &build.application_id).await?;
        let before = known.as_ref().map(|known| known.revision);
        let application = known.map_or(build.clone(), |known| known.joined_by(build));
        Ok(Some(Shelving::Joins { application, before }))
    }

    async fn leaves(&self, id: &ApplicationId, job: &Job) -> Result<Option<Shelving>, Error> {
        // It may be past its retention, and gone already.
        let Some(known) = self.store.application(&job.tenant, id).await? else { return Ok(None) };
        let (application_id, before) = (id.clone(), known.revision);
        let application = match known.latest_build == job.id {
            true => self.latest_besides(id, job).await?,
            false => Some(known),
        };
        Ok(Some(Shelving::Leaves { application_id, before, application }))
    }

    /// The application as the latest of its other builds says.
    async fn latest_besides(&self, id: &ApplicationId, job: &Job) -> Result<Option<Application>, Error> {
        let builds = self.store.builds_of(&job.tenant, id, None, Order::LatestFirst, self.clock.now()).await?;
        for other in builds.into_iter().filter(|other| *other != job.id) {
            let found = self.store.job(&job.tenant, other).await?;
            if let Some(application) = found.and_then(|(job, _)| Application::of(&job)) {
                return Ok(Some(application));
            }
        }
        Ok(None)
    }
}

//! Applications, the builds of each, and the pages of both lists. An application's item is there as long as one of its builds is.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Select, TransactWriteItem};
use domain::application::Application;
use domain::error::Error;
use domain::id::{ApplicationId, JobId, TenantId};
use domain::job::Job;
use domain::progress::Progress;
use jiff::Timestamp;

use crate::Store;
use crate::error::{failed, unreadable};
use crate::keys::{APPLICATIONS, ItemKey, JOBS, PROGRESS, application_builds, partition, read_job_key};
use crate::table::{Item, number, read_item, string, text_of};

/// Items that one page of a tenant's builds reads: jobs, and the progress of some.
const ITEMS: i32 = 200;
/// Jobs that are read by key in one request, each with its progress: it takes 100 keys.
pub const JOBS_AT_ONCE: usize = 50;

/// What a job's step does to the application that the job belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shelving {
    /// The job is known to belong to it from now on.
    Joins {
        /// The application as it will be.
        application: Application,
        /// The revision that it has now; `None` where the job is its first.
        before: Option<u64>,
    },
    /// The job belongs to it no more.
    Leaves {
        /// Which application.
        application_id: ApplicationId,
        /// The revision that it has now.
        before: u64,
        /// What it will be; `None` where the job was its last.
        application: Option<Application>,
    },
}

/// In which order builds are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The latest first.
    LatestFirst,
    /// The oldest first.
    OldestFirst,
}

/// A page of builds.
#[derive(Debug, Default)]
pub struct JobsPage {
    /// The builds, the latest first, each with what its worker last reported.
    pub jobs: Vec<(Job, Option<Progress>)>,
    /// The page ends before the list does: it goes on with builds before this one.
    pub rest: Option<JobId>,
}

impl Store {
    /// The application, if the tenant has it.
    pub async fn application(&self, tenant: &TenantId, id: &ApplicationId) -> Result<Option<Application>, Error> {
        self.read(ItemKey::Application(tenant, id)).await
    }

    /// At most `limit` applications in the order of their ids, those after `after`.
    pub async fn applications(
        &self,
        tenant: &TenantId,
        after: Option<&ApplicationId>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Application>, Error> {
        let first = after.map_or_else(|| APPLICATIONS.to_owned(), |id| format!("{APPLICATIONS}{id}$"));
        let request = self.kept(tenant, &first, &format!("{APPLICATIONS}~"), now).limit(ITEMS);
        let mut items = request.into_paginator().items().send();
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(item) = items.next().await
        {
            found.push(read_item(item.map_err(failed("Query"))?)?);
        }
        Ok(found)
    }

    /// How many builds an application has.
    pub async fn count_builds(&self, tenant: &TenantId, id: &ApplicationId, now: Timestamp) -> Result<u64, Error> {
        let prefix = application_builds(id);
        let request = self.kept(tenant, &prefix, &format!("{prefix}~"), now).select(Select::Count);
        let mut pages = request.into_paginator().send();
        let mut count = 0;
        while let Some(page) = pages.next().await {
            count += u64::try_from(page.map_err(failed("Query"))?.count).map_err(Error::internal)?;
        }
        Ok(count)
    }

    /// At most [`JOBS_AT_ONCE`] builds of an application, those before `before`: the latest first, or the oldest.
    pub async fn builds_of(
        &self,
        tenant: &TenantId,
        id: &ApplicationId,
        before: Option<JobId>,
        order: Order,
        now: Timestamp,
    ) -> Result<Vec<JobId>, Error> {
        let prefix = application_builds(id);
        let last = before.map_or_else(|| format!("{prefix}~"), |job| format!("{prefix}{}", job.start_time() - 1));
        let request = self.kept(tenant, &prefix, &last, now).limit(ITEMS);
        let request = request.scan_index_forward(order == Order::OldestFirst);
        let mut entries = request.into_paginator().items().send();
        let mut found = Vec::new();
        while found.len() < JOBS_AT_ONCE
            && let Some(entry) = entries.next().await
        {
            let entry = entry.map_err(failed("Query"))?;
            found.extend(text_of(&entry, "sk").strip_prefix(&prefix).and_then(|job| job.parse::<JobId>().ok()));
        }
        Ok(found)
    }

    /// A page of an application's builds: those before `before`.
    pub async fn jobs_of(
        &self,
        tenant: &TenantId,
        id: &ApplicationId,
        before: Option<JobId>,
        now: Timestamp,
    ) -> Result<JobsPage, Error> {
        let ids = self.builds_of(tenant, id, before, Order::LatestFirst, now).await?;
        let keys = ids.iter().flat_map(|id| [ItemKey::Job(tenant, *id), ItemKey::Progress(tenant, *id)]);
        let mut items = self.read_all(keys.collect()).await?.into_iter();
        let mut page =
            JobsPage { rest: ids.last().filter(|_| ids.len() == JOBS_AT_ONCE).copied(), ..JobsPage::default() };
        while let (Some(job), Some(progress)) = (items.next(), items.next()) {
            if let Some(job) = job {
                page.jobs.push((read_item(job)?, progress.map(read_item).transpose()?));
            }
        }
        Ok(page)
    }

    /// A page of a tenant's builds: those before `before`.
    pub async fn jobs(&self, tenant: &TenantId, before: Option<JobId>, now: Timestamp) -> Result<JobsPage, Error> {
        let last = before.map_or_else(|| format!("{JOBS}~"), |job| format!("{JOBS}{}~", job.start_time() - 1));
        let request = self.kept(tenant, JOBS, &last, now).scan_index_forward(false).limit(ITEMS);
        let answer = request.send().await.map_err(failed("Query"))?;
        // The progress of a job stands right before it, as the order is reversed.
        let mut progress: HashMap<String, Item> = HashMap::new();
        let mut page = JobsPage::default();
        for item in answer.items.unwrap_or_default() {
            let key = text_of(&item, "sk");
            match key.strip_suffix(PROGRESS) {
                Some(job) => drop(progress.insert(job.to_owned(), item)),
                None => page.jobs.push((read_item(item)?, progress.remove(&key).map(read_item).transpose()?)),
            }
        }
        page.rest = answer.last_evaluated_key.map(|key| rest_after(&key)).transpose()?;
        Ok(page)
    }

    /// A strongly consistent query over what a tenant has between two sort keys and is not past its retention.
    fn kept(&self, tenant: &TenantId, first: &str, last: &str, now: Timestamp) -> QueryFluentBuilder {
        self.clients
            .dynamodb
            .query()
            .table_name(&self.names.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .filter_expression("expires_at > :now")
            .expression_attribute_values(":pk", string(partition(tenant)))
            .expression_attribute_values(":first", string(first))
            .expression_attribute_values(":last", string(last))
            .expression_attribute_values(":now", number(now.as_second()))
    }

    /// What `shelving` writes beside the step of `job`.
    pub(crate) fn shelve(&self, job: &Job, shelving: &Shelving) -> Result<Vec<TransactWriteItem>, Error> {
        match shelving {
            Shelving::Joins { application, before } => {
                let entry = ItemKey::ApplicationBuild(&job.tenant, &application.application_id, job.id);
                let entry = self.put(&entry, &HashMap::<&str, &str>::new(), [self.expiry(job.id)])?;
                let entry = TransactWriteItem::builder().put(entry.build().map_err(Error::internal)?).build();
                Ok(vec![self.application_put(&job.tenant, application, *before)?, entry])
            }
            Shelving::Leaves { application_id, before, application } => {
                let entry = ItemKey::ApplicationBuild(&job.tenant, application_id, job.id);
                let application = match application {
                    Some(application) => self.application_put(&job.tenant, application, Some(*before))?,
                    None => self.remove_revision(&ItemKey::Application(&job.tenant, application_id), *before)?,
                };
                Ok(vec![application, self.remove_any(&entry)?])
            }
        }
    }

    fn application_put(
        &self,
        tenant: &TenantId,
        application: &Application,
        before: Option<u64>,
    ) -> Result<TransactWriteItem, Error> {
        let revision = before.map_or(0, |before| before + 1);
        let application = Application { revision, ..application.clone() };
        let key = ItemKey::Application(tenant, &application.application_id);
        self.put_over(&key, &application, [self.expiry(application.latest_build)], before)
    }

    /// The time to live of what is kept as long as a build.
    pub(crate) fn expiry(&self, job: JobId) -> (&'static str, AttributeValue) {
        ("expires_at", number(self.retained_until(job)))
    }
}

/// The build with which a page goes on that ended at `key`. A job whose progress was the last thing read belongs to the next page.
fn rest_after(key: &Item) -> Result<JobId, Error> {
    let (pk, sk) = (text_of(key, "pk"), text_of(key, "sk"));
    let (job, is_progress) = sk.strip_suffix(PROGRESS).map_or((sk.as_str(), false), |job| (job, true));
    let (_, id) = read_job_key(&pk, job).ok_or_else(|| unreadable("a page", "it ended at something else"))?;
    Ok(JobId::from_start_time(id.start_time() + i64::from(is_progress)))
}

//! Admits a build: quotas, a job and the URLs for its upload.

use domain::access::Effect;
use domain::configuration::no_enabled_controls;
use domain::error::Error;
use domain::id::{JobId, Sha256Hex, SigningKeyId, TenantId};
use domain::job::Job;
use domain::ledger::Ledger;
use domain::platform::Platform;
use domain::tenant::{SigningKeyChoice, Tenant};
use domain::upload::Parts;
use domain::upload_request::UploadRequest;
use store::ReplayOwner;
use store::idempotency::{Created, IdempotencyRecord};
use store::jobs::Admission;

use crate::changing::{Answered, IdempotentRequest};
use crate::requester::Requester;
use crate::{Service, visible};

/// Every refused try means that somebody else was admitted or pruned, so this ends long before.
const TRIES: u32 = 256;

/// The answer to an admitted build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadTicket {
    /// The job.
    pub job: Job,
    /// Where the package goes.
    pub target: UploadTarget,
    /// Whether an earlier request created it.
    pub replayed: bool,
}

/// Where a package goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadTarget {
    /// In one piece.
    Single {
        /// Takes one PUT.
        url: String,
    },
    /// In parts.
    Multipart {
        /// What S3 calls the upload.
        upload_id: String,
        /// One URL a part, in order.
        part_urls: Vec<String>,
    },
}

/// Who is to have a job, and on which request.
pub(crate) struct Terms<'a> {
    pub(crate) caller: &'a Requester,
    pub(crate) tenant: Tenant,
    pub(crate) record: Option<IdempotentRequest>,
}

impl Service {
    /// Admits a build and signs the URLs for its upload; answers an earlier request with the same key again.
    pub async fn request_upload(
        &self,
        caller: &Requester,
        request: &UploadRequest,
        idempotent: Option<IdempotentRequest>,
    ) -> Result<UploadTicket, Error> {
        let (tenant, head, ledger, key, earlier) = tokio::try_join!(
            self.store.tenant(&caller.tenant),
            self.store.configuration_head(&caller.tenant, request.version),
            self.store.ledger(&caller.tenant),
            self.named_key_platform(&caller.tenant, &request.signing_key),
            self.earlier_job(caller, idempotent.as_ref()),
        )?;
        let tenant = caller.admit(tenant, Effect::Change)?;
        if let Some(earlier) = earlier {
            return self.upload_ticket(self.repeat(&tenant, earlier, idempotent.as_ref()).await?).await;
        }
        let key = &request.choose_key(&tenant, key)?;
        let head = head.ok_or_else(no_enabled_controls)?;
        head.require_enabled(request.platform)?;
        head.require_plan(tenant.plan)?;
        let terms = Terms { caller, tenant, record: idempotent };
        let config = &head.digest;
        let make = |id| self.prepare(caller, request, id, (config, key));
        self.upload_ticket(self.admit(terms, ledger, make).await?).await
    }

    /// Takes a start time, a slot and a share of the week for the job that `make` makes.
    pub(crate) async fn admit<F: Future<Output = Result<Job, Error>>>(
        &self,
        terms: Terms<'_>,
        mut ledger: Ledger,
        make: impl Fn(JobId) -> F,
    ) -> Result<Answered<Job>, Error> {
        let Terms { caller, tenant, record: request } = &terms;
        let limits = tenant.build_limits();
        for _ in 0..TRIES {
            let now = self.clock.now();
            if ledger.check(limits, now).is_err() {
                ledger = self.prune(tenant, ledger).await?;
            }
            if let Err(refused) = ledger.check(limits, now) {
                // The build that takes the room may be this request's own: its twin was faster.
                return match self.earlier_job(caller, request.as_ref()).await? {
                    Some(earlier) => self.repeat(tenant, earlier, request.as_ref()).await,
                    None => Err(refused),
                };
            }
            let job = make(ledger.next_id(now)?).await?;
            let record = request.as_ref().map(|request| request.record(Created::Job(job.id), now));
            let event = caller.trail.event_of_change(now);
            match self.store.admit(&job, limits, record.as_ref(), &event).await? {
                Admission::Admitted => {
                    caller.trail.close();
                    return Ok(Answered { value: job, replayed: false });
                }
                Admission::Refused(current) => ledger = current,
                Admission::Repeated(earlier) => {
                    self.drop_multipart(&job).await;
                    return self.repeat(tenant, earlier, request.as_ref()).await;
                }
            }
            self.drop_multipart(&job).await;
        }
        Err(Error::internal("too many builds were admitted at once"))
    }

    /// The job for `id`, with the multipart upload that its size asks for.
    async fn prepare(
        &self,
        caller: &Requester,
        request: &UploadRequest,
        id: JobId,
        (config, key): (&Sha256Hex, &Option<SigningKeyId>),
    ) -> Result<Job, Error> {
        let owner = (caller.tenant.clone(), caller.name.clone());
        let mut job = Job::asked_for(owner, id, request, config.clone(), key.clone(), None);
        if request.parts().is_some() {
            job.upload_id = Some(self.store.create_multipart(&job.upload_path()).await?);
        }
        Ok(job)
    }

    /// Removes what no longer counts and returns the ledger as it is then. An upload that arrives in between keeps its
    /// entry, and what is stale is seen anew.
    pub(crate) async fn prune(&self, tenant: &Tenant, mut ledger: Ledger) -> Result<Ledger, Error> {
        for _ in 0..TRIES {
            let stale = ledger.stale(self.clock.now());
            if stale.is_empty() {
                break;
            }
            self.store.prune_ledger(&tenant.id, &stale).await?;
            ledger = self.store.ledger(&tenant.id).await?;
        }
        Ok(ledger)
    }

    /// A multipart upload for a job that was not admitted. Where this fails, the bucket's lifecycle removes it.
    async fn drop_multipart(&self, job: &Job) {
        if let Some(upload_id) = &job.upload_id
            && let Err(error) = self.store.abort_multipart(&job.upload_path(), upload_id).await
        {
            tracing::warn!(tenant.id = %job.tenant, %error, "a multipart upload is left to the bucket's lifecycle");
        }
    }

    /// The job that an earlier request made, if it was the same request.
    pub(crate) async fn repeat(
        &self,
        tenant: &Tenant,
        earlier: IdempotencyRecord,
        request: Option<&IdempotentRequest>,
    ) -> Result<Answered<Job>, Error> {
        let Some(Created::Job(id)) = request.map(|request| request.repeat(earlier)).transpose()? else {
            return Err(Error::IdempotencyKeyReused);
        };
        let (job, _) = visible(self.store.job(&tenant.id, id).await?)?;
        Ok(Answered { value: job, replayed: true })
    }

    /// Signs the URLs of a job's upload.
    async fn upload_ticket(&self, Answered { value: job, replayed }: Answered<Job>) -> Result<UploadTicket, Error> {
        let path = job.upload_path();
        let target = match (job.upload_id.clone(), job.announced_size.and_then(Parts::plan)) {
            (Some(upload_id), Some(parts)) => {
                let part_urls = self.store.presign_parts(&path, &upload_id, parts).await?;
                UploadTarget::Multipart { upload_id, part_urls }
            }
            _ => UploadTarget::Single { url: self.store.presign_upload(&path).await? },
        };
        Ok(UploadTicket { job, target, replayed })
    }

    pub(crate) async fn named_key_platform(
        &self,
        tenant: &TenantId,
        choice: &SigningKeyChoice,
    ) -> Result<Option<Platform>, Error> {
        let SigningKeyChoice::Key(id) = choice else { return Ok(None) };
        Ok(self.store.signing_key(tenant, id).await?.map(|record| record.platform))
    }

    pub(crate) async fn earlier_job(
        &self,
        caller: &Requester,
        request: Option<&IdempotentRequest>,
    ) -> Result<Option<IdempotencyRecord>, Error> {
        let Some(request) = request else { return Ok(None) };
        self.store.idempotency_record(ReplayOwner::Tenant(&caller.tenant), &request.scope, self.clock.now()).await
    }
}

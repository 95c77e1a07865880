//! Publishes live policies (contracts, "Configuration").

use domain::control::ControlId;
use domain::error::Error;
use domain::id::{Sha256Hex, TenantId};
use domain::live_policy::{LivePolicy, Publication, Publications, SignedPolicy, skipped};
use domain::platform::ConfigVersion;
use domain::tenant::Tenant;
use store::idempotency::Created;
use store::{Change, ReplayOwner};

use crate::Service;
use crate::access::Caller;
use crate::changing::{Answered, Attempt, IdempotentRequest, Tried};

/// What was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// Its number.
    pub policy_version: u64,
    /// Unix seconds.
    pub published_at: i64,
    /// Enabled controls that come with the next build only.
    pub skipped: Vec<ControlId>,
}

/// A signed policy that an app carries from its beginning, and what checks it.
#[derive(Clone, Debug)]
pub struct CarriedPolicy {
    /// Its number; 0 where none was published.
    pub policy_version: u64,
    /// Canonical JSON of [`SignedPolicy`].
    pub document: Vec<u8>,
    /// The tenant's public key (Ed25519, RFC 8032).
    pub verification_key: [u8; 32],
}

impl Service {
    /// The newest policy that was published of `version`. Where none was, one is made and signed of what the version says now, and not
    /// published.
    pub async fn carried_policy(&self, tenant: &TenantId, version: ConfigVersion) -> Result<CarriedPolicy, Error> {
        let key = self.store.policy_key(tenant).await?;
        let verification_key = key.public_key().try_into().map_err(Error::internal)?;
        let publications = self.store.publications(tenant, version).await?;
        if let Some(newest) = publications.published.last() {
            let document = self.store.policy(tenant, &newest.digest).await?;
            return Ok(CarriedPolicy { policy_version: newest.policy_version, document, verification_key });
        }
        let (_, configuration) = self.read_version(tenant, version).await?;
        let policy = LivePolicy::unpublished(&configuration, (tenant, version), self.clock.now());
        let signed = SignedPolicy::new(&policy, key.public_key(), &key.sign(&policy.canonical()?));
        let (policy_version, document) = (policy.policy_version, signed.to_document()?);
        Ok(CarriedPolicy { policy_version, document, verification_key })
    }

    /// Publishes what a version says now, or again what it said when `earlier` was published.
    pub async fn publish(
        &self,
        caller: &Caller,
        version: ConfigVersion,
        earlier: Option<u64>,
        request: Option<IdempotentRequest>,
    ) -> Result<Answered<Published>, Error> {
        let request = request.as_ref();
        if let Some(created) = self.earlier(ReplayOwner::Tenant(&caller.tenant.id), request).await? {
            return self.published_before(&caller.tenant, created).await;
        }
        let key = &self.store.policy_key(&caller.tenant.id).await?;
        let attempt = |attempt: Attempt| async move {
            let tenant = &attempt.tenant.clone();
            let publications = self.store.publications(&tenant.id, version).await?;
            let digest = self.to_be_published(tenant, version, &publications, earlier).await?;
            let configuration = self.store.configuration(&tenant.id, &digest).await?;
            let policy = LivePolicy::next(&configuration, (&tenant.id, version), &publications, attempt.now);
            let signed = SignedPolicy::new(&policy, key.public_key(), &key.sign(&policy.canonical()?));
            let publication = Publication {
                policy_version: policy.policy_version,
                digest: self.store.put_policy(&tenant.id, signed.to_document()?).await?,
                configuration: digest,
                published_at: policy.published_at,
                published_by: caller.user_id.clone(),
            };
            let (policy_version, published_at) = (policy.policy_version, policy.published_at);
            let value = Published { policy_version, published_at, skipped: skipped(&configuration) };
            let configuration = publication.configuration.clone();
            let attempt = attempt.creating(request, Created::Policy { policy_version, published_at, configuration });
            let (seen, publications) = (publications.policy_version, publications.with(publication));
            match (self.store.publish(tenant, version, (seen, &publications), attempt.record()).await?, request) {
                (Change::Repeated(twin), Some(request)) => {
                    self.published_before(tenant, request.repeat(twin)?).await.map(Tried::Settled)
                }
                (change, _) => Ok(Tried::Written(change, Answered { value, replayed: false })),
            }
        };
        self.settle(caller, attempt).await
    }

    /// What an earlier request with the same key published.
    async fn published_before(&self, tenant: &Tenant, created: Created) -> Result<Answered<Published>, Error> {
        let Created::Policy { policy_version, published_at, configuration } = created else {
            return Err(Error::IdempotencyKeyReused);
        };
        let configuration = self.store.configuration(&tenant.id, &configuration).await?;
        let value = Published { policy_version, published_at, skipped: skipped(&configuration) };
        Ok(Answered { value, replayed: true })
    }

    async fn to_be_published(
        &self,
        tenant: &Tenant,
        version: ConfigVersion,
        publications: &Publications,
        earlier: Option<u64>,
    ) -> Result<Sha256Hex, Error> {
        if let Some(number) = earlier {
            return Ok(publications.find(number)?.configuration.clone());
        }
        let head = self.store.configuration_head(&tenant.id, version).await?;
        head.map(|head| head.digest).ok_or_else(|| Error::NotReady {
            code: "nothing_to_publish",
            message: format!("{version} was never configured").into(),
        })
    }
}

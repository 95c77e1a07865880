//! Publishes live policies (contracts, "Configuration").

use domain::control::ControlId;
use domain::error::Error;
use domain::id::Sha256Hex;
use domain::live_policy::{LivePolicy, Publication, Publications, SignedPolicy, skipped};
use domain::platform::ConfigVersion;
use domain::tenant::Tenant;

use crate::Service;
use crate::access::Caller;
use crate::changing::{Attempt, Tried};

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

impl Service {
    /// Publishes what a version says now, or again what it said when `earlier` was published.
    pub async fn publish(
        &self,
        caller: &Caller,
        version: ConfigVersion,
        earlier: Option<u64>,
    ) -> Result<Published, Error> {
        let key = &self.store.policy_key(&caller.tenant.id).await?;
        let attempt = |attempt: Attempt| async move {
            let tenant = &attempt.tenant;
            let publications = self.store.publications(&tenant.id, version).await?;
            let digest = self.to_be_published(tenant, version, &publications, earlier).await?;
            let configuration = self.store.configuration(&tenant.id, &digest).await?;
            let policy = LivePolicy::next(&configuration, (&tenant.id, version), &publications, attempt.now);
            let signed = SignedPolicy::new(&policy, key.public_key(), &key.sign(&policy.canonical()?));
            let (policy_version, published_at) = (policy.policy_version, policy.published_at);
            let publication = Publication {
                policy_version,
                digest: self.store.put_policy(&tenant.id, signed.to_document()?).await?,
                configuration: digest,
                published_at,
                published_by: caller.user_id.clone(),
            };
            let (seen, publications) = (publications.policy_version, publications.with(publication));
            let change = self.store.publish(tenant, version, (seen, &publications), attempt.record()).await?;
            Ok(Tried::Written(change, Published { policy_version, published_at, skipped: skipped(&configuration) }))
        };
        self.settle(caller, attempt).await
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

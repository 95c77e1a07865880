//! Records of creating requests that carried an `Idempotency-Key`. They hold references, never bodies.

use domain::conversation::ExchangeId;
use domain::error::Error;
use domain::id::{JobId, Sha256Hex, SigningKeyId, TenantId};
use domain::ticket::{CommentId, TicketId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Store;
use crate::changes::ReplayOwner;
use crate::error::unreadable;
use crate::secrets::{Envelope, Purpose};

/// Seconds for which a key answers the first success again: 24 hours (contracts).
pub const REPLAY_SECONDS: i64 = 24 * 3600;

/// What a request created.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Created {
    /// A build job.
    Job(JobId),
    /// A tenant.
    Tenant(TenantId),
    /// A live policy. The version may have forgotten it by the time that it is asked for again.
    Policy {
        /// Its number.
        policy_version: u64,
        /// Unix seconds.
        published_at: i64,
        /// The configuration that it was made of.
        configuration: Sha256Hex,
    },
    /// A signing key.
    SigningKey(SigningKeyId),
    /// A support ticket.
    Ticket(TicketId),
    /// A comment on one.
    Comment(CommentId),
    /// A request to be called by sales.
    SalesContact {
        /// When its user may ask again, Unix seconds.
        cooldown_until: i64,
    },
    /// An answer of the assistant. It may be cleared by the time that it is asked for again.
    Exchange(ExchangeId),
    /// A pair whose secret is shown once, and again to the same request only.
    Pair(SealedPair),
    /// Something whose answer says no more than that it was done.
    Nothing,
}

/// `id:secret` in an envelope.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedPair(Envelope);

/// A request that was carried out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IdempotencyRecord {
    /// SHA-256 of caller, route and key.
    pub scope: Sha256Hex,
    /// SHA-256 of the request's body.
    pub body: Sha256Hex,
    /// What the request created.
    pub created: Created,
    /// When the record stops to count, Unix seconds. Also the table's time to live, which may come days later.
    pub expires_at: i64,
}

impl IdempotencyRecord {
    /// Whether the record still counts.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at > now.as_second()
    }
}

impl Store {
    /// The record of an earlier request in `scope`, if it still counts.
    pub async fn idempotency_record(
        &self,
        owner: ReplayOwner<'_>,
        scope: &Sha256Hex,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, Error> {
        let record: Option<IdempotencyRecord> = self.read(owner.key(scope)).await?;
        Ok(record.filter(|record| record.is_live(now)))
    }

    /// Seals a pair for [`Created::Pair`].
    pub async fn seal_pair(&self, tenant: &TenantId, pair: &Zeroizing<String>) -> Result<SealedPair, Error> {
        self.seal(tenant, Purpose::ShownOnce, pair.as_bytes()).await.map(SealedPair)
    }

    /// Opens it again.
    pub async fn open_pair(&self, tenant: &TenantId, pair: SealedPair) -> Result<Zeroizing<String>, Error> {
        let plain = self.open(tenant, Purpose::ShownOnce, pair.0).await?;
        let text = std::str::from_utf8(&plain).map_err(|error| unreadable("a sealed pair", error))?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

//! Records of creating requests that carried an `Idempotency-Key`. They hold references, never bodies.

use domain::error::Error;
use domain::id::{JobId, Sha256Hex, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::keys::ItemKey;

/// Seconds for which a key answers the first success again: 24 hours (contracts).
pub const REPLAY_SECONDS: i64 = 24 * 3600;

/// A request that was carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyRecord {
    /// SHA-256 of caller, route and key.
    pub scope: Sha256Hex,
    /// SHA-256 of the request's body.
    pub body: Sha256Hex,
    /// What the request created.
    pub job: JobId,
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
        tenant: &TenantId,
        scope: &Sha256Hex,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, Error> {
        let record: Option<IdempotencyRecord> = self.read(ItemKey::Idempotency(tenant, scope)).await?;
        Ok(record.filter(|record| record.is_live(now)))
    }
}

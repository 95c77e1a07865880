//! The purge of a tenant that was marked for deletion: how far it is, and what is told of it afterwards.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::audit::RETENTION_DAYS;
use crate::error::Error;
use crate::id::{Sha256Hex, TenantId};
use crate::tenant::{Deletion, Tenant};
use crate::time;

/// Seconds after which nothing that began before can still write: twice the time limit of the slowest function but the
/// worker, whose leases are asked instead.
pub const SETTLE_SECONDS: i64 = 60;

/// What is removed, kind by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Automation keys.
    AutomationKeys,
    /// API tokens.
    ApiTokens,
    /// People, who may go on to belong to other tenants.
    People,
    /// Objects of the uploads bucket.
    Uploads,
    /// Unfinished multipart uploads into it.
    UnfinishedUploads,
    /// Objects of the artifacts bucket.
    Artifacts,
    /// Unfinished multipart uploads into it.
    UnfinishedArtifacts,
    /// Everything else that is found through the tenant: jobs, configurations, signing keys, settings.
    Items,
    /// Its audit log.
    Events,
}

/// How much of one kind was found. Keys are counted in their order and each once, whatever dies between counting and
/// removing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// So many.
    pub count: u64,
    /// The last key that is among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
}

/// How far a purge is. It is written before what it counts is removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purge {
    /// When it began, Unix seconds.
    pub began_at: i64,
    /// Since when nothing opens the tenant any more, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<i64>,
    /// What was found so far.
    #[serde(default)]
    pub found: BTreeMap<Kind, Tally>,
    /// Counts changes: each is made on the condition that none came in between.
    pub revision: u64,
}

/// What is left of a tenant: that it was purged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Which one it was.
    pub tenant: TenantId,
    /// SHA-256 of its name: whoever knows the name can tell.
    pub name_sha256: Sha256Hex,
    /// When it was marked for deletion, Unix seconds.
    pub requested_at: i64,
    /// By whom.
    pub requested_by: String,
    /// When the purge began, Unix seconds.
    pub began_at: i64,
    /// When nothing was left, Unix seconds.
    pub ended_at: i64,
    /// How much of each kind was removed.
    pub removed: BTreeMap<Kind, u64>,
    /// When the receipt goes too, Unix seconds: with the last line that an audit log would still have.
    pub expires_at: i64,
}

impl Kind {
    /// Every kind, in the order in which they go.
    pub const ALL: [Self; 9] = [
        Self::AutomationKeys,
        Self::ApiTokens,
        Self::People,
        Self::Uploads,
        Self::UnfinishedUploads,
        Self::Artifacts,
        Self::UnfinishedArtifacts,
        Self::Items,
        Self::Events,
    ];
}

impl Purge {
    /// A purge that begins.
    pub fn begin(now: Timestamp) -> Self {
        Self { began_at: now.as_second(), closed_at: None, found: BTreeMap::new(), revision: 0 }
    }

    /// Counts those of the keys that come after all that were counted. `false` where there are none.
    pub fn count<'k>(&mut self, kind: Kind, keys: impl IntoIterator<Item = &'k str>) -> bool {
        let tally = self.found.entry(kind).or_default();
        let new: BTreeSet<&str> =
            keys.into_iter().filter(|key| tally.through.as_deref().is_none_or(|through| *key > through)).collect();
        let Some(last) = new.last() else { return false };
        tally.through = Some((*last).to_owned());
        tally.count += u64::try_from(new.len()).unwrap_or(u64::MAX);
        true
    }

    /// Notes that nothing opens the tenant any more. `false` where that was known.
    pub fn close(&mut self, now: Timestamp) -> bool {
        let first = self.closed_at.is_none();
        self.closed_at.get_or_insert(now.as_second());
        first
    }

    /// Whether nothing that was let in before can still write.
    pub fn is_settled(&self, now: Timestamp) -> bool {
        self.closed_at.is_some_and(|closed| now.as_second() >= closed + SETTLE_SECONDS)
    }

    /// What is told of it when nothing is left.
    pub fn receipt(&self, tenant: &Tenant, deletion: &Deletion, now: Timestamp) -> Receipt {
        let count = |kind: &Kind| self.found.get(kind).map_or(0, |tally| tally.count);
        Receipt {
            tenant: tenant.id.clone(),
            name_sha256: Sha256Hex::of(tenant.name.as_str().as_bytes()),
            requested_at: deletion.requested_at,
            requested_by: deletion.requested_by.clone(),
            began_at: self.began_at,
            ended_at: now.as_second(),
            removed: Kind::ALL.iter().map(|kind| (*kind, count(kind))).collect(),
            expires_at: time::after(now, RETENTION_DAYS * 24 * 3600).as_second(),
        }
    }
}

impl Tenant {
    /// The mark of a tenant whose purge is due.
    pub fn due_deletion(&self, now: Timestamp) -> Option<&Deletion> {
        self.deletion.as_ref().filter(|deletion| deletion.purging || deletion.purge_at <= now.as_second())
    }

    /// Refuses what would add to a tenant that is being purged.
    pub fn require_not_purging(&self) -> Result<(), Error> {
        match &self.deletion {
            Some(Deletion { purging: true, .. }) => Err(crate::tenant::purging()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;
    use crate::time::at;

    #[test]
    fn a_key_is_counted_once_however_often_it_is_found() {
        let mut purge = Purge::begin(at(5));
        assert!(purge.count(Kind::Uploads, ["a", "b"]));
        assert!(!purge.count(Kind::Uploads, ["a", "b"]), "the removal failed, and they are found again");
        assert!(purge.count(Kind::Uploads, ["b", "c", "d"]));
        assert!(!purge.count(Kind::Uploads, []));
        assert!(purge.count(Kind::Items, ["a"]), "kinds are counted apart");
        let counts = |kind| purge.found[&kind].count;
        assert_eq!((counts(Kind::Uploads), counts(Kind::Items)), (4, 1));
    }

    #[test]
    fn a_purge_settles_a_minute_after_the_tenant_was_closed() {
        let mut purge = Purge::begin(at(5));
        assert!(!purge.is_settled(at(1_000)));
        assert!(purge.close(at(10)));
        assert!(!purge.close(at(20)), "it was closed before");
        assert!(!purge.is_settled(at(69)));
        assert!(purge.is_settled(at(70)));
    }

    #[test]
    fn a_purge_is_due_from_its_time_on_and_once_it_began() {
        let mut tenant = Tenant::new(TenantId::from_bits(1), "Example Tenant".parse().unwrap(), Plan::Team);
        assert_eq!(tenant.due_deletion(at(i64::MAX)), None);
        tenant.mark_for_deletion("owner@example.com".to_owned(), at(0)).unwrap();
        let purge_at = tenant.deletion.as_ref().unwrap().purge_at;
        assert_eq!(tenant.due_deletion(at(purge_at - 1)), None);
        assert!(tenant.due_deletion(at(purge_at)).is_some());
        tenant.require_not_purging().unwrap();
        tenant.deletion.as_mut().unwrap().purging = true;
        assert!(tenant.due_deletion(at(0)).is_some());
        assert!(matches!(tenant.require_not_purging(), Err(Error::Conflict { code: "tenant_purging", .. })));
    }

    #[test]
    fn a_receipt_names_every_kind_and_no_name() {
        let mut tenant = Tenant::new(TenantId::from_bits(1), "Example Tenant".parse().unwrap(), Plan::Team);
        tenant.mark_for_deletion("owner@example.com".to_owned(), at(7)).unwrap();
        let mut purge = Purge::begin(at(100));
        purge.count(Kind::Events, ["1", "2"]);
        let receipt = purge.receipt(&tenant, tenant.deletion.as_ref().unwrap(), at(200));
        assert_eq!((receipt.requested_at, receipt.began_at, receipt.ended_at), (7, 100, 200));
        assert_eq!(receipt.name_sha256, Sha256Hex::of(b"Example Tenant"));
        assert_eq!(receipt.removed.len(), Kind::ALL.len());
        assert_eq!((receipt.removed[&Kind::Events], receipt.removed[&Kind::Items]), (2, 0));
        assert_eq!(receipt.expires_at, 200 + 400 * 24 * 3600);
    }
}

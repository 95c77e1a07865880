//! The fault-index table of a purge: of the run that closes the tenant, and of the one that removes everything.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::purge::Kind;
use service::purging::Purged;
use tests::functions;
use tokio::sync::OnceCell;

use crate::purge::Doomed;
use crate::remains::Holdings;
use crate::table::{UseCase, tabulate};
use crate::world::{Entry, World};

/// Which run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The first one: keys, tokens and people go, builds end.
    Closing,
    /// The one after it: everything else goes.
    Sweeping,
}

struct Purging {
    part: Part,
    tenants: AtomicU32,
    /// What the bench's own tenant has.
    other: OnceCell<Holdings>,
}

impl Purging {
    const fn new(part: Part) -> Self {
        Self { part, tenants: AtomicU32::new(0), other: OnceCell::const_new() }
    }
}

impl UseCase for Purging {
    type Subject = Doomed;

    fn name(&self) -> String {
        format!("purge {:?}", self.part)
    }

    async fn prepare(&self, world: &World) -> Doomed {
        self.other.get_or_init(|| others(world)).await;
        let doomed = world.doomed(self.tenants.fetch_add(1, Ordering::SeqCst).into()).await;
        world.mark(&doomed).await;
        if self.part == Part::Sweeping {
            assert_eq!(run(&world.direct()).await, "unfinished");
            world.pass(61);
        }
        doomed
    }

    async fn act(&self, _: &World, entry: &Entry, _: &Doomed) -> String {
        run(entry).await.to_owned()
    }

    async fn recover(&self, world: &World, doomed: Doomed, _: Option<&str>) -> String {
        let receipt = world.purge_to_the_end(&doomed.tenant).await;
        others(world).await.assert_kept(self.other.get().unwrap());
        let events = receipt.removed[&Kind::Events];
        assert_eq!(receipt.removed, Doomed::removed(events), "each is counted once");
        format!("gone, {events} events")
    }
}

async fn others(world: &World) -> Holdings {
    world.holdings().await.of(&world.bench.tenant.id).without_people()
}

async fn run(entry: &Entry) -> &'static str {
    match functions::purge(&entry.service).await {
        Ok(Purged { failed: 1.., .. }) => "failed",
        Ok(Purged { unfinished: 1.., .. }) => "unfinished",
        Ok(Purged { gone: 1.., .. }) => "gone",
        Ok(_) => "nothing due",
        Err(_) => "error",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_a_tenant_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Purging::new(Part::Closing)).await, @r"
    BatchWriteItem, GetItem, Query, TransactWriteItems, UpdateItem
    undisturbed: unfinished → gone, 10 events
    throttled: error → gone, 10 events | failed → gone, 10 events
    503 once: unfinished → gone, 10 events
    done, then 500: error → gone, 10 events | failed → gone, 10 events
    done, then cut once: unfinished → gone, 10 events
    conflict: unfinished → gone, 10 events
    killed before: gone, 10 events
    killed after: gone, 10 events
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_everything_of_a_tenant_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Purging::new(Part::Sweeping)).await, @r"
    AbortMultipartUpload, BatchWriteItem, DeleteObjects, GetItem, ListMultipartUploads, ListObjectsV2, Query, TransactWriteItems
    undisturbed: gone → gone, 10 events
    throttled: error → gone, 10 events | failed → gone, 10 events
    503 once: gone → gone, 10 events
    done, then 500: error → gone, 10 events | failed → gone, 10 events
    done, then cut once: gone → gone, 10 events
    conflict: gone → gone, 10 events
    killed before: gone, 10 events
    killed after: gone, 10 events
    ");
}

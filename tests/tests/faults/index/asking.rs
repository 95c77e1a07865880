//! The fault-index table of questions: to the assistant, and to AI Search.

use api::access::{ClearHistory, SendMessage};
use domain::id::TenantId;
use domain::plan::Plan;
use domain::tenant::Tenant;
use domain::time::after;
use domain::usage::{Meter, RESERVED_SECONDS, Usage};
use serde_json::json;
use tests::members::Member;

use super::managing::tables;
use crate::management::Manage;
use crate::table::{UseCase, tabulate};
use crate::world::{Entry, World, short};

#[tokio::test(flavor = "multi_thread")]
async fn messages_survive_every_fault() {
    let tables = tables([
        Manage::new::<SendMessage>(|_| json!({ "message": "What is a signing key?" })).once(),
        Manage::new::<ClearHistory>(|_| json!({})),
    ]);
    insta::assert_snapshot!(tables.await, @"
    # helpbot chat
    BatchGetItem, GetItem, Query, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → not done, told | 500 internal → not done, untold
    503 once: 200 → done, told
    done, then 500: 500 internal → done, told | 500 internal → not done, told | 500 internal → not done, untold
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: not done, untold | not done, untold, to be asked again in two minutes
    killed after: done, told | not done, untold | not done, untold, to be asked again in two minutes
    # helpbot clear
    BatchGetItem, GetItem, Query, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → done, told | 500 internal → not done, told | 500 internal → not done, untold
    503 once: 200 → done, told
    done, then 500: 500 internal → done, told | 500 internal → not done, untold
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: done, told | not done, untold
    killed after: done, told | not done, untold
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_survive_every_fault() {
    let world = World::start().await;
    insta::assert_snapshot!(tabulate(&world, &Search).await, @"
    BatchGetItem, GetItem, TransactWriteItems
    undisturbed: 200 → counted
    throttled: 500 internal → not counted
    503 once: 200 → counted
    done, then 500: 500 internal → counted | 500 internal → not counted
    done, then cut once: 200 → counted
    conflict: 200 → counted
    killed before: counts for two minutes | not counted
    killed after: counted | counts for two minutes | not counted
    ");
}

/// A question to AI Search, which nobody repeats by a key.
struct Search;

struct Asked {
    owner: Member,
    tenant: Tenant,
}

impl Asked {
    async fn usage(&self, world: &World) -> Usage {
        world.bench.store().usage(&self.tenant.id, Meter::Searches).await.unwrap()
    }
}

impl UseCase for Search {
    type Subject = Asked;

    fn name(&self) -> String {
        "nl search query".to_owned()
    }

    async fn prepare(&self, world: &World) -> Asked {
        let id = TenantId::from_bits(uuid::Uuid::now_v7().as_u128());
        let owner = world.bench.owner().in_tenant(&id);
        let tenant = Tenant::new(id, "Searching".parse().unwrap(), Plan::Team);
        world.bench.own().found_tenant(&tenant, &"owner@example.com".parse().unwrap()).await.unwrap();
        Asked { owner, tenant }
    }

    async fn act(&self, _: &World, entry: &Entry, asked: &Asked) -> String {
        let body = json!({ "mode": "audit", "query": "uploads today" });
        short(&entry.call_as(&asked.owner, ("POST", "/frontend/nl_search_query"), &[], Some(body)).await)
    }

    async fn recover(&self, world: &World, asked: Asked, first: Option<&str>) -> String {
        let found = asked.usage(world).await;
        let pending = found.pending.len();
        let answered = found.used as usize - pending;
        assert!(found.used <= 1, "{found:?}");
        assert!(first != Some("200") || answered == 1, "answered and not counted: {found:?}");

        assert_eq!(self.act(world, &world.direct(), &asked).await, "200");
        let last = asked.usage(world).await;
        assert_eq!(last.used as usize - last.pending.len(), answered + 1);
        let later = after(world.bench.service().clock().now(), RESERVED_SECONDS);
        let left = last.allowance(Meter::Searches, &asked.tenant, later);
        assert_eq!(left.used as usize, answered + 1, "what nobody ended counts no longer");
        match (answered, pending) {
            (1, _) => "counted",
            (_, 1) => "counts for two minutes",
            _ => "not counted",
        }
        .to_owned()
    }
}

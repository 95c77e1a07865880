//! The fault-index table of the Management API: configurations, certificates, custom messages, promotion, live policies.

use api::access::{PromoteConfig, PushLiveConfig, UpdateCertificates, UpdateConfig, UpdateCustomMessage};
use domain::platform::ConfigVersion;
use serde_json::{Value, json};

use crate::index::managing::tables;
use crate::management::{Before, Manage, Managed};
use crate::table::{UseCase, tabulate};
use crate::world::{Entry, World};

#[tokio::test(flavor = "multi_thread")]
async fn changing_what_a_version_says_survives_every_fault() {
    let tables = tables([
        Manage::new::<UpdateConfig>(
            |_| json!({ "version": "prod", "config": { "CertificatePinning": { "title": "Not ours" } } }),
        ),
        Manage::new::<UpdateCertificates>(|_| {
            let entry = json!({ "name": "API", "thumbprint": "AB".repeat(32), "algorithm": "sha256" });
            json!({ "version": "dev", "certificates": [entry] })
        })
        .after(Before::Configured),
        Manage::new::<UpdateCustomMessage>(
            |_| json!({ "version": "prod", "message": "Please contact your administrator." }),
        ),
        Manage::new::<PromoteConfig>(|_| json!({ "from": "dev", "to": "staging" }))
            .after(Before::Configured)
            .telling_changes(),
    ]);
    insta::assert_snapshot!(tables.await, @"
    # config update, update custom message
    BatchGetItem, GetItem, PutObject, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → not done, told | 500 internal → not done, untold
    503 once: 200 → done, told
    done, then 500: 500 internal → done, told | 500 internal → not done, told | 500 internal → not done, untold
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: not done, untold
    killed after: done, told | not done, untold
    # certificates update
    BatchGetItem, GetItem, GetObject, PutObject, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → not done, told | 500 internal → not done, untold
    503 once: 200 → done, told
    done, then 500: 500 internal → done, told | 500 internal → not done, told | 500 internal → not done, untold
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: not done, untold
    killed after: done, told | not done, untold
    # promote config
    BatchGetItem, GetItem, GetObject, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → not done, told | 500 internal → not done, untold
    503 once: 200 → done, told
    done, then 500: 500 internal → done, told | 500 internal → not done, told | 500 internal → not done, untold
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: not done, untold
    killed after: done, told | not done, untold
    ");
}

/// A call that publishes anew each time.
struct Publish(Manage);

impl UseCase for Publish {
    type Subject = Managed;

    fn name(&self) -> String {
        self.0.name()
    }

    async fn prepare(&self, world: &World) -> Managed {
        self.0.prepare(world).await
    }

    async fn act(&self, world: &World, entry: &Entry, managed: &Managed) -> String {
        self.0.act(world, entry, managed).await
    }

    /// Numbers have no gap, each leads to a policy that bears it, and each has its event.
    async fn recover(&self, world: &World, managed: Managed, first: Option<&str>) -> String {
        let store = world.bench.store();
        let mut published = Vec::new();
        for asked_again in [false, true] {
            if asked_again {
                assert_eq!(self.act(world, &world.direct(), &managed).await, "200");
            }
            let found = store.publications(managed.tenant(), ConfigVersion::Development).await.unwrap();
            let numbers: Vec<_> = found.published.iter().map(|publication| publication.policy_version).collect();
            assert_eq!(numbers, (1..=found.policy_version).collect::<Vec<_>>());
            for publication in &found.published {
                let signed = store.policy(managed.tenant(), &publication.digest).await.unwrap();
                let signed: Value = serde_json::from_slice(&signed).unwrap();
                assert_eq!(signed["policy"]["policy_version"], publication.policy_version);
            }
            let events = world.standing(&managed.email).await.events;
            let told =
                events.iter().filter(|logged| logged.event.api_call == "push_live_config" && logged.event.successful);
            assert_eq!(told.count(), numbers.len(), "{first:?}");
            published.push(numbers.len());
        }
        assert_eq!(published[1], published[0] + 1);
        assert!(first != Some("200") || published[0] == 1, "a success that published nothing");
        format!("{} published", published[0])
    }
}

/// With an `Idempotency-Key`, as other creations: one policy however often it is asked for.
#[tokio::test(flavor = "multi_thread")]
async fn publishing_a_version_once_survives_every_fault() {
    let tables = tables([publication().once()]);
    insta::assert_snapshot!(tables.await, @"
    # push live config
    BatchGetItem, Decrypt, GetItem, GetObject, PutObject, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → not done, told | 500 internal → not done, untold
    503 once: 200 → done, told
    done, then 500: 500 internal → done, told | 500 internal → not done, told | 500 internal → not done, untold
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: not done, untold
    killed after: done, told | not done, untold
    ");
}

pub(crate) fn publication() -> Manage {
    Manage::new::<PushLiveConfig>(|_| json!({ "version": "dev" })).after(Before::Published)
}

#[tokio::test(flavor = "multi_thread")]
async fn publishing_a_version_survives_every_fault() {
    let publish = publication().after(Before::Configured).telling_changes();
    insta::assert_snapshot!(tabulate(&World::start().await, &Publish(publish)).await, @"
    BatchGetItem, Decrypt, GenerateDataKey, GetItem, GetObject, PutObject, TransactWriteItems
    undisturbed: 200 → 1 published
    throttled: 500 internal → 0 published
    503 once: 200 → 1 published
    done, then 500: 500 internal → 0 published | 500 internal → 1 published
    done, then cut once: 200 → 1 published
    conflict: 200 → 1 published
    killed before: 0 published
    killed after: 0 published | 1 published
    ");
}

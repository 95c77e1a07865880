//! The purge of a tenant: everything of it goes, nothing of another one, however often it is interrupted.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::configuration::Configuration;
use domain::credential::AutomationKey;
use domain::id::{JobId, Sha256Hex, TenantId};
use domain::job::{Event, Job, State};
use domain::member::EmailAddress;
use domain::phase::Phase;
use domain::plan::{BuildLimits, LimitChanges, Plan};
use domain::platform::{ConfigVersion, Platform};
use domain::progress::Progress;
use domain::purge::{Kind, Receipt};
use domain::sales_contact::Asker;
use domain::tenant::Tenant;
use futures_util::future::join_all;
use local::seed;
use serde_json::{Value, json};
use service::operator::Setting;
use service::purging::Purged;
use store::jobs::Beside;
use tests::functions;
use tests::harness::{Answer, send};
use tests::members::Member;
use tokio::time::Instant;

use crate::wire::{Plan as Hold, TRANSACTION, Target, Wire};
use crate::world::{World, short};

/// From the mark to the purge.
const GRACE: i64 = 30 * 24 * 3600;
/// From one run of maintenance to the next, and a second.
const MINUTE: i64 = 61;

/// A tenant with something of everything.
pub(crate) struct Doomed {
    pub(crate) tenant: TenantId,
    person: EmailAddress,
    key: AutomationKey,
    token: Member,
    jobs: Vec<JobId>,
}

impl World {
    /// A tenant with people, a key, a token, builds in every state, objects in both buckets and a log.
    pub(crate) async fn doomed(&self, number: u128) -> Doomed {
        let (tenant, name) = (TenantId::from_bits(number), format!("Doomed {number}"));
        let new = Tenant::new(tenant.clone(), name.parse().unwrap(), Plan::Team);
        self.bench.own().found_tenant(&new, &seed::owner().unwrap()).await.unwrap();
        let limits = LimitChanges { concurrent_builds: Some(Some(10)), ..LimitChanges::default() };
        self.bench.own().set(&tenant, &Setting::CustomLimits(limits)).await.unwrap();
        let controls =
            Configuration::enabling(seed::default_controls(Platform::Android), Platform::Android, Plan::Team).unwrap();
        seed::configure(self.bench.own(), &new.id, ConfigVersion::Production, &controls).await.unwrap();
        let key = seed::make_automation_key(self.bench.own(), &tenant, "Doomed").await.unwrap();
        let owner = self.bench.owner().in_tenant(&tenant);
        let person: EmailAddress = format!("person{number}@example.com").parse().unwrap();
        let added = owner.post("/frontend/add_user_to_tenant", json!({ "user_id": person.as_str() })).await;
        let made = owner.post("/frontend/create_api_token", json!({})).await;
        assert_eq!((short(&added), short(&made)), ("200".to_owned(), "200".to_owned()));
        let pair = format!("{}:{}", made.text("token_key"), made.text("token_secret"));
        let token = self.bench.caller(format!("Bearer {}", BASE64_STANDARD.encode(pair))).in_tenant(&tenant);
        let mut doomed = Doomed { tenant, person, key, token, jobs: Vec::new() };
        self.ask_for_builds(&mut doomed).await;
        self.store_artifacts(&doomed).await;
        doomed
    }

    /// One that waits for a worker, and one of which the parts are missing.
    async fn ask_for_builds(&self, doomed: &mut Doomed) {
        for size in [self.apk.len(), 200_000_000] {
            self.pass(1);
            let body = json!({ "file_name": "app.apk", "platform": "android", "version": "prod", "file_size": size });
            let ticket = doomed.call(self, "POST", "/automate/upload", Some(body)).await;
            assert_eq!(short(&ticket), "200", "{}", ticket.body);
            doomed.jobs.push(ticket.text("job_id").parse().unwrap());
        }
        let queued = self.job_of(doomed, 0).await;
        self.put_upload(&queued, &self.apk).await;
        let status = doomed.call(self, "GET", &format!("/automate/status/{}", queued.id), None).await;
        assert_eq!(short(&status), "200");
    }

    async fn store_artifacts(&self, doomed: &Doomed) {
        let bucket = &self.bench.stack.names.artifacts_bucket;
        for name in ["builds/1/1/app.apk", "messages/1.html"] {
            let put = self.s3.put_object().bucket(bucket).key(format!("{}/{name}", doomed.tenant));
            put.body(b"anything".to_vec().into()).send().await.unwrap();
        }
        let key = format!("{}/builds/1/2/app.apk", doomed.tenant);
        self.s3.create_multipart_upload().bucket(bucket).key(key).send().await.unwrap();
    }

    /// Marks the tenant and lets the 30 days pass.
    pub(crate) async fn mark(&self, doomed: &Doomed) {
        assert_eq!(short(&doomed.owner(self).post("/frontend/delete_tenant", json!({})).await), "200");
        self.pass(GRACE);
    }

    async fn job_of(&self, doomed: &Doomed, index: usize) -> Job {
        self.bench.store().job(&doomed.tenant, doomed.jobs[index]).await.unwrap().unwrap().0
    }

    async fn is_there(&self, tenant: &TenantId) -> bool {
        self.bench.store().tenant(tenant).await.unwrap().is_some()
    }

    /// Runs the purge minute by minute until the tenant is gone: nothing names it then but its receipt.
    pub(crate) async fn purge_to_the_end(&self, tenant: &TenantId) -> Receipt {
        for _ in 0..10 {
            if !self.is_there(tenant).await {
                let receipt = format!("{} RECEIPT#{tenant} RECEIPT", self.bench.stack.names.table);
                assert_eq!(self.holdings().await.of(tenant).places(), [receipt]);
                return self.bench.store().receipt(tenant).await.unwrap().unwrap();
            }
            assert_eq!(functions::purge(self.service()).await.unwrap().failed, 0);
            self.pass(MINUTE);
        }
        panic!("the purge does not come to an end: {:?}", self.holdings().await.of(tenant).places());
    }
}

impl Doomed {
    /// The owner, signed in just now.
    fn owner(&self, world: &World) -> Member {
        world.bench.owner().in_tenant(&self.tenant)
    }

    async fn call(&self, world: &World, method: &str, path: &str, body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {}", self.key.expose());
        send(&world.bench.router, method, path, &[("authorization", &bearer)], body).await
    }

    /// What a receipt says of a tenant as [`World::doomed`] makes it.
    pub(crate) fn removed(events: u64) -> BTreeMap<Kind, u64> {
        BTreeMap::from([
            (Kind::AutomationKeys, 1),
            (Kind::ApiTokens, 1),
            (Kind::People, 2),
            (Kind::Uploads, 1),
            (Kind::UnfinishedUploads, 1),
            (Kind::Artifacts, 3),
            (Kind::UnfinishedArtifacts, 1),
            // Two jobs, their ledger, a configuration and an invitation.
            (Kind::Items, 5),
            (Kind::Events, events),
        ])
    }
}

/// In short: gone, unfinished, failed.
fn counts(done: Purged) -> (u32, u32, u32) {
    (done.gone, done.unfinished, done.failed)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_of_the_assistant_goes_with_the_tenant() {
    let world = World::start().await;
    let doomed = world.doomed(7).await;
    for member in [&doomed.owner(&world), &doomed.token] {
        member.done("/frontend/helpbot/chat", json!({ "message": "What is a signing key?" })).await;
        member.done("/frontend/nl_search_query", json!({ "mode": "audit", "query": "uploads today" })).await;
    }
    doomed.owner(&world).done("/frontend/helpbot/clear", json!({})).await;
    let holdings = world.holdings().await.of(&doomed.tenant);
    let places = holdings.places();
    for kind in ["USAGE#MESSAGES", "USAGE#SEARCHES", "CONVERSATION#", "EXCHANGE#"] {
        assert!(places.iter().any(|place| place.contains(kind)), "{kind}: {places:?}");
    }
    world.mark(&doomed).await;
    world.purge_to_the_end(&doomed.tenant).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_one_tenant_goes_and_nothing_of_another() {
    let world = World::start().await;
    let (doomed, other) = (world.doomed(1).await, world.doomed(2).await);
    world.bench.store().put_progress(&other.tenant, other.jobs[0], &progress(1)).await.unwrap();
    let requested_at = world.bench.clock.now();
    world.mark(&doomed).await;
    world.pass(-1);
    assert_eq!(counts(functions::purge(world.service()).await.unwrap()), (0, 0, 0), "a second too early");
    world.pass(1);
    let before = world.holdings().await.without(&doomed.tenant).without_people();

    assert_eq!(counts(functions::purge(world.service()).await.unwrap()), (0, 1, 0), "it begins");
    let restored = doomed.owner(&world).post("/frontend/restore_tenant", json!({})).await;
    assert_eq!(short(&restored), "403 forbidden", "nobody belongs to it any more");
    assert_eq!(short(&doomed.token.get("/frontend/get_users_permissions").await), "401 unauthenticated");
    assert_eq!(short(&doomed.call(&world, "GET", "/automate/status/1", None).await), "401 unauthenticated");
    let refused = world.bench.own().set(&doomed.tenant, &Setting::Trial(true)).await.unwrap_err();
    assert_eq!(refused.to_string(), "The tenant is being deleted for good");

    world.pass(MINUTE);
    assert_eq!(counts(functions::purge(world.service()).await.unwrap()), (1, 0, 0));
    let receipt = world.purge_to_the_end(&doomed.tenant).await;
    assert_eq!(receipt.removed, Doomed::removed(10));
    assert_eq!(receipt.requested_by, "owner@example.com");
    assert_eq!((receipt.requested_at, receipt.began_at), (requested_at, requested_at + GRACE));
    assert_eq!((receipt.ended_at, &receipt.name_sha256), (receipt.began_at + MINUTE, &Sha256Hex::of(b"Doomed 1")));

    world.holdings().await.without(&doomed.tenant).without_people().assert_kept(&before);
    let people = world.bench.store().memberships(&seed::owner().unwrap()).await.unwrap().tenants;
    assert_eq!(people, [world.bench.tenant.id.clone(), other.tenant.clone()].into());
    let left = world.holdings().await;
    assert!(!left.places().iter().any(|place| place.contains(doomed.person.as_str())), "nobody knows the person");
    assert!(left.places().iter().any(|place| place.contains(&format!("PERSON#{} ", other.person.as_str()))));
    assert_eq!(short(&other.token.get("/frontend/get_users_permissions").await), "200");
    assert_eq!(counts(functions::purge(world.service()).await.unwrap()), (0, 0, 0), "nothing is due any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_forgotten_can_come_back() {
    let world = World::start().await;
    let doomed = world.doomed(1).await;
    let before = world.bench.store().memberships(&doomed.person).await.unwrap();
    let caller = world.bench.person(doomed.person.as_str()).in_tenant(&doomed.tenant);
    caller.done("/frontend/sales_contact/request", json!({ "tier": "ENTERPRISE" })).await;
    let asker = Asker::Person(doomed.person.clone());
    assert!(world.bench.store().sales_contact(&asker).await.unwrap().is_some());
    world.mark(&doomed).await;
    world.purge_to_the_end(&doomed.tenant).await;
    assert_eq!(world.bench.store().memberships(&doomed.person).await.unwrap().revision, 0, "the item is gone");
    assert_eq!(world.bench.store().sales_contact(&asker).await.unwrap(), None);
    let newcomer = world.bench.person(doomed.person.as_str());
    let headers = [("authorization", newcomer.bearer.as_str())];
    let body = json!({ "tenant_name": "Example Tenant" });
    let made = send(&world.bench.router, "POST", "/frontend/create_tenant", &headers, Some(body)).await;
    assert_eq!(short(&made), "200");
    let after = world.bench.store().memberships(&doomed.person).await.unwrap();
    assert!(after.revision > before.revision, "{after:?}: nobody takes it for {before:?}");
}

fn progress(attempt: u32) -> Progress {
    Progress::within(attempt, Phase::Protecting, 1, 2)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_stores_until_its_lease_ends_goes_too() {
    let world = World::start().await;
    let doomed = world.doomed(1).await;
    world.mark(&doomed).await;
    let queued = world.job_of(&doomed, 0).await;
    let step = queued.apply(Event::Lease { seconds: 300 }, world.service().clock().now()).unwrap();
    let limits = BuildLimits { concurrent: 10, weekly: 100 };
    world.bench.store().commit(&step, &Beside { limits, pace: None, shelving: None, event: None }).await.unwrap();
    let running = step.job;
    for _ in 0..5 {
        assert_eq!(counts(functions::purge(world.service()).await.unwrap()), (0, 1, 0), "a worker may be at it");
        world.pass(55);
    }
    let ended = world.job_of(&doomed, 0).await;
    assert!(matches!(&ended.state, State::Failed { failure } if failure.code == "cancelled"), "{ended:?}");
    let file = world.bench.folder.path().join("output");
    std::fs::write(&file, b"output").unwrap();
    world.bench.store().put_output(&running, running.attempt, &file).await.unwrap();
    world.bench.store().put_report(&running, running.attempt, b"{}".to_vec()).await.unwrap();
    world.bench.store().put_progress(&running.tenant, running.id, &progress(running.attempt)).await.unwrap();
    world.pass(26);
    assert_eq!(counts(functions::purge(world.service()).await.unwrap()), (1, 0, 0), "its lease is over");
    let removed = world.purge_to_the_end(&doomed.tenant).await.removed;
    assert_eq!((removed[&Kind::Artifacts], removed[&Kind::Items]), (5, 6));
    let late = functions::arrive(world.service(), crate::world::event(&crate::world::notification(&running))).await;
    assert!(crate::world::acknowledged(&late), "an object of a tenant that is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_restore_and_the_beginning_of_a_purge_one_wins() {
    let world = World::start().await;
    for (number, hold) in [(1, Hold::HoldBefore), (2, Hold::HoldAfter)] {
        let doomed = world.doomed(number).await;
        world.mark(&doomed).await;
        let wire = Wire::new();
        let entry = world.over(&wire);
        wire.arm(Some(Target::among(TRANSACTION, 0, hold)));
        let (done, restored) = tokio::join!(functions::purge(&entry.service), async {
            wire.reached().await;
            let restored = doomed.owner(&world).post("/frontend/restore_tenant", json!({})).await;
            wire.release();
            short(&restored)
        });
        let done = counts(done.unwrap());
        if hold == Hold::HoldBefore {
            assert_eq!((restored.as_str(), done), ("200", (0, 0, 0)), "the restore was first");
            let status = doomed.call(&world, "GET", &format!("/automate/status/{}", doomed.jobs[0]), None).await;
            assert_eq!(short(&status), "200", "nothing of it was touched");
        } else {
            assert_eq!((restored.as_str(), done), ("409 tenant_purging", (0, 1, 0)), "the purge was first");
            world.purge_to_the_end(&doomed.tenant).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_restores_and_purges_at_once_agree() {
    let world = World::start().await;
    for number in 1..=6 {
        let doomed = world.doomed(number).await;
        let whole = world.holdings().await.of(&doomed.tenant).places().len();
        world.mark(&doomed).await;
        let owner = doomed.owner(&world);
        let (restores, purges) = tokio::join!(
            join_all((0..4).map(|_| owner.post("/frontend/restore_tenant", json!({})))),
            join_all((0..4).map(|_| functions::purge(world.service()))),
        );
        assert!(purges.into_iter().all(|done| done.unwrap().failed == 0));
        let restored = restores.iter().filter(|answer| answer.status == 200).count();
        if restored == 0 {
            let receipt = world.purge_to_the_end(&doomed.tenant).await;
            let events = receipt.removed[&Kind::Events];
            assert_eq!(receipt.removed, Doomed::removed(events), "counted once");
        } else {
            assert_eq!(restored, 1, "once");
            world.pass(GRACE);
            assert_eq!(counts(functions::purge(world.service()).await.unwrap()), (0, 0, 0));
            assert!(world.holdings().await.of(&doomed.tenant).places().len() > whole, "with the events of the calls");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_at_once_and_runs_without_time_remove_everything_and_count_it_once() {
    let world = World::start().await;
    let doomed = world.doomed(1).await;
    let bucket = &world.bench.stack.names.uploads_bucket;
    // More than one page of each: 1000 objects, 500 items.
    let now = world.bench.clock.now();
    for chunk in (0..1010).collect::<Vec<_>>().chunks(100) {
        let put = |number: &i64| {
            let put = world.s3.put_object().bucket(bucket).key(format!("{}/uploads/{number}", doomed.tenant));
            put.body(b"x".to_vec().into()).send()
        };
        join_all(chunk.iter().map(put)).await.into_iter().for_each(|put| assert!(put.is_ok()));
        let note = |number: &i64| {
            let job = JobId::from_start_time(now + number);
            let store = world.bench.store();
            let tenant = &doomed.tenant;
            async move { store.put_progress(tenant, job, &progress(1)).await }
        };
        join_all(chunk.iter().map(note)).await.into_iter().for_each(|put| put.unwrap());
    }
    world.mark(&doomed).await;
    let late = functions::act("maintenance", world.service().purge(Instant::now())).await.unwrap();
    assert_eq!(counts(late), (0, 0, 0), "there was no time for anything");
    // At first there is time for the first calls only.
    for round in 1..=10 {
        let until = Instant::now() + Duration::from_millis(50 * round);
        let runs = join_all((0..3).map(|_| world.service().purge(until)));
        let runs = functions::act("maintenance", runs).await;
        assert!(runs.into_iter().all(|done| done.unwrap().failed == 0));
        world.pass(MINUTE);
    }
    let removed = world.purge_to_the_end(&doomed.tenant).await.removed;
    assert_eq!((removed[&Kind::Uploads], removed[&Kind::Items]), (1011, 1015));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_cannot_be_purged_keeps_no_other_waiting_and_is_told_of() {
    let world = World::start().await;
    let (broken, doomed) = (world.doomed(1).await, world.doomed(2).await);
    for marked in [&broken, &doomed] {
        assert_eq!(short(&marked.owner(&world).post("/frontend/delete_tenant", json!({})).await), "200");
        world.pass(1);
    }
    world.pass(GRACE);
    world.damage(&broken.tenant, "ROSTER").await;
    assert_eq!(counts(functions::purge(world.service()).await.unwrap()), (0, 1, 1));
    world.pass(MINUTE);
    assert_eq!(counts(functions::purge(world.service()).await.unwrap()), (1, 0, 1));
    let failed = functions::maintain(world.service(), &world.bench.outbox()).await.unwrap_err();
    assert_eq!(failed.to_string(), "1 tenants could not be purged");
    assert!(world.is_there(&broken.tenant).await);
}

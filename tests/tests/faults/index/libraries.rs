//! The fault-index table of the custom library: an identifier that is set, built, looked after and deleted.

use aws_lambda_events::sqs::SqsMessage;
use domain::id::Sha256Hex;
use domain::library::{AppIdentifier, COOLDOWN_SECONDS, Library};
use domain::plan::Plan;
use domain::platform::Platform;
use domain::purge::Kind;
use domain::tenant::Tenant;
use protection_worker::{Lease, Worker};
use serde_json::json;
use tests::functions;

use crate::libraries::{DELETE, SET, world};
use crate::table::{UseCase, tabulate};
use crate::world::{Entry, World, acknowledged, event, short};

struct Set;

impl UseCase for Set {
    type Subject = AppIdentifier;

    fn name(&self) -> String {
        "set a library's identifier".to_owned()
    }

    async fn prepare(&self, world: &World) -> AppIdentifier {
        world.take_library_wakeups().await;
        world.new_identifier()
    }

    async fn act(&self, world: &World, entry: &Entry, identifier: &AppIdentifier) -> String {
        world.ask_library(entry, SET, identifier).await
    }

    async fn recover(&self, world: &World, identifier: AppIdentifier, first: Option<&str>) -> String {
        let set = world.library(&identifier).await.is_some();
        assert!(set || first != Some("200"), "a success that set nothing");
        let again = self.act(world, &world.direct(), &identifier).await;
        assert_eq!(again, if set { "409 library_build_running" } else { "200" }, "asked again after {first:?}");
        let library = world.library(&identifier).await.unwrap();
        assert_eq!((library.builds.len(), library.is_deleted()), (2, false));
        let roster = world.bench.store().roster(&world.bench.tenant.id).await.unwrap();
        assert_eq!(roster.libraries, [identifier.clone()].into());
        world.assert_library_woken(&library).await;
        world.forget_library(&identifier).await;
        if set { "set" } else { "not set" }.to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn setting_an_identifier_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&world().await, &Set).await, @"
    BatchGetItem, GetItem, SendMessage, TransactWriteItems
    undisturbed: 200 → set
    throttled: 200 → set | 500 internal → not set
    503 once: 200 → set
    done, then 500: 200 → set | 500 internal → not set | 500 internal → set
    done, then cut once: 200 → set
    conflict: 200 → set
    killed before: not set | set
    killed after: not set | set
    ");
}

/// A worker takes the wake-up for a build for Android.
struct Build;

impl UseCase for Build {
    type Subject = (Library, SqsMessage);

    fn name(&self) -> String {
        "build a library".to_owned()
    }

    async fn prepare(&self, world: &World) -> Self::Subject {
        world.take_library_wakeups().await;
        let library = world.set_library().await;
        world.fail_library(&library, &library.builds[1]).await;
        loop {
            let message = world.receive_library_wakeup().await.unwrap();
            if message.body.as_deref().unwrap().contains(&library.builds[0].build_id.to_string()) {
                return (library, message);
            }
            world.acknowledge_library(&message).await;
        }
    }

    async fn act(&self, _: &World, entry: &Entry, (_, message): &Self::Subject) -> String {
        let worker = Worker::new(entry.service.clone(), Lease::default());
        let response = functions::build(&worker, event(message)).await;
        if acknowledged(&response) { "taken".to_owned() } else { "given back".to_owned() }
    }

    async fn recover(&self, world: &World, subject: Self::Subject, first: Option<&str>) -> String {
        let (library, message) = &subject;
        let (identifier, id) = (&library.app_identifier, &library.builds[0].build_id);
        let mut taken = first == Some("taken");
        for _ in 0..4 {
            if taken {
                break;
            }
            world.pass(400);
            taken = self.act(world, &world.direct(), &subject).await == "taken";
        }
        world.acknowledge_library(message).await;
        world.pass(16);
        assert_eq!(functions::reconcile(world.service()).await.unwrap().failed, 0);
        let library = world.library(identifier).await.unwrap();
        let build = library.build(id).unwrap();
        let package = build.package().unwrap_or_else(|| panic!("after {first:?}: {build:?}"));
        assert_eq!(build.due_at, None, "it is tidy");
        let key = format!("{}/libraries/{id}/{}/library.aar", library.tenant, package.attempt);
        assert_eq!(world.library_objects().await, [key.as_str()]);
        let object = world.s3.get_object().bucket(&world.bench.stack.names.artifacts_bucket).key(key).send().await;
        let bytes = object.unwrap().body.collect().await.unwrap().to_vec();
        assert_eq!(Sha256Hex::of(&bytes), package.sha256, "the published bytes are those that were made");
        let attempt = package.attempt;
        world.forget_library(identifier).await;
        format!("made by attempt {attempt}")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_of_a_library_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&world().await, &Build).await, @"
    Decrypt, GenerateDataKey, GetItem, GetObject, ListObjectsV2, PutObject, TransactWriteItems
    undisturbed: taken → made by attempt 1
    throttled: given back → made by attempt 1 | given back → made by attempt 2 | taken → made by attempt 1
    503 once: taken → made by attempt 1
    done, then 500: given back → made by attempt 1 | given back → made by attempt 2 | taken → made by attempt 1
    done, then cut once: taken → made by attempt 1
    conflict: taken → made by attempt 1
    killed before: made by attempt 1 | made by attempt 2
    killed after: made by attempt 1 | made by attempt 2
    ");
}

/// The reconciler finds what nobody works on.
struct Reconcile {
    /// Whether workers had begun, and died; else the wake-ups were lost.
    begun: bool,
}

impl UseCase for Reconcile {
    type Subject = Library;

    fn name(&self) -> String {
        format!("reconcile a library {}", if self.begun { "whose workers died" } else { "whose wake-ups were lost" })
    }

    async fn prepare(&self, world: &World) -> Library {
        let library = world.set_library().await;
        if self.begun {
            for platform in Platform::ALL {
                let build = library.latest(platform).unwrap();
                world.lease_library(&library, build).await;
            }
        }
        world.take_library_wakeups().await;
        world.pass(317);
        library
    }

    async fn act(&self, _: &World, entry: &Entry, _: &Library) -> String {
        match functions::reconcile(&entry.service).await {
            Ok(done) => format!("{} of {}", done.looked_at - done.failed, done.looked_at),
            Err(_) => "error".to_owned(),
        }
    }

    async fn recover(&self, world: &World, library: Library, _: Option<&str>) -> String {
        world.assert_library_woken(&library).await;
        world.forget_library(&library.app_identifier).await;
        "woken".to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_after_libraries_that_no_worker_heard_of_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&world().await, &Reconcile { begun: false }).await, @"
    GetItem, Query, SendMessage, TransactWriteItems
    undisturbed: 1 of 1 → woken
    throttled: 0 of 1 → woken | error → woken
    503 once: 1 of 1 → woken
    done, then 500: 0 of 1 → woken | error → woken
    done, then cut once: 1 of 1 → woken
    conflict: 1 of 1 → woken
    killed before: woken
    killed after: woken
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_after_libraries_whose_workers_died_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&world().await, &Reconcile { begun: true }).await, @"
    GetItem, Query, SendMessage
    undisturbed: 1 of 1 → woken
    throttled: 0 of 1 → woken | error → woken
    503 once: 1 of 1 → woken
    done, then 500: 0 of 1 → woken | error → woken
    done, then cut once: 1 of 1 → woken
    conflict: makes no such call
    killed before: woken
    killed after: woken
    ");
}

struct Delete;

impl UseCase for Delete {
    type Subject = Library;

    fn name(&self) -> String {
        "delete a library's identifier".to_owned()
    }

    async fn prepare(&self, world: &World) -> Library {
        let library = world.built_library().await;
        assert_eq!(world.library_objects().await.len(), 1);
        world.pass(COOLDOWN_SECONDS + 1);
        library
    }

    async fn act(&self, world: &World, entry: &Entry, library: &Library) -> String {
        world.ask_library(entry, DELETE, &library.app_identifier).await
    }

    async fn recover(&self, world: &World, library: Library, first: Option<&str>) -> String {
        let found = world.library(&library.app_identifier).await;
        let deleted = found.is_none_or(|library| library.is_deleted());
        assert!(deleted || first != Some("200"), "a success that deleted nothing");
        let again = self.act(world, &world.direct(), &library).await;
        assert_eq!(again, if deleted { "404 not_found" } else { "200" }, "asked again after {first:?}");
        world.pass(16);
        assert_eq!(functions::reconcile(world.service()).await.unwrap().failed, 0);
        world.assert_library_gone(&library).await;
        if deleted { "deleted" } else { "not deleted" }.to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_an_identifier_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&world().await, &Delete).await, @"
    BatchGetItem, DeleteObject, GetItem, ListObjectsV2, TransactWriteItems
    undisturbed: 200 → deleted
    throttled: 200 → deleted | 500 internal → not deleted
    503 once: 200 → deleted
    done, then 500: 200 → deleted | 500 internal → deleted | 500 internal → not deleted
    done, then cut once: 200 → deleted
    conflict: 200 → deleted
    killed before: deleted | not deleted
    killed after: deleted | not deleted
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_that_is_set_again_in_the_middle_of_its_deletion_is_built_and_its_old_packages_go() {
    let world = world().await;
    let library = world.built_library().await;
    world.pass(COOLDOWN_SECONDS + 1);
    // As a call that dies after its transaction.
    let deleted = library.delete(domain::time::at(world.bench.clock.now())).unwrap();
    assert!(world.bench.store().commit_library(&deleted).await.unwrap());
    assert_eq!(world.ask_library(&world.direct(), SET, &library.app_identifier).await, "200");
    let status = world.bench.owner().done("/frontend/custom_library_status", json!({})).await.body;
    let builds = status["identifiers"][0]["builds"].as_array().unwrap().clone();
    let states: Vec<&str> = builds.iter().map(|build| build["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["pending", "pending", "deleted"]);
    assert_eq!(status["identifiers"][0]["latest_by_platform"]["android"], builds[1]);
    let download =
        world.bench.owner().post("/frontend/custom_library_download", json!({ "platform": "android" })).await;
    assert_eq!(short(&download), "404 not_found");
    world.pass(16);
    assert_eq!(functions::reconcile(world.service()).await.unwrap().failed, 0);
    assert_eq!(world.library_objects().await, Vec::<String>::new());
    assert_eq!(world.library(&library.app_identifier).await.unwrap().builds.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_with_libraries_is_purged_to_the_end_once_no_worker_can_store_any() {
    let world = World::start().await;
    let doomed = world.doomed(1).await;
    let tenant = world.bench.store().tenant(&doomed.tenant).await.unwrap().unwrap();
    let tenant = Tenant { plan: Plan::Enterprise, custom_library: true, ..tenant };
    world.bench.store().put_tenant(&tenant).await.unwrap();
    let identifier = world.new_identifier();
    world.bench.owner().in_tenant(&doomed.tenant).done(SET, json!({ "app_identifier": identifier })).await;
    world.bench.run_library_worker(&world.worker()).await;
    let second = world.new_identifier();
    world.bench.owner().in_tenant(&doomed.tenant).done(SET, json!({ "app_identifier": second })).await;
    world.mark(&doomed).await;
    let library = world.bench.store().library(&doomed.tenant, &second).await.unwrap().unwrap();
    let running = world.lease_library(&library, &library.builds[0]).await;
    for _ in 0..5 {
        let done = functions::purge(world.service()).await.unwrap();
        assert_eq!((done.gone, done.unfinished, done.failed), (0, 1, 0), "a worker may be at it");
        world.pass(55);
    }
    let cancelled = world.bench.store().library(&doomed.tenant, &second).await.unwrap().unwrap();
    assert!(cancelled.builds.iter().all(|build| build.state.as_str() == "failed"), "{cancelled:?}");
    world.bench.store().put_library_package(&doomed.tenant, &running.build, b"late".to_vec()).await.unwrap();
    world.pass(26);
    let receipt = world.purge_to_the_end(&doomed.tenant).await;
    assert!(receipt.removed[&Kind::Artifacts] >= 6, "{receipt:?}");
}

//! Builds that are deleted: gone at once for everybody, and from storage when no worker can store anything more.

use std::time::Duration;

use domain::application::AppFacts;
use domain::error::Error;
use domain::job::{Job, State};
use serde_json::{Value, json};
use service::work::{Assignment, Leased};
use tests::packages::{ICON, app};
use tests::{functions, keystores};

use crate::world::{World, acknowledged, event, short};

const LEASE: i64 = 300;

/// Lets a worker lease a new build of this package, and note what the package says.
async fn identified(world: &World, apk: &[u8], package: &str) -> Assignment {
    let job = world.queued(apk).await;
    world.take_wakeups().await;
    let assignment = leased(world, &job).await;
    world.bench.store().put_icon(&job, ICON.to_vec(), "image/jpeg").await.unwrap();
    functions::working(world.service().identify(&assignment, facts(package))).await.unwrap();
    assignment
}

async fn leased(world: &World, job: &Job) -> Assignment {
    match functions::working(world.service().lease(&job.tenant, job.id, LEASE)).await.unwrap() {
        Leased::Work(assignment) => *assignment,
        other => panic!("{other:?}"),
    }
}

fn facts(package: &str) -> AppFacts {
    let package_name = package.to_owned();
    AppFacts { name: package.to_owned(), package_name, version_name: None, version_code: None, has_icon: true }
}

/// What a worker stores that does not know yet that its job is over.
async fn store_output(world: &World, job: &Job) {
    let file = world.bench.folder.path().join("output");
    std::fs::write(&file, b"an output").unwrap();
    let store = world.bench.store();
    store.put_output(job, job.attempt, &file).await.unwrap();
    store.put_report(job, job.attempt, b"{}".to_vec()).await.unwrap();
    store.put_icon(job, ICON.to_vec(), "image/jpeg").await.unwrap();
}

async fn cancel(world: &World, job: &Job) {
    assert_eq!(short(&world.bench.post(&format!("/automate/cancel/{}", job.id), Value::Null).await), "200");
}

async fn ask(world: &World, call: &str, job: &Job) -> String {
    let body = json!({ "start_time": job.id.start_time() });
    short(&world.bench.owner().post(&format!("/frontend/{call}"), body).await)
}

/// The start times of the builds that are listed.
async fn listed(world: &World) -> Vec<i64> {
    let answer = world.bench.owner().done("/frontend/get_application_builds", json!({})).await;
    answer.body["builds"].as_array().unwrap().iter().map(|build| build["start_time"].as_i64().unwrap()).collect()
}

/// The latest builds of the applications that are listed, and how many builds they have.
async fn applications(world: &World) -> Vec<(i64, u64)> {
    let answer = world.bench.owner().done("/frontend/get_applications", json!({})).await;
    let number = |value: &Value, field: &str| value[field].as_i64().unwrap();
    let shown = |value: &Value| (number(value, "latest_build"), value["builds"].as_u64().unwrap());
    answer.body["applications"].as_array().unwrap().iter().map(shown).collect()
}

async fn assert_unseen(world: &World, job: &Job) {
    for call in ["status", "download"] {
        let answer = world.bench.get(&format!("/automate/{call}/{}", job.id)).await;
        assert_eq!(short(&answer), "404 not_found", "{call}");
    }
    assert_eq!(short(&world.bench.post(&format!("/automate/cancel/{}", job.id), Value::Null).await), "404 not_found");
    for call in ["download_application_build", "sign_application_build"] {
        assert_eq!(ask(world, call, job).await, "404 not_found", "{call}");
    }
    assert!(!listed(world).await.contains(&job.id.start_time()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_stores_for_a_build_that_was_cancelled_and_deleted_under_it_goes_when_its_lease_is_over() {
    let world = World::start().await;
    let package = "com.example.small";
    let before = world.completed(&world.apk).await;
    let assignment = identified(&world, &world.apk, package).await;
    let job = &assignment.job;
    assert_eq!(applications(&world).await, [(job.id.start_time(), 2)], "it is one of its application's while it runs");
    assert_eq!(ask(&world, "delete_application_build", job).await, "409 build_running");
    let application = json!({ "application_id": before.application_id() });
    let refused = world.bench.owner().post("/frontend/delete_application", application.clone()).await;
    assert_eq!((short(&refused), listed(&world).await.len()), ("409 build_running".to_owned(), 2), "none is deleted");

    cancel(&world, job).await;
    assert_eq!(ask(&world, "delete_application_build", job).await, "200");
    assert_unseen(&world, job).await;
    assert_eq!(applications(&world).await, [(before.id.start_time(), 1)], "the build before speaks for it");
    store_output(&world, job).await;
    assert_eq!(ask(&world, "delete_application_build", job).await, "200", "it is not over yet");
    store_output(&world, job).await;
    world.pass(LEASE - 60);
    functions::reconcile(world.service()).await.unwrap();
    assert!(matches!(world.job(job.id).await.state, State::Deleted), "its worker may be at work still");
    store_output(&world, job).await;
    world.pass(60 + 16);
    assert_eq!(functions::reconcile(world.service()).await.unwrap().failed, 0);
    assert!(world.is_gone(job).await);
    assert_eq!(ask(&world, "delete_application_build", job).await, "404 not_found");
    assert_eq!(world.judge(&before).await, "completed by attempt 1, counted");

    let deleted = world.bench.owner().post("/frontend/delete_application", application.clone()).await;
    assert_eq!((short(&deleted), world.is_gone(&before).await), ("200".to_owned(), true));
    assert_eq!((applications(&world).await, listed(&world).await), (Vec::new(), Vec::new()));
    let again = world.bench.owner().post("/frontend/delete_application", application).await;
    assert_eq!(short(&again), "404 not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_icon_that_was_stored_and_not_noted_goes_with_the_end_of_the_job() {
    let world = World::start().await;
    let job = world.queued(&world.apk).await;
    let woken = world.receive_wakeup().await.unwrap();
    let assignment = leased(&world, &job).await;
    world.bench.store().put_icon(&job, ICON.to_vec(), "image/jpeg").await.unwrap();
    cancel(&world, &job).await;
    functions::working(world.service().identify(&assignment, facts("com.example.small"))).await.unwrap();
    let ended = world.settle(job.id).await;
    assert_eq!((&ended.app, world.judge(&ended).await.as_str()), (&None, "cancelled, given back"));
    assert_eq!(applications(&world).await, [], "a build of which nothing is known belongs to none");
    world.acknowledge(&woken).await;

    // A worker that died between both is followed by one that notes it.
    let job = world.queued(&world.apk).await;
    let woken = world.receive_wakeup().await.unwrap();
    leased(&world, &job).await;
    world.bench.store().put_icon(&job, ICON.to_vec(), "image/jpeg").await.unwrap();
    assert_eq!(applications(&world).await, []);
    world.pass(LEASE + 1);
    assert!(acknowledged(&functions::build(&world.worker(), event(&woken)).await));
    let ended = world.settle(job.id).await;
    assert_eq!(world.judge(&ended).await, "completed by attempt 2, counted");
    assert_eq!(applications(&world).await, [(job.id.start_time(), 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_worker_notes_nothing() {
    let world = World::start().await;
    let job = world.queued(&world.apk).await;
    let late = leased(&world, &job).await;
    world.pass(LEASE + 1);
    let current = leased(&world, &job).await;
    functions::working(world.service().identify(&late, facts("com.example.late"))).await.unwrap();
    assert_eq!(applications(&world).await, []);
    for _ in 0..2 {
        functions::working(world.service().identify(&current, facts("com.example.small"))).await.unwrap();
    }
    assert_eq!(applications(&world).await, [(job.id.start_time(), 1)]);
    assert_eq!(world.job(job.id).await.app, Some(facts("com.example.small")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_request_of_a_deleted_build_is_not_answered_again() {
    let world = World::start().await;
    let owner = world.bench.owner();
    let upload = json!({ "file_name": "app.apk", "platform": "android", "version": "prod" });
    let calls = ["/automate/upload", "/frontend/upload_application_build"];
    for path in calls {
        world.pass(1);
        let key = [("idempotency-key", path)];
        let ask = async || match path {
            "/automate/upload" => world.call_with(&world.direct(), "POST", path, &key, Some(upload.clone())).await,
            _ => world.direct().call_as(&owner, ("POST", path), &key, Some(upload.clone())).await,
        };
        let first = ask().await;
        let id = first.text("job_id").parse().unwrap();
        assert_eq!(ask().await.text("job_id"), first.text("job_id"));
        cancel(&world, &world.job(id).await).await;
        assert_eq!(self::ask(&world, "delete_application_build", &world.job(id).await).await, "200");
        assert_eq!(short(&ask().await), "404 not_found", "{path}");
        assert_eq!(world.bench.store().job(&world.bench.tenant.id, id).await.unwrap(), None);
        assert_eq!(short(&ask().await), "404 not_found", "{path}");
    }
    let finished = world.completed(&world.apk).await;
    let body = json!({ "start_time": finished.id.start_time() });
    let path = ("POST", "/frontend/sign_application_build");
    let ask = async || world.direct().call_as(&owner, path, &[("idempotency-key", "one")], Some(body.clone())).await;
    let id = ask().await.text("job_id").parse().unwrap();
    let ended = world.settle(id).await;
    assert_eq!(world.judge(&ended).await, "completed by attempt 1, counted");
    assert_eq!(self::ask(&world, "delete_application_build", &ended).await, "200");
    assert_eq!(short(&ask().await), "404 not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_signs_again_fails_when_what_it_signs_was_deleted() {
    let world = World::start().await;
    let finished = world.completed(&world.apk).await;
    let body = json!({ "start_time": finished.id.start_time() });
    let asked = world.bench.owner().done("/frontend/sign_application_build", body).await;
    assert_eq!(ask(&world, "delete_application_build", &finished).await, "200");
    let ended = world.settle(asked.text("job_id").parse().unwrap()).await;
    assert_eq!(world.judge(&ended).await, "build_deleted, counted");
    assert_eq!(ask(&world, "delete_application_build", &ended).await, "200");
    assert!(world.is_gone(&ended).await && world.is_gone(&finished).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_with_applications_and_signing_keys_is_purged_to_the_end() {
    let world = World::start().await;
    let doomed = world.doomed(1).await;
    let owner = world.bench.owner().in_tenant(&doomed.tenant);
    let made = owner.done("/frontend/signing_keys", keystores::android("Release")).await;
    let key = json!({ "signing_key_id": made.text("signing_key_id") });
    owner.done("/frontend/signing_keys/default", key).await;
    for package in ["com.example.first", "com.example.second"] {
        world.pass(1);
        let upload = json!({ "file_name": "app.apk", "platform": "android", "version": "prod" });
        let ticket = owner.done("/frontend/upload_application_build", upload).await;
        tests::harness::put(&ticket.text("upload_url"), app(package)).await;
    }
    world.bench.run_arrivals().await;
    world.bench.run_worker(&world.worker()).await;
    let listed = owner.done("/frontend/get_applications", json!({})).await;
    assert_eq!(listed.body["applications"].as_array().unwrap().len(), 3, "{}", listed.body);
    world.mark(&doomed).await;
    let receipt = world.purge_to_the_end(&doomed.tenant).await;
    // Of each of three builds: output, report and icon.
    assert!(receipt.removed[&domain::purge::Kind::Artifacts] >= 9, "{receipt:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_with_more_builds_than_one_call_deletes_goes_call_by_call() {
    let world = World::start().await;
    let mut build = world.completed(&world.apk).await;
    for _ in 0..2 {
        build = world.completed(&world.apk).await;
    }
    let (tenant, application) = (&build.tenant, build.application_id().unwrap());
    let service = world.bench.own().clone().with_deletion_time(Duration::ZERO);
    let mut left = Vec::new();
    loop {
        let operator = service.operator(tenant, "delete_application").await.unwrap();
        match service.delete_application(&operator, &application).await {
            Ok(()) => break,
            Err(Error::Conflict { code: "deletion_unfinished", .. }) => left.push(listed(&world).await.len()),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(left, [2, 1]);
    assert!(applications(&world).await.is_empty() && listed(&world).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_has_not_arrived_is_given_up_when_it_is_deleted() {
    let world = World::start().await;
    let ticket = world.bench.request_upload("a.apk", None).await;
    let build = json!({ "start_time": ticket.body["start_time"] });
    assert_eq!(short(&world.bench.owner().post("/frontend/delete_application_build", build).await), "200");
    let ledger = world.bench.store().ledger(&world.bench.tenant.id).await.unwrap();
    assert!(ledger.active.is_empty() && ledger.recent.is_empty(), "{ledger:?}");
}

//! Custom Library: who has one, its limits under races, its builds whatever becomes of workers and wake-ups.

use std::collections::BTreeSet;

use domain::id::Sha256Hex;
use domain::job::Failure;
use domain::library::{AppIdentifier, COOLDOWN_SECONDS, Library, LibraryBuild, Package};
use domain::plan::CustomLimits;
use domain::platform::Platform;
use domain::tenant::Tenant;
use futures_util::future::join;
use http::StatusCode;
use serde_json::{Value, json};
use service::library_work::LibraryAssignment;
use service::work::{Aftermath, Leased};
use store::wakeups::LibraryWakeup;
use tests::functions;
use tests::harness::{Answer, Bench, send};
use tests::members::Member;

use super::races::{at_once, count, counts};

const STATUS: &str = "/frontend/custom_library_status";
pub(super) const SET: &str = "/frontend/custom_library_set_identifier";
pub(super) const DOWNLOAD: &str = "/frontend/custom_library_download";
const DELETE: &str = "/frontend/custom_library_delete";
pub(super) const APP: &str = "com.company.app";
const LEASE: i64 = 300;

pub(super) fn named(identifier: &str) -> Value {
    json!({ "app_identifier": identifier })
}

pub(super) async fn identifiers(owner: &Member) -> Vec<Value> {
    owner.done(STATUS, json!({})).await.body["identifiers"].as_array().unwrap().clone()
}

/// The states of the builds of the one identifier, the latest first.
async fn states(owner: &Member) -> Vec<String> {
    let identifiers = identifiers(owner).await;
    let builds = identifiers[0]["builds"].as_array().unwrap();
    builds.iter().map(|build| format!("{} {}", build["platform"], build["status"]).replace('"', "")).collect()
}

/// A refusal in short.
pub(super) fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.text("code"))
}

pub(super) fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

async fn library(bench: &Bench) -> Library {
    bench.store().library(&bench.tenant.id, &APP.parse().unwrap()).await.unwrap().unwrap()
}

fn wakeup(library: &Library, build: &LibraryBuild) -> LibraryWakeup {
    let (tenant, app_identifier) = (library.tenant.clone(), library.app_identifier.clone());
    LibraryWakeup { v: 1, tenant, app_identifier, build: build.build_id.clone() }
}

/// As a worker that takes the latest build of a platform.
async fn lease(bench: &Bench, platform: Platform) -> Leased<LibraryAssignment> {
    let library = library(bench).await;
    let wakeup = wakeup(&library, library.latest(platform).unwrap());
    functions::working(bench.service().lease_library(&wakeup, LEASE)).await.unwrap()
}

async fn leased(bench: &Bench, platform: Platform) -> LibraryAssignment {
    match lease(bench, platform).await {
        Leased::Work(assignment) => *assignment,
        other => panic!("{other:?}"),
    }
}

/// Sets the identifier and lets both builds fail.
async fn failed(bench: &Bench, owner: &Member) {
    owner.done(SET, named(APP)).await;
    for platform in Platform::ALL {
        let assignment = leased(bench, platform).await;
        let failing = bench.service().fail_library(assignment, Failure::new("broken", "It broke"));
        assert_eq!(functions::working(failing).await.unwrap(), Aftermath::Over);
    }
}

async fn packages(bench: &Bench) -> Vec<String> {
    bench.objects().await.into_iter().filter(|key| key.contains("/libraries/")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_not_enabled_the_status_says_just_that_and_every_other_call_is_refused() {
    let bench = Bench::start().await;
    let calls = [(SET, named(APP)), (DOWNLOAD, json!({ "platform": "ios" })), (DELETE, named(APP))];
    for (path, body) in calls.iter().cloned().chain([(STATUS, json!({}))]) {
        assert_eq!(refusal(&bench.owner().post(path, body).await), refused(403, "plan_required"), "{path} on TEAM");
    }
    let owner = bench.owner_with_library().await;
    owner.done(SET, named(APP)).await;
    let disabled = json!({ "enabled": false, "max_identifiers": 0, "identifiers": [] });
    let headers = [("authorization", owner.bearer.as_str()), ("tenant", owner.tenant.as_str())];
    // Where the installation makes none, and where the tenant has none.
    let service = bench.service().clone().with_libraries(false);
    let closed = functions::serve(local::routes(), api::App { service });
    for switched_off in [true, false] {
        if !switched_off {
            let tenant = bench.store().tenant(&bench.tenant.id).await.unwrap().unwrap();
            bench.store().put_tenant(&Tenant { custom_library: false, ..tenant }).await.unwrap();
        }
        let router = if switched_off { &closed } else { &bench.router };
        let status = send(router, "POST", STATUS, &headers, Some(json!({}))).await;
        assert_eq!((status.status, &status.body), (StatusCode::OK, &disabled), "{switched_off}");
        for (path, body) in calls.clone() {
            let answer = send(router, "POST", path, &headers, Some(body)).await;
            assert_eq!(refusal(&answer), refused(403, "forbidden"), "{path}");
            assert_eq!(answer.text("error"), "Custom Library is not enabled for this tenant");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_is_set_built_and_deleted_after_its_cooldown() {
    let bench = Bench::start().await;
    let owner = bench.owner_with_library().await;
    let set = owner.done(SET, named(APP)).await;
    assert_eq!(set.body, json!({ "message": "App identifier set successfully", "app_identifier": APP }));
    assert_eq!(states(&owner).await, ["ios pending", "android pending"]);
    assert_eq!(refusal(&owner.post(SET, named(APP)).await), refused(409, "library_build_running"));
    assert_eq!(refusal(&owner.post(DELETE, named(APP)).await), refused(409, "library_build_running"));
    assert_eq!(refusal(&owner.post(DOWNLOAD, json!({ "platform": "ios" })).await), refused(404, "not_found"));

    assert_eq!(bench.run_library_worker(&bench.worker()).await, 2);
    let status = owner.done(STATUS, json!({})).await.body;
    assert_eq!((&status["enabled"], &status["max_identifiers"]), (&json!(true), &json!(3)));
    assert_eq!((&status["identifier_count"], states(&owner).await.len()), (&json!(1), 2));
    let identifier = &status["identifiers"][0];
    let cooldown = &identifier["platform_cooldowns"]["ios"];
    assert_eq!(cooldown["cooldown_remaining_days"], 30);
    let left = cooldown["cooldown_remaining_seconds"].as_i64().unwrap();
    assert!((COOLDOWN_SECONDS - 60..=COOLDOWN_SECONDS).contains(&left), "{left}");
    assert_eq!(identifier["latest_by_platform"]["ios"], identifier["builds"][0]);
    assert_eq!(packages(&bench).await.len(), 2);

    assert_eq!(refusal(&owner.post(DELETE, named(APP)).await), refused(400, "library_cooldown"));
    assert_eq!(refusal(&owner.post(SET, named(APP)).await), refused(400, "library_cooldown"));
    bench.clock.pass(COOLDOWN_SECONDS);
    let owner = bench.owner();
    owner.done(SET, named(APP)).await;
    assert_eq!(states(&owner).await[..2], ["ios pending", "android pending"], "built again");
    bench.run_library_worker(&bench.worker()).await;
    assert_eq!(packages(&bench).await.len(), 4, "the build before can still be downloaded");
    bench.clock.pass(COOLDOWN_SECONDS);
    let owner = bench.owner();
    let deleted = owner.done(DELETE, named(APP)).await;
    assert_eq!(deleted.body, json!({ "message": "Libraries for com.company.app deleted successfully" }));
    assert_eq!((identifiers(&owner).await.len(), packages(&bench).await), (0, vec![]));
    assert!(bench.store().libraries(&bench.tenant.id).await.unwrap().is_empty(), "the item went too");
    assert!(bench.store().roster(&bench.tenant.id).await.unwrap().libraries.is_empty());
    let again = owner.post(DELETE, named(APP)).await;
    assert_eq!((refusal(&again), again.text("error")), (refused(404, "not_found"), "App identifier not found".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_identifiers_are_set_as_the_limit_allows_whoever_asks_for_more() {
    let bench = Bench::start().await;
    let owner = bench.owner_with_library().await;
    let bodies = (0..12).map(|number| named(&format!("com.company.app{number}")));
    let answers = at_once(&owner, SET, bodies).await;
    assert_eq!(count(&answers), counts([("200", 3), ("400 app_identifier_limit", 9)]));
    assert_eq!(
        answers.iter().find(|answer| answer.status == 400).unwrap().text("error"),
        "The limit of 3 app identifiers is reached"
    );
    let set: BTreeSet<String> =
        answers.iter().filter(|answer| answer.status == 200).map(|answer| answer.text("app_identifier")).collect();
    let listed: BTreeSet<String> = identifiers(&owner)
        .await
        .iter()
        .map(|identifier| identifier["app_identifier"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(listed, set);
    assert_eq!(bench.store().roster(&bench.tenant.id).await.unwrap().libraries.len(), 3);

    let tenant = bench.store().tenant(&bench.tenant.id).await.unwrap().unwrap();
    for (most, wanted) in [(4, 200), (0, 400)] {
        let custom_limits = CustomLimits { custom_library_identifiers: Some(most), ..tenant.custom_limits };
        bench.store().put_tenant(&Tenant { custom_limits, ..tenant.clone() }).await.unwrap();
        assert_eq!(owner.done(STATUS, json!({})).await.body["max_identifiers"], most);
        let answer = owner.post(SET, named(&format!("com.company.more{most}"))).await;
        assert_eq!(answer.status, wanted, "{}", answer.body);
    }
    let own = set.first().unwrap();
    assert_eq!(refusal(&owner.post(SET, named(own)).await).1, "library_build_running", "it is one of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_identifier_is_set_where_none_is_allowed() {
    let bench = Bench::start().await;
    let owner = bench.owner_with_library().await;
    let tenant = bench.store().tenant(&bench.tenant.id).await.unwrap().unwrap();
    let custom_limits = CustomLimits { custom_library_identifiers: Some(0), ..tenant.custom_limits };
    bench.store().put_tenant(&Tenant { custom_limits, ..tenant }).await.unwrap();
    assert_eq!(refusal(&owner.post(SET, named(APP)).await), refused(400, "app_identifier_limit"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_identifier_set_by_many_is_built_once_and_a_key_sets_it_once() {
    let bench = Bench::start().await;
    let owner = bench.owner_with_library().await;
    let answers = at_once(&owner, SET, vec![named(APP); 10]).await;
    assert_eq!(count(&answers), counts([("200", 1), ("409 library_build_running", 9)]));
    assert_eq!(states(&owner).await, ["ios pending", "android pending"]);
    assert_eq!(bench.run_library_worker(&bench.worker()).await, 2);

    let headers =
        [("authorization", owner.bearer.as_str()), ("tenant", owner.tenant.as_str()), ("idempotency-key", "one")];
    let ask = async |body: Value| send(&bench.router, "POST", SET, &headers, Some(body)).await;
    let first = ask(named("com.company.other")).await;
    let again = ask(named("com.company.other")).await;
    assert_eq!((again.status.as_u16(), &again.headers["idempotent-replayed"]), (200, &"true".parse().unwrap()));
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(refusal(&ask(named("com.company.third")).await), refused(422, "idempotency_key_reused"));
    assert_eq!(bench.run_library_worker(&bench.worker()).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_deletions_one_is_made_and_none_while_a_build_starts() {
    let bench = Bench::start().await;
    let owner = bench.owner_with_library().await;
    failed(&bench, &owner).await;
    assert_eq!(states(&owner).await, ["ios failed", "android failed"]);
    let answers = at_once(&owner, DELETE, vec![named(APP); 8]).await;
    assert_eq!(count(&answers), counts([("200", 1), ("404 not_found", 7)]));

    for _ in 0..10 {
        failed(&bench, &owner).await;
        let (set, deleted) = join(owner.post(SET, named(APP)), owner.post(DELETE, named(APP))).await;
        assert_eq!(set.status, 200, "before the deletion or after it: {}", set.body);
        match deleted.status.as_u16() {
            200 => {}
            409 => assert_eq!(refusal(&deleted), refused(409, "library_build_running")),
            _ => panic!("{}", deleted.body),
        }
        // Whoever was first, the identifier is there, and is being built.
        let roster = bench.store().roster(&bench.tenant.id).await.unwrap();
        assert_eq!(roster.libraries, [APP.parse::<AppIdentifier>().unwrap()].into());
        assert_eq!(states(&owner).await[..2], ["ios pending", "android pending"]);
        for platform in Platform::ALL {
            let assignment = leased(&bench, platform).await;
            functions::working(bench.service().fail_library(assignment, Failure::new("broken", "It broke")))
                .await
                .unwrap();
        }
        owner.done(DELETE, named(APP)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_wake_up_and_a_silent_worker_are_made_good_for_until_the_third_silence() {
    let bench = Bench::start().await;
    bench.clock.stop();
    let owner = bench.owner_with_library().await;
    owner.done(SET, named(APP)).await;
    let silent = bench.worker_with(protection_worker::Lease::default());
    let lost = aws_sdk_sqs::Client::new(&bench.config).purge_queue().queue_url(&bench.stack.names.library_queue_url);
    lost.send().await.unwrap();
    bench.clock.pass(301);
    let done = functions::reconcile(bench.service()).await.unwrap();
    assert_eq!((done.looked_at, done.failed), (1, 0));
    // Android's worker dies each time; iOS' does not.
    for attempt in 1..=3 {
        let assignment = leased(&bench, Platform::Android).await;
        assert_eq!(assignment.build.attempt, attempt);
        assert!(matches!(lease(&bench, Platform::Android).await, Leased::Busy { seconds: 1.. }));
        bench.clock.pass(LEASE + 16);
        assert_eq!(functions::reconcile(bench.service()).await.unwrap().failed, 0);
    }
    assert!(matches!(lease(&bench, Platform::Android).await, Leased::Nothing));
    assert!(bench.run_library_worker(&silent).await > 0, "and the wake-ups that are left find nothing to do, or iOS");
    assert_eq!(states(&bench.owner()).await, ["ios success", "android failed"]);
    let identifiers = identifiers(&bench.owner()).await;
    assert_eq!(identifiers[0]["builds"][1]["error_message"], "The build stopped without an answer 3 times");
    bench.owner().done(SET, named(APP)).await;
    assert_eq!(states(&bench.owner()).await, ["android pending", "ios success", "android failed"], "what failed again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lost_its_build_publishes_nothing_and_leaves_nothing() {
    let bench = Bench::start().await;
    bench.clock.stop();
    let owner = bench.owner_with_library().await;
    owner.done(SET, named(APP)).await;
    let zombie = leased(&bench, Platform::Android).await;
    bench.clock.pass(LEASE + 1);
    assert_eq!(bench.run_library_worker(&bench.worker()).await, 2);
    assert_eq!(library(&bench).await.latest(Platform::Android).unwrap().package().unwrap().attempt, 2);

    let (store, bytes) = (bench.service().store(), b"too late".to_vec());
    let package = Package { attempt: 1, sha256: Sha256Hex::of(&bytes), size: 8, policy_version: 0 };
    functions::working(store.put_library_package(&zombie.library.tenant, &zombie.build, bytes)).await.unwrap();
    assert_eq!(packages(&bench).await.len(), 3);
    let ended = functions::working(bench.service().finish_library(zombie.clone(), package.clone())).await.unwrap();
    assert_eq!(ended, Aftermath::Over);
    let left = packages(&bench).await;
    assert!(left.len() == 2 && left.iter().any(|key| key.ends_with("/2/library.aar")), "{left:?}");

    // Also where its identifier is long gone.
    bench.clock.pass(COOLDOWN_SECONDS);
    bench.owner().done(DELETE, named(APP)).await;
    functions::working(store.put_library_package(&zombie.library.tenant, &zombie.build, vec![1])).await.unwrap();
    functions::working(bench.service().finish_library(zombie, package)).await.unwrap();
    assert_eq!(packages(&bench).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_with_the_same_wake_up_make_one_library() {
    let bench = Bench::start().await;
    let owner = bench.owner_with_library().await;
    owner.done(SET, named(APP)).await;
    let library = library(&bench).await;
    let mut message = aws_lambda_events::sqs::SqsMessage::default();
    message.message_id = Some("twice".to_owned());
    message.receipt_handle = Some("none".to_owned());
    message.event_source_arn = Some("arn:aws:sqs:us-east-1:000000000000:test-library".to_owned());
    message.body = Some(serde_json::to_string(&wakeup(&library, &library.builds[0])).unwrap());
    let mut event = aws_lambda_events::sqs::SqsEvent::default();
    event.records = vec![message];
    let worker = bench.worker();
    let (first, second) =
        join(functions::build(&worker, event.clone()), functions::build(&worker, event.clone())).await;
    let given_back = first.batch_item_failures.len() + second.batch_item_failures.len();
    assert!(given_back <= 1, "one of them works");
    let third = functions::build(&worker, event).await;
    assert_eq!(third.batch_item_failures.len(), 0, "there is nothing to do any more");
    assert_eq!(states(&owner).await, ["ios pending", "android success"]);
    assert_eq!(packages(&bench).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_that_is_none_is_refused_with_the_rule() {
    let bench = Bench::start().await;
    let owner = bench.owner_with_library().await;
    for (body, message) in [
        (json!({}), "App identifier is missing"),
        (named("com.example.production.app"), "App identifiers that begin with com.example are reserved"),
        (
            named("com.company"),
            "App identifier must have at least three segments with dots between them, such as com.company.app",
        ),
        (named("com.company.2app"), "Segment 3 of the app identifier (2app) must start with a letter"),
    ] {
        let answer = owner.post(SET, body).await;
        assert_eq!(
            (refusal(&answer), answer.text("error")),
            (refused(400, "invalid_app_identifier"), message.to_owned())
        );
    }
    assert_eq!(refusal(&owner.post(SET, json!({ "app_identifier": 7 })).await), refused(400, "invalid_body"));
    assert_eq!(refusal(&owner.post(SET, json!({ "app_identifier": APP, "x": 1 })).await), refused(400, "invalid_body"));
}

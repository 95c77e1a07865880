//! Races that are run as such: many at once against one limit, one upload, one job.

use std::collections::{BTreeMap, BTreeSet};

use domain::job::State;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::functions;
use tests::harness::Answer;

use crate::index::uploading::{put_source, with_parts};
use crate::world::{World, acknowledged, event, notification, short};

fn upload() -> Option<Value> {
    Some(json!({ "file_name": "app.apk", "platform": "android", "version": "prod" }))
}

/// Asks for 50 uploads at once.
async fn ask_at_once(world: &World) -> Vec<Answer> {
    join_all((0..50).map(|_| world.bench.call("POST", "/automate/upload", upload()))).await
}

/// How often each answer was given.
fn count(answers: &[Answer]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(short(answer)).or_default() += 1;
    }
    counts
}

fn header(answer: &Answer, name: &str) -> String {
    answer.headers[name].to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_50_uploads_at_once_exactly_as_many_are_admitted_as_the_limit_allows() {
    let world = World::start().await;
    for (concurrent, weekly, code, retry_after) in
        [(3, 100, "concurrent_build_limit", 30), (100, 8, "weekly_build_limit", 7 * 24 * 3600)]
    {
        world.bench.limit(concurrent, weekly).await;
        let before = world.ledger().await.recent.len();
        let answers = ask_at_once(&world).await;
        let admitted = usize::try_from(concurrent.min(weekly)).unwrap() - before;
        let refused = format!("429 {code}");
        assert_eq!(count(&answers), [("200".to_owned(), admitted), (refused, 50 - admitted)].into());
        let ids: BTreeSet<String> = answers.iter().filter(|a| a.status == 200).map(|a| a.text("job_id")).collect();
        assert_eq!(ids.len(), admitted, "no two builds share an id");
        for answer in answers.iter().filter(|answer| answer.status == 429) {
            assert_eq!(header(answer, "retry-after"), retry_after.to_string());
            assert_eq!(header(answer, "x-ratelimit-limit"), concurrent.min(weekly).to_string());
            assert_eq!(header(answer, "x-ratelimit-remaining"), "0");
        }
        let ledger = world.ledger().await;
        assert_eq!(ledger.active.len(), before + admitted, "{ledger:?}");
        assert_eq!(ledger.recent.len(), before + admitted, "{ledger:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_requests_with_one_key_make_one_job() {
    let world = World::start().await;
    world.bench.limit(1, 1).await;
    let entry = &world.direct();
    let ask = || world.call_with(entry, "POST", "/automate/upload", &[("idempotency-key", "one")], upload());
    let answers = join_all((0..20).map(|_| ask())).await;
    assert_eq!(count(&answers), [("200".to_owned(), 20)].into());
    let ids: BTreeSet<String> = answers.iter().map(|answer| answer.text("job_id")).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let first: Vec<_> = answers.iter().filter(|answer| !answer.headers.contains_key("idempotent-replayed")).collect();
    assert_eq!(first.len(), 1, "one request made the job, the others replay it");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arrival_that_everybody_notices_at_once_happens_once() {
    let world = World::start().await;
    let job = world.uploaded(&world.apk).await;
    world.pass(301);
    let status = format!("/automate/status/{}", job.id);
    let (statuses, notices, runs) = tokio::join!(
        join_all((0..10).map(|_| world.bench.get(&status))),
        join_all((0..10).map(|_| functions::arrive(world.service(), event(&notification(&job))))),
        join_all((0..5).map(|_| functions::reconcile(world.service()))),
    );
    for answer in statuses {
        assert_eq!((answer.status.as_u16(), answer.text("progress")), (200, "Queued".to_owned()));
    }
    assert!(notices.iter().all(acknowledged));
    assert!(runs.into_iter().all(|run| run.unwrap().failed == 0));
    let ledger = world.ledger().await;
    assert_eq!((ledger.active.len(), ledger.arrived.len(), ledger.recent.len()), (1, 1, 1), "{ledger:?}");
    let queued = world.job(job.id).await;
    assert!(matches!(queued.state, State::Queued { .. }), "{queued:?}");
    let ended = world.settle(job.id).await;
    assert_eq!(world.judge(&ended).await, "completed by attempt 1, counted", "however many messages there were");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_completions_of_one_upload_answer_the_same_and_queue_one_job() {
    let world = World::start().await;
    put_source(&world).await;
    let claim = with_parts(&world).await;
    let complete = || world.bench.post("/automate/upload/complete", claim.body.clone());
    for answer in join_all((0..20).map(|_| complete())).await {
        assert_eq!((answer.status.as_u16(), answer.text("job_id")), (200, claim.job.id.to_string()), "{}", answer.body);
    }
    let job = world.job(claim.job.id).await;
    assert!(matches!(job.state, State::Queued { .. }), "{job:?}");
    assert_eq!(job.revision, 1, "one arrival");
    assert_eq!(world.take_wakeups().await, [job.id.to_string()], "one wake-up");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_workers_with_ten_messages_of_one_job_build_it_once() {
    let world = World::start().await;
    let job = world.queued(&world.apk).await;
    for _ in 0..9 {
        world.bench.store().send_wakeup(&job.tenant, job.id).await.unwrap();
    }
    let mut messages = Vec::new();
    while let Some(message) = world.receive_wakeup().await {
        messages.push(message);
    }
    assert_eq!(messages.len(), 10);
    let worker = world.worker();
    let handle = |message| {
        let worker = &worker;
        async move { functions::build(worker, event(message)).await }
    };
    let taken = join_all(messages.iter().map(handle)).await.iter().filter(|response| acknowledged(response)).count();
    assert!(taken >= 1, "the one that built it is acknowledged");
    let ended = world.settle(job.id).await;
    assert_eq!(world.judge(&ended).await, "completed by attempt 1, counted");
}

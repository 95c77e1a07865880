//! What time does to a job: slots, the week, leases, expiry. The clock stands still unless a test moves it.

use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use domain::job::{Event, Job, State};
use domain::phase::Phase;
use domain::progress::Progress;
use domain::upload::MULTIPART_FROM;
use serde_json::{Value, json};
use service::work::Leased;
use tests::functions;
use tests::harness::Answer;

use crate::index::uploading::{put_source, with_parts};
use crate::wire::{Attempts, Fault, Plan, Target, Wire};
use crate::world::{World, acknowledged, event, message, notification, notification_of, short};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;
const RESERVATION: i64 = 75 * 60;

async fn ask(world: &World) -> Answer {
    world
        .bench
        .post("/automate/upload", json!({ "file_name": "app.apk", "platform": "android", "version": "prod" }))
        .await
}

/// A refusal in short, with the seconds after which it may be asked again.
fn refusal(answer: &Answer) -> (String, String) {
    (short(answer), answer.headers["retry-after"].to_str().unwrap().to_owned())
}

fn refused(code: &str, seconds: i64) -> (String, String) {
    (format!("429 {code}"), seconds.to_string())
}

async fn cancel(world: &World, job: &Job) {
    assert_eq!(short(&world.bench.post(&format!("/automate/cancel/{}", job.id), Value::Null).await), "200");
}

async fn status(world: &World, job: &Job) -> Answer {
    world.bench.get(&format!("/automate/status/{}", job.id)).await
}

/// Lets a worker lease the job.
async fn lease(world: &World, job: &Job, seconds: i64) -> Leased {
    functions::working(world.service().lease(&job.tenant, job.id, seconds)).await.unwrap()
}

/// Lets a worker take the message.
async fn work(world: &World, message: &SqsMessage) -> bool {
    acknowledged(&functions::build(&world.worker(), event(message)).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_is_given_back_75_minutes_after_an_upload_that_did_not_arrive() {
    let world = World::start().await;
    world.bench.limit(1, 100).await;
    let first = world.awaiting(None).await;
    assert_eq!(refusal(&ask(&world).await), refused("concurrent_build_limit", 30));
    world.pass(first.id.start_time() + RESERVATION - 7 - world.bench.clock.now());
    assert_eq!(refusal(&ask(&world).await), refused("concurrent_build_limit", 7));
    world.pass(6);
    assert_eq!(refusal(&ask(&world).await), refused("concurrent_build_limit", 1));
    world.pass(1);
    let second = world.awaiting(None).await;
    let ledger = world.ledger().await;
    assert_eq!(Vec::from_iter(ledger.active), [second.id.start_time()]);
    assert_eq!(Vec::from_iter(ledger.recent), [second.id.start_time()], "the week's share came back with the slot");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_comes_after_its_slot_was_given_away_waits_and_is_built_when_a_slot_is_free() {
    let world = World::start().await;
    world.bench.limit(1, 100).await;
    let late = world.awaiting(None).await;
    world.pass(RESERVATION + 1);
    let other = world.queued(&world.apk).await;
    world.take_wakeups().await;

    world.put_upload(&late, &world.apk).await;
    assert!(acknowledged(&functions::arrive(world.service(), event(&notification(&late))).await));
    let waiting = status(&world, &late).await;
    assert_eq!((waiting.text("status"), waiting.text("progress")), ("processing".into(), "Queued".into()));
    assert_eq!(Vec::from_iter(world.ledger().await.active), [other.id.start_time()], "the limit holds");
    world.pass(301);
    assert_eq!(functions::reconcile(world.service()).await.unwrap().failed, 0);
    assert!(matches!(world.job(late.id).await.state, State::AwaitingUpload));
    assert!(!world.take_wakeups().await.contains(&late.id.to_string()), "nobody builds it over the limit");

    cancel(&world, &other).await;
    world.pass(301);
    functions::reconcile(world.service()).await.unwrap();
    assert!(matches!(world.job(late.id).await.state, State::Queued { .. }), "five minutes later at the latest");
    assert_eq!(Vec::from_iter(world.ledger().await.active), [late.id.start_time()]);
    let ended = world.settle(late.id).await;
    assert_eq!(world.judge(&ended).await, "completed by attempt 1, counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_completed_after_its_slot_was_given_away_answers_429_until_a_slot_is_free() {
    let world = World::start().await;
    world.bench.limit(1, 100).await;
    put_source(&world).await;
    let late = with_parts(&world).await;
    world.pass(RESERVATION + 1);
    let other = world.awaiting(None).await;
    let complete = || world.bench.post("/automate/upload/complete", late.body.clone());
    assert_eq!(refusal(&complete().await), refused("concurrent_build_limit", 30));
    cancel(&world, &other).await;
    assert_eq!(short(&complete().await), "200");
    assert_eq!(Vec::from_iter(world.ledger().await.active), [late.job.id.start_time()]);
    assert!(world.take_wakeups().await.contains(&late.job.id.to_string()));

    // A reservation that lapsed must not keep out an upload that is there.
    cancel(&world, &late.job).await;
    let late = with_parts(&world).await;
    world.pass(RESERVATION + 1);
    world.awaiting(None).await;
    world.pass(RESERVATION + 1);
    assert_eq!(short(&world.bench.post("/automate/upload/complete", late.body.clone()).await), "200");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_never_came_ends_its_job_after_24_hours_and_gives_the_week_back() {
    let world = World::start().await;
    let job = world.awaiting(None).await;
    world.pass(job.id.start_time() + DAY - 1 - world.bench.clock.now());
    functions::reconcile(world.service()).await.unwrap();
    assert!(matches!(world.job(job.id).await.state, State::AwaitingUpload));
    assert_eq!(short(&status(&world, &job).await), "404 not_found");
    // The reconciler looks every five minutes.
    world.pass(300);
    functions::reconcile(world.service()).await.unwrap();
    let ended = status(&world, &job).await;
    assert_eq!(ended.text("status"), "failed");
    assert_eq!(ended.text("failure_code"), "upload_expired");
    assert_eq!(ended.text("error_message"), "The upload did not arrive, or found no free build slot, within 24 hours");
    let job = world.settle(job.id).await;
    assert_eq!(world.judge(&job).await, "upload_expired, given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_week_rolls_on_to_the_second_and_cancelled_builds_give_their_share_back() {
    let world = World::start().await;
    world.bench.limit(10, 2).await;
    let first = world.queued(b"no package").await;
    // Each job takes a second of its own.
    world.pass(99);
    let second = world.queued(b"no package").await;
    assert_eq!(refusal(&ask(&world).await), refused("weekly_build_limit", WEEK - 100));
    for job in [&first, &second] {
        let ended = world.settle(job.id).await;
        assert_eq!(world.judge(&ended).await, "archive_invalid, counted");
    }
    world.pass(first.id.start_time() + WEEK - 1 - world.bench.clock.now());
    assert_eq!(refusal(&ask(&world).await), refused("weekly_build_limit", 1));
    let third = world.awaiting(None).await;
    assert_eq!(refusal(&ask(&world).await), refused("weekly_build_limit", 100));
    cancel(&world, &third).await;
    let fourth = world.queued(&world.apk).await;
    assert_eq!(refusal(&ask(&world).await), refused("weekly_build_limit", 99));
    cancel(&world, &fourth).await;
    assert_eq!(short(&ask(&world).await), "200", "a build that is cancelled while it waits costs nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_workers_that_die_without_a_word_fail_the_job_and_name_what_the_last_one_did() {
    let world = World::start().await;
    let job = world.queued(&world.apk).await;
    let woken = world.receive_wakeup().await.unwrap();
    for attempt in 1..=3 {
        let leased = lease(&world, &job, 300).await;
        let Leased::Work(assignment) = leased else { panic!("{leased:?}") };
        assert_eq!((assignment.job.attempt, assignment.job.silent_ends), (attempt, attempt - 1));
        let phase = if attempt == 3 { Phase::Signing } else { Phase::Protecting };
        let progress = Progress::within(attempt, phase, 0, 1);
        functions::working(world.service().report(&assignment, &progress)).await.unwrap();
        world.pass(301);
    }
    assert!(work(&world, &woken).await, "nothing is left to do");
    let ended = status(&world, &job).await;
    assert_eq!((ended.text("status"), ended.text("failure_code")), ("failed".into(), "worker_lost".into()));
    assert_eq!(ended.text("error_message"), "The build stopped without an answer 3 times, last while Signing");
    let ended = world.settle(job.id).await;
    assert_eq!(world.judge(&ended).await, "worker_lost, counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_meets_a_lease_is_not_acknowledged_and_comes_back_after_it() {
    let world = World::start().await;
    let job = world.queued(&world.apk).await;
    let woken = world.receive_wakeup().await.unwrap();
    assert!(matches!(lease(&world, &job, 1).await, Leased::Work(_)));
    let wire = Wire::new();
    wire.arm(None);
    let worker = protection_worker::Worker::new(world.over(&wire).service, protection_worker::Lease::default());
    let response = functions::build(&worker, event(&woken)).await;
    assert_eq!(response.batch_item_failures[0].item_identifier, woken.message_id.clone().unwrap());
    assert_eq!(wire.operations(), ["Query", "ChangeMessageVisibility"], "it reads the job and hides the message");
    assert_eq!(world.job(job.id).await.attempt, 1);
    // By the queue's own timeout it would come back after 330 seconds; it comes back 5 seconds after the lease.
    assert!(world.receive_wakeup().await.is_none());
    tokio::time::sleep(Duration::from_millis(6500)).await;
    assert_eq!(world.receive_wakeup().await.unwrap().message_id, woken.message_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_the_infrastructure_cost_no_attempt_for_24_hours_and_then_end_the_job() {
    let world = World::start().await;
    let job = world.queued(&world.apk).await;
    let woken = world.receive_wakeup().await.unwrap();
    let wire = Wire::new();
    let entry = world.over(&wire);
    let broken =
        Target { and_after: true, ..Target::among("GetObject", 0, Plan::Fail(Fault::Unavailable, Attempts::All)) };
    wire.arm(Some(broken));
    let worker = protection_worker::Worker::new(entry.service, protection_worker::Lease::default());
    for attempt in 1..=5 {
        assert!(!acknowledged(&functions::build(&worker, event(&woken)).await));
        let waiting = world.job(job.id).await;
        assert!(matches!(waiting.state, State::Queued { .. }), "{waiting:?}");
        assert_eq!((waiting.attempt, waiting.silent_ends), (attempt, 0));
    }
    assert_eq!(status(&world, &job).await.text("progress"), "Queued");
    world.pass(DAY);
    assert!(acknowledged(&functions::build(&worker, event(&woken)).await), "nothing is left to do");
    let ended = status(&world, &job).await;
    assert_eq!((ended.text("status"), ended.text("failure_code")), ("failed".into(), "infrastructure".into()));
    let ended = world.settle(job.id).await;
    assert_eq!(world.judge(&ended).await, "infrastructure, counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_upload_that_arrived_is_built() {
    let world = World::start().await;
    let replaced = world.queued(&world.apk).await;
    world.put_upload(&replaced, &tests::packages::apk_of_size(10_000)).await;
    // The notification of the second object changes nothing.
    assert!(acknowledged(&functions::arrive(world.service(), event(&notification(&replaced))).await));
    let ended = world.settle(replaced.id).await;
    assert_eq!(world.judge(&ended).await, "upload_replaced, counted");
    let answer = status(&world, &replaced).await;
    assert_eq!(answer.text("error_message"), "The upload was replaced while the build was waiting or running");

    let announced = world.awaiting(Some(1000)).await;
    world.put_upload(&announced, &[0; 999]).await;
    let answer = status(&world, &announced).await;
    assert_eq!((answer.text("status"), answer.text("failure_code")), ("failed".into(), "upload_size_mismatch".into()));
    assert_eq!(answer.text("error_message"), "The upload has 999 bytes, file_size announced 1000");
    let ended = world.settle(announced.id).await;
    assert_eq!(world.judge(&ended).await, "upload_size_mismatch, counted");
    assert!(!world.take_wakeups().await.contains(&announced.id.to_string()), "nobody is woken for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_for_which_no_job_waits_is_removed() {
    let world = World::start().await;
    let unknown = Job { id: "1700000000".parse().unwrap(), ..world.awaiting(None).await };
    let completed = {
        let job = world.queued(&world.apk).await;
        world.settle(job.id).await
    };
    for job in [&unknown, &completed] {
        world.put_upload(job, b"again").await;
        assert!(acknowledged(&functions::arrive(world.service(), event(&notification(job))).await));
        let path = job.upload_path().to_string();
        assert_eq!(world.keys(&world.bench.stack.names.uploads_bucket, &path).await, Vec::<String>::new());
    }
    assert_eq!(world.judge(&completed).await, "completed by attempt 1, counted");
    assert_eq!(world.job(completed.id).await, completed, "a later object changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_of_a_batch_is_judged_by_itself() {
    let world = World::start().await;
    let job = world.uploaded(&world.apk).await;
    let mut batch = event(&message("bad", "no JSON"));
    batch.records.push(notification(&job));
    batch.records.push(message("test", json!({ "Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b" })));
    batch.records.push(notification_of("not/ours"));
    let response = functions::arrive(world.service(), batch).await;
    let given_back: Vec<_> = response.batch_item_failures.iter().map(|f| f.item_identifier.as_str()).collect();
    assert_eq!(given_back, ["bad"]);
    let queued = world.job(job.id).await;
    assert!(matches!(queued.state, State::Queued { .. }), "{queued:?}");

    let woken = world.receive_wakeup().await.unwrap();
    let mut batch = event(&message("unreadable", "{}"));
    batch.records.push(woken.clone());
    batch.records.push(message("nobody's", json!({ "v": 1, "tenant": job.tenant, "job": 1_700_000_000 })));
    let response = functions::build(&world.worker(), batch).await;
    let given_back: Vec<_> = response.batch_item_failures.iter().map(|f| f.item_identifier.as_str()).collect();
    assert_eq!(given_back, ["unreadable"], "what cannot be read goes to the dead letters, where a person looks at it");
    let ended = world.settle(job.id).await;
    assert_eq!(world.judge(&ended).await, "completed by attempt 1, counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn maintenance_says_for_how_long_nothing_came_of_a_job() {
    let world = World::start().await;
    let job = world.queued(&world.apk).await;
    lease(&world, &job, 300).await;
    world.pass(315 + 1000);
    // The wake-up that it sends is taken by nobody.
    functions::reconcile(world.service()).await.unwrap();
    world.pass(60);
    let overdue = functions::reconcile(world.service()).await.unwrap().overdue_seconds;
    assert!((1060..1100).contains(&overdue), "{overdue}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_build_is_tidied_once_its_worker_can_store_nothing_more() {
    let world = World::start().await;
    let job = world.queued(&world.apk).await;
    let leased = lease(&world, &job, 300).await;
    let Leased::Work(assignment) = leased else { panic!("{leased:?}") };
    cancel(&world, &job).await;
    // The worker has not noticed yet, and dies right after it stored its output.
    let file = world.bench.folder.path().join("output");
    std::fs::write(&file, b"output").unwrap();
    world.bench.store().put_output(&assignment.job, 1, &file).await.unwrap();
    world.pass(299);
    assert_eq!(functions::reconcile(world.service()).await.unwrap().looked_at, 0);
    assert!(assignment.job.apply(Event::Tidy, world.service().clock().now()).is_err());
    let ended = world.settle(job.id).await;
    assert_eq!(world.judge(&ended).await, "cancelled, given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_not_made_of_its_jobs_parts_ends_it_whoever_finds_it() {
    let world = World::start().await;
    for finder in ["status", "arrival", "maintenance"] {
        let job = world.awaiting(Some(usize::try_from(MULTIPART_FROM).unwrap())).await;
        world.put_upload(&job, b"something else").await;
        match finder {
            "status" => assert_eq!(status(&world, &job).await.text("failure_code"), "upload_size_mismatch"),
            "arrival" => assert!(acknowledged(&functions::arrive(world.service(), event(&notification(&job))).await)),
            _ => {
                world.pass(301);
                assert_eq!(functions::reconcile(world.service()).await.unwrap().failed, 0);
            }
        }
        let ended = world.job(job.id).await;
        assert_eq!(world.judge(&ended).await, "upload_size_mismatch, counted", "{finder}");
        world.settle(job.id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_removes_what_earlier_attempts_stored() {
    let world = World::start().await;
    let job = world.queued(&world.apk).await;
    let leased = lease(&world, &job, 300).await;
    let Leased::Work(assignment) = leased else { panic!("{leased:?}") };
    world.bench.store().put_report(&assignment.job, 1, b"{}".to_vec()).await.unwrap();
    world.pass(400);
    cancel(&world, &job).await;
    let ended = world.job(job.id).await;
    assert_eq!(world.judge(&ended).await, "cancelled, given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_gone_again_neither_arrives_nor_is_built() {
    let world = World::start().await;
    let job = world.awaiting(None).await;
    assert!(acknowledged(&functions::arrive(world.service(), event(&notification(&job))).await));
    assert_eq!(world.job(job.id).await, job);

    let job = world.queued(&world.apk).await;
    world.bench.store().delete_upload(&job.upload_path()).await.unwrap();
    let woken = world.receive_wakeup().await.unwrap();
    assert!(work(&world, &woken).await);
    let ended = world.job(job.id).await;
    assert_eq!(world.judge(&ended).await, "upload_missing, counted");
}

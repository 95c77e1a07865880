//! Two use cases on one job: the first is held before each of its calls while the second runs from end to end.

use domain::job::{Job, State};
use domain::platform::Platform;
use serde_json::{Value, json};
use service::work::Aftermath;
use tests::functions;

use crate::index::configuring::publication;
use crate::index::keeping::key_creation;
use crate::index::managing::creations;
use crate::index::uploading::{put_source, with_parts};
use crate::libraries;
use crate::table::UseCase as _;
use crate::wire::{Plan, TRANSACTION, Target, Wire};
use crate::world::{Entry, World, acknowledged, event, notification, short};

/// Runs `act` over a wire that holds call `index`, and `meanwhile` as soon as it is held. `None` once `act` has fewer
/// calls than that.
async fn interleave<A, B>(
    (world, wire): (&World, &Wire),
    target: Target,
    act: impl AsyncFnOnce(&Entry) -> A,
    meanwhile: impl AsyncFnOnce() -> B,
) -> Option<(A, B)> {
    let entry = world.over(wire);
    wire.arm(Some(target));
    let second = async {
        wire.reached().await;
        let answer = meanwhile().await;
        wire.release();
        answer
    };
    let mut second = std::pin::pin!(second);
    let mut first = std::pin::pin!(act(&entry));
    tokio::select! {
        // A worker does several things at once, and may end while one of them is held.
        answer = &mut first => match wire.hit() {
            Some(_) => Some((answer, second.await)),
            None => None,
        },
        answer = &mut second => Some((first.await, answer)),
    }
}

fn before(index: usize) -> Target {
    Target::at(index, Plan::HoldBefore)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_replayed_wherever_its_twin_overtakes_it() {
    let world = World::start().await;
    world.bench.limit(1, 100_000).await;
    let wire = Wire::new();
    let body = json!({ "file_name": "app.apk", "platform": "android", "version": "prod" });
    for index in 0.. {
        let key = format!("key {index}");
        let ask = async |entry: &Entry| {
            world.call_with(entry, "POST", "/automate/upload", &[("idempotency-key", &key)], Some(body.clone())).await
        };
        let both = interleave((&world, &wire), before(index), ask, async || ask(&world.direct()).await).await;
        let Some((first, second)) = both else {
            assert!(index >= 6, "the request makes six calls at least");
            break;
        };
        assert_eq!((short(&first), short(&second)), ("200".to_owned(), "200".to_owned()), "held at {index}");
        assert_eq!(first.text("job_id"), second.text("job_id"), "held at {index}");
        world.pass(25 * 3600);
        let ended = world.settle(first.text("job_id").parse().unwrap()).await;
        assert_eq!(world.judge(&ended).await, "upload_expired, given back");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_with_a_key_is_made_once_wherever_a_twin_overtakes_its_request() {
    let world = World::start().await;
    let wire = Wire::new();
    for case in creations().into_iter().chain([publication().once(), key_creation()]) {
        for index in 0.. {
            let managed = case.prepare(&world).await;
            let ask = async |entry: &Entry| case.act(&world, entry, &managed).await;
            let both = interleave((&world, &wire), before(index), ask, async || ask(&world.direct()).await).await;
            case.assert_made_once(&world, &managed).await;
            let Some(both) = both else {
                assert!(index >= 3, "{} makes three calls at least", case.name());
                break;
            };
            assert_eq!(both, ("200".to_owned(), "200".to_owned()), "{}: held at {index}", case.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_is_cancelled_or_completed_and_never_both_wherever_the_cancellation_comes() {
    let world = World::start().await;
    let wire = Wire::new();
    let (mut cancelled, mut completed) = (0, 0);
    for index in 0.. {
        world.take_wakeups().await;
        let job = world.queued(&world.apk).await;
        let message = world.receive_wakeup().await.unwrap();
        let work = async |entry: &Entry| {
            let worker = protection_worker::Worker::new(entry.service.clone(), protection_worker::Lease::default());
            acknowledged(&functions::build(&worker, event(&message)).await)
        };
        let cancel = async || world.bench.post(&format!("/automate/cancel/{}", job.id), Value::Null).await;
        let both = interleave((&world, &wire), before(index), work, cancel).await;
        let ended = world.settle(job.id).await;
        let outcome = world.judge(&ended).await;
        let Some((taken, answer)) = both else { break };
        assert!(taken, "held at {index}: the work is done either way");
        match short(&answer).as_str() {
            "200" => assert_eq!(outcome, "cancelled, given back", "held at {index}"),
            "409 build_ended" => assert_eq!(outcome, "completed by attempt 1, counted", "held at {index}"),
            other => panic!("held at {index}: {other}"),
        }
        if answer.status == 200 { cancelled += 1 } else { completed += 1 }
    }
    assert!(cancelled >= 8 && completed >= 2, "{cancelled} before the end, {completed} after it");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_with_one_message_publish_one_output_wherever_they_meet() {
    let world = World::start().await;
    let wire = Wire::new();
    for index in 0.. {
        world.take_wakeups().await;
        let job = world.queued(&world.apk).await;
        let message = world.receive_wakeup().await.unwrap();
        let work = async |entry: &Entry| {
            let worker = protection_worker::Worker::new(entry.service.clone(), protection_worker::Lease::default());
            acknowledged(&functions::build(&worker, event(&message)).await)
        };
        let again = async || work(&world.direct()).await;
        let both = interleave((&world, &wire), before(index), work, again).await;
        let ended = world.settle(job.id).await;
        assert_eq!(world.judge(&ended).await, "completed by attempt 1, counted", "held at {index}");
        let Some((first, second)) = both else { break };
        assert!(first || second, "held at {index}: who built it acknowledges");
        assert!(second || ended.attempt == 1, "held at {index}: {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_lease_ran_out_changes_nothing_wherever_it_wakes_up() {
    let world = World::start().await;
    let wire = Wire::new();
    let mut taken_over = 0;
    for index in 0.. {
        world.take_wakeups().await;
        let job = world.queued(&world.apk).await;
        let message = world.receive_wakeup().await.unwrap();
        let work = async |entry: &Entry| {
            let worker = protection_worker::Worker::new(entry.service.clone(), protection_worker::Lease::default());
            acknowledged(&functions::build(&worker, event(&message)).await)
        };
        let take_over = async || {
            world.pass(306);
            (work(&world.direct()).await, world.job(job.id).await)
        };
        let both = interleave((&world, &wire), before(index), work, take_over).await;
        let ended = world.settle(job.id).await;
        let outcome = world.judge(&ended).await;
        let Some((_, (taken, after))) = both else { break };
        assert!(taken, "held at {index}: the second worker builds it, or finds it built");
        let State::Completed { output } = &after.state else { panic!("held at {index}: {after:?}") };
        assert_eq!(ended.state, after.state, "held at {index}: the first worker changes nothing");
        assert_eq!(outcome, format!("completed by attempt {}, counted", output.attempt), "held at {index}");
        taken_over += u32::from(output.attempt == 2);
    }
    assert!(taken_over >= 5, "{taken_over} times the second worker took over");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arrival_and_a_cancellation_leave_one_end_wherever_they_meet() {
    let world = World::start().await;
    let wire = Wire::new();
    for index in 0.. {
        let job = world.uploaded(&world.apk).await;
        let notice =
            async |entry: &Entry| acknowledged(&functions::arrive(&entry.service, event(&notification(&job))).await);
        let cancel = async || world.bench.post(&format!("/automate/cancel/{}", job.id), Value::Null).await;
        let both = interleave((&world, &wire), before(index), notice, cancel).await;
        let Some((taken, answer)) = both else {
            assert!(index >= 4, "a notification makes four calls at least");
            break;
        };
        assert!(taken, "held at {index}");
        assert_eq!(short(&answer), "200", "held at {index}");
        let ended = world.settle(job.id).await;
        assert_eq!(world.judge(&ended).await, "cancelled, given back", "held at {index}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_and_an_abort_leave_one_end_wherever_they_meet() {
    let world = World::start().await;
    put_source(&world).await;
    let wire = Wire::new();
    let entry = world.over(&wire);
    for index in 0.. {
        let claim = with_parts(&world).await;
        let complete = async |entry: &Entry| {
            world.call(entry, "POST", "/automate/upload/complete", Some(claim.body.clone())).await
        };
        let abort = async || world.bench.post("/automate/upload/abort", claim.body.clone()).await;
        let Some((completed, aborted)) = interleave((&world, &wire), before(index), complete, abort).await else {
            assert!(index >= 7, "a completion makes seven calls at least");
            break;
        };
        let job = world.job(claim.job.id).await;
        let wanted = match job.state {
            State::Queued { .. } => ("200", "409 upload_completed"),
            _ => (if short(&completed) == "200" { "200" } else { "409 build_ended" }, "200"),
        };
        assert_eq!((short(&completed).as_str(), short(&aborted).as_str()), wanted, "held at {index}: {job:?}");
        if !job.has_ended() {
            assert_eq!(short(&world.call(&entry, "POST", &format!("/automate/cancel/{}", job.id), None).await), "200");
        }
        let ended = world.settle(job.id).await;
        let outcome = world.judge(&ended).await;
        assert!(outcome.ends_with("given back"), "held at {index}: {outcome}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_arrives_while_its_slot_is_given_away_is_neither_lost_nor_counted_twice() {
    let world = World::start().await;
    world.bench.limit(1, 100_000).await;
    let wire = Wire::new();
    for index in 0..2 {
        let late = world.uploaded(&world.apk).await;
        world.pass(75 * 60);
        let status = format!("/automate/status/{}", late.id);
        let ask = async |entry: &Entry| {
            let body = json!({ "file_name": "app.apk", "platform": "android", "version": "prod" });
            world.call(entry, "POST", "/automate/upload", Some(body)).await
        };
        // Before the pruning transaction, then before the admitting one.
        let target = Target::among(TRANSACTION, index, Plan::HoldBefore);
        let both = interleave((&world, &wire), target, ask, async || world.bench.get(&status).await).await;
        let (asked, arrived) = both.unwrap();
        assert_eq!(arrived.text("progress"), "Queued", "held at {index}");
        let ledger = world.ledger().await;
        assert_eq!(ledger.active.len(), 1, "held at {index}: {ledger:?}");
        assert_eq!(short(&asked), "429 concurrent_build_limit", "held at {index}: the upload that is there goes first");
        let ended: Job = world.settle(late.id).await;
        assert_eq!(world.judge(&ended).await, "completed by attempt 1, counted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_is_set_and_deleted_at_once_is_there_and_built_wherever_one_overtakes_the_other() {
    let world = libraries::world().await;
    let wire = Wire::new();
    for held in [libraries::DELETE, libraries::SET] {
        let other = if held == libraries::SET { libraries::DELETE } else { libraries::SET };
        for index in 0.. {
            let library = world.failed_library().await;
            let identifier = &library.app_identifier;
            let first = async |entry: &Entry| world.ask_library(entry, held, identifier).await;
            let second = async || world.ask_library(&world.direct(), other, identifier).await;
            let both = interleave((&world, &wire), before(index), first, second).await;
            let Some((first, second)) = both else {
                assert!(index >= 4, "{held} makes four calls at least");
                world.forget_library(identifier).await;
                break;
            };
            let (set, deleted) = if held == libraries::SET { (first, second) } else { (second, first) };
            assert_eq!(set, "200", "held at {index}");
            let expected = ["200", "409 library_build_running"];
            assert!(expected.contains(&deleted.as_str()), "{held} held at {index}: {deleted}");
            let found = world.library(identifier).await;
            let found = found.unwrap_or_else(|| panic!("{held} held at {index}: it is gone"));
            let running = found.builds.iter().filter(|build| !build.has_ended()).count();
            assert_eq!((found.is_deleted(), running), (false, 2), "{held} held at {index}");
            let roster = world.bench.store().roster(&world.bench.tenant.id).await.unwrap();
            assert_eq!(roster.libraries, [identifier.clone()].into());
            world.forget_library(identifier).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_whose_worker_ends_while_it_is_deleted_stays_with_its_package() {
    let world = libraries::world().await;
    let wire = Wire::new();
    for held in ["delete", "finish"] {
        for index in 0.. {
            let (assignment, package) = world.stored_library().await;
            let identifier = &assignment.library.app_identifier;
            let delete = async |entry: &Entry| world.ask_library(entry, libraries::DELETE, identifier).await;
            let finish = async |entry: &Entry| {
                let finished = entry.service.finish_library(assignment.clone(), package.clone());
                assert_eq!(functions::working(finished).await.unwrap(), Aftermath::Over, "held at {index}");
            };
            let direct = world.direct();
            let deleted = if held == "delete" {
                interleave((&world, &wire), before(index), delete, async || finish(&direct).await)
                    .await
                    .map(|both| both.0)
            } else {
                interleave((&world, &wire), before(index), finish, async || delete(&direct).await)
                    .await
                    .map(|both| both.1)
            };
            let found = world.library(identifier).await.unwrap();
            let Some(deleted) = deleted else {
                assert!(index >= 2, "{held} makes two calls at least");
                if held == "delete" {
                    finish(&direct).await;
                }
                world.forget_library(identifier).await;
                break;
            };
            let expected = ["409 library_build_running", "400 library_cooldown"];
            assert!(expected.contains(&deleted.as_str()), "{held} held at {index}: {deleted}");
            assert!(!found.is_deleted() && found.latest_success(Platform::Android).is_some(), "{held} held at {index}");
            assert_eq!(world.library_objects().await.len(), 1, "{held} held at {index}");
            world.forget_library(identifier).await;
        }
    }
}

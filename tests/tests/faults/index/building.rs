//! The fault-index table of a build: lease, build, finish; a build that fails; a build that is cancelled.

use aws_lambda_events::sqs::SqsMessage;
use domain::job::{Job, State};
use protection_worker::{Lease, Worker};
use tests::functions;

use crate::table::{UseCase, tabulate};
use crate::world::{Entry, World, acknowledged, event, short};

/// A worker takes a wake-up.
struct Build {
    breaks: bool,
}

/// A job and the message that wakes a worker for it.
struct Woken {
    job: Job,
    message: SqsMessage,
}

impl UseCase for Build {
    type Subject = Woken;

    fn name(&self) -> String {
        if self.breaks { "failing build" } else { "build" }.to_owned()
    }

    async fn prepare(&self, world: &World) -> Woken {
        world.take_wakeups().await;
        let job = world.queued(if self.breaks { b"no package" } else { &world.apk }).await;
        let message = world.receive_wakeup().await.unwrap();
        Woken { job, message }
    }

    async fn act(&self, _: &World, entry: &Entry, woken: &Woken) -> String {
        let worker = Worker::new(entry.service.clone(), Lease::default());
        let response = functions::build(&worker, event(&woken.message)).await;
        if acknowledged(&response) { "taken".to_owned() } else { "given back".to_owned() }
    }

    async fn recover(&self, world: &World, woken: Woken, first: Option<&str>) -> String {
        let Woken { job, message } = &woken;
        if first == Some("taken") {
            let job = world.job(job.id).await;
            assert!(job.has_ended(), "a message was acknowledged whose work is not done: {job:?}");
            world.acknowledge(message).await;
        }
        for _ in 0..3 {
            if first != Some("taken") && self.act(world, &world.direct(), &woken).await == "taken" {
                world.acknowledge(message).await;
                break;
            }
            world.pass(400);
        }
        let ended = world.settle(job.id).await;
        if let State::Completed { output } = &ended.state {
            let download = world.bench.get(&format!("/automate/download/{}", job.id)).await;
            let bytes = tests::harness::fetch(&download.text("download_url")).await;
            assert_eq!(domain::id::Sha256Hex::of(&bytes), output.sha256, "the published bytes are the verified ones");
        }
        world.judge(&ended).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Build { breaks: false }).await, @r"
    Decrypt, DeleteObject, GetItem, GetObject, ListObjectsV2, PutObject, Query, TransactWriteItems
    undisturbed: taken → completed by attempt 1, counted
    throttled: given back → completed by attempt 1, counted | given back → completed by attempt 2, counted | taken → completed by attempt 1, counted
    503 once: taken → completed by attempt 1, counted
    done, then 500: given back → completed by attempt 1, counted | given back → completed by attempt 2, counted | taken → completed by attempt 1, counted
    done, then cut once: taken → completed by attempt 1, counted
    conflict: taken → completed by attempt 1, counted
    killed before: completed by attempt 1, counted | completed by attempt 2, counted
    killed after: completed by attempt 1, counted | completed by attempt 2, counted
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_of_a_broken_package_fails_whatever_else_fails() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Build { breaks: true }).await, @r"
    Decrypt, DeleteObject, GetItem, GetObject, ListObjectsV2, Query, TransactWriteItems
    undisturbed: taken → archive_invalid, counted
    throttled: given back → archive_invalid, counted | taken → archive_invalid, counted
    503 once: taken → archive_invalid, counted
    done, then 500: given back → archive_invalid, counted | taken → archive_invalid, counted
    done, then cut once: taken → archive_invalid, counted
    conflict: taken → archive_invalid, counted
    killed before: archive_invalid, counted
    killed after: archive_invalid, counted
    ");
}

/// The customer gives a build up that waits for its worker.
struct Cancel;

impl UseCase for Cancel {
    type Subject = Job;

    fn name(&self) -> String {
        "cancel".to_owned()
    }

    async fn prepare(&self, world: &World) -> Job {
        world.queued(b"not looked at").await
    }

    async fn act(&self, world: &World, entry: &Entry, job: &Job) -> String {
        short(&world.call(entry, "POST", &format!("/automate/cancel/{}", job.id), None).await)
    }

    async fn recover(&self, world: &World, job: Job, first: Option<&str>) -> String {
        if first != Some("200") {
            // Whether the lost call was carried out is what the second answer tells.
            let again = self.act(world, &world.direct(), &job).await;
            let ended = world.job(job.id).await.revision > job.revision;
            assert!(again == "200" || (ended && again == "409 build_ended"), "{again} after {first:?}");
        }
        let ended = world.settle(job.id).await;
        world.judge(&ended).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Cancel).await, @r"
    DeleteObject, GetItem, ListObjectsV2, Query, TransactWriteItems
    undisturbed: 200 → cancelled, given back
    throttled: 200 → cancelled, given back | 500 internal → cancelled, given back
    503 once: 200 → cancelled, given back
    done, then 500: 200 → cancelled, given back | 500 internal → cancelled, given back
    done, then cut once: 200 → cancelled, given back
    conflict: 200 → cancelled, given back
    killed before: cancelled, given back
    killed after: cancelled, given back
    ");
}

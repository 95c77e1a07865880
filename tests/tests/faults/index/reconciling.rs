//! The fault-index table of the reconciler, for a job that is due in each state.

use domain::id::Sha256Hex;
use domain::job::{Event, Job, Output, State};
use domain::plan::BuildLimits;
use store::jobs::Beside;
use tests::functions;

use super::uploading::cancel_and_judge;
use crate::table::{UseCase, tabulate};
use crate::world::{Entry, World};

/// What the reconciler finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// Nothing was uploaded within five minutes.
    NothingYet,
    /// The object is there, and its notification was lost.
    Unnoticed,
    /// Nothing was uploaded within 24 hours.
    NeverUploaded,
    /// The wake-up was lost.
    Forgotten,
    /// The worker died.
    Abandoned,
    /// A completed build with an output of an attempt that was not published.
    Completed,
    /// A failed build with its upload still there.
    Failed,
}

struct Reconcile(Due);

/// Commits an event as a use case does that dies before it tidies.
async fn commit(world: &World, job: &Job, event: Event) -> Job {
    let step = job.apply(event, world.service().clock().now()).unwrap();
    let limits = BuildLimits { concurrent: 3, weekly: 100 };
    world.bench.store().commit(&step, &Beside { limits, pace: None, shelving: None, event: None }).await.unwrap();
    step.job
}

/// Stores something under an attempt.
async fn store_output(world: &World, job: &Job, attempt: u32) {
    let file = world.bench.folder.path().join("output");
    std::fs::write(&file, b"output").unwrap();
    world.bench.store().put_output(job, attempt, &file).await.unwrap();
    world.bench.store().put_report(job, attempt, b"{}".to_vec()).await.unwrap();
}

impl UseCase for Reconcile {
    type Subject = Job;

    fn name(&self) -> String {
        format!("reconcile {:?}", self.0)
    }

    async fn prepare(&self, world: &World) -> Job {
        let (job, wait) = match self.0 {
            Due::NothingYet => (world.awaiting(None).await, 301),
            Due::Unnoticed => (world.uploaded(b"not looked at").await, 301),
            Due::NeverUploaded => (world.awaiting(None).await, 24 * 3600 + 1),
            Due::Forgotten => (world.queued(b"not looked at").await, 301),
            Due::Abandoned => {
                let job = world.queued(b"not looked at").await;
                (commit(world, &job, Event::Lease { seconds: 300 }).await, 316)
            }
            Due::Completed => {
                let job = world.queued(b"not looked at").await;
                let job = commit(world, &job, Event::Lease { seconds: 300 }).await;
                store_output(world, &job, 0).await;
                store_output(world, &job, 1).await;
                let output = Output { attempt: 1, sha256: Sha256Hex::of(b"output"), size: 6, has_mapping: false };
                (commit(world, &job, Event::Finish(output)).await, 16)
            }
            Due::Failed => {
                let job = world.queued(b"not looked at").await;
                (commit(world, &job, Event::Cancel).await, 16)
            }
        };
        world.take_wakeups().await;
        world.pass(wait);
        job
    }

    async fn act(&self, _: &World, entry: &Entry, _: &Job) -> String {
        match functions::reconcile(&entry.service).await {
            Ok(done) => format!("{} of {}", done.looked_at - done.failed, done.looked_at),
            Err(_) => "error".to_owned(),
        }
    }

    async fn recover(&self, world: &World, job: Job, first: Option<&str>) -> String {
        if first != Some("1 of 1") {
            self.act(world, &world.direct(), &job).await;
        }
        match self.0 {
            Due::NothingYet => {
                let waiting = world.job(job.id).await;
                assert!(matches!(waiting.state, State::AwaitingUpload), "{waiting:?}");
                assert!(waiting.due_at.unwrap() > world.bench.clock.now(), "it is looked at again later");
                world.pass(25 * 3600);
            }
            Due::Unnoticed | Due::Forgotten | Due::Abandoned => {
                world.assert_woken(&job).await;
                return cancel_and_judge(world, &job).await;
            }
            Due::NeverUploaded | Due::Completed | Due::Failed => {}
        }
        let ended = world.settle(job.id).await;
        world.judge(&ended).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_for_an_upload_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Reconcile(Due::NothingYet)).await, @r"
    GetItem, HeadObject, Query, TransactWriteItems
    undisturbed: 1 of 1 → upload_expired, given back
    throttled: 0 of 1 → upload_expired, given back | error → upload_expired, given back
    503 once: 1 of 1 → upload_expired, given back
    done, then 500: 0 of 1 → upload_expired, given back | error → upload_expired, given back
    done, then cut once: 1 of 1 → upload_expired, given back
    conflict: 1 of 1 → upload_expired, given back
    killed before: upload_expired, given back
    killed after: upload_expired, given back
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arrival_that_nobody_noticed_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Reconcile(Due::Unnoticed)).await, @r"
    GetItem, HeadObject, Query, SendMessage, TransactWriteItems
    undisturbed: 1 of 1 → woken; cancelled, given back
    throttled: 0 of 1 → woken; cancelled, given back | error → woken; cancelled, given back
    503 once: 1 of 1 → woken; cancelled, given back
    done, then 500: 0 of 1 → woken; cancelled, given back | error → woken; cancelled, given back
    done, then cut once: 1 of 1 → woken; cancelled, given back
    conflict: 1 of 1 → woken; cancelled, given back
    killed before: woken; cancelled, given back
    killed after: woken; cancelled, given back
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_expiry_of_an_upload_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Reconcile(Due::NeverUploaded)).await, @r"
    DeleteObject, GetItem, HeadObject, ListObjectsV2, Query, TransactWriteItems
    undisturbed: 1 of 1 → upload_expired, given back
    throttled: 0 of 1 → upload_expired, given back | error → upload_expired, given back
    503 once: 1 of 1 → upload_expired, given back
    done, then 500: 0 of 1 → upload_expired, given back | error → upload_expired, given back
    done, then cut once: 1 of 1 → upload_expired, given back
    conflict: 1 of 1 → upload_expired, given back
    killed before: upload_expired, given back
    killed after: upload_expired, given back
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wakeup_that_was_lost_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Reconcile(Due::Forgotten)).await, @r"
    Query, SendMessage, TransactWriteItems
    undisturbed: 1 of 1 → woken; cancelled, given back
    throttled: 0 of 1 → woken; cancelled, given back | error → woken; cancelled, given back
    503 once: 1 of 1 → woken; cancelled, given back
    done, then 500: 0 of 1 → woken; cancelled, given back | error → woken; cancelled, given back
    done, then cut once: 1 of 1 → woken; cancelled, given back
    conflict: 1 of 1 → woken; cancelled, given back
    killed before: woken; cancelled, given back
    killed after: woken; cancelled, given back
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_died_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Reconcile(Due::Abandoned)).await, @r"
    Query, SendMessage
    undisturbed: 1 of 1 → woken; cancelled, given back
    throttled: 0 of 1 → woken; cancelled, given back | error → woken; cancelled, given back
    503 once: 1 of 1 → woken; cancelled, given back
    done, then 500: 0 of 1 → woken; cancelled, given back | error → woken; cancelled, given back
    done, then cut once: 1 of 1 → woken; cancelled, given back
    conflict: makes no such call
    killed before: woken; cancelled, given back
    killed after: woken; cancelled, given back
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn tidying_after_a_completed_build_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Reconcile(Due::Completed)).await, @r"
    DeleteObject, ListObjectsV2, Query, TransactWriteItems
    undisturbed: 1 of 1 → completed by attempt 1, counted
    throttled: 0 of 1 → completed by attempt 1, counted | error → completed by attempt 1, counted
    503 once: 1 of 1 → completed by attempt 1, counted
    done, then 500: 0 of 1 → completed by attempt 1, counted | error → completed by attempt 1, counted
    done, then cut once: 1 of 1 → completed by attempt 1, counted
    conflict: 1 of 1 → completed by attempt 1, counted
    killed before: completed by attempt 1, counted
    killed after: completed by attempt 1, counted
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn tidying_after_a_failed_build_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Reconcile(Due::Failed)).await, @r"
    DeleteObject, ListObjectsV2, Query, TransactWriteItems
    undisturbed: 1 of 1 → cancelled, given back
    throttled: 0 of 1 → cancelled, given back | error → cancelled, given back
    503 once: 1 of 1 → cancelled, given back
    done, then 500: 0 of 1 → cancelled, given back | error → cancelled, given back
    done, then cut once: 1 of 1 → cancelled, given back
    conflict: 1 of 1 → cancelled, given back
    killed before: cancelled, given back
    killed after: cancelled, given back
    ");
}

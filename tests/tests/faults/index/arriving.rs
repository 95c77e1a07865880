//! The fault-index table of an object that arrives: by a status read, and by a notification of S3.

use domain::job::{Job, State};
use tests::functions;

use super::uploading::cancel_and_judge;
use crate::table::{UseCase, tabulate};
use crate::world::{Entry, World, acknowledged, event, notification, short};

/// A client asks for the status of a build whose object nobody has noticed.
struct Status;

impl UseCase for Status {
    type Subject = Job;

    fn name(&self) -> String {
        "status that arrives".to_owned()
    }

    async fn prepare(&self, world: &World) -> Job {
        world.uploaded(b"not looked at").await
    }

    async fn act(&self, world: &World, entry: &Entry, job: &Job) -> String {
        let answer = world.call(entry, "GET", &format!("/automate/status/{}", job.id), None).await;
        match answer.body["progress"].as_str() {
            Some(progress) => format!("{} {progress}", short(&answer)),
            None => short(&answer),
        }
    }

    async fn recover(&self, world: &World, job: Job, first: Option<&str>) -> String {
        let again = self.act(world, &world.direct(), &job).await;
        assert_eq!(again, "200 Queued", "asked again after {first:?}");
        arrived(world, &job).await
    }
}

/// The object is pinned, the slot is held, a worker is woken.
async fn arrived(world: &World, job: &Job) -> String {
    let job = world.job(job.id).await;
    assert!(matches!(job.state, State::Queued { .. }), "{job:?}");
    let ledger = world.ledger().await;
    assert_eq!((ledger.active.len(), ledger.arrived.len()), (1, 1), "{ledger:?}");
    world.assert_woken(&job).await;
    cancel_and_judge(world, &job).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_read_that_finds_the_object_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Status).await, @"
    GetItem, HeadObject, Query, SendMessage, TransactWriteItems
    undisturbed: 200 Queued → woken; cancelled, given back
    throttled: 200 Queued → woken; cancelled, given back | 500 internal → woken; cancelled, given back
    503 once: 200 Queued → woken; cancelled, given back
    done, then 500: 200 Queued → woken; cancelled, given back | 500 internal → woken; cancelled, given back
    done, then cut once: 200 Queued → woken; cancelled, given back
    conflict: 200 Queued → woken; cancelled, given back
    killed before: woken; cancelled, given back
    killed after: woken; cancelled, given back
    ");
}

/// S3 tells that the object is there.
struct Notification;

impl UseCase for Notification {
    type Subject = Job;

    fn name(&self) -> String {
        "notification".to_owned()
    }

    async fn prepare(&self, world: &World) -> Job {
        world.uploaded(b"not looked at").await
    }

    async fn act(&self, _: &World, entry: &Entry, job: &Job) -> String {
        let response = functions::arrive(&entry.service, event(&notification(job))).await;
        if acknowledged(&response) { "taken".to_owned() } else { "given back".to_owned() }
    }

    async fn recover(&self, world: &World, job: Job, first: Option<&str>) -> String {
        if first != Some("taken") {
            assert_eq!(self.act(world, &world.direct(), &job).await, "taken", "delivered again after {first:?}");
            assert_eq!(world.take_wakeups().await.first(), Some(&job.id.to_string()), "woken at once");
            world.bench.store().send_wakeup(&job.tenant, job.id).await.unwrap();
        }
        arrived(world, &job).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Notification).await, @r"
    GetItem, HeadObject, Query, SendMessage, TransactWriteItems
    undisturbed: taken → woken; cancelled, given back
    throttled: given back → woken; cancelled, given back
    503 once: taken → woken; cancelled, given back
    done, then 500: given back → woken; cancelled, given back
    done, then cut once: taken → woken; cancelled, given back
    conflict: taken → woken; cancelled, given back
    killed before: woken; cancelled, given back
    killed after: woken; cancelled, given back
    ");
}

/// A notification about an object for which there is no job any more.
struct Leftover;

impl UseCase for Leftover {
    type Subject = Job;

    fn name(&self) -> String {
        "notification after the end".to_owned()
    }

    async fn prepare(&self, world: &World) -> Job {
        let job = world.awaiting(None).await;
        let cancelled = world.bench.call("POST", &format!("/automate/cancel/{}", job.id), None).await;
        assert_eq!(short(&cancelled), "200");
        let job = world.settle(job.id).await;
        world.put_upload(&job, b"too late").await;
        job
    }

    async fn act(&self, world: &World, entry: &Entry, job: &Job) -> String {
        Notification.act(world, entry, job).await
    }

    async fn recover(&self, world: &World, job: Job, first: Option<&str>) -> String {
        if first != Some("taken") {
            assert_eq!(self.act(world, &world.direct(), &job).await, "taken", "delivered again after {first:?}");
        }
        world.judge(&job).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_after_the_end_is_removed_whatever_fails() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Leftover).await, @r"
    DeleteObject, Query
    undisturbed: taken → cancelled, given back
    throttled: given back → cancelled, given back
    503 once: taken → cancelled, given back
    done, then 500: given back → cancelled, given back
    done, then cut once: taken → cancelled, given back
    conflict: makes no such call
    killed before: cancelled, given back
    killed after: cancelled, given back
    ");
}

//! The fault-index table of a finished build that is signed again.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::job::Job;
use serde_json::json;

use crate::table::{UseCase, tabulate};
use crate::world::{Entry, World, short};

/// The owner asks for it, with an `Idempotency-Key`.
struct SignAgain {
    finished: Job,
    runs: AtomicU32,
}

struct Asked {
    key: String,
    start: i64,
}

impl UseCase for SignAgain {
    type Subject = Asked;

    fn name(&self) -> String {
        "sign application build".to_owned()
    }

    async fn prepare(&self, world: &World) -> Asked {
        world.take_wakeups().await;
        // Or the start times of jobs run ahead of the clock.
        world.pass(2);
        let key = format!("key {}", self.runs.fetch_add(1, Ordering::SeqCst));
        Asked { key, start: world.bench.clock.now() }
    }

    async fn act(&self, world: &World, entry: &Entry, asked: &Asked) -> String {
        let headers = [("idempotency-key", asked.key.as_str())];
        let body = json!({ "start_time": self.finished.id.start_time() });
        let path = ("POST", "/frontend/sign_application_build");
        short(&entry.call_as(&world.bench.owner(), path, &headers, Some(body)).await)
    }

    async fn recover(&self, world: &World, asked: Asked, first: Option<&str>) -> String {
        let made = world.jobs_since(asked.start).await.len();
        assert!(made <= 1 && (first != Some("200") || made == 1), "{made} after {first:?}");
        assert_eq!(self.act(world, &world.direct(), &asked).await, "200", "asked again after {first:?}");
        let jobs = world.jobs_since(asked.start).await;
        let [job] = jobs.as_slice() else { panic!("one key, one job: {jobs:?}") };
        assert_eq!(job.signs_again.map(|output| output.job), Some(self.finished.id));
        let ended = world.settle(job.id).await;
        assert_eq!(ended.application_id(), self.finished.application_id());
        assert_eq!(world.job(self.finished.id).await, self.finished, "the first build stays as it is");
        format!("{made} made, {}", world.judge(&ended).await)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_again_survives_every_fault() {
    let world = World::start().await;
    let finished = world.completed(&world.apk).await;
    let case = SignAgain { finished: finished.clone(), runs: AtomicU32::new(0) };
    insta::assert_snapshot!(tabulate(&world, &case).await, @"
    BatchGetItem, GetItem, HeadObject, Query, SendMessage, TransactWriteItems
    undisturbed: 200 → 1 made, completed by attempt 1, counted
    throttled: 200 → 1 made, completed by attempt 1, counted | 500 internal → 0 made, completed by attempt 1, counted
    503 once: 200 → 1 made, completed by attempt 1, counted
    done, then 500: 200 → 1 made, completed by attempt 1, counted | 500 internal → 0 made, completed by attempt 1, counted | 500 internal → 1 made, completed by attempt 1, counted
    done, then cut once: 200 → 1 made, completed by attempt 1, counted
    conflict: 200 → 1 made, completed by attempt 1, counted
    killed before: 0 made, completed by attempt 1, counted | 1 made, completed by attempt 1, counted
    killed after: 0 made, completed by attempt 1, counted | 1 made, completed by attempt 1, counted
    ");
    assert_eq!(world.judge(&finished).await, "completed by attempt 1, counted");
}

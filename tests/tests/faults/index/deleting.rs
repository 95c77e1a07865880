//! The fault-index table of deletions: one of two builds, and an application with two of them.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::id::ApplicationId;
use domain::job::Job;
use serde_json::{Value, json};
use tests::events::Logged;
use tests::functions;
use tests::packages::app;

use crate::table::{UseCase, tabulate};
use crate::world::{Entry, World, short};

/// What the owner deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The later one of two builds, which spoke for the application.
    Latest,
    /// An application with two builds.
    Application,
}

struct Delete {
    what: What,
    runs: AtomicU32,
}

/// An application with its builds.
struct Kept {
    application: ApplicationId,
    /// The oldest first.
    builds: Vec<Job>,
    /// The number of the last event that was looked at.
    told: u64,
}

impl Delete {
    fn new(what: What) -> Self {
        Self { what, runs: AtomicU32::new(0) }
    }

    fn call(&self) -> &'static str {
        match self.what {
            What::Latest => "delete_application_build",
            What::Application => "delete_application",
        }
    }

    fn body(&self, kept: &Kept) -> Value {
        match self.what {
            What::Latest => json!({ "start_time": kept.builds.last().unwrap().id.start_time() }),
            What::Application => json!({ "application_id": kept.application }),
        }
    }

    /// How many builds are to go.
    fn wanted(&self) -> usize {
        if self.what == What::Application { 2 } else { 1 }
    }

    /// What the call is answered when so many builds are deleted, and so many of those have left nothing.
    fn again(&self, deleted: usize, gone: usize) -> &'static str {
        let is_over = match self.what {
            What::Application => deleted == self.wanted(),
            What::Latest => gone == self.wanted(),
        };
        if is_over { "404 not_found" } else { "200" }
    }
}

impl Kept {
    /// How many of the builds customers see no more, and how many of those have left nothing.
    async fn deleted(&self, world: &World) -> (usize, usize) {
        let (mut deleted, mut gone) = (0, 0);
        for job in &self.builds {
            let found = world.bench.store().job(&job.tenant, job.id).await.unwrap();
            let seen = found.as_ref().is_some_and(|(job, _)| job.is_visible());
            deleted += usize::from(!seen);
            gone += usize::from(found.is_none());
            let status = world.bench.get(&format!("/automate/status/{}", job.id)).await;
            assert_eq!(short(&status), if seen { "200" } else { "404 not_found" });
            assert_eq!(world.builds_of(&self.application).await.contains(&job.id), seen);
        }
        (deleted, gone)
    }

    /// The events of this call since the last look.
    async fn new_events(&mut self, world: &World, call: &str) -> Vec<Logged> {
        let mut new = world.bench.events_after(self.told).await;
        self.told = new.last().map_or(self.told, |logged| logged.event.event.value());
        new.retain(|logged| logged.event.api_call == call);
        new
    }

    /// The application is as those of its builds say that are left.
    async fn assert_told_of(&self, world: &World, left: &[Job]) {
        let latest = world.application(&self.application).await.map(|application| application.latest_build);
        assert_eq!(latest, left.last().map(|job| job.id));
        let builds: Vec<_> = left.iter().rev().map(|job| job.id).collect();
        assert_eq!(world.builds_of(&self.application).await, builds);
    }
}

impl UseCase for Delete {
    type Subject = Kept;

    fn name(&self) -> String {
        format!("{} {:?}", self.call().replace('_', " "), self.what).to_lowercase()
    }

    async fn prepare(&self, world: &World) -> Kept {
        let run = self.runs.fetch_add(1, Ordering::SeqCst);
        let apk = app(&format!("com.example.{:?}{run}", self.what).to_lowercase());
        let mut builds = Vec::new();
        for _ in 0..2 {
            builds.push(world.completed(&apk).await);
        }
        let application = builds[0].application_id().unwrap();
        // Numbers grow with the clock, which has passed on since the last event of the run before.
        let told = u64::try_from(world.bench.clock.now()).unwrap() * 1_000_000;
        world.pass(1);
        let kept = Kept { application, builds, told };
        kept.assert_told_of(world, &kept.builds).await;
        kept
    }

    async fn act(&self, world: &World, entry: &Entry, kept: &Kept) -> String {
        let path = format!("/frontend/{}", self.call());
        short(&entry.call_as(&world.bench.owner(), ("POST", &path), &[], Some(self.body(kept))).await)
    }

    async fn recover(&self, world: &World, mut kept: Kept, first: Option<&str>) -> String {
        let (deleted, gone) = kept.deleted(world).await;
        assert!(first != Some("200") || deleted == self.wanted(), "a success, and {deleted} are deleted");
        let told = match (deleted, kept.new_events(world, self.call()).await.as_slice()) {
            (0, []) => "untold",
            (_, [logged]) if logged.event.successful == (deleted > 0) => "told",
            (_, events) => panic!("{deleted} deleted after {first:?}, and the log says {events:?}"),
        };
        let again = self.act(world, &world.direct(), &kept).await;
        assert_eq!(again, self.again(deleted, gone), "asked again after {first:?}");
        let events = kept.new_events(world, self.call()).await;
        assert!(matches!(&events[..], [logged] if logged.event.successful == (again == "200")), "{events:?}");

        let (left, over) = kept.builds.split_at(kept.builds.len() - self.wanted());
        // An application's builds are left to the reconciler where one call ended before.
        world.pass(16);
        assert_eq!(functions::reconcile(world.service()).await.unwrap().failed, 0);
        for job in over {
            assert!(world.is_gone(job).await, "something is left of {job:?}");
        }
        kept.assert_told_of(world, left).await;
        for job in left {
            assert_eq!(world.judge(job).await, "completed by attempt 1, counted");
        }
        let ledger = world.ledger().await;
        let counted = over.iter().all(|job| ledger.recent.contains(&job.id.start_time()));
        assert!(counted && ledger.active.is_empty(), "{ledger:?}");
        format!("{deleted} deleted, {told}")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_build_survives_every_fault_and_the_build_before_speaks_for_the_application() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Delete::new(What::Latest)).await, @"
    BatchGetItem, BatchWriteItem, DeleteObject, GetItem, ListObjectsV2, Query, TransactWriteItems
    undisturbed: 200 → 1 deleted, told
    throttled: 200 → 1 deleted, told | 500 internal → 0 deleted, told | 500 internal → 0 deleted, untold
    503 once: 200 → 1 deleted, told
    done, then 500: 200 → 1 deleted, told | 500 internal → 0 deleted, told | 500 internal → 0 deleted, untold | 500 internal → 1 deleted, told
    done, then cut once: 200 → 1 deleted, told
    conflict: 200 → 1 deleted, told
    killed before: 0 deleted, untold | 1 deleted, told
    killed after: 0 deleted, untold | 1 deleted, told
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_an_application_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Delete::new(What::Application)).await, @"
    BatchGetItem, BatchWriteItem, DeleteObject, GetItem, ListObjectsV2, Query, TransactWriteItems
    undisturbed: 200 → 2 deleted, told
    throttled: 200 → 2 deleted, told | 500 internal → 0 deleted, told | 500 internal → 0 deleted, untold | 500 internal → 1 deleted, told | 500 internal → 2 deleted, told
    503 once: 200 → 2 deleted, told
    done, then 500: 200 → 2 deleted, told | 500 internal → 0 deleted, told | 500 internal → 0 deleted, untold | 500 internal → 1 deleted, told | 500 internal → 2 deleted, told
    done, then cut once: 200 → 2 deleted, told
    conflict: 200 → 2 deleted, told
    killed before: 0 deleted, untold | 1 deleted, told | 2 deleted, told
    killed after: 0 deleted, untold | 1 deleted, told | 2 deleted, told
    ");
}

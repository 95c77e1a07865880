//! Libraries, before and after the use cases of the custom library.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_lambda_events::sqs::SqsMessage;
use domain::id::Sha256Hex;
use domain::job::Failure;
use domain::library::{AppIdentifier, COOLDOWN_SECONDS, Library, LibraryBuild, Package};
use serde_json::{Value, json};
use service::library_work::LibraryAssignment;
use service::work::Leased;
use store::wakeups::LibraryWakeup;
use tests::functions;

use crate::world::{Entry, World, short};

pub(crate) const SET: &str = "/frontend/custom_library_set_identifier";
pub(crate) const DELETE: &str = "/frontend/custom_library_delete";

static RUNS: AtomicU32 = AtomicU32::new(0);

/// A world whose tenant has a library.
pub(crate) async fn world() -> World {
    let world = World::start().await;
    world.bench.owner_with_library().await;
    world
}

impl World {
    /// An identifier that nobody has set.
    pub(crate) fn new_identifier(&self) -> AppIdentifier {
        // Numbers of events grow with the clock.
        self.pass(1);
        format!("com.company.app{}", RUNS.fetch_add(1, Ordering::SeqCst)).parse().unwrap()
    }

    pub(crate) async fn ask_library(&self, entry: &Entry, path: &str, identifier: &AppIdentifier) -> String {
        let body = Some(json!({ "app_identifier": identifier }));
        short(&entry.call_as(&self.bench.owner(), ("POST", path), &[], body).await)
    }

    /// An identifier whose builds wait for workers.
    pub(crate) async fn set_library(&self) -> Library {
        let identifier = self.new_identifier();
        assert_eq!(self.ask_library(&self.direct(), SET, &identifier).await, "200");
        self.library(&identifier).await.unwrap()
    }

    pub(crate) async fn library(&self, identifier: &AppIdentifier) -> Option<Library> {
        self.bench.store().library(&self.bench.tenant.id, identifier).await.unwrap()
    }

    pub(crate) async fn receive_library_wakeup(&self) -> Option<SqsMessage> {
        let queue = &self.bench.stack.names.library_queue_url;
        let request = self.sqs.receive_message().queue_url(queue).max_number_of_messages(1);
        let message = request.send().await.unwrap().messages?.into_iter().next()?;
        let mut record = SqsMessage::default();
        record.message_id = message.message_id;
        record.receipt_handle = message.receipt_handle;
        record.body = message.body;
        record.event_source_arn =
            Some(format!("arn:aws:sqs:us-east-1:000000000000:{}", queue.rsplit('/').next().unwrap()));
        Some(record)
    }

    pub(crate) async fn acknowledge_library(&self, message: &SqsMessage) {
        let request = self.sqs.delete_message().queue_url(&self.bench.stack.names.library_queue_url);
        request.receipt_handle(message.receipt_handle.as_deref().unwrap()).send().await.unwrap();
    }

    /// Takes every wake-up for libraries that is there; the builds they name.
    pub(crate) async fn take_library_wakeups(&self) -> BTreeSet<String> {
        let mut woken = BTreeSet::new();
        while let Some(message) = self.receive_library_wakeup().await {
            let body: Value = serde_json::from_str(message.body.as_deref().unwrap()).unwrap();
            woken.insert(body["build"].as_str().unwrap().to_owned());
            self.acknowledge_library(&message).await;
        }
        woken
    }

    /// Somebody wakes workers for all builds, at the latest the reconciler after five minutes.
    pub(crate) async fn assert_library_woken(&self, library: &Library) {
        let builds: BTreeSet<String> = library.builds.iter().map(|build| build.build_id.to_string()).collect();
        let mut woken = self.take_library_wakeups().await;
        if !builds.is_subset(&woken) {
            self.pass(317);
            assert_eq!(functions::reconcile(self.service()).await.unwrap().failed, 0);
            woken = self.take_library_wakeups().await;
        }
        assert!(builds.is_subset(&woken), "nobody wakes a worker for {builds:?}: {woken:?}");
    }

    pub(crate) async fn lease_library(&self, library: &Library, build: &LibraryBuild) -> LibraryAssignment {
        let (tenant, app_identifier) = (library.tenant.clone(), library.app_identifier.clone());
        let wakeup = LibraryWakeup { v: 1, tenant, app_identifier, build: build.build_id.clone() };
        match functions::working(self.service().lease_library(&wakeup, 300)).await.unwrap() {
            Leased::Work(assignment) => *assignment,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn fail_library(&self, library: &Library, build: &LibraryBuild) {
        let assignment = self.lease_library(library, build).await;
        functions::working(self.service().fail_library(assignment, Failure::new("broken", "It broke"))).await.unwrap();
    }

    /// An identifier whose builds failed.
    pub(crate) async fn failed_library(&self) -> Library {
        let library = self.set_library().await;
        for build in &library.builds {
            self.fail_library(&library, build).await;
        }
        self.take_library_wakeups().await;
        self.library(&library.app_identifier).await.unwrap()
    }

    /// A library whose worker for Android has stored a package and has not said so yet; the build for iOS failed.
    pub(crate) async fn stored_library(&self) -> (LibraryAssignment, Package) {
        let library = self.set_library().await;
        self.take_library_wakeups().await;
        let assignment = self.lease_library(&library, &library.builds[0]).await;
        let (bytes, attempt) = (b"library".to_vec(), assignment.build.attempt);
        let package = Package { attempt, sha256: Sha256Hex::of(&bytes), size: 7, policy_version: 0 };
        self.bench.store().put_library_package(&library.tenant, &assignment.build, bytes).await.unwrap();
        self.fail_library(&library, &library.builds[1]).await;
        (assignment, package)
    }

    /// A library whose build for Android has a package; the one for iOS failed.
    pub(crate) async fn built_library(&self) -> Library {
        let (assignment, package) = self.stored_library().await;
        let identifier = assignment.library.app_identifier.clone();
        functions::working(self.service().finish_library(assignment, package)).await.unwrap();
        self.library(&identifier).await.unwrap()
    }

    /// Deletes the identifier, whatever became of it: nothing is left then.
    pub(crate) async fn forget_library(&self, identifier: &AppIdentifier) {
        let Some(library) = self.library(identifier).await else { return };
        for build in library.builds.iter().filter(|build| !build.has_ended()) {
            self.fail_library(&library, build).await;
        }
        self.pass(COOLDOWN_SECONDS + 1);
        assert_eq!(self.ask_library(&self.direct(), DELETE, identifier).await, "200");
        self.assert_library_gone(&library).await;
    }

    pub(crate) async fn assert_library_gone(&self, library: &Library) {
        assert_eq!(self.library(&library.app_identifier).await, None);
        let roster = self.bench.store().roster(&self.bench.tenant.id).await.unwrap();
        assert!(roster.libraries.is_empty(), "{roster:?}");
        assert_eq!(self.library_objects().await, Vec::<String>::new());
    }

    pub(crate) async fn library_objects(&self) -> Vec<String> {
        let prefix = format!("{}/libraries/", self.bench.tenant.id);
        self.keys(&self.bench.stack.names.artifacts_bucket, &prefix).await
    }
}

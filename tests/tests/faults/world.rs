//! What the tests of this binary do around a use case: the world before it, and its recovery after it.

use api::App;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_dynamodb::types::{AttributeValue, Select};
use axum::Router;
use domain::application::Application;
use domain::id::{ApplicationId, JobId};
use domain::job::{Job, State};
use domain::ledger::Ledger;
use protection_worker::{Lease, Worker};
use serde_json::{Value, json};
use service::Service;
use store::applications::Order;
use tests::harness::{Answer, Bench, send};
use tests::members::Member;
use tests::packages::app;
use tests::{functions, privileges};

use crate::wire::{Wire, tireless};

/// Where the functions are called.
pub(crate) struct Entry {
    pub(crate) service: Service,
    pub(crate) router: Router,
}

impl Entry {
    /// A call of a member in its tenant, with other headers too.
    pub(crate) async fn call_as(
        &self,
        member: &Member,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let own = [("authorization", member.bearer.as_str()), ("tenant", member.tenant.as_str())];
        send(&self.router, method, path, &[&own, headers].concat(), body).await
    }
}

/// A bench with clients of its own: nothing that is done here is counted or goes wrong.
pub(crate) struct World {
    pub(crate) bench: Bench,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) apk: Vec<u8>,
}

impl World {
    /// A tenant with room for every job of a long table.
    pub(crate) async fn start() -> Self {
        let bench = Bench::start().await;
        bench.clock.stop();
        bench.limit(3, 100_000).await;
        Self {
            s3: local::aws::s3(&bench.config),
            sqs: aws_sdk_sqs::Client::new(&bench.config),
            dynamodb: aws_sdk_dynamodb::Client::new(&bench.config),
            apk: app("com.example.small"),
            bench,
        }
    }

    /// The same stack over `wire`.
    pub(crate) fn over(&self, wire: &Wire) -> Entry {
        let names = &self.bench.stack.names;
        let clients = privileges::connect(&wire.config(&self.bench.config), names, &[tireless()]);
        let store = self.service().store().through(clients);
        let service = self.service().clone().over(store);
        let app = App { service: service.clone() };
        Entry { service, router: functions::serve(local::routes(), app) }
    }

    /// The stack itself.
    pub(crate) fn direct(&self) -> Entry {
        Entry { service: self.service().clone(), router: self.bench.router.clone() }
    }

    pub(crate) fn service(&self) -> &Service {
        self.bench.service()
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.bench.clock.pass(seconds);
    }

    /// A call of the tenant.
    pub(crate) async fn call(&self, entry: &Entry, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.call_with(entry, method, path, &[], body).await
    }

    /// As [`Self::call`], with other headers too.
    pub(crate) async fn call_with(
        &self,
        entry: &Entry,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let bearer = self.bench.bearer();
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend(headers);
        send(&entry.router, method, path, &all, body).await
    }

    /// A job that waits for its upload.
    pub(crate) async fn awaiting(&self, size: Option<usize>) -> Job {
        // A second for each job, or their start times run ahead of the clock.
        self.pass(1);
        let ticket = self.bench.request_upload("app.apk", size).await;
        self.job(ticket.text("job_id").parse().unwrap()).await
    }

    /// A job whose upload is in storage and was not noticed yet.
    pub(crate) async fn uploaded(&self, bytes: &[u8]) -> Job {
        let job = self.awaiting(Some(bytes.len())).await;
        self.put_upload(&job, bytes).await;
        job
    }

    /// A job that a worker was woken for; nobody has taken the message.
    pub(crate) async fn queued(&self, bytes: &[u8]) -> Job {
        let job = self.uploaded(bytes).await;
        assert_eq!(self.bench.get(&format!("/automate/status/{}", job.id)).await.status, 200);
        self.job(job.id).await
    }

    /// Puts the object of a job.
    pub(crate) async fn put_upload(&self, job: &Job, bytes: &[u8]) {
        let request = self.s3.put_object().bucket(&self.bench.stack.names.uploads_bucket);
        request.key(job.upload_path().to_string()).body(bytes.to_vec().into()).send().await.unwrap();
    }

    /// The job as it is.
    pub(crate) async fn job(&self, id: JobId) -> Job {
        self.bench.store().job(&self.bench.tenant.id, id).await.unwrap().unwrap().0
    }

    pub(crate) async fn ledger(&self) -> Ledger {
        self.bench.store().ledger(&self.bench.tenant.id).await.unwrap()
    }

    /// Jobs of the tenant from a start time on.
    pub(crate) async fn jobs_since(&self, start: i64) -> Vec<Job> {
        let request = self.dynamodb.query().table_name(&self.bench.stack.names.table).consistent_read(true);
        let request = request.key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to");
        let request = request
            .expression_attribute_values(":pk", AttributeValue::S(format!("TENANT#{}", self.bench.tenant.id)))
            .expression_attribute_values(":from", AttributeValue::S(format!("JOB#{start}")))
            .expression_attribute_values(":to", AttributeValue::S("JOB#~".to_owned()));
        let items = request.select(Select::AllAttributes).send().await.unwrap().items.unwrap_or_default();
        let ids = items.iter().filter_map(|item| item["sk"].as_s().ok()?.strip_prefix("JOB#")?.parse().ok());
        let mut jobs = Vec::new();
        for id in ids.collect::<Vec<JobId>>() {
            jobs.push(self.job(id).await);
        }
        jobs
    }

    /// Takes every wake-up that is there; the jobs they name.
    pub(crate) async fn take_wakeups(&self) -> Vec<String> {
        let mut woken = Vec::new();
        while let Some(message) = self.receive_wakeup().await {
            let body: Value = serde_json::from_str(message.body.as_deref().unwrap()).unwrap();
            woken.push(body["job"].as_str().map_or_else(|| body["job"].to_string(), str::to_owned));
            self.acknowledge(&message).await;
        }
        woken
    }

    /// Receives one wake-up.
    pub(crate) async fn receive_wakeup(&self) -> Option<SqsMessage> {
        let request = self.sqs.receive_message().queue_url(&self.bench.stack.names.build_queue_url);
        let message = request.max_number_of_messages(1).send().await.unwrap().messages?.into_iter().next()?;
        let mut record = SqsMessage::default();
        record.message_id = message.message_id;
        record.receipt_handle = message.receipt_handle;
        record.body = message.body;
        Some(record)
    }

    /// Deletes a wake-up, as the event source does for a message that was not given back.
    pub(crate) async fn acknowledge(&self, message: &SqsMessage) {
        let request = self.sqs.delete_message().queue_url(&self.bench.stack.names.build_queue_url);
        request.receipt_handle(message.receipt_handle.as_deref().unwrap()).send().await.unwrap();
    }

    /// Somebody wakes a worker for the job, at the latest the reconciler after five minutes.
    pub(crate) async fn assert_woken(&self, job: &Job) {
        let woken = self.take_wakeups().await;
        if woken.contains(&job.id.to_string()) {
            return;
        }
        self.pass(301);
        functions::reconcile(self.service()).await.unwrap();
        let woken = self.take_wakeups().await;
        assert!(woken.contains(&job.id.to_string()), "nobody wakes a worker: {woken:?}");
    }

    /// Lets time, reconciler and workers do what is left to do; the job as it ends up.
    pub(crate) async fn settle(&self, id: JobId) -> Job {
        let worker = self.worker();
        for _ in 0..12 {
            while let Some(message) = self.receive_wakeup().await {
                if acknowledged(&functions::build(&worker, event(&message)).await) {
                    self.acknowledge(&message).await;
                }
            }
            let job = self.job(id).await;
            let Some(due) = job.due_at else { return job };
            self.pass((due - self.bench.clock.now()).max(0) + 1);
            let done = functions::reconcile(self.service()).await.unwrap();
            assert_eq!(done.failed, 0, "the reconciler fails at {job:?}");
        }
        panic!("the job does not come to rest: {:?}", self.job(id).await);
    }

    /// A worker over clients that work.
    pub(crate) fn worker(&self) -> Worker {
        Worker::new(self.service().clone(), Lease::default())
    }

    /// How a job ended, after everything that may not be left of it is looked for.
    pub(crate) async fn judge(&self, job: &Job) -> String {
        let ledger = self.ledger().await;
        let start = job.id.start_time();
        let held = ledger.active.contains(&start) || ledger.arrived.contains(&start);
        assert!(!held, "a slot is still held: {ledger:?}");
        let names = &self.bench.stack.names;
        assert_eq!(self.keys(&names.uploads_bucket, &job.upload_path().to_string()).await, Vec::<String>::new());
        assert!(!self.has_parts(job).await, "its multipart upload is left");
        let counted = ledger.recent.contains(&start);
        let prefix = format!("{}/builds/{}/", job.tenant, job.id);
        let mut stored = self.keys(&names.artifacts_bucket, &prefix).await;
        stored.sort();
        let (mut wanted, text) = match &job.state {
            State::Completed { output } => {
                let wanted = ["app.apk", "build-report.json"].map(|name| format!("{prefix}{}/{name}", output.attempt));
                (wanted.to_vec(), format!("completed by attempt {}", output.attempt))
            }
            State::Failed { failure } => (Vec::new(), failure.code.to_string()),
            state => panic!("not over: {state:?}"),
        };
        if job.app.as_ref().is_some_and(|app| app.has_icon) {
            wanted.push(format!("{prefix}icon"));
        }
        assert_eq!(stored, wanted, "{text}");
        self.assert_shelved(job).await;
        format!("{text}, {}", if counted { "counted" } else { "given back" })
    }

    /// The build is one of its application, which is as its latest build says.
    async fn assert_shelved(&self, job: &Job) {
        let Some(id) = job.application_id() else { return };
        let (store, now) = (self.bench.store(), domain::time::at(self.bench.clock.now()));
        let next = Some(JobId::from_start_time(job.id.start_time() + 1));
        let builds = store.builds_of(&job.tenant, &id, next, Order::LatestFirst, now).await.unwrap();
        assert_eq!(builds.first(), Some(&job.id));
        let application = self.application(&id).await.unwrap();
        let latest = self.job(self.builds_of(&id).await[0]).await;
        assert_eq!((application.latest_build, Some(application.app)), (latest.id, latest.app));
    }

    /// The application, if the tenant has it.
    pub(crate) async fn application(&self, id: &ApplicationId) -> Option<Application> {
        self.bench.store().application(&self.bench.tenant.id, id).await.unwrap()
    }

    /// The builds of an application, the latest first.
    pub(crate) async fn builds_of(&self, id: &ApplicationId) -> Vec<JobId> {
        let (tenant, now) = (&self.bench.tenant.id, domain::time::at(self.bench.clock.now()));
        self.bench.store().builds_of(tenant, id, None, Order::LatestFirst, now).await.unwrap()
    }

    /// A build of this package that is over, tidied and published.
    pub(crate) async fn completed(&self, bytes: &[u8]) -> Job {
        let job = self.queued(bytes).await;
        let ended = self.settle(job.id).await;
        assert!(matches!(ended.state, State::Completed { .. }), "{ended:?}");
        ended
    }

    /// Whether nothing is left of a build: no item, no object.
    pub(crate) async fn is_gone(&self, job: &Job) -> bool {
        let names = &self.bench.stack.names;
        let prefix = format!("{}/builds/{}/", job.tenant, job.id);
        let (artifacts, uploads) = (&names.artifacts_bucket, &names.uploads_bucket);
        let stored = self.keys(artifacts, &prefix).await.len();
        let uploaded = self.keys(uploads, &job.upload_path().to_string()).await.len();
        let found = self.bench.store().job(&job.tenant, job.id).await.unwrap();
        found.is_none() && stored + uploaded == 0
    }

    /// The keys under a prefix.
    pub(crate) async fn keys(&self, bucket: &str, prefix: &str) -> Vec<String> {
        let listed = self.s3.list_objects_v2().bucket(bucket).prefix(prefix).send().await.unwrap();
        listed.contents().iter().filter_map(|object| object.key.clone()).collect()
    }

    /// Whether the job's multipart upload is there.
    async fn has_parts(&self, job: &Job) -> bool {
        let request = self.s3.list_multipart_uploads().bucket(&self.bench.stack.names.uploads_bucket);
        let listed = request.prefix(job.upload_path().to_string()).send().await.unwrap();
        listed.uploads().iter().any(|upload| upload.upload_id == job.upload_id)
    }
}

/// The event that hands one message over.
pub(crate) fn event(message: &SqsMessage) -> SqsEvent {
    let mut event = SqsEvent::default();
    event.records = vec![message.clone()];
    event
}

/// A message with this body that came from nowhere.
pub(crate) fn message(id: &str, body: impl ToString) -> SqsMessage {
    let mut message = SqsMessage::default();
    message.message_id = Some(id.to_owned());
    message.receipt_handle = Some("none".to_owned());
    message.body = Some(body.to_string());
    message
}

/// What S3 sends when the job's object is there.
pub(crate) fn notification(job: &Job) -> SqsMessage {
    notification_of(&job.upload_path().to_string())
}

/// What S3 sends when there is an object under this key: the recorded event, with another key.
pub(crate) fn notification_of(key: &str) -> SqsMessage {
    let recorded = std::fs::read(tests::harness::root().join("events/upload-arrival/put.json")).unwrap();
    let recorded: SqsEvent = serde_json::from_slice(&recorded).unwrap();
    let body = recorded.records[0].body.as_deref().unwrap();
    let mut body: Value = serde_json::from_str(body).unwrap();
    body["Records"][0]["s3"]["object"]["key"] = json!(key);
    message(key, body)
}

/// Whether nothing was given back.
pub(crate) fn acknowledged(response: &SqsBatchResponse) -> bool {
    response.batch_item_failures.is_empty()
}

/// An answer in short: its status, and its code where it has one.
pub(crate) fn short(answer: &Answer) -> String {
    match answer.body["code"].as_str() {
        Some(code) => format!("{} {code}", answer.status.as_u16()),
        None => answer.status.as_u16().to_string(),
    }
}

//! The fault-index table of what a client does to upload: ask, complete, abort.

use std::sync::Mutex;

use aws_sdk_s3::types::MultipartUpload;
use domain::job::{Job, State};
use domain::upload::{MULTIPART_FROM, PART_BYTES};
use serde_json::{Value, json};

use crate::table::{UseCase, tabulate};
use crate::wire::{Attempts, Fault, Plan, TRANSACTION, Target, Wire};
use crate::world::{Entry, World, short};

/// A request for an upload.
struct Ask {
    size: u64,
    with_key: bool,
}

struct Asked {
    start: i64,
    key: Option<String>,
    /// The answers that were a success.
    tickets: Mutex<Vec<Value>>,
}

impl Ask {
    async fn ask(&self, world: &World, entry: &Entry, asked: &Asked) -> String {
        let body = json!({ "file_name": "app.apk", "platform": "android", "version": "prod", "file_size": self.size });
        let headers: Vec<_> = asked.key.iter().map(|key| ("idempotency-key", key.as_str())).collect();
        let answer = world.call_with(entry, "POST", "/automate/upload", &headers, Some(body)).await;
        if answer.status == 200 {
            asked.tickets.lock().unwrap().push(answer.body.clone());
        }
        short(&answer)
    }
}

impl UseCase for Ask {
    type Subject = Asked;

    fn name(&self) -> String {
        let key = if self.with_key { " with a key" } else { "" };
        format!("upload of {} bytes{key}", self.size)
    }

    async fn prepare(&self, world: &World) -> Asked {
        let start = world.bench.clock.now();
        Asked { start, key: self.with_key.then(|| format!("key {start}")), tickets: Mutex::default() }
    }

    async fn act(&self, world: &World, entry: &Entry, asked: &Asked) -> String {
        self.ask(world, entry, asked).await
    }

    async fn recover(&self, world: &World, asked: Asked, first: Option<&str>) -> String {
        if first != Some("200") || self.with_key {
            assert_eq!(self.ask(world, &world.direct(), &asked).await, "200", "asked again after {first:?}");
        }
        let jobs = world.jobs_since(asked.start).await;
        let tickets = asked.tickets.into_inner().unwrap();
        let known: Vec<String> = jobs.iter().map(|job| job.id.to_string()).collect();
        for ticket in &tickets {
            assert!(known.iter().any(|id| ticket["job_id"] == **id), "{ticket} of {known:?}");
            assert_eq!(ticket["upload_id"], tickets[0]["upload_id"]);
        }
        assert!(!self.with_key || jobs.len() == 1, "one key, one job: {known:?}");
        world.pass(25 * 3600);
        let mut endings = Vec::new();
        for job in &jobs {
            let ended = world.settle(job.id).await;
            endings.push(world.judge(&ended).await);
        }
        let orphans = drop_orphans(world).await;
        format!("{} job(s): {}; {orphans} upload(s) for the lifecycle", jobs.len(), endings.join(" and "))
    }
}

/// Multipart uploads that no job knows: the bucket's lifecycle removes them.
async fn drop_orphans(world: &World) -> usize {
    let bucket = &world.bench.stack.names.uploads_bucket;
    let listed = world.s3.list_multipart_uploads().bucket(bucket).send().await.unwrap();
    for MultipartUpload { key, upload_id, .. } in listed.uploads() {
        let request = world.s3.abort_multipart_upload().bucket(bucket).set_key(key.clone());
        request.set_upload_id(upload_id.clone()).send().await.unwrap();
    }
    listed.uploads().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_an_upload_survives_every_fault() {
    let table = tabulate(&World::start().await, &Ask { size: 1000, with_key: false }).await;
    insta::assert_snapshot!(table, @"
    GetItem, TransactWriteItems, UpdateItem
    undisturbed: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle
    throttled: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle | 500 internal → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle
    503 once: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle
    done, then 500: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle | 500 internal → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle | 500 internal → 2 job(s): upload_expired, given back and upload_expired, given back; 0 upload(s) for the lifecycle
    done, then cut once: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle
    conflict: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle
    killed before: 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle
    killed after: 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle | 2 job(s): upload_expired, given back and upload_expired, given back; 0 upload(s) for the lifecycle
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_with_an_idempotency_key_makes_one_job_whatever_fails() {
    let table = tabulate(&World::start().await, &Ask { size: 1000, with_key: true }).await;
    insta::assert_snapshot!(table, @"
    GetItem, TransactWriteItems, UpdateItem
    undisturbed: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle
    throttled: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle | 500 internal → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle
    503 once: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle
    done, then 500: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle | 500 internal → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle
    done, then cut once: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle
    conflict: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle
    killed before: 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle
    killed after: 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_a_multipart_upload_survives_every_fault() {
    let table = tabulate(&World::start().await, &Ask { size: MULTIPART_FROM, with_key: true }).await;
    insta::assert_snapshot!(table, @"
    CreateMultipartUpload, GetItem, TransactWriteItems, UpdateItem
    undisturbed: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle
    throttled: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle | 500 internal → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle | 500 internal → 1 job(s): upload_expired, given back; 1 upload(s) for the lifecycle
    503 once: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle
    done, then 500: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle | 500 internal → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle | 500 internal → 1 job(s): upload_expired, given back; 3 upload(s) for the lifecycle
    done, then cut once: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle | 200 → 1 job(s): upload_expired, given back; 1 upload(s) for the lifecycle
    conflict: 200 → 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle
    killed before: 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle | 1 job(s): upload_expired, given back; 1 upload(s) for the lifecycle
    killed after: 1 job(s): upload_expired, given back; 0 upload(s) for the lifecycle | 1 job(s): upload_expired, given back; 1 upload(s) for the lifecycle
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicts_without_end_are_an_internal_error_and_never_a_limit() {
    let world = World::start().await;
    let (case, wire) = (Ask { size: 1000, with_key: true }, Wire::new());
    let entry = world.over(&wire);
    let asked = case.prepare(&world).await;
    let conflict = Plan::Fail(Fault::Conflict, Attempts::All);
    wire.arm(Some(Target { and_after: true, ..Target::among(TRANSACTION, 0, conflict) }));
    assert_eq!(case.act(&world, &entry, &asked).await, "500 internal");
    let tries = wire.operations().iter().filter(|name| *name == TRANSACTION).count();
    assert_eq!(tries, 20, "it gives up after a while, and then on the event of the refused call");
    assert_eq!(world.jobs_since(asked.start).await, []);
    wire.arm(None);
    assert_eq!(case.act(&world, &entry, &asked).await, "200");
}

/// The parts of a multipart upload are there, the client joins them.
struct Complete;

/// An upload and the call that names it.
pub(crate) struct Claim {
    pub(crate) job: Job,
    pub(crate) body: Value,
}

const SOURCE: &str = "source";

/// Puts the bytes that every part is a copy of.
pub(crate) async fn put_source(world: &World) {
    let bytes = vec![0x2a; usize::try_from(PART_BYTES).unwrap()];
    let bucket = &world.bench.stack.names.artifacts_bucket;
    world.s3.put_object().bucket(bucket).key(SOURCE).body(bytes.into()).send().await.unwrap();
}

/// A multipart upload with every part in storage.
pub(crate) async fn with_parts(world: &World) -> Claim {
    let job = world.awaiting(Some(usize::try_from(MULTIPART_FROM).unwrap())).await;
    let (path, upload) = (job.upload_path().to_string(), job.upload_id.clone().unwrap());
    let names = &world.bench.stack.names;
    let mut parts = Vec::new();
    for number in 1..=10 {
        let request = world.s3.upload_part_copy().bucket(&names.uploads_bucket).key(&path).upload_id(&upload);
        let request = request.part_number(number).copy_source(format!("{}/{SOURCE}", names.artifacts_bucket));
        let copied = request.send().await.unwrap().copy_part_result.unwrap();
        parts.push(json!({ "PartNumber": number, "ETag": copied.e_tag.unwrap() }));
    }
    Claim { job, body: json!({ "file_path": path, "upload_id": upload, "parts": parts }) }
}

impl UseCase for Complete {
    type Subject = Claim;

    fn name(&self) -> String {
        "complete".to_owned()
    }

    async fn prepare(&self, world: &World) -> Claim {
        with_parts(world).await
    }

    async fn act(&self, world: &World, entry: &Entry, claim: &Claim) -> String {
        short(&world.call(entry, "POST", "/automate/upload/complete", Some(claim.body.clone())).await)
    }

    async fn recover(&self, world: &World, claim: Claim, first: Option<&str>) -> String {
        let again = self.act(world, &world.direct(), &claim).await;
        assert_eq!(again, "200", "completed again after {first:?}");
        let job = world.job(claim.job.id).await;
        let State::Queued { upload } = &job.state else { panic!("{job:?}") };
        assert_eq!(upload.size, MULTIPART_FROM);
        world.assert_woken(&job).await;
        cancel_and_judge(world, &job).await
    }
}

/// Ends a job that waits for its worker, which these tables are not about.
pub(super) async fn cancel_and_judge(world: &World, job: &Job) -> String {
    let cancelled = world.bench.post(&format!("/automate/cancel/{}", job.id), Value::Null).await;
    assert_eq!(short(&cancelled), "200");
    let ended = world.settle(job.id).await;
    format!("woken; {}", world.judge(&ended).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn completing_an_upload_survives_every_fault() {
    let world = World::start().await;
    put_source(&world).await;
    insta::assert_snapshot!(tabulate(&world, &Complete).await, @r"
    CompleteMultipartUpload, GetItem, ListParts, Query, SendMessage, TransactWriteItems
    undisturbed: 200 → woken; cancelled, given back
    throttled: 500 internal → woken; cancelled, given back
    503 once: 200 → woken; cancelled, given back
    done, then 500: 500 internal → woken; cancelled, given back
    done, then cut once: 200 → woken; cancelled, given back
    conflict: 200 → woken; cancelled, given back
    killed before: woken; cancelled, given back
    killed after: woken; cancelled, given back
    ");
}

/// The client gives a multipart upload up.
struct Abort;

impl UseCase for Abort {
    type Subject = Claim;

    fn name(&self) -> String {
        "abort".to_owned()
    }

    async fn prepare(&self, world: &World) -> Claim {
        let job = world.awaiting(Some(usize::try_from(MULTIPART_FROM).unwrap())).await;
        let body = json!({ "file_path": job.upload_path().to_string(), "upload_id": job.upload_id });
        Claim { job, body }
    }

    async fn act(&self, world: &World, entry: &Entry, claim: &Claim) -> String {
        short(&world.call(entry, "POST", "/automate/upload/abort", Some(claim.body.clone())).await)
    }

    async fn recover(&self, world: &World, claim: Claim, first: Option<&str>) -> String {
        let again = self.act(world, &world.direct(), &claim).await;
        assert_eq!(again, "200", "aborted again after {first:?}");
        let ended = world.settle(claim.job.id).await;
        world.judge(&ended).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn aborting_an_upload_survives_every_fault() {
    insta::assert_snapshot!(tabulate(&World::start().await, &Abort).await, @r"
    AbortMultipartUpload, DeleteObject, GetItem, ListObjectsV2, Query, TransactWriteItems
    undisturbed: 200 → upload_aborted, given back
    throttled: 200 → upload_aborted, given back | 500 internal → upload_aborted, given back
    503 once: 200 → upload_aborted, given back
    done, then 500: 200 → upload_aborted, given back | 500 internal → upload_aborted, given back
    done, then cut once: 200 → upload_aborted, given back
    conflict: 200 → upload_aborted, given back
    killed before: upload_aborted, given back
    killed after: upload_aborted, given back
    ");
}

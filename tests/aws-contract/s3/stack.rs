//! Two buckets, a queue that one of them tells, and what is done with them again and again.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, Event, NotificationConfiguration, QueueConfiguration, Tag,
    Tagging,
};
use aws_sdk_sqs::types::QueueAttributeName;
use domain::id::TenantId;
use domain::platform::{ConfigVersion, Platform};
use domain::upload::{ETag, NamedPart, Parts, StoredPart, UploadPath};
use futures_util::future::join_all;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use store::uploads::Completion;
use store::{Clients, Names, Store};
use tokio::time::sleep;

use crate::sqs::remove_queue;
use crate::suite::{Suite, TAG, gone};

pub(crate) struct Stack {
    pub(crate) s3: Client,
    sqs: aws_sdk_sqs::Client,
    pub(crate) store: Store,
    pub(crate) names: Names,
    queue_url: String,
    pub(crate) http: reqwest::Client,
}

/// A multipart upload whose part n consists of the byte n.
pub(crate) struct Upload {
    pub(crate) path: UploadPath,
    pub(crate) id: String,
    pub(crate) urls: Vec<String>,
    pub(crate) parts: Vec<StoredPart>,
}

impl Upload {
    pub(crate) fn named(&self) -> Vec<NamedPart> {
        self.parts.iter().map(|part| NamedPart { number: part.number.into(), etag: part.etag.clone() }).collect()
    }

    pub(crate) async fn complete(&self, stack: &Stack, parts: &[NamedPart]) -> Completion {
        stack.store.complete_multipart(&self.path, &self.id, parts).await.unwrap()
    }
}

impl Stack {
    pub(crate) async fn make(suite: &Suite) -> Self {
        let names = bucket_names(suite);
        let (s3, sqs) = (suite.s3(), aws_sdk_sqs::Client::new(&suite.config));
        let region = suite.config.region().map(ToString::to_string).filter(|region| region != "us-east-1");
        for bucket in [&names.uploads_bucket, &names.artifacts_bucket] {
            let place = region.as_deref().map(BucketLocationConstraint::from);
            let place = place.map(|place| CreateBucketConfiguration::builder().location_constraint(place).build());
            s3.create_bucket().bucket(bucket).set_create_bucket_configuration(place).send().await.unwrap();
            let tags = Tagging::builder().tag_set(tag(TAG.0, TAG.1)).build().unwrap();
            s3.put_bucket_tagging().bucket(bucket).tagging(tags).send().await.unwrap();
        }
        let store = Store::new(Clients::connect(&suite.config, &[]), names.clone());
        let queue_url = make_queue(&sqs, suite).await;
        let stack = Self { s3, sqs, store, names, queue_url, http: reqwest::Client::new() };
        stack.notify().await;
        stack
    }

    /// Lets the bucket tell the queue. A new queue's policy may take a while to count.
    async fn notify(&self) {
        let request = self.sqs.get_queue_attributes().queue_url(&self.queue_url);
        let answer = request.attribute_names(QueueAttributeName::QueueArn).send().await.unwrap();
        let arn = &answer.attributes.unwrap()[&QueueAttributeName::QueueArn];
        let created = QueueConfiguration::builder().queue_arn(arn).events(Event::S3ObjectCreated).build().unwrap();
        let notify = NotificationConfiguration::builder().queue_configurations(created).build();
        for _ in 0..60 {
            let request = self.s3.put_bucket_notification_configuration().bucket(&self.names.uploads_bucket);
            match request.notification_configuration(notify.clone()).send().await {
                Ok(_) => return,
                Err(_) => sleep(Duration::from_secs(1)).await,
            }
        }
        panic!("the bucket may not tell the queue");
    }

    /// The next message of the bucket.
    pub(crate) async fn told(&self) -> Value {
        let mut received = None;
        for _ in 0..3 {
            let request = self.sqs.receive_message().queue_url(&self.queue_url).wait_time_seconds(20);
            received = request.max_number_of_messages(1).send().await.unwrap().messages.unwrap_or_default().pop();
            if received.is_some() {
                break;
            }
        }
        let message = received.expect("a message within a minute");
        let request = self.sqs.delete_message().queue_url(&self.queue_url);
        request.set_receipt_handle(message.receipt_handle.clone()).send().await.unwrap();
        serde_json::from_str(message.body().unwrap()).unwrap()
    }

    /// What the bucket tells of the object of `path`.
    pub(crate) async fn told_of(&self, event: &str, path: &UploadPath) -> Value {
        loop {
            let message = self.told().await;
            let Some(record) = message["Records"].get(0) else { continue };
            let object = &record["s3"]["object"];
            if store::read_upload_key(object["key"].as_str().unwrap()).as_ref() == Some(path) {
                assert_eq!(record["eventName"], event);
                return object.clone();
            }
        }
    }

    pub(crate) async fn put(&self, url: &str, bytes: &[u8]) -> Response {
        let answer = self.http.put(url).body(bytes.to_vec()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer
    }

    pub(crate) async fn begin(&self, number: i64, sizes: &[usize]) -> Upload {
        let path = path(number);
        let id = self.store.create_multipart(&path).await.unwrap();
        let count = u32::try_from(sizes.len()).unwrap();
        let total = u64::try_from(sizes.iter().sum::<usize>()).unwrap();
        let urls = self.store.presign_parts(&path, &id, Parts { count, total }).await.unwrap();
        let put = async |(number, url, size): (u32, &String, usize)| {
            let byte = u8::try_from(number).unwrap();
            let etag = etag(&self.put(url, &vec![byte; size]).await);
            StoredPart { number, etag, size: u64::try_from(size).unwrap() }
        };
        let numbered = (1..).zip(&urls).zip(sizes).map(|((number, url), size)| put((number, url, *size)));
        let parts = join_all(numbered).await;
        Upload { path, id, urls, parts }
    }
}

async fn make_queue(sqs: &aws_sdk_sqs::Client, suite: &Suite) -> String {
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": "s3.amazonaws.com" }, "Action": "sqs:SendMessage", "Resource": "*"
    }]});
    let request = sqs.create_queue().queue_name(&suite.prefix).tags(TAG.0, TAG.1);
    let request = request.attributes(QueueAttributeName::Policy, policy.to_string());
    request.send().await.unwrap().queue_url.unwrap()
}

fn bucket_names(suite: &Suite) -> Names {
    let name = |kind| format!("{}-{kind}", suite.prefix);
    Names { uploads_bucket: name("uploads"), artifacts_bucket: name("artifacts"), ..Names::default() }
}

pub(crate) fn path(number: i64) -> UploadPath {
    named(number, "app.apk")
}

pub(crate) fn named(number: i64, name: &str) -> UploadPath {
    UploadPath {
        tenant: TenantId::from_bits(1),
        platform: Platform::Android,
        version: ConfigVersion::ALL[0],
        job: (1_700_000_000 + number).to_string().parse().unwrap(),
        file_name: name.parse().unwrap(),
    }
}

pub(crate) fn etag(answer: &Response) -> ETag {
    answer.headers()["etag"].to_str().unwrap().parse().unwrap()
}

pub(crate) fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().unwrap()
}

pub(crate) async fn removal(suite: &Suite) -> Result<(), String> {
    let (s3, sqs, names) = (suite.s3(), aws_sdk_sqs::Client::new(&suite.config), bucket_names(suite));
    for bucket in [&names.uploads_bucket, &names.artifacts_bucket] {
        remove_bucket(&s3, bucket).await?;
    }
    remove_queue(&sqs, &suite.prefix).await
}

async fn remove_bucket(s3: &Client, bucket: &str) -> Result<(), String> {
    let absent = &["NoSuchBucket", "NotFound"];
    // It may deny listings.
    gone(s3.delete_bucket_policy().bucket(bucket).send().await, absent)?;
    for _ in 0..60 {
        let Ok(uploads) = s3.list_multipart_uploads().bucket(bucket).send().await else { break };
        for upload in uploads.uploads() {
            let request = s3.abort_multipart_upload().bucket(bucket).set_key(upload.key.clone());
            gone(request.set_upload_id(upload.upload_id.clone()).send().await, &["NoSuchUpload"])?;
        }
        let listed = s3.list_objects_v2().bucket(bucket).send().await;
        for object in listed.map(|listed| listed.contents.unwrap_or_default()).unwrap_or_default() {
            gone(s3.delete_object().bucket(bucket).set_key(object.key).send().await, &[])?;
        }
        if gone(s3.delete_bucket().bucket(bucket).send().await, absent).is_ok() {
            return Ok(());
        }
        sleep(Duration::from_secs(1)).await;
    }
    gone(s3.delete_bucket().bucket(bucket).send().await, absent)
}

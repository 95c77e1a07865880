//! Signed URLs, reads that are pinned to an ETag, multipart uploads, tags, and what S3 says of a new object.

mod stack;

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, CorsConfiguration, CorsRule, ExpirationStatus,
    LifecycleExpiration, LifecycleRule, LifecycleRuleFilter,
};
use domain::upload::{ETag, NamedPart};
use reqwest::{Method, StatusCode};
use serde_json::json;
use store::uploads::{Completion, Pinned};
use tokio::time::sleep;

use crate::suite::{Suite, outcome, run};
use crate::verdict::Expected;
use stack::{Stack, Upload, etag, named, path, removal, tag};

const UPLOADS: &str = "shared/store/src/uploads.rs";
const ARTIFACTS: &str = "shared/store/src/artifacts.rs";
const KEYS: &str = "shared/store/src/keys.rs";
const ARRIVAL: &str = "functions/upload-arrival/src/lib.rs";
const NOTICE: &str = "shared/service/src/arrival.rs";
const TEMPLATE: &str = "template.yaml";

/// The smallest part that S3 takes before the last one.
const SMALLEST: usize = 5 << 20;
/// Parts of the largest upload.
const MOST_PARTS: u32 = 205;

#[tokio::test(flavor = "multi_thread")]
async fn s3() {
    let suite = Suite::start("s3").await;
    run(suite, checks, removal).await;
}

async fn checks(suite: &mut Suite) {
    let stack = &Stack::make(suite).await;
    notifications(suite, stack).await;
    signed_urls(suite, stack).await;
    objects(suite, stack).await;
    multipart(suite, stack).await;
    refused_parts(suite, stack).await;
    settings(suite, stack).await;
    absence(suite, stack).await;
}

async fn notifications(suite: &mut Suite, stack: &Stack) {
    suite
        .expect("a queue that a bucket is to tell gets s3:TestEvent first", ARRIVAL, async {
            let message = stack.told().await;
            assert_eq!((&message["Event"], message.get("Records")), (&json!("s3:TestEvent"), None));
        })
        .await;
    suite
        .expect(
            "an object that was put is told of, its key encoded as in a form, with its ETag and size",
            KEYS,
            async {
                let path = named(1, "größe (1).apk");
                stack.put(&stack.store.presign_upload(&path).await.unwrap(), b"four").await;
                let object = stack.told_of("ObjectCreated:Put", &path).await;
                assert_eq!(object["size"], 4);
                let head = stack.store.head_upload(&path).await.unwrap().unwrap();
                assert_eq!(object["eTag"], head.etag.as_str());
            },
        )
        .await;
    suite
        .expect("an object that was joined of parts is told of too", ARRIVAL, async {
            let upload = stack.begin(2, &[SMALLEST, 3]).await;
            assert!(matches!(upload.complete(stack, &upload.named()).await, Completion::Completed(_)));
            stack.told_of("ObjectCreated:CompleteMultipartUpload", &upload.path).await;
        })
        .await;
}

async fn signed_urls(suite: &mut Suite, stack: &Stack) {
    let (store, http) = (&stack.store, &stack.http);
    let path = path(10);
    let url = &store.presign_upload(&path).await.unwrap();
    suite
        .expect("a signed URL takes any bytes with any content type, and again as long as it lives", NOTICE, async {
            for (body, kind) in [("first", None), ("again", Some("application/x-www-form-urlencoded"))] {
                let request = http.put(url).body(body);
                let request = kind.into_iter().fold(request, |request, kind| request.header("content-type", kind));
                let answer = request.send().await.unwrap();
                assert_eq!(answer.status(), StatusCode::OK);
                let stored = store.head_upload(&path).await.unwrap().unwrap();
                assert_eq!(etag(&answer), stored.etag);
            }
        })
        .await;
    suite
        .expect("it opens no other key, for no other method and with no other signature", UPLOADS, async {
            let (signature, _) = url.split_once("X-Amz-Signature=").unwrap();
            let forged = format!("{signature}X-Amz-Signature={}", "0".repeat(64));
            let elsewhere = url.replace(&path.job.to_string(), "1699999999");
            for (method, url) in [
                (Method::PUT, elsewhere.as_str()),
                (Method::PUT, forged.as_str()),
                (Method::GET, url.as_str()),
                (Method::DELETE, url.as_str()),
            ] {
                let answer = http.request(method.clone(), url).body("x").send().await.unwrap();
                assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method} {url}");
            }
        })
        .await;
    suite
        .expect("it is refused when its time is over", UPLOADS, async {
            let request = stack.s3.put_object().bucket(&stack.names.uploads_bucket).key(path.to_string());
            let short = PresigningConfig::expires_in(Duration::from_secs(1)).unwrap();
            let signed = request.presigned(short).await.unwrap();
            sleep(Duration::from_secs(3)).await;
            let answer = http.put(signed.uri()).body("late").send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        })
        .await;
    suite
        .expect("a signed download says the file name that was signed, and no other one", ARTIFACTS, async {
            let disposition = "attachment; filename=\"a.apk\"; filename*=UTF-8''a.apk";
            let request = stack.s3.get_object().bucket(&stack.names.uploads_bucket).key(path.to_string());
            let request = request.response_content_disposition(disposition);
            let signed =
                request.presigned(PresigningConfig::expires_in(Duration::from_secs(60)).unwrap()).await.unwrap();
            let answer = http.get(signed.uri()).send().await.unwrap();
            assert_eq!(answer.headers()["content-disposition"], disposition);
            assert_eq!(answer.bytes().await.unwrap(), "again");
            let renamed = signed.uri().replace("a.apk", "b.apk");
            assert_eq!(http.get(renamed).send().await.unwrap().status(), StatusCode::FORBIDDEN);
        })
        .await;
}

async fn objects(suite: &mut Suite, stack: &Stack) {
    let store = &stack.store;
    let (path, missing) = (path(20), path(21));
    stack.put(&store.presign_upload(&path).await.unwrap(), b"0123456789").await;
    let stored = store.head_upload(&path).await.unwrap().unwrap();
    suite
        .expect("a range of a pinned object has just its bytes", UPLOADS, async {
            let Pinned::Found(bytes) = store.read_upload(&path, &stored.etag, 3, 4).await.unwrap() else { panic!() };
            assert_eq!(bytes, "3456");
        })
        .await;
    suite
        .expect(
            "a read that is pinned to another ETag is refused, one of an absent object tells that",
            UPLOADS,
            async {
                let other: ETag = "\"0123456789abcdef0123456789abcdef\"".parse().unwrap();
                assert!(matches!(store.read_upload(&path, &other, 0, 1).await.unwrap(), Pinned::Replaced));
                assert!(matches!(store.read_upload(&missing, &other, 0, 1).await.unwrap(), Pinned::Missing));
            },
        )
        .await;
    suite
        .expect("a listing has what was just put and no longer what was just deleted", ARTIFACTS, async {
            let list = async || {
                let prefix = path.to_string();
                let request = stack.s3.list_objects_v2().bucket(&stack.names.uploads_bucket).prefix(prefix);
                request.send().await.unwrap().contents.unwrap_or_default().len()
            };
            assert_eq!(list().await, 1);
            store.delete_upload(&path).await.unwrap();
            assert_eq!(list().await, 0);
            assert!(store.head_upload(&path).await.unwrap().is_none());
        })
        .await;
    suite
        .expect("deleting what is not there is no error", UPLOADS, async {
            store.delete_upload(&missing).await.unwrap();
        })
        .await;
}

async fn multipart(suite: &mut Suite, stack: &Stack) {
    let store = &stack.store;
    suite
        .expect(
            "storage knows the parts by number, size and the ETag that the client got, the last of each",
            UPLOADS,
            async {
                let mut upload = stack.begin(30, &[SMALLEST, 7]).await;
                upload.parts[1].etag = etag(&stack.put(&upload.urls[1], b"shorter").await);
                let stored = store.stored_parts(&upload.path, &upload.id).await.unwrap().unwrap();
                assert_eq!(stored, upload.parts);
            },
        )
        .await;
    suite
        .expect("one page lists the parts of the largest upload", UPLOADS, async {
            let upload = stack.begin(31, &vec![1; usize::try_from(MOST_PARTS).unwrap()]).await;
            let stored = store.stored_parts(&upload.path, &upload.id).await.unwrap().unwrap();
            assert_eq!(stored.len(), upload.parts.len());
            store.abort_multipart(&upload.path, &upload.id).await.unwrap();
        })
        .await;
    suite
        .expect(
            "parts are joined in order; joined again they are the same object, or no upload any more",
            UPLOADS,
            async {
                let upload = stack.begin(32, &[SMALLEST, 3]).await;
                let first = upload.complete(stack, &upload.named()).await;
                let stored = store.head_upload(&upload.path).await.unwrap().unwrap();
                assert_eq!(first, Completion::Completed(stored.etag.clone()));
                assert_eq!(stored.size, u64::try_from(SMALLEST + 3).unwrap());
                let edge = u64::try_from(SMALLEST).unwrap() - 1;
                let Pinned::Found(bytes) = store.read_upload(&upload.path, &stored.etag, edge, 2).await.unwrap() else {
                    panic!("the object that was joined")
                };
                assert_eq!(&bytes[..], [1, 2]);
                let again = upload.complete(stack, &upload.named()).await;
                assert!(again == first || again == Completion::NoSuchUpload, "{again:?}");
                assert!(store.stored_parts(&upload.path, &upload.id).await.unwrap().is_none());
            },
        )
        .await;
    suite
        .expect("an upload that was aborted is gone, and is aborted again without a complaint", UPLOADS, async {
            let upload = stack.begin(33, &[1]).await;
            for _ in 0..2 {
                store.abort_multipart(&upload.path, &upload.id).await.unwrap();
            }
            assert!(store.stored_parts(&upload.path, &upload.id).await.unwrap().is_none());
            assert_eq!(upload.complete(stack, &upload.named()).await, Completion::NoSuchUpload);
            let answer = stack.http.put(&upload.urls[0]).body("x").send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        })
        .await;
}

async fn refused_parts(suite: &mut Suite, stack: &Stack) {
    suite
        .expect(
            "a wrong ETag and a part that is not there are refused, and leave the upload as it was",
            UPLOADS,
            async {
                let upload = stack.begin(40, &[SMALLEST, 3]).await;
                let mut wrong = upload.named();
                wrong[1].etag = wrong[0].etag.clone();
                assert_eq!(upload.complete(stack, &wrong).await, Completion::Refused);
                wrong[1].number = 3;
                assert_eq!(upload.complete(stack, &wrong).await, Completion::Refused);
                assert!(matches!(upload.complete(stack, &upload.named()).await, Completion::Completed(_)));
            },
        )
        .await;
    let joined = Expected { aws: "refused", local: "joined to 5242883 bytes" };
    suite
        .expect_of_aws("parts out of order are refused", UPLOADS, joined, async {
            let upload = stack.begin(41, &[SMALLEST, 3]).await;
            let mut parts = upload.named();
            parts.reverse();
            joining(stack, &upload, &parts).await
        })
        .await;
    let joined = Expected { aws: "refused", local: "joined to 5242882 bytes" };
    suite
        .expect_of_aws("a short part before the last one is refused", UPLOADS, joined, async {
            let upload = stack.begin(42, &[SMALLEST - 1, 3]).await;
            joining(stack, &upload, &upload.named()).await
        })
        .await;
}

/// What becomes of these parts.
async fn joining(stack: &Stack, upload: &Upload, parts: &[NamedPart]) -> String {
    match upload.complete(stack, parts).await {
        Completion::Refused => "refused".to_owned(),
        Completion::NoSuchUpload => panic!("the upload is gone"),
        Completion::Completed(etag) => {
            let stored = stack.store.head_upload(&upload.path).await.unwrap().unwrap();
            assert_eq!(stored.etag, etag);
            format!("joined to {} bytes", stored.size)
        }
    }
}

async fn settings(suite: &mut Suite, stack: &Stack) {
    let bucket = &stack.names.artifacts_bucket;
    suite
        .expect("the tag that comes with an object is the object's", ARTIFACTS, async {
            let request = stack.s3.put_object().bucket(bucket).key("tagged").tagging("kind=build");
            request.body(b"x".to_vec().into()).send().await.unwrap();
            let found = stack.s3.get_object_tagging().bucket(bucket).key("tagged").send().await.unwrap();
            assert_eq!(found.tag_set(), [tag("kind", "build")]);
        })
        .await;
    let by_tag = || LifecycleRule::builder().id("expire").status(ExpirationStatus::Enabled).filter(tagged());
    let by_tag = || by_tag().expiration(LifecycleExpiration::builder().days(90).build());
    let abort = AbortIncompleteMultipartUpload::builder().days_after_initiation(1).build();
    let set = async |rules: Vec<LifecycleRule>| {
        let rules = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build().unwrap();
        stack.s3.put_bucket_lifecycle_configuration().bucket(bucket).lifecycle_configuration(rules).send().await
    };
    suite
        .expect("objects may expire by tag, and unfinished uploads by a rule of their own", TEMPLATE, async {
            let everything = LifecycleRuleFilter::builder().prefix("").build();
            let unfinished = LifecycleRule::builder().id("abort").status(ExpirationStatus::Enabled).filter(everything);
            let unfinished = unfinished.abort_incomplete_multipart_upload(abort.clone()).build().unwrap();
            set(vec![by_tag().build().unwrap(), unfinished]).await.unwrap();
        })
        .await;
    let taken = Expected { aws: "InvalidRequest", local: "the rule is taken" };
    suite
        .expect_of_aws("unfinished uploads by tag are refused", TEMPLATE, taken, async {
            let both = by_tag().abort_incomplete_multipart_upload(abort.clone()).build().unwrap();
            outcome(set(vec![both]).await, "the rule is taken")
        })
        .await;
    suite
        .expect("a browser may put to a signed URL, and read the ETag of what it put", TEMPLATE, async {
            let rule = CorsRule::builder().allowed_methods("PUT").allowed_origins("*").allowed_headers("*");
            let rules = CorsConfiguration::builder().cors_rules(rule.expose_headers("ETag").build().unwrap());
            let request = stack.s3.put_bucket_cors().bucket(&stack.names.uploads_bucket);
            request.cors_configuration(rules.build().unwrap()).send().await.unwrap();
            let url = stack.store.presign_upload(&path(50)).await.unwrap();
            let request = stack.http.request(Method::OPTIONS, &url).header("origin", "https://example.com");
            let request = request.header("access-control-request-method", "PUT");
            assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
            let answer = stack.http.put(&url).header("origin", "https://example.com").body("x").send().await.unwrap();
            assert_eq!(answer.headers()["access-control-expose-headers"], "ETag");
        })
        .await;
}

/// The last group: the bucket's listing stays denied.
async fn absence(suite: &mut Suite, stack: &Stack) {
    let bucket = &stack.names.artifacts_bucket;
    let head = async || {
        let error = stack.s3.head_object().bucket(bucket).key("absent").send().await.unwrap_err();
        error.raw_response().unwrap().status().as_u16()
    };
    suite
        .expect("who may list a bucket is told that an object is absent", UPLOADS, async {
            assert_eq!(head().await, 404);
        })
        .await;
    let looks = if suite.is_local() { 1 } else { 60 };
    // The local AWS says 404 to everybody.
    let told = Expected { aws: "403", local: "404" };
    suite
        .expect_of_aws("who may not gets 403: the reason for s3:ListBucket in the roles", TEMPLATE, told, async {
            let denied = json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Deny", "Principal": "*", "Action": "s3:ListBucket",
                "Resource": format!("arn:aws:s3:::{bucket}")
            }]});
            stack.s3.put_bucket_policy().bucket(bucket).policy(denied.to_string()).send().await.unwrap();
            let mut seen = head().await;
            for _ in 1..looks {
                if seen == 403 {
                    break;
                }
                sleep(Duration::from_secs(1)).await;
                seen = head().await;
            }
            seen.to_string()
        })
        .await;
}

fn tagged() -> LifecycleRuleFilter {
    LifecycleRuleFilter::builder().tag(tag("kind", "build")).build()
}

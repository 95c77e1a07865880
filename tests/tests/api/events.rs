//! Recorded events through the functions' own routers and handlers, each answer compared as a whole.

use std::collections::BTreeMap;

use aws_lambda_events::sqs::SqsEvent;
use axum::Router;
use http::Request;
use insta::assert_json_snapshot;
use lambda_http::request::LambdaRequest;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tests::harness::{Answer, Bench, exchange, put, root};
use tests::packages::small_apk;

use crate::multipart::{begin, put_parts};

/// `function/case` of every file below events/.
pub(crate) fn recorded_names() -> Vec<String> {
    let folders = std::fs::read_dir(root().join("events")).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    let name = |path: std::path::PathBuf| {
        assert_eq!(path.extension().unwrap(), "json", "{}", path.display());
        let parts: Vec<_> =
            path.with_extension("").iter().rev().take(2).map(|part| part.to_str().unwrap().to_owned()).collect();
        format!("{}/{}", parts[1], parts[0])
    };
    let mut names: Vec<String> = files.map(name).collect();
    names.sort_unstable();
    names
}

/// The text of an event.
pub(crate) fn recorded(name: &str) -> String {
    std::fs::read_to_string(root().join("events").join(format!("{name}.json"))).unwrap()
}

/// An event with its placeholders filled in, as `envsubst` would.
fn event<T: DeserializeOwned>(name: &str, values: &[(&str, &str)]) -> T {
    let mut text = recorded(name);
    for (variable, value) in values {
        assert!(text.contains(variable), "{name} has no {variable}");
        // Bodies are JSON within JSON.
        text = text.replace(variable, &value.replace('"', r#"\\\""#));
    }
    let left = text.lines().find(|line| line.contains('$') && !line.contains("$default"));
    assert_eq!(left, None, "{name}: a placeholder is left");
    serde_json::from_str(&text).unwrap()
}

/// Replays a request through the router of the function that the event is recorded for.
async fn replay(bench: &Bench, name: &str, values: &[(&str, &str)]) -> Answer {
    let router: Router = match name.split_once('/').unwrap().0 {
        "automate-upload" => api::serve(automate_upload::routes(), bench.app.clone()),
        "automate-status" => api::serve(automate_status::routes(), bench.app.clone()),
        function => panic!("{function} has no router"),
    };
    let request: Request<lambda_http::Body> = event::<LambdaRequest>(name, values).into();
    exchange(&router, request).await
}

/// The whole answer, without what differs from run to run.
fn whole(answer: &Answer) -> Value {
    let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
    let headers: BTreeMap<_, _> = answer.headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    let mut whole = json!({ "status": answer.status.as_u16(), "headers": headers, "body": answer.body });
    whole["headers"].as_object_mut().unwrap().remove("content-length");
    redact(&mut whole);
    whole.sort_all_objects();
    whole
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let replacement = match name.as_str() {
                    "x-request-id" | "request_id" | "upload_id" => "[id]",
                    "job_id" | "start_time" | "created_at" | "updated_at" => "[time]",
                    "url" | "upload_url" | "download_url" | "report_url" => "[url]",
                    "sha256" | "size" => "[output]",
                    "signing_key_id" if value.is_string() => "[key]",
                    "part_urls" => "[urls]",
                    "file_path" => {
                        let path = value.as_str().unwrap().split('/').enumerate();
                        let path: Vec<_> = path.map(|(index, part)| if index == 4 { "[time]" } else { part }).collect();
                        *value = path.join("/").into();
                        continue;
                    }
                    _ => {
                        redact(value);
                        continue;
                    }
                };
                *value = replacement.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_upload_requests_are_answered_as_documented() {
    let bench = Bench::start().await;
    let key = bench.key.expose();
    let key = [("$APPTEGO_API_KEY", &*key)];
    assert_json_snapshot!(whole(&replay(&bench, "automate-upload/upload", &key).await), @r#"
    {
      "body": {
        "expires_in": 3600,
        "file_path": "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/uploads/android/production/[time]/app-release.apk",
        "job_id": "[time]",
        "signing_key_id": "[key]",
        "start_time": "[time]",
        "upload_url": "[url]",
        "url": "[url]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(whole(&replay(&bench, "automate-upload/upload-multipart", &key).await), @r#"
    {
      "body": {
        "chunk_size": 10485760,
        "expires_in": 3600,
        "file_path": "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/uploads/android/production/[time]/app-release.apk",
        "job_id": "[time]",
        "multipart": true,
        "part_urls": "[urls]",
        "signing_key_id": null,
        "start_time": "[time]",
        "total_parts": 10,
        "upload_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(whole(&replay(&bench, "automate-upload/upload-base64", &key).await), @r#"
    {
      "body": {
        "expires_in": 3600,
        "file_path": "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/uploads/android/development/[time]/größe.apk",
        "job_id": "[time]",
        "signing_key_id": "[key]",
        "start_time": "[time]",
        "upload_url": "[url]",
        "url": "[url]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(whole(&replay(&bench, "automate-upload/upload-base64", &key).await), @r#"
    {
      "body": {
        "expires_in": 3600,
        "file_path": "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/uploads/android/development/[time]/größe.apk",
        "job_id": "[time]",
        "signing_key_id": "[key]",
        "start_time": "[time]",
        "upload_url": "[url]",
        "url": "[url]"
      },
      "headers": {
        "content-type": "application/json",
        "idempotent-replayed": "true",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(whole(&replay(&bench, "automate-upload/upload", &key).await), @r#"
    {
      "body": {
        "code": "concurrent_build_limit",
        "error": "Concurrent build limit reached (3 builds)",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "retry-after": "30",
        "x-ratelimit-limit": "3",
        "x-ratelimit-remaining": "0",
        "x-request-id": "[id]"
      },
      "status": 429
    }
    "#);
    assert_json_snapshot!(whole(&replay(&bench, "automate-upload/upload-without-credentials", &[]).await), @r#"
    {
      "body": {
        "code": "unauthenticated",
        "error": "Authentication failed",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "www-authenticate": "Bearer",
        "x-request-id": "[id]"
      },
      "status": 401
    }
    "#);
    assert_json_snapshot!(whole(&replay(&bench, "automate-upload/upload-wrong-method", &key).await), @r#"
    {
      "body": {
        "code": "method_not_allowed",
        "error": "Method not allowed for this endpoint",
        "request_id": "[id]"
      },
      "headers": {
        "allow": "POST",
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 405
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_and_messages_carry_a_multipart_upload_through() {
    let bench = Bench::start().await;
    let key = bench.key.expose();
    let ticket = begin(&bench, 104_857_600).await;
    let parts = put_parts(&ticket).await;
    let (path, upload, job) = (ticket.text("file_path"), ticket.text("upload_id"), ticket.text("job_id"));
    let claim = [("$APPTEGO_API_KEY", &*key), ("$FILE_PATH", &*path), ("$UPLOAD_ID", &*upload)];
    let complete = [&claim[..], &[("$ETAG", parts[0]["ETag"].as_str().unwrap())]].concat();
    assert_json_snapshot!(whole(&replay(&bench, "automate-upload/complete", &complete).await), @r#"
    {
      "body": {
        "job_id": "[time]",
        "success": true
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    let arrival: SqsEvent = event("upload-arrival/complete-multipart-upload", &[("$JOB_ID", &job)]);
    let answer = upload_arrival::handle(bench.service(), arrival).await;
    assert_json_snapshot!(answer, @r#"
    {
      "batchItemFailures": []
    }
    "#);
    assert_json_snapshot!(whole(&replay(&bench, "automate-upload/abort", &claim).await), @r#"
    {
      "body": {
        "code": "upload_completed",
        "error": "The upload was completed already; cancel the build instead",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 409
    }
    "#);
    let own = [("$APPTEGO_API_KEY", &*key), ("$JOB_ID", &*job)];
    assert_json_snapshot!(whole(&replay(&bench, "automate-upload/cancel", &own).await), @r#"
    {
      "body": {
        "success": true
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(whole(&replay(&bench, "automate-upload/cancel", &own).await), @r#"
    {
      "body": {
        "code": "build_ended",
        "error": "The build has already ended",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 409
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_messages_and_schedules_carry_a_build_through() {
    let bench = Bench::start().await;
    let key = bench.key.expose();
    let apk = small_apk();
    let ticket = bench.request_upload("größe (1).apk", Some(apk.len())).await;
    let job = ticket.text("job_id");
    let own = [("$APPTEGO_API_KEY", &*key), ("$JOB_ID", &*job)];
    assert_json_snapshot!(whole(&replay(&bench, "automate-status/status", &own).await), @r#"
    {
      "body": {
        "code": "not_found",
        "error": "Job not found",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 404
    }
    "#);
    put(&ticket.text("upload_url"), apk).await;
    let answer = upload_arrival::handle(bench.service(), event("upload-arrival/test-event", &[])).await;
    assert_json_snapshot!(answer, @r#"
    {
      "batchItemFailures": []
    }
    "#);
    let answer = upload_arrival::handle(bench.service(), event("upload-arrival/put", &[("$JOB_ID", &job)])).await;
    assert_json_snapshot!(answer, @r#"
    {
      "batchItemFailures": []
    }
    "#);
    let ledger = bench.store().ledger(&bench.tenant.id).await.unwrap();
    assert_eq!(ledger.arrived.len(), 1, "the notification and not the next status read pinned the upload");
    assert_json_snapshot!(whole(&replay(&bench, "automate-status/status", &own).await), @r#"
    {
      "body": {
        "created_at": "[time]",
        "file_name": "größe (1).apk",
        "job_id": "[time]",
        "percent": 0,
        "phase": "queued",
        "platform": "android",
        "progress": "Queued",
        "queue_position": 1,
        "status": "processing",
        "updated_at": "[time]",
        "version": "production"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(whole(&replay(&bench, "automate-status/download", &own).await), @r#"
    {
      "body": {
        "code": "job_not_completed",
        "error": "Job not completed",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);

    let _: Value = event("maintenance/each-minute", &[]);
    bench.clock.pass(3600);
    assert_json_snapshot!(maintenance::handle(bench.service()).await.unwrap(), @r#"
    {
      "looked_at": 1,
      "failed": 0
    }
    "#);
    let worker = bench.worker();
    let minute = std::time::Duration::from_secs(60);
    assert_json_snapshot!(worker.handle(event("protection-worker/wake-up", &[("$JOB_ID", &job)]), minute).await, @r#"
    {
      "batchItemFailures": []
    }
    "#);
    assert_json_snapshot!(worker.handle(event("protection-worker/unreadable", &[]), minute).await, @r#"
    {
      "batchItemFailures": [
        {
          "itemIdentifier": "059f36b4-87a3-44ab-83d2-661975770000"
        }
      ]
    }
    "#);
    assert_json_snapshot!(whole(&replay(&bench, "automate-status/status", &own).await), @r#"
    {
      "body": {
        "created_at": "[time]",
        "file_name": "größe (1).apk",
        "job_id": "[time]",
        "platform": "android",
        "report_url": "[url]",
        "sha256": "[output]",
        "size": "[output]",
        "status": "completed",
        "updated_at": "[time]",
        "version": "production"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(whole(&replay(&bench, "automate-status/download", &own).await), @r#"
    {
      "body": {
        "download_url": "[url]",
        "expires_in": 3600,
        "file_name": "größe (1).apk",
        "job_id": "[time]",
        "report_url": "[url]",
        "sha256": "[output]",
        "size": "[output]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(whole(&replay(&bench, "automate-status/unknown-route", &own[..1]).await), @r#"
    {
      "body": {
        "code": "endpoint_not_found",
        "error": "Endpoint not found",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 404
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_request_without_its_credentials_is_refused() {
    let bench = Bench::start().await;
    let values = [
        ("$APPTEGO_API_KEY", "auto_x:y"),
        ("$JOB_ID", "1700000000"),
        ("$FILE_PATH", "x"),
        ("$UPLOAD_ID", "x"),
        ("$ETAG", "x"),
    ];
    for name in recorded_names() {
        let text = recorded(&name);
        let request: Value = serde_json::from_str(&text).unwrap();
        if !request["routeKey"].as_str().is_some_and(|route| route.starts_with("ANY "))
            || name.ends_with("wrong-method")
        {
            continue;
        }
        let values: Vec<_> = values.into_iter().filter(|(variable, _)| text.contains(variable)).collect();
        assert_eq!(replay(&bench, &name, &values).await.status.as_u16(), 401, "{name} with a wrong key");
        let mut request = event::<Value>(&name, &values);
        request["headers"].as_object_mut().unwrap().remove("authorization");
        let request: Request<lambda_http::Body> = serde_json::from_value::<LambdaRequest>(request).unwrap().into();
        assert_eq!(exchange(&bench.router, request).await.status.as_u16(), 401, "{name} without a key");
    }
}

#[test]
fn every_event_is_read_by_a_test() {
    let tests = include_str!("events.rs");
    let unread: Vec<_> = recorded_names().into_iter().filter(|name| !tests.contains(&format!("\"{name}\""))).collect();
    assert_eq!(unread, Vec::<String>::new());
}

//! Recorded events through the functions' own routers and handlers, each answer compared as a whole.

use aws_lambda_events::sqs::SqsEvent;
use insta::assert_json_snapshot;
use serde_json::Value;
use tests::functions;
use tests::harness::{Bench, put};
use tests::packages::small_apk;

use crate::events::{event, replay, whole};
use crate::multipart::{begin, put_parts};

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
    let answer = functions::arrive(bench.service(), arrival).await;
    assert_json_snapshot!(answer, @r#"
    {
      "batchItemFailures": []
    }
    "#);
    assert_json_snapshot!(whole(&replay(&bench, "automate-upload/abort", &claim).await), @r#"
    {
      "body": {
        "code": "upload_completed",
        "error": "The upload was completed already",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 409
    }
    "#);
    let unwanted = begin(&bench, 104_857_600).await;
    let (path, upload) = (unwanted.text("file_path"), unwanted.text("upload_id"));
    let claim = [("$APPTEGO_API_KEY", &*key), ("$FILE_PATH", &*path), ("$UPLOAD_ID", &*upload)];
    assert_json_snapshot!(whole(&replay(&bench, "automate-upload/abort", &claim).await), @r#"
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
    let answer = functions::arrive(bench.service(), event("upload-arrival/test-event", &[])).await;
    assert_json_snapshot!(answer, @r#"
    {
      "batchItemFailures": []
    }
    "#);
    let answer = functions::arrive(bench.service(), event("upload-arrival/put", &[("$JOB_ID", &job)])).await;
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
    assert_json_snapshot!(functions::maintain(bench.service(), &bench.outbox()).await.unwrap(), @r#"
    {
      "jobs": {
        "looked_at": 1,
        "failed": 0
      },
      "mail": {
        "sent": 0,
        "postponed": 0,
        "dropped": 0,
        "failed": 0
      },
      "tenants": {
        "purged": 0,
        "unfinished": 0
      }
    }
    "#);
    let worker = bench.worker();
    assert_json_snapshot!(functions::build(&worker, event("protection-worker/wake-up", &[("$JOB_ID", &job)])).await, @r#"
    {
      "batchItemFailures": []
    }
    "#);
    assert_json_snapshot!(functions::build(&worker, event("protection-worker/unreadable", &[])).await, @r#"
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

//! Uploads of members.

use domain::plan::Plan;
use insta::assert_json_snapshot;
use serde_json::Value;
use tests::harness::Bench;

use super::{answer, ask};
use crate::events::whole;
use crate::multipart::put_parts;

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_upload_a_package() {
    let bench = Bench::start().await;
    let maker = bench.add_member("maker@example.com", "build_applications").await;
    let reader = bench.add_member("reader@example.com", "").await;
    assert_json_snapshot!(answer(&bench, "frontend-builds/upload-application-build", &maker, &[]).await, @r#"
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
    assert_json_snapshot!(answer(&bench, "frontend-builds/upload-application-build", &maker, &[]).await, @r#"
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
        "idempotent-replayed": "true",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-builds/upload-application-build", &reader, &[]).await, @r#"
    {
      "body": {
        "code": "permission_denied",
        "error": "You don't have permission to do this. The 'Builds' permission is required.",
        "permission_denied": true,
        "request_id": "[id]",
        "required_permission": "build_applications"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 403
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_upload_for_a_tenant_on_free_whose_outputs_stay_unsigned() {
    let bench = Bench::start().await;
    let (tenant, _) = bench.another_tenant(5, Plan::Free).await;
    let owner = bench.owner().in_tenant(&tenant.id);
    bench.let_build_on_free(&tenant).await;
    let key = [("$SIGNING_KEY_ID", tenant.default_android_key.as_ref().unwrap().as_str())];
    let signed = answer(&bench, "frontend-builds/upload-application-build-with-key-on-free", &owner, &key).await;
    assert_json_snapshot!(signed, @r#"
    {
      "body": {
        "code": "plan_required",
        "error": "Code signing requires a Team or Enterprise plan",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 403
    }
    "#);
    let unsigned = ask(&bench, "frontend-builds/upload-application-build", &owner, &[]).await;
    assert_eq!((unsigned.status.as_u16(), &unsigned.body["signing_key_id"]), (200, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_complete_and_abort_uploads_in_parts() {
    let bench = Bench::start().await;
    let maker = bench.add_member("maker@example.com", "build_applications").await;
    let ticket = ask(&bench, "frontend-builds/upload-application-build-multipart", &maker, &[]).await;
    assert_json_snapshot!(whole(&ticket), @r#"
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
    let parts = put_parts(&ticket).await;
    let (path, upload) = (ticket.text("file_path"), ticket.text("upload_id"));
    let claim = [("$FILE_PATH", &*path), ("$UPLOAD_ID", &*upload)];
    let complete = [&claim[..], &[("$ETAG", parts[0]["ETag"].as_str().unwrap())]].concat();
    assert_json_snapshot!(answer(&bench, "frontend-builds/complete-application-build", &maker, &complete).await, @r#"
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
    assert_json_snapshot!(answer(&bench, "frontend-builds/abort-application-build", &maker, &claim).await, @r#"
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

    let unwanted = ask(&bench, "frontend-builds/upload-application-build-multipart", &maker, &[]).await;
    let (path, upload) = (unwanted.text("file_path"), unwanted.text("upload_id"));
    let claim = [("$FILE_PATH", &*path), ("$UPLOAD_ID", &*upload)];
    assert_json_snapshot!(answer(&bench, "frontend-builds/abort-application-build", &maker, &claim).await, @r#"
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
}

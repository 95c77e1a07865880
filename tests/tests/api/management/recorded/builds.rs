//! Applications and builds: listed, downloaded, signed again and deleted.

use insta::assert_json_snapshot;
use local::seed;
use serde_json::json;
use tests::harness::{Bench, fetch, put};
use tests::members::Member;
use tests::packages::small_apk;

use super::{answer, ask};
use crate::events::whole;

/// Uploads a small package as the recorded request does; returns when the build was asked for.
async fn upload(bench: &Bench, maker: &Member) -> String {
    let ticket = ask(bench, "frontend-builds/upload-application-build", maker, &[]).await;
    put(&ticket.text("upload_url"), small_apk()).await;
    bench.run_arrivals().await;
    ticket.text("job_id")
}

/// The application of the latest build.
async fn application(bench: &Bench, reader: &Member) -> String {
    let listed = ask(bench, "frontend-builds/get-application-builds", reader, &[]).await;
    listed.body["builds"][0]["application_id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_list_and_download_builds() {
    let bench = Bench::start().await;
    let maker = bench.add_member("maker@example.com", "build_applications").await;
    let reader = bench.add_member("reader@example.com", "").await;
    assert_json_snapshot!(answer(&bench, "frontend-builds/get-applications", &reader, &[]).await, @r#"
    {
      "body": {
        "applications": [],
        "cursor": null
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    let start = upload(&bench, &maker).await;
    let build = [("$START_TIME", &*start)];
    assert_json_snapshot!(answer(&bench, "frontend-builds/get-application-builds", &reader, &[]).await, @r#"
    {
      "body": {
        "builds": [
          {
            "application_id": null,
            "build_id": null,
            "build_name": null,
            "build_version": null,
            "created_at": "[time]",
            "created_by": "maker@example.com",
            "error_message": null,
            "failure_code": null,
            "file_name": "app-release.apk",
            "file_path": "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/uploads/android/production/[time]/app-release.apk",
            "package_name": null,
            "percent": 0,
            "platform": "android",
            "protected_file_name": null,
            "sha256": null,
            "signing_error_message": null,
            "signing_key_id": "[key]",
            "signs_again": null,
            "size": null,
            "start_time": "[time]",
            "status": "processing",
            "status_message": "Queued",
            "success": false,
            "updated_at": "[time]",
            "version": "production"
          }
        ],
        "cursor": null
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-builds/download-application-build", &reader, &build).await, @r#"
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
    assert_json_snapshot!(answer(&bench, "frontend-builds/delete-application-build-running", &maker, &build).await, @r#"
    {
      "body": {
        "code": "build_running",
        "error": "The build has not ended yet",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 409
    }
    "#);

    bench.run_worker(&bench.worker()).await;
    let application = application(&bench, &reader).await;
    let application = [("$APPLICATION_ID", &*application)];
    let builds = answer(&bench, "frontend-builds/get-application-builds-of-application", &reader, &application).await;
    assert_json_snapshot!(builds, @r#"
    {
      "body": {
        "builds": [
          {
            "application_id": "203f4c1a-ed27-8cf0-a798-58ed953ff782",
            "build_id": "7",
            "build_name": "com.example.small",
            "build_version": "1.2",
            "created_at": "[time]",
            "created_by": "maker@example.com",
            "error_message": null,
            "failure_code": null,
            "file_name": "app-release.apk",
            "file_path": "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/uploads/android/production/[time]/app-release.apk",
            "package_name": "com.example.small",
            "percent": null,
            "platform": "android",
            "protected_file_name": "app-release.apk",
            "sha256": "[output]",
            "signing_error_message": null,
            "signing_key_id": "[key]",
            "signs_again": null,
            "size": "[output]",
            "start_time": "[time]",
            "status": "completed",
            "status_message": "Completed",
            "success": true,
            "updated_at": "[time]",
            "version": "production"
          }
        ],
        "cursor": null
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-builds/get-applications", &reader, &[]).await, @r#"
    {
      "body": {
        "applications": [
          {
            "application_id": "203f4c1a-ed27-8cf0-a798-58ed953ff782",
            "build_id": "7",
            "build_image": null,
            "build_name": "com.example.small",
            "build_version": "1.2",
            "builds": 1,
            "latest_build": "[time]",
            "package_name": "com.example.small",
            "platform": "android"
          }
        ],
        "cursor": null
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    let download = ask(&bench, "frontend-builds/download-application-build", &reader, &build).await;
    assert_json_snapshot!(whole(&download), @r#"
    {
      "body": {
        "download_url": "[url]",
        "expires_in": 3600,
        "file_name": "app-release.apk",
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
    let output = fetch(&download.text("download_url")).await;
    assert_eq!(domain::id::Sha256Hex::of(&output).as_str(), download.text("sha256"));
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_sign_a_build_again() {
    let bench = Bench::start().await;
    let maker = bench.add_member("maker@example.com", "build_applications").await;
    let start = upload(&bench, &maker).await;
    bench.run_worker(&bench.worker()).await;
    let key = seed::make_signing_key(bench.own(), &bench.tenant.id).await.unwrap();
    let (build, key) = ([("$START_TIME", &*start)], ("$SIGNING_KEY_ID", key.as_str()));
    let unknown = answer(&bench, "frontend-builds/sign-application-build-unknown-key", &maker, &build).await;
    assert_json_snapshot!(unknown, @r#"
    {
      "body": {
        "code": "invalid_signing_key_id",
        "error": "Invalid signing key selection: there is no such key for this platform",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    let order = [build[0], key];
    assert_json_snapshot!(answer(&bench, "frontend-builds/sign-application-build", &maker, &order).await, @r#"
    {
      "body": {
        "job_id": "[time]",
        "signing_key_id": "[key]",
        "start_time": "[time]",
        "success": true
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-builds/sign-application-build", &maker, &order).await, @r#"
    {
      "body": {
        "job_id": "[time]",
        "signing_key_id": "[key]",
        "start_time": "[time]",
        "success": true
      },
      "headers": {
        "content-type": "application/json",
        "idempotent-replayed": "true",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    bench.run_worker(&bench.worker()).await;
    let application = application(&bench, &maker).await;
    let application = [("$APPLICATION_ID", &*application)];
    let builds = answer(&bench, "frontend-builds/get-application-builds-of-application", &maker, &application).await;
    assert_json_snapshot!(builds, @r#"
    {
      "body": {
        "builds": [
          {
            "application_id": "203f4c1a-ed27-8cf0-a798-58ed953ff782",
            "build_id": "7",
            "build_name": "com.example.small",
            "build_version": "1.2",
            "created_at": "[time]",
            "created_by": "maker@example.com",
            "error_message": null,
            "failure_code": null,
            "file_name": "app-release.apk",
            "file_path": null,
            "package_name": "com.example.small",
            "percent": null,
            "platform": "android",
            "protected_file_name": "app-release.apk",
            "sha256": "[output]",
            "signing_error_message": null,
            "signing_key_id": "[key]",
            "signs_again": "[time]",
            "size": "[output]",
            "start_time": "[time]",
            "status": "completed",
            "status_message": "Completed",
            "success": true,
            "updated_at": "[time]",
            "version": "production"
          }
        ],
        "cursor": "[cursor]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_delete_builds_and_applications() {
    let bench = Bench::start().await;
    let maker = bench.add_member("maker@example.com", "build_applications").await;
    let first = upload(&bench, &maker).await;
    let second = bench.upload("second.apk", &small_apk()).await;
    bench.build(&second).await;
    let id = application(&bench, &maker).await;
    let (application, build) = ([("$APPLICATION_ID", &*id)], [("$START_TIME", &*first)]);
    assert_json_snapshot!(answer(&bench, "frontend-builds/delete-application-build", &maker, &build).await, @r#"
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
    let gone = answer(&bench, "frontend-builds/delete-application-build", &maker, &build).await;
    assert_eq!((&gone["status"], &gone["body"]["error"]), (&json!(404), &json!("Job not found")));
    assert_json_snapshot!(answer(&bench, "frontend-builds/get-applications", &maker, &[]).await, @r#"
    {
      "body": {
        "applications": [
          {
            "application_id": "203f4c1a-ed27-8cf0-a798-58ed953ff782",
            "build_id": "7",
            "build_image": null,
            "build_name": "com.example.small",
            "build_version": "1.2",
            "builds": 1,
            "latest_build": "[time]",
            "package_name": "com.example.small",
            "platform": "android"
          }
        ],
        "cursor": null
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-builds/delete-application", &maker, &application).await, @r#"
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
    let gone = answer(&bench, "frontend-builds/delete-application", &maker, &application).await;
    assert_eq!((&gone["status"], &gone["body"]["error"]), (&json!(404), &json!("Application not found")));
    let left = answer(&bench, "frontend-builds/get-applications", &maker, &[]).await;
    assert_eq!(left["body"], json!({ "applications": [], "cursor": null }));
    assert_eq!(bench.objects().await, Vec::<String>::new());
}

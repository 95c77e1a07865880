//! Android App Bundles from their upload to what bundletool and jarsigner say of the output, by both upload calls and from the command
//! line.

use std::path::Path;

use domain::id::Sha256Hex;
use serde_json::{Value, json};
use tests::harness::{Bench, fetch, put};

use crate::dev::Desk;
use crate::{judges, samples};

fn written(folder: &Path, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join("protected.aab");
    std::fs::write(&path, bytes).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_is_protected_and_signed_by_both_upload_calls() {
    let (bench, folder) = (Bench::start().await, tempfile::tempdir().unwrap());
    bench.limit(50, 100).await;
    let job = bench.upload("app.aab", &fixtures::bundle::small()).await;
    let status = bench.build(&job).await;
    assert_eq!(status.text("status"), "completed", "{}", status.body);
    let report: Value = serde_json::from_slice(&fetch(&status.text("report_url")).await).unwrap();
    assert_eq!(
        (&report["app"]["package"], &report["signing"]["schemes"]),
        (&json!("com.example.small"), &json!(["v1"]))
    );

    let owner = bench.owner();
    let body = json!({ "file_name": "app.aab", "platform": "android", "version": "prod" });
    let ticket = owner.done("/frontend/upload_application_build", body).await;
    put(&ticket.text("upload_url"), fixtures::bundle::small()).await;
    let start = ticket.body["start_time"].as_i64().unwrap();
    let status = bench.build(&start.to_string()).await;
    assert_eq!(status.text("status"), "completed", "{}", status.body);
    let answer = owner.done("/frontend/download_application_build", json!({ "start_time": start })).await;
    let bytes = fetch(&answer.text("download_url")).await;
    assert_eq!(Sha256Hex::of(&bytes).as_str(), answer.text("sha256"));
    judges::bundle(&written(folder.path(), &bytes));

    let applications = owner.done("/frontend/get_applications", json!({})).await;
    let application = &applications.body["applications"][0];
    assert_eq!((&application["package_name"], &application["builds"]), (&json!("com.example.small"), &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn real_bundles_go_through_dev_protect() {
    let desk = Desk::new();
    for name in ["install-time-permanent-modules.aab", "watch-face-from-tool.aab"] {
        let Some(path) = samples::shared_path(&format!("samples/{name}")) else { return };
        let ended = desk.run(&["protect", path.to_str().unwrap(), "--out", "out.aab"]).await;
        assert_eq!(ended.code, Some(0), "{name}: {}{}", ended.stdout, ended.stderr);
        judges::bundle(&desk.path("out.aab"));
    }
}

//! The main job from end to end.

use http::StatusCode;

use tests::harness::{Bench, fetch};
use tests::packages::small_apk;

#[tokio::test(flavor = "multi_thread")]
async fn an_apk_goes_in_and_a_protected_one_comes_out() {
    let bench = Bench::start().await;
    let apk = small_apk();
    let ticket = bench.request_upload("app-release.apk", Some(apk.len())).await;
    let job = ticket.text("job_id");
    let status = format!("/automate/status/{job}");
    assert_eq!(bench.get(&status).await.status, StatusCode::NOT_FOUND);

    tests::harness::put(&ticket.text("upload_url"), apk.clone()).await;
    let queued = bench.get(&status).await;
    assert_eq!((queued.text("status"), queued.text("progress")), ("processing".into(), "Queued".into()));

    let done = bench.build(&job).await;
    assert_eq!(done.text("status"), "completed", "{}", done.body);
    let download = bench.get(&format!("/automate/download/{job}")).await;
    let output = fetch(&download.text("download_url")).await;
    assert_eq!(domain::id::Sha256Hex::of(&output).as_str(), done.text("sha256"));

    let ledger = bench.store().ledger(&bench.tenant.id).await.unwrap();
    assert!(ledger.active.is_empty() && ledger.arrived.is_empty() && ledger.recent.len() == 1, "{ledger:?}");
    let objects = bench.objects().await;
    assert_eq!(objects.len(), 2, "the output and its report: {objects:?}");
}

//! `GET /automate/status`, `GET /automate/download` and `POST /automate/cancel`.

use domain::phase::Phase;
use domain::progress::Progress;
use http::StatusCode;
use serde_json::json;
use service::work::Leased;
use tests::functions;
use tests::harness::{Answer, Bench};
use tests::packages::small_apk;

fn names(answer: &Answer) -> Vec<String> {
    let mut names: Vec<String> = answer.body.as_object().unwrap().keys().cloned().collect();
    names.sort_unstable();
    names
}

async fn status(bench: &Bench, job: &str) -> Answer {
    bench.get(&format!("/automate/status/{job}")).await
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str, error: &str) {
    let found = (answer.status.as_u16(), answer.text("code"), answer.text("error"));
    assert_eq!(found, (status, code.to_owned(), error.to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_is_not_found_before_its_upload_then_queued_running_completed_and_downloaded() {
    let bench = Bench::start().await;
    let apk = small_apk();
    let ticket = bench.request_upload("Größe (1).apk", Some(apk.len())).await;
    let job = ticket.text("job_id");
    let download = format!("/automate/download/{job}");
    refused(&status(&bench, &job).await, 404, "not_found", "Job not found");
    refused(&bench.get(&download).await, 400, "job_not_completed", "Job not completed");

    tests::harness::put(&ticket.text("upload_url"), apk).await;
    let queued = status(&bench, &job).await;
    let start = &ticket.body["start_time"];
    let updated = queued.body["updated_at"].as_i64().unwrap();
    assert!(updated >= start.as_i64().unwrap() && updated <= bench.clock.now());
    let expected = json!({
        "job_id": job, "status": "processing", "platform": "android", "version": "production",
        "file_name": "Größe (1).apk", "created_at": start, "updated_at": updated,
        "progress": "Queued", "phase": "queued", "percent": 0, "queue_position": 1,
    });
    assert_eq!(queued.body, expected);
    let second = bench.upload("second.apk", b"not a package").await;
    bench.run_arrivals().await;
    assert_eq!(status(&bench, &second).await.body["queue_position"], 2);
    refused(&bench.get(&download).await, 400, "job_not_completed", "Job not completed");

    let leased = functions::working(bench.service().lease(&bench.tenant.id, job.parse().unwrap(), 300)).await;
    let Leased::Work(work) = leased.unwrap() else { panic!("no lease") };
    let running = status(&bench, &job).await;
    assert_eq!((running.text("progress"), &running.body["percent"]), ("Downloading".into(), &json!(5)));
    assert!(running.body.get("queue_position").is_none());
    for phase in Phase::ALL.into_iter().skip(1) {
        let progress = Progress::within(work.job.attempt, phase, 0, 1);
        functions::working(bench.service().report(&work, &progress)).await.unwrap();
        let running = status(&bench, &job).await;
        assert_eq!((running.text("status"), running.text("progress")), ("processing".into(), phase.text().into()));
        assert_eq!(
            (running.text("phase"), &running.body["percent"]),
            (phase.text().to_lowercase(), &json!(phase.percent()))
        );
    }
    functions::working(bench.service().retry(*work)).await.unwrap();
    bench.run_worker(&bench.worker()).await;

    let done = status(&bench, &job).await;
    let documented = [
        "created_at",
        "file_name",
        "job_id",
        "platform",
        "report_url",
        "sha256",
        "size",
        "status",
        "updated_at",
        "version",
    ];
    assert_eq!((done.text("status"), names(&done)), ("completed".into(), documented.map(str::to_owned).to_vec()));

    let answer = bench.get(&download).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(names(&answer), ["download_url", "expires_in", "file_name", "job_id", "report_url", "sha256", "size"]);
    assert_eq!(
        (answer.text("job_id"), answer.text("file_name"), &answer.body["expires_in"]),
        (job, "Größe (1).apk".into(), &json!(3600))
    );
    assert_eq!((answer.text("sha256"), &answer.body["size"]), (done.text("sha256"), &done.body["size"]));
    let response = reqwest::get(answer.text("download_url")).await.unwrap();
    let disposition = response.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert_eq!(disposition, "attachment; filename=\"Gr__e (1).apk\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%281%29.apk");
    let bytes = response.bytes().await.unwrap();
    assert_eq!(domain::id::Sha256Hex::of(&bytes).as_str(), answer.text("sha256"));
    assert_eq!(json!(bytes.len()), answer.body["size"]);

    let failed = status(&bench, &second).await;
    let documented = [
        "created_at",
        "error_message",
        "failure_code",
        "file_name",
        "job_id",
        "platform",
        "status",
        "updated_at",
        "version",
    ];
    assert_eq!((failed.text("status"), names(&failed)), ("failed".into(), documented.map(str::to_owned).to_vec()));
    let message = format!("Job not completed: it failed: {}", failed.text("error_message"));
    refused(&bench.get(&format!("/automate/download/{second}")).await, 400, "job_not_completed", &message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_build_is_failed_for_good_and_gives_its_slot_and_its_share_of_the_week_back() {
    let bench = Bench::start().await;
    let waiting = bench.request_upload("waiting.apk", None).await.text("job_id");
    let queued = bench.upload("queued.apk", &small_apk()).await;
    bench.run_arrivals().await;
    for job in [&waiting, &queued] {
        let cancel = format!("/automate/cancel/{job}");
        let answer = bench.call("POST", &cancel, None).await;
        assert_eq!((answer.status, answer.body), (StatusCode::OK, json!({ "success": true })));
        let status = status(&bench, job).await;
        assert_eq!(
            (status.text("status"), status.text("error_message"), status.text("failure_code")),
            ("failed".into(), "Cancelled".into(), "cancelled".into())
        );
        refused(&bench.call("POST", &cancel, None).await, 409, "build_ended", "The build has already ended");
    }
    assert_eq!(bench.run_worker(&bench.worker()).await, 1, "the wake-up of a cancelled build is acknowledged");
    assert_eq!(status(&bench, &queued).await.text("failure_code"), "cancelled");
    let ledger = bench.store().ledger(&bench.tenant.id).await.unwrap();
    assert!(ledger.active.is_empty() && ledger.arrived.is_empty() && ledger.recent.is_empty(), "{ledger:?}");
    assert_eq!(bench.objects().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_id_that_was_never_given_out_to_this_tenant_is_invalid_or_not_found() {
    let bench = Bench::start().await;
    let (_, other) = bench.another_tenant(2, domain::plan::Plan::Team).await;
    let job = bench.upload("a.apk", &small_apk()).await;
    bench.run_arrivals().await;
    let calls = [("GET", "status"), ("GET", "download"), ("POST", "cancel")];
    for (method, call) in calls {
        let bearer = format!("Bearer {}", other.expose());
        let path = format!("/automate/{call}/{job}");
        let answer = tests::harness::send(&bench.router, method, &path, &[("authorization", &bearer)], None).await;
        refused(&answer, 404, "not_found", "Job not found");
        refused(
            &bench.call(method, &format!("/automate/{call}/1700000000"), None).await,
            404,
            "not_found",
            "Job not found",
        );
        for bad in
            ["abc", "0", "-1", "01700000000", "1e9", "1700000000000", "%20", "%FF", "..%2F1700000000", "1700000000%00"]
        {
            let answer = bench.call(method, &format!("/automate/{call}/{bad}"), None).await;
            refused(&answer, 400, "invalid_job_id", "Invalid job ID");
        }
    }
    assert_eq!(status(&bench, &job).await.text("status"), "processing", "nobody else cancelled it");
}

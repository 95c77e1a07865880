//! Custom Library: set, built, downloaded, deleted.

use domain::library::COOLDOWN_SECONDS;
use insta::assert_json_snapshot;
use serde_json::{Value, json};
use tests::functions;
use tests::harness::{Answer, Bench, fetch};

use super::{answer, ask};
use crate::events::{event, whole};

/// The answer without the ids of builds, and what else differs from run to run.
fn plain(answer: &Answer) -> Value {
    fn visit(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match name.as_str() {
                        "build_id" => *value = json!("[id]"),
                        "set_at" | "completed_at" if value.is_number() => *value = json!("[time]"),
                        "file_name" => {
                            let (name, rest) = value.as_str().unwrap().split_once('-').unwrap();
                            let extension = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
                            *value = json!(format!("{name}-[day].{extension}"));
                        }
                        "cooldown_remaining_seconds" if *value != json!(0) => *value = json!("[seconds]"),
                        _ => visit(value),
                    }
                }
            }
            Value::Array(values) => values.iter_mut().for_each(visit),
            _ => {}
        }
    }
    let mut whole = whole(answer);
    visit(&mut whole["body"]);
    whole
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_set_build_download_and_delete_a_library() {
    let bench = Bench::start().await;
    let reader = bench.add_member("reader@example.com", "").await;
    assert_json_snapshot!(
        "on_team",
        answer(&bench, "frontend-builds/custom-library-status-on-team", &reader, &[]).await
    );
    bench.owner_with_library().await;
    let settings = bench.add_member("settings@example.com", "modify_tenant_settings").await;
    let maker = bench.add_member("maker@example.com", "build_applications").await;
    let reserved = "frontend-builds/custom-library-set-identifier-reserved";
    assert_json_snapshot!("reserved", answer(&bench, reserved, &settings, &[]).await);
    let set = "frontend-builds/custom-library-set-identifier";
    assert_json_snapshot!("set", answer(&bench, set, &settings, &[]).await);
    let unknown = "frontend-builds/custom-library-download-unknown";
    assert_json_snapshot!("download_unknown", answer(&bench, unknown, &reader, &[]).await);
    let waiting = ask(&bench, "frontend-builds/custom-library-status", &reader, &[]).await;
    assert_json_snapshot!("waiting", plain(&waiting));

    let id = waiting.body["identifiers"][0]["latest_by_platform"]["android"]["build_id"].as_str().unwrap().to_owned();
    let build = [("$LIBRARY_BUILD_ID", &*id)];
    let taken = functions::build(&bench.worker(), event("protection-worker/library-wake-up", &build)).await;
    assert_eq!(taken.batch_item_failures, []);
    let status = ask(&bench, "frontend-builds/custom-library-status", &reader, &[]).await;
    assert_json_snapshot!("built_for_android", plain(&status));
    let download = ask(&bench, "frontend-builds/custom-library-download", &reader, &build).await;
    assert_json_snapshot!("download", plain(&download));
    assert!(fetch(&download.text("url")).await.starts_with(b"PK"));

    bench.run_library_worker(&bench.worker()).await;
    let cooldown = "frontend-builds/custom-library-delete-cooldown";
    assert_json_snapshot!("cooldown", answer(&bench, cooldown, &maker, &[]).await);
    bench.clock.pass(COOLDOWN_SECONDS + 60);
    let maker = bench.person("maker@example.com");
    assert_json_snapshot!("deleted", answer(&bench, "frontend-builds/custom-library-delete", &maker, &[]).await);
}

//! Custom Library: which package is downloaded, and what is in it.

use std::path::Path;
use std::process::Command;

use domain::id::Sha256Hex;
use domain::plan::Plan;
use domain::tenant::Tenant;
use serde_json::{Value, json};
use tests::harness::{Bench, fetch};

use super::libraries::{APP, DOWNLOAD, SET, identifiers, named, refusal, refused};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_downloaded_is_the_library_that_was_asked_for() {
    let bench = Bench::start().await;
    let owner = bench.owner_with_library().await;
    for identifier in [APP, "com.company.other"] {
        owner.done(SET, named(identifier)).await;
        bench.run_library_worker(&bench.worker()).await;
        bench.clock.pass(1);
    }
    let ids: Vec<(String, String)> = identifiers(&owner)
        .await
        .iter()
        .map(|identifier| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&identifier["app_identifier"]), text(&identifier["latest_by_platform"]["android"]["build_id"]))
        })
        .collect();
    let ask = async |more: Value| {
        let mut body = json!({ "platform": "android" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        owner.post(DOWNLOAD, body).await
    };
    let latest = ask(json!({})).await;
    assert!(latest.text("file_name").starts_with("com.company.other-"), "{}", latest.body);
    for (identifier, id) in &ids {
        let one = ask(json!({ "build_id": id })).await;
        assert!(one.text("file_name").starts_with(identifier.as_str()) && one.text("file_name").ends_with(".aar"));
        let bytes = fetch(&one.text("url")).await;
        assert_eq!(
            (Sha256Hex::of(&bytes).as_str(), json!(bytes.len())),
            (&*one.text("sha256"), one.body["size"].clone())
        );
        let same = ask(json!({ "app_identifier": identifier })).await;
        assert_eq!(same.body["sha256"], one.body["sha256"]);
        let response = reqwest::get(one.text("url")).await.unwrap();
        assert!(one.text("url").contains("X-Amz-Expires=3600&"), "{}", one.body);
        let disposition = response.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert!(disposition.contains(&one.text("file_name")), "{disposition}");
    }
    let (first, second) = (&ids[0], &ids[1]);
    for (more, status, code) in [
        (json!({ "platform": "ios", "build_id": first.1 }), 404, "not_found"),
        (json!({ "app_identifier": second.0, "build_id": first.1 }), 404, "not_found"),
        (json!({ "build_id": "01970000-0000-7000-8000-000000000000" }), 404, "not_found"),
        (json!({ "app_identifier": "com.company.third" }), 404, "not_found"),
        (json!({ "build_id": "latest" }), 400, "invalid_build_id"),
        (json!({ "platform": "windows" }), 400, "invalid_platform"),
        (json!({ "app_identifier": "com.example.app" }), 404, "not_found"),
        (json!({ "app_identifier": "com.company" }), 400, "invalid_app_identifier"),
    ] {
        assert_eq!(refusal(&ask(more.clone()).await), refused(status, code), "{more}");
    }
    let (other, _) = bench.another_tenant(7, Plan::Enterprise).await;
    bench.store().put_tenant(&Tenant { custom_library: true, ..other.clone() }).await.unwrap();
    let foreign =
        owner.in_tenant(&other.id).post(DOWNLOAD, json!({ "platform": "android", "build_id": first.1 })).await;
    assert_eq!(refusal(&foreign), refused(404, "not_found"), "another tenant's");
}

/// What an app is told: everything else of a configuration stays here.
const POLICY_FIELDS: [&str; 7] =
    ["configuration", "enforceNewVersion", "getNewVersion", "policy_version", "published_at", "tenant", "version"];

/// The parts of a zip whose names end so, unpacked by another program.
fn unpacked(folder: &Path, archive: &[u8], ending: &str) -> Vec<Vec<u8>> {
    let file = folder.join("library.zip");
    std::fs::write(&file, archive).unwrap();
    let unzip = |arguments: &[&str]| {
        let done = Command::new("unzip").args(arguments).arg(&file).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        done.stdout
    };
    unzip(&["-tqq"]);
    let names = String::from_utf8(unzip(&["-Z1"])).unwrap();
    let part = |name: &str| Command::new("unzip").arg("-p").arg(&file).arg(name).output().unwrap().stdout;
    names.lines().filter(|name| name.ends_with(ending)).map(part).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_carries_the_newest_policy_of_production_and_nothing_secret() {
    let bench = Bench::start().await;
    let owner = bench.owner_with_library().await;
    let mut seen = Vec::new();
    for (identifier, published) in [(APP, 0), ("com.company.other", 2)] {
        for _ in 0..published {
            owner.done("/frontend/push_live_config", json!({ "version": "prod" })).await;
        }
        owner.done("/frontend/push_live_config", json!({ "version": "dev" })).await;
        owner.done(SET, named(identifier)).await;
        bench.run_library_worker(&bench.worker()).await;
        for (platform, copies) in [("android", 1), ("ios", 2)] {
            let download = owner.done(DOWNLOAD, json!({ "platform": platform, "app_identifier": identifier })).await;
            let bytes = fetch(&download.text("url")).await;
            let policies = unpacked(bench.folder.path(), &bytes, "/policy.json");
            assert_eq!(policies.len(), copies, "one of each part that an app takes");
            let signed: Value = serde_json::from_slice(&policies[0]).unwrap();
            assert!(policies.iter().all(|policy| *policy == policies[0]));
            let policy = &signed["policy"];
            assert_eq!((&policy["version"], &policy["policy_version"]), (&json!("production"), &json!(published)));
            let said: Value =
                serde_json::from_slice(&unpacked(bench.folder.path(), &bytes, "/apptego.json")[0]).unwrap();
            assert_eq!((&said["app_identifier"], &said["agent"]), (&json!(identifier), &json!(false)));
            let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            assert_eq!(fields(&signed), ["algorithm", "policy", "public_key", "signature"]);
            assert_eq!(fields(policy), POLICY_FIELDS);
            let parts = unpacked(bench.folder.path(), &bytes, "").concat();
            let text = String::from_utf8_lossy(&parts);
            assert!(text.contains("BEGIN PUBLIC KEY") && !text.contains("PRIVATE"));
            assert!(!text.contains("@example.com"), "nobody's address");
            seen.push((signed["public_key"].clone(), policies[0].clone()));
        }
    }
    assert!(seen.iter().all(|(key, _)| *key == seen[0].0), "the tenant has one key");
    let head = bench.store().publications(&bench.tenant.id, "prod".parse().unwrap()).await.unwrap();
    let stored = bench.store().policy(&bench.tenant.id, &head.published.last().unwrap().digest).await.unwrap();
    assert_eq!(stored, seen[3].1, "as it was published");
    assert_eq!(head.policy_version, 2, "a build publishes nothing");
}

//! What configurations promise beyond single answers: races, promotion, certificates, builds.

use std::collections::BTreeSet;

use domain::control::ControlId;
use domain::plan::Plan;
use domain::platform::ConfigVersion;
use domain::tenant::Tenant;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tests::harness::Bench;
use tests::members::Member;

const ANDROID_CONTROLS: [(&str, &str); 6] = [
    ("BackupPrevention", "protection"),
    ("DebuggablePrevention", "protection"),
    ("CleartextPrevention", "protection"),
    ("CertificateTransparencyPrevention", "protection"),
    ("ResourceNameObfuscation", "protection"),
    ("CertificatePinning", "detection"),
];

async fn config(caller: &Member, version: &str) -> Value {
    caller.done("/frontend/config", json!({"version": version})).await.body
}

pub(crate) async fn set(caller: &Member, version: &str, control: &str, fields: Value) {
    caller.done("/frontend/config_update", json!({"version": version, "config": {control: fields}})).await;
}

fn controls(config: &Value) -> BTreeSet<String> {
    let entries = config["config"].as_array().unwrap().iter();
    entries.flat_map(|entry| entry.as_object().unwrap().keys().cloned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_of_different_controls_at_once_all_survive() {
    let bench = Bench::start().await;
    bench.configure(&[]).await;
    let owner = bench.owner();
    let before = config(&owner, "dev").await["revision"].as_u64().unwrap();
    join_all(ANDROID_CONTROLS.map(|(control, field)| set(&owner, "dev", control, json!({field: true})))).await;
    let after = config(&owner, "dev").await;
    assert_eq!(after["revision"], before + 6);
    assert_eq!(controls(&after), ANDROID_CONTROLS.map(|(control, _)| control.to_owned()).into());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_updates_for_one_revision_one_succeeds() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let revision = config(&owner, "dev").await["revision"].as_u64().unwrap();
    let body = |title: usize| json!({"version": "dev", "revision": revision, "config": {"CertificatePinning": {"title": title.to_string()}}});
    let answers = join_all((0..8).map(|number| owner.post("/frontend/config_update", body(number)))).await;
    let done: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(done.len(), 1);
    assert_eq!(done[0].body["revision"], revision + 1);
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!((refused.status.as_u16(), refused.text("code").as_str()), (409, "stale_revision"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_a_control_off_keeps_its_texts_and_changes_nothing_else() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let full = json!({"detection": true, "action": "alert", "title": "Certificate", "message": "Not ours", "platform": "android",
        "buttons": ["Why", "Quit"], "actions": ["redirect", "close"], "redirects": ["https://example.com/why", ""]});
    set(&owner, "prod", "CertificatePinning", full.clone()).await;
    set(&owner, "prod", "CertificatePinning", json!({"detection": false})).await;
    let shown = config(&owner, "prod").await;
    let pinning = shown["config"].as_array().unwrap().iter().find_map(|entry| entry.get("CertificatePinning")).unwrap();
    let mut expected = full;
    expected["detection"] = json!(false);
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&pinning[name], value, "{name}");
    }
    let order: Vec<_> = shown["config"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry.as_object().unwrap().keys().next().unwrap())
        .collect();
    assert_eq!(order, ["BackupPrevention", "DebuggablePrevention", "CertificatePinning"], "as in the catalogue");
}

/// A downgraded tenant can still switch off what its plan no longer has.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_too_low_refuses_to_switch_on_and_lets_switch_off() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let tenant = bench.store().tenant(&bench.tenant.id).await.unwrap().unwrap();
    bench.store().put_tenant(&Tenant { plan: Plan::Free, ..tenant }).await.unwrap();
    set(&owner, "prod", "BackupPrevention", json!({"protection": false})).await;
    let on = json!({"version": "prod", "config": {"BackupPrevention": {"protection": true}}});
    let refused = owner.post("/frontend/config_update", on).await;
    assert_eq!((refused.status.as_u16(), refused.text("code").as_str()), (403, "plan_required"), "{}", refused.body);
    set(&owner, "prod", "AllowEmulatorArchitectures", json!({"protection": false})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_is_all_or_nothing_and_a_source_that_moved_on_is_refused() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    owner.done("/frontend/update_deployment_environments", json!({"enabled": true})).await;
    set(&owner, "dev", "CleartextPrevention", json!({"protection": true})).await;
    let certificate =
        json!({"name": "API", "thumbprint": "ab".repeat(32), "algorithm": "sha256", "domains": "API.example.com"});
    let list = json!({"version": "dev", "use_builtin_cas": true, "certificates": [certificate]});
    owner.done("/frontend/certificates_update", list).await;
    owner.done("/frontend/update_custom_message", json!({"version": "dev", "message": "<b>Hello</b>"})).await;
    let dry = owner.done("/frontend/promote_config", json!({"from": "dev", "to": "stg", "dry_run": true})).await;
    let kinds: Vec<_> = dry.body["changes"].as_array().unwrap().iter().map(|change| change["kind"].clone()).collect();
    assert_eq!(kinds, ["control", "certificate", "use_builtin_cas", "custom_message"]);
    assert_eq!(controls(&config(&owner, "stg").await).len(), 2, "a dry run changes nothing");

    set(&owner, "dev", "CertificatePinning", json!({"title": "Later"})).await;
    let promote = json!({"from": "dev", "to": "stg", "revision": dry.body["revision"]});
    let refused = owner.post("/frontend/promote_config", promote).await;
    assert_eq!((refused.status.as_u16(), refused.text("code").as_str()), (409, "stale_revision"));

    let (first, second) = join(
        owner.post("/frontend/promote_config", json!({"from": "dev", "to": "stg"})),
        owner.post("/frontend/promote_config", json!({"from": "dev", "to": "stg"})),
    )
    .await;
    let told: BTreeSet<_> = [first, second].map(|answer| answer.body["changes"].as_array().unwrap().len()).into();
    assert!(told == [0, 5].into() || told == [5].into(), "{told:?}");
    let (source, target) = join(config(&owner, "dev"), config(&owner, "stg")).await;
    assert_eq!(source["config"], target["config"]);
    assert_eq!(
        owner.done("/frontend/get_custom_message", json!({"version": "stg"})).await.text("message"),
        "<b>Hello</b>"
    );
}

/// A build takes what its version said when it was asked for, and promotion brings it there.
#[tokio::test(flavor = "multi_thread")]
async fn a_build_applies_what_its_version_said_when_it_was_requested() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let ticket = bench.request_upload("app.apk", None).await;
    set(&owner, "prod", "BackupPrevention", json!({"protection": false})).await;
    let job: domain::id::JobId = ticket.text("job_id").parse().unwrap();
    let (job, _) = bench.store().job(&bench.tenant.id, job).await.unwrap().unwrap();
    let pinned = bench.store().configuration(&bench.tenant.id, &job.config).await.unwrap();
    assert!(pinned.controls[&ControlId::BACKUP_PREVENTION].is_on());
    let now = bench.store().configuration_head(&bench.tenant.id, ConfigVersion::Production).await.unwrap().unwrap();
    assert_ne!(now.digest, job.config);
}

/// To keep emulators' libraries out is more than never to have said anything of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_takes_what_is_explicitly_off_and_the_order_of_certificates() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    owner.done("/frontend/update_deployment_environments", json!({"enabled": true})).await;
    let emulators = async |fields: Value| set(&owner, "dev", "AllowEmulatorArchitectures", fields).await;
    let entry = |name: &str| json!({"name": name, "thumbprint": "ab".repeat(32), "algorithm": "sha256"});
    let list = async |entries: [Value; 2]| {
        owner.done("/frontend/certificates_update", json!({"version": "dev", "certificates": entries})).await;
    };
    emulators(json!({"platform": "android"})).await;
    list([entry("b"), entry("a")]).await;
    for change in 0..3 {
        match change {
            0 => {}
            1 => emulators(json!({"protection": false})).await,
            _ => list([entry("a"), entry("b")]).await,
        }
        let promoted = owner.done("/frontend/promote_config", json!({"from": "dev", "to": "stg"})).await;
        assert_ne!(promoted.body["changes"], json!([]), "{change}");
        let (source, target) = join(config(&owner, "dev"), config(&owner, "stg")).await;
        assert_eq!(source["config"], target["config"], "{change}");
    }
    let misspelt = json!({"from": "dev", "to": "stg", "dryRun": true});
    let refused = owner.post("/frontend/promote_config", misspelt).await;
    assert_eq!((refused.status.as_u16(), refused.text("code").as_str()), (400, "invalid_body"));
    let unknown = owner.post("/frontend/promote_config", json!({"from": "1.2.3", "to": "stg"})).await;
    assert_eq!(
        (unknown.text("code").as_str(), unknown.text("error").as_str()),
        ("invalid_from", "Invalid configuration version in from")
    );
}

/// Read, edit, send: the marks of the list are no obstacle, and a list for another revision is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_list_that_was_read_can_be_sent_back() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let entry = json!({"name": "API", "thumbprint": "ab".repeat(32), "algorithm": "sha256", "domains": "a.example", "expires": 1});
    owner.done("/frontend/certificates_update", json!({"version": "prod", "certificates": [entry]})).await;
    let read = config(&owner, "prod").await;
    let list = |config: &Value| config["config"][2]["CertificatePinning"]["certificates"].clone();
    let mut body = json!({"version": "prod", "certificates": list(&read), "revision": read["revision"]});
    owner.done("/frontend/certificates_update", body.clone()).await;
    assert_eq!(config(&owner, "prod").await, read);
    body["revision"] = json!(0);
    let refused = owner.post("/frontend/certificates_update", body).await;
    assert_eq!((refused.status.as_u16(), refused.text("code").as_str()), (409, "stale_revision"));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_certificates_fit_and_the_next_one_is_refused() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let entry =
        |number: usize| json!({"name": format!("API {number}"), "thumbprint": "ab".repeat(32), "algorithm": "sha256"});
    let body = |entries: usize| json!({"version": "prod", "certificates": (0..entries).map(entry).collect::<Vec<_>>()});
    owner.done("/frontend/certificates_update", body(50)).await;
    let refused = owner.post("/frontend/certificates_update", body(51)).await;
    assert_eq!(
        (refused.status.as_u16(), refused.text("code").as_str()),
        (400, "invalid_certificates"),
        "{}",
        refused.body
    );
    // Deletions at once of different entries all count.
    join_all((0..10).map(|number| {
        owner.done("/frontend/certificates_delete", json!({"version": "prod", "name": format!("API {number}")}))
    }))
    .await;
    let shown = config(&owner, "prod").await;
    let pinning = shown["config"].as_array().unwrap().iter().find_map(|entry| entry.get("CertificatePinning")).unwrap();
    assert_eq!(pinning["certificates"].as_array().unwrap().len(), 40);
}

/// The audit log names the control and shows neither texts nor certificates.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_names_what_was_changed_and_no_content() {
    let bench = Bench::start().await;
    let (owner, mut events) = (bench.owner(), bench.events().await);
    set(&owner, "prod", "CertificatePinning", json!({"title": "Never shown"})).await;
    owner.done("/frontend/update_custom_message", json!({"version": "prod", "message": "Never shown either"})).await;
    let told = events.unseen().await.into_iter().map(|logged| (logged.event.api_call, json!(logged.event.raw_data)));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            ("config_update".to_owned(), json!({"version": "prod", "control": "CertificatePinning"})),
            ("update_custom_message".to_owned(), json!({"version": "prod", "bytes": 18})),
        ]
    );
}

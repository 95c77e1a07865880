//! Real packages through the whole service, each output judged by tools that know nothing of it.

use std::path::Path;

use domain::control::ControlId;
use domain::id::SigningKeyId;
use local::seed;
use serde_json::json;
use signing::Signer;
use signing::generate::{NewKey, self_signed_pkcs12};
use tests::harness::{Answer, Bench, fetch, put};
use tests::packages::small_apk;

use crate::{judges, samples};

const USUAL: [ControlId; 2] = [ControlId::BACKUP_PREVENTION, ControlId::DEBUGGABLE_PREVENTION];
const ALL: [ControlId; 3] =
    [ControlId::BACKUP_PREVENTION, ControlId::CLEARTEXT_PREVENTION, ControlId::DEBUGGABLE_PREVENTION];

/// How one build signs, and what it applies.
struct Order<'a> {
    signing_key: Option<&'a str>,
    controls: &'a [ControlId],
}

#[tokio::test(flavor = "multi_thread")]
async fn io_appium_settings_is_protected_with_every_kind_of_key() {
    protect_sample("settings_apk-debug.apk", 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn appium_uiautomator2_server_is_protected_with_every_kind_of_key() {
    protect_sample("appium-uiautomator2-server.apk", 16).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn snippet_uiautomator_is_protected_with_every_kind_of_key() {
    protect_sample("uiautomator.apk", 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_library_comes_to_lie_on_a_16_kib_page_wherever_it_lay() {
    let folder = tempfile::tempdir().unwrap();
    let input = repacked(folder.path()).join("native.apk");
    let before = judges::entries(&input, folder.path())["lib/arm64-v8a/libx.so"].offset;
    assert_ne!(before % 4096, 0, "the fixture must need moving");
    let bench = Bench::start().await;
    let package = std::fs::read(&input).unwrap();
    let output = build(&bench, "native.apk", &package, &Order { signing_key: None, controls: &USUAL }).await;
    let path = folder.path().join("output.apk");
    std::fs::write(&path, output).unwrap();
    let library = &judges::entries(&path, folder.path())["lib/arm64-v8a/libx.so"];
    assert!(library.stored && library.offset.is_multiple_of(16_384), "{library:?}");
    if judges::are_installed() {
        judges::aligned(&path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_for_devices_below_android_7_get_a_jar_signature() {
    if !judges::are_installed() {
        return;
    }
    let bench = Bench::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut outputs = Vec::new();
    for (name, min_sdk) in [("ApiDemos-debug.apk", 17), ("UnicodeIME-debug.apk", 16), ("unlock_apk-debug.apk", 5)] {
        let Some(package) = samples::fetched(name) else { continue };
        let output = build(&bench, name, &package, &Order { signing_key: None, controls: &USUAL }).await;
        let path = folder.path().join(name);
        std::fs::write(&path, output).unwrap();
        outputs.push((min_sdk, path));
    }
    judges::verified(folder.path(), &outputs);

    let (elliptic, _) = make_ec_key(&bench).await;
    let Some(package) = samples::fetched("unlock_apk-debug.apk") else { return };
    let order = Order { signing_key: Some(elliptic.as_str()), controls: &USUAL };
    let failed = finish(&bench, "unlock.apk", &package, &order).await;
    assert_eq!((failed.text("status"), failed.text("failure_code")), ("failed".into(), "signing_failed".into()));
    assert!(failed.text("error_message").contains("EC P-256"), "{}", failed.body);
}

/// Writes the packages of tests/tools/repack.py into `folder`.
pub(crate) fn repacked(folder: &Path) -> &Path {
    let sound = folder.join("sound.apk");
    std::fs::write(&sound, small_apk()).unwrap();
    let script = tests::harness::root().join("tests/tools/repack.py");
    let (success, text) = judges::run("python3", [script.as_os_str(), sound.as_os_str(), folder.as_os_str()]);
    assert!(success, "{text}");
    folder
}

async fn protect_sample(name: &str, dex_files: usize) {
    let Some(package) = samples::fetched(name) else { return };
    if !judges::are_installed() {
        return;
    }
    let bench = Bench::start().await;
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input.apk");
    std::fs::write(&input, &package).unwrap();

    let default = bench.tenant.default_android_key.clone().unwrap();
    let rsa = bench.store().signing_key(&bench.tenant.id, &default).await.unwrap().unwrap().fingerprint;
    let (elliptic, ec) = make_ec_key(&bench).await;
    let orders = [
        (Order { signing_key: None, controls: &USUAL }, Some((rsa.as_str(), "RSA"))),
        (Order { signing_key: Some(elliptic.as_str()), controls: &ALL }, Some((ec.as_str(), "EC"))),
        (Order { signing_key: Some("none"), controls: &ALL }, None),
    ];
    for (order, signer) in orders {
        let output = folder.path().join("output.apk");
        std::fs::write(&output, build(&bench, name, &package, &order).await).unwrap();
        match signer {
            Some((fingerprint, algorithm)) => judges::signed_by(&output, fingerprint, algorithm),
            None => judges::unsigned(&output),
        }
        judges::aligned(&output);
        check_manifest(&input, &output, order.controls);
        check_entries(&input, &output, dex_files);
    }
}

/// Uploads, builds and downloads.
async fn build(bench: &Bench, name: &str, package: &[u8], order: &Order<'_>) -> Vec<u8> {
    let done = finish(bench, name, package, order).await;
    assert_eq!(done.text("status"), "completed", "{}", done.body);
    let job = done.text("job_id");
    fetch(&bench.get(&format!("/automate/download/{job}")).await.text("download_url")).await
}

/// Uploads and builds; the status at the end.
async fn finish(bench: &Bench, name: &str, package: &[u8], order: &Order<'_>) -> Answer {
    bench.configure(order.controls).await;
    let mut request =
        json!({ "file_name": name, "platform": "android", "version": "prod", "file_size": package.len() });
    if let Some(key) = order.signing_key {
        request["signing_key_id"] = json!(key);
    }
    let ticket = bench.post("/automate/upload", request).await;
    put(&ticket.text("upload_url"), package.to_vec()).await;
    let job = ticket.text("job_id");
    bench.build(&job).await
}

/// Of the manifest, the controls' own attributes differ and nothing else.
fn check_manifest(input: &Path, output: &Path, controls: &[ControlId]) {
    let (before, after) = (judges::manifest(input), judges::manifest(output));
    let is_of_control = |line: &&str| {
        let attributes = [
            "debuggable(",
            "allowBackup(",
            "fullBackupContent(",
            "dataExtractionRules(",
            "usesCleartextTraffic(",
            "networkSecurityConfig(",
        ];
        attributes.iter().any(|name| line.contains(name))
    };
    let others = |text: &str| text.lines().filter(|line| !is_of_control(line)).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(others(&before), others(&after));
    let says_off = |attribute: &str| after.lines().any(|line| line.contains(attribute) && line.ends_with("=false"));
    assert!(says_off("debuggable(0x0101000f)"), "{after}");
    assert!(says_off("allowBackup(0x01010280)") && says_off("fullBackupContent(0x010104eb)"), "{after}");
    let cleartext = controls.contains(&ControlId::CLEARTEXT_PREVENTION);
    assert_eq!(says_off("usesCleartextTraffic(0x010104ec)"), cleartext, "{after}");

    let (before, after) = (judges::badging(input), judges::badging(output));
    assert!(before.contains("application-debuggable\n") && !after.contains("application-debuggable"));
    // An app that had no resource table has one now.
    let others = |text: &str| {
        let lines = text.lines().filter(|line| {
            !["application-debuggable", "locales:", "densities:"].iter().any(|start| line.starts_with(start))
        });
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(others(&before), others(&after));
}

/// Of the entries, the manifest, the resource table and the old signature differ, ours are added, and nothing else.
fn check_entries(input: &Path, output: &Path, dex_files: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut before = judges::entries(input, folder.path());
    before.retain(|name, _| !is_of_signature(name));
    std::fs::remove_dir_all(folder.path()).unwrap();
    std::fs::create_dir(folder.path()).unwrap();
    let after = judges::entries(output, folder.path());
    assert_eq!(judges::dex_files(folder.path(), None), dex_files);
    let is_ours = |name: &str| name.starts_with("res/xml/apptego_") || name == "resources.arsc";
    let kept = after.keys().filter(|name| before.contains_key(*name) || !is_ours(name));
    assert!(before.keys().eq(kept), "{:?} {:?}", before.keys(), after.keys());
    for (name, entry) in &after {
        let may_differ = name == "AndroidManifest.xml" || is_ours(name);
        assert!(may_differ || entry.crc == before[name].crc, "{name} was changed");
        assert!(!name.ends_with(".so") || !entry.stored || entry.offset.is_multiple_of(16_384), "{name}: {entry:?}");
    }
}

fn is_of_signature(name: &str) -> bool {
    name.strip_prefix("META-INF/").is_some_and(|name| {
        name == "MANIFEST.MF" || [".SF", ".RSA", ".DSA", ".EC"].iter().any(|end| name.ends_with(end))
    })
}

/// A P-256 key of the tenant: its id and its certificate's fingerprint.
async fn make_ec_key(bench: &Bench) -> (SigningKeyId, String) {
    let pkcs12 = self_signed_pkcs12("Elliptic", "secret", "release", NewKey::P256, bench.clock.now(), 30).unwrap();
    let signer = Signer::from_pkcs12(&pkcs12, "secret", None).unwrap();
    let keystore = (pkcs12, "secret".to_owned());
    let id = seed::add_signing_key(bench.own(), &bench.tenant.id, "Elliptic", keystore).await.unwrap();
    (id, signer.certificate_sha256())
}

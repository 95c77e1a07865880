//! Every real package with every control alone, with all of them and with none: protected, checked by the verifier, and judged by
//! tools that know nothing of either.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use domain::certificate::PinnedCertificate;
use domain::control::{ControlId, catalogue};
use domain::platform::Platform;
use domain::policy::Policy;
use engine::{Plan, Report, SigningKey, Unobserved, protect};
use formats::limits::Limits;
use formats::zip::Archive;
use serde_json::json;
use signing::Signer;
use signing::generate::{NewKey, self_signed_pkcs12};
use verify::diff::diff;
use verify::{Expected, verify};

use crate::{judges, samples};

/// A protected package.
struct Output {
    input: PathBuf,
    path: PathBuf,
    policy: Policy,
    report: Report,
}

#[test]
fn io_appium_settings() {
    try_sample(samples::fetched("settings_apk-debug.apk"));
}

#[test]
fn appium_uiautomator2_server() {
    try_sample(samples::fetched("appium-uiautomator2-server.apk"));
}

#[test]
fn snippet_uiautomator() {
    try_sample(samples::fetched("uiautomator.apk"));
}

#[test]
fn api_demos() {
    try_sample(samples::fetched("ApiDemos-debug.apk"));
}

#[test]
fn ime_helper() {
    try_sample(samples::fetched("agent-device-ime-helper.apk"));
}

#[test]
fn unicode_ime() {
    try_sample(samples::fetched("UnicodeIME-debug.apk"));
}

#[test]
fn appium_unlock() {
    try_sample(samples::fetched("unlock_apk-debug.apk"));
}

#[test]
fn hello_world_jni() {
    try_sample(samples::shared("samples/HelloWord-JNI.apk"));
}

fn try_sample(package: Option<Vec<u8>>) {
    let Some(package) = package.filter(|_| judges::are_installed()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input.apk");
    fs::write(&input, &package).unwrap();
    let resources = judges::resources(&input);
    let mut outputs = Vec::new();
    for (number, policy) in policies().into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.apk"));
        let output = make(&input, &package, path, policy);
        judge(&output);
        if output.report.mapping.is_none() {
            assert_eq!(
                without_ours(&judges::resources(&output.path)),
                without_ours(&resources),
                "{:?}",
                output.policy.controls
            );
        }
        let is_all = output.policy.controls.len() > 1;
        if is_all {
            judges::decoded(&output.path, &folder.path().join("decoded"));
            again(&output);
        }
        outputs.push((output.report.app.android().unwrap().min_sdk.api().unwrap(), output.path));
    }
    judges::verified(folder.path(), &outputs);
}

/// Each control alone, all together, none.
fn policies() -> Vec<Policy> {
    let available =
        catalogue().iter().filter(|control| control.is_available(Platform::Android)).map(|control| control.id);
    let all: BTreeSet<ControlId> = available.collect();
    let single = all.iter().map(|control| BTreeSet::from([*control]));
    let sets = single.chain([all.clone(), BTreeSet::new()]);
    let policy = |controls| Policy { controls, certificates: vec![certificate()], ..Policy::default() };
    sets.map(policy).collect()
}

fn certificate() -> PinnedCertificate {
    let entry = json!({
        "name": "Example API", "thumbprint": "AB".repeat(32), "algorithm": "sha256",
        "domains": ["api.example.com", "*.example.org"], "spki_sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    });
    serde_json::from_value(entry).unwrap()
}

/// Protects with an RSA key, which devices of every version take.
fn make(input: &Path, package: &[u8], path: PathBuf, policy: Policy) -> Output {
    let signer = signer();
    let (report, bytes) = run(package, &policy, &signer);
    let certificate = signer.certificate_sha256();
    let (limits, certificate_sha256) = (Limits::default(), Some(certificate.as_str()));
    let expected = Expected { input: &package, policy: &policy, certificate_sha256, profile: None, limits: &limits };
    verify(&bytes, &expected, &|_| true).unwrap_or_else(|error| panic!("{:?}: {error}", policy.controls));
    let (before, after) = (Archive::read(&package, &limits).unwrap(), Archive::read(&bytes, &limits).unwrap());
    let found = diff(&before, &after, &limits, &|_| true).unwrap();
    assert!(found.is_explained(), "{:?}: {found:?}", policy.controls);
    fs::write(&path, &bytes).unwrap();
    Output { input: input.to_owned(), path, policy, report }
}

fn run(package: &[u8], policy: &Policy, signer: &Signer) -> (Report, Vec<u8>) {
    let name = "app.apk".parse().unwrap();
    let plan = Plan {
        file_name: &name,
        platform: Platform::Android,
        policy,
        key: Some(SigningKey::Android(signer)),
        limits: Limits::default(),
    };
    let mut out = Vec::new();
    let report = protect(&package, &mut out, &plan, &Unobserved);
    (report.unwrap_or_else(|error| panic!("{:?}: {error}", policy.controls)), out)
}

fn signer() -> Signer {
    let keystore = self_signed_pkcs12("Controls", "secret", "key", NewKey::Rsa2048, 1_700_000_000, 30).unwrap();
    Signer::from_pkcs12(&keystore, "secret", None).unwrap()
}

fn judge(output: &Output) {
    let Output { path, policy, .. } = output;
    judges::aligned(path);
    let rewrites_code = policy.has(ControlId::DEBUG_INFO_OBFUSCATION);
    if rewrites_code || policy.controls.is_empty() {
        let folder = tempfile::tempdir().unwrap();
        judges::entries(path, folder.path());
        judges::dex_files(folder.path(), rewrites_code.then_some(false));
    }
    let manifest = judges::manifest(path);
    for (control, line) in [
        (ControlId::BACKUP_PREVENTION, "allowBackup(0x01010280)=false"),
        (ControlId::CLEARTEXT_PREVENTION, "usesCleartextTraffic(0x010104ec)=false"),
        (ControlId::CERTIFICATE_PINNING, "networkSecurityConfig(0x01010527)=@0x7f"),
        (ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION, "networkSecurityConfig(0x01010527)=@0x7f"),
    ] {
        assert!(!policy.has(control) || manifest.contains(line), "{control}: {manifest}");
    }
    if policy.has(ControlId::DEBUGGABLE_PREVENTION) {
        assert!(!judges::badging(path).contains("application-debuggable"), "{manifest}");
    }
    check_network(output);
}

/// aapt2 finds in the configuration what the controls demand.
fn check_network(output: &Output) {
    let changes = output.report.controls.iter().flat_map(|row| &row.changes);
    let configuration = changes
        .filter(|change| change.element.starts_with("network-security-config"))
        .map(|change| &change.entry)
        .next();
    let Some(name) = configuration.filter(|_| output.report.mapping.is_none()) else { return };
    let shown = judges::xml_tree(&output.path, name);
    for (control, line) in [
        (ControlId::CLEARTEXT_PREVENTION, "cleartextTrafficPermitted=false"),
        (ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION, "E: certificateTransparency"),
        (ControlId::CERTIFICATE_PINNING, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
    ] {
        assert!(!output.policy.has(control) || shown.contains(line), "{control}: {shown}");
    }
}

/// The same once more gives the same bytes, and protecting the output finds nothing left to do but to give new names to names.
fn again(output: &Output) {
    let signer = signer();
    let package = fs::read(&output.input).unwrap();
    let (_, once) = run(&package, &output.policy, &signer);
    let (_, twice) = run(&package, &output.policy, &signer);
    assert!(once == twice, "not the same bytes");
    let (report, _) = run(&once, &output.policy, &signer);
    let others = report.controls.iter().filter(|row| row.control != ControlId::RESOURCE_NAME_OBFUSCATION);
    let changed: Vec<_> = others.filter(|row| !row.changes.is_empty()).collect();
    assert!(changed.is_empty(), "{changed:?}");
}

/// The dump of a table without the resources that controls add.
fn without_ours(dump: &str) -> Vec<&str> {
    let lines =
        dump.lines().filter(|line| !["apptego_", "type xml ", "Package name="].iter().any(|ours| line.contains(ours)));
    lines.collect()
}

//! `explain` and `diff` as people see them.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use domain::plan::Plan as Subscription;
use domain::platform::Platform;
use engine::{Plan, Unobserved, protect};
use fixtures::{archive, dex, manifest};
use formats::axml::{AndroidAttribute, Document, Value};
use formats::limits::Limits;
use formats::zip::Method::{Deflated, Stored};
use inspect::wanted::Wanted;
use inspect::{diff, explain};

fn package(asset: &[u8]) -> Vec<u8> {
    archive(&[
        ("AndroidManifest.xml", Deflated, manifest(24, 34).as_slice()),
        ("classes.dex", Deflated, &dex()),
        ("assets/a", Stored, asset),
    ])
}

fn written(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path
}

fn wanted(controls: &[&str]) -> Wanted {
    Wanted { enable: controls.iter().map(|control| (*control).to_owned()).collect(), ..Wanted::default() }
}

/// Whether everything could be applied, and what was printed, without the folder.
fn explained(folder: &Path, app: &Path, wanted: Wanted, json: bool) -> (bool, String) {
    let mut out = Vec::new();
    let done = explain::run(&explain::Options { app: app.to_owned(), wanted, json }, &mut out).unwrap();
    (done, String::from_utf8(out).unwrap().replace(&format!("{}/", folder.display()), ""))
}

#[test]
fn explain_says_what_each_control_would_change() {
    let folder = tempfile::tempdir().unwrap();
    let app = written(folder.path(), "app.apk", &package(b"1"));
    let controls = ["DebuggablePrevention", "CleartextPrevention", "DebugInfoObfuscation"];
    let (done, text) = explained(folder.path(), &app, wanted(&controls), false);
    assert!(done);
    insta::assert_snapshot!(text);
    assert_eq!(fs::read(&app).unwrap(), package(b"1"), "the app is not touched");
}

#[test]
fn explain_reads_a_build_for_the_simulator_and_says_that_others_refuse_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut items = fixtures::ios::app();
    items[1].2 = fixtures::macho::Binary { platform: 7, ..fixtures::macho::Binary::default() }.build();
    let simulated = written(folder.path(), "app.ipa", &fixtures::ios::ipa(&items));
    let line = "A build of it is refused without AllowSimulatorBuilds: it was built for the simulator.";
    let (done, text) = explained(folder.path(), &simulated, wanted(&["FileSharingPrevention"]), false);
    assert!(done && text.lines().nth(1) == Some(line), "{text}");
    assert!(text.contains("FileSharingPrevention  nothing to change"), "{text}");
    assert_eq!(text.matches("AllowSimulatorBuilds").count(), 1, "nobody asked for it: {text}");
    let (_, text) = explained(folder.path(), &simulated, wanted(&["AllowSimulatorBuilds"]), false);
    assert!(text.contains("AllowSimulatorBuilds  permits this build"), "{text}");
    let (_, text) = explained(folder.path(), &simulated, wanted(&["FileSharingPrevention"]), true);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["refused_without"][0], "AllowSimulatorBuilds");

    let plain = written(folder.path(), "plain.ipa", &fixtures::ios::ipa(&fixtures::ios::app()));
    let (_, text) = explained(folder.path(), &plain, wanted(&["AllowSimulatorBuilds"]), false);
    assert!(text.contains("AllowSimulatorBuilds  not needed") && !text.contains(line), "{text}");
}

#[test]
fn explain_calls_the_app_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut labelled = Document::parse(&manifest(24, 34), &Limits::default()).unwrap();
    let application = labelled.select(&["manifest", "application"])[0];
    labelled.set_attribute(application, AndroidAttribute::LABEL, Value::String("Small \u{1b}App".into())).unwrap();
    let package = archive(&[("AndroidManifest.xml", Deflated, labelled.to_bytes())]);
    let app = written(folder.path(), "app.apk", &package);
    let (_, text) = explained(folder.path(), &app, wanted(&["DebuggablePrevention"]), false);
    assert!(text.starts_with("app.apk: Small App, com.example.small 1.2 (7), min SDK 24, target SDK 34\n"), "{text}");
    let (_, text) = explained(folder.path(), &app, wanted(&["DebuggablePrevention"]), true);
    assert!(text.contains("\"name\": \"Small App\"") && text.contains("\"icon\": null"), "{text}");
}

#[test]
fn a_control_that_cannot_be_applied_hides_none_of_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let app = written(folder.path(), "app.apk", &package(b"1"));
    let (done, text) = explained(folder.path(), &app, Wanted::default(), false);
    assert!(done, "nothing was asked for by name");
    let refused = "CertificatePinning  cannot be applied: nothing can be pinned: the certificate list is empty.";
    assert!(text.contains(refused), "{text}");
    assert!(text.contains("DebuggablePrevention  1 change"), "{text}");

    let (done, text) = explained(folder.path(), &app, wanted(&["CertificatePinning"]), true);
    assert!(!done && text.contains("\"status\": \"not_applicable\""), "{text}");
}

#[test]
fn unknown_controls_and_bad_pins_are_named() {
    let refused =
        |wanted: &Wanted| wanted.configuration(Platform::Android, &[], Subscription::Team).unwrap_err().to_string();
    assert!(refused(&wanted(&["Unknown"])).starts_with("there is no control Unknown; available: "));
    assert!(
        refused(&wanted(&["RootDetectionResponse"])).starts_with("the control RootDetectionResponse is not available")
    );
    let pin = |pin: &str| refused(&Wanted { pin: vec![pin.to_owned()], ..wanted(&["CertificatePinning"]) });
    assert_eq!(pin("api.example.com"), "--pin api.example.com: expected HOST=FILE");
    assert_eq!(pin("api.example.com=/missing"), "--pin api.example.com: cannot read /missing");
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = pin(&format!("api.example.com={}", file.path().display()));
    assert!(text.ends_with("is not a certificate in PEM or DER"), "{text}");
}

#[test]
fn a_certificate_becomes_a_pin_of_its_public_key() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = written(folder.path(), "api.cer", fixtures::signer("Pinned").certificate_der());
    let app = written(folder.path(), "app.apk", &package(b"1"));
    let pin = vec![format!("api.example.com={}", certificate.display())];
    let (done, text) = explained(folder.path(), &app, Wanted { pin, ..wanted(&["CertificatePinning"]) }, false);
    assert!(done && text.contains("domain-config[api.example.com]"), "{text}");
}

#[test]
fn diff_explains_what_a_build_changed_and_refuses_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let (before, tampered) = (package(b"1"), package(b"2"));
    let policy = wanted(&["DebuggablePrevention", "BackupPrevention"])
        .configuration(Platform::Android, &[], Subscription::Team)
        .unwrap();
    let (name, policy) = ("app.apk".parse().unwrap(), policy.policy(Platform::Android));
    let plan =
        Plan { file_name: &name, platform: Platform::Android, policy: &policy, key: None, limits: Limits::default() };
    let mut protected = Vec::new();
    protect(&before.as_slice(), &mut protected, &plan, &Unobserved).unwrap();

    let compared = |after: &[u8], json| {
        let options = diff::Options {
            before: written(folder.path(), "before.apk", &before),
            after: written(folder.path(), "after.apk", after),
            json,
        };
        let mut out = Vec::new();
        let explained = diff::run(&options, &mut out).unwrap();
        (explained, String::from_utf8(out).unwrap())
    };
    let (done, text) = compared(&protected, false);
    assert!(done);
    insta::assert_snapshot!("diff_of_a_build", text);
    let (done, text) = compared(&tampered, false);
    assert!(!done);
    insta::assert_snapshot!("diff_of_something_else", text);
    assert!(compared(&before, true).1.contains("\"entries\": []"));
}

#[test]
fn diff_objects_to_what_no_build_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, content: &[u8]| written(folder.path(), name, content);
    let (manifest, code) = (manifest(24, 34), dex());
    let entry = |name: &'static str, content: &[u8]| (name, Stored, content.to_vec());
    let all = [entry("AndroidManifest.xml", &manifest), entry("classes.dex", &code), entry("assets/a", b"1")];
    let before = path("before.apk", &archive(&all));
    let objection = |after: &[u8]| {
        let options = diff::Options { before: before.clone(), after: path("after.apk", after), json: false };
        let mut out = Vec::new();
        assert!(!diff::run(&options, &mut out).unwrap());
        String::from_utf8(out).unwrap().lines().last().unwrap().to_owned()
    };
    let [first, second, third] = all.clone();
    let mut other_app = Document::parse(&manifest, &Limits::default()).unwrap();
    let root = other_app.root().unwrap();
    other_app.set_attribute(root, AndroidAttribute::VERSION_CODE, Value::Int(8)).unwrap();
    let mut commented = archive(&all);
    let length = commented.len() - 2;
    commented[length] = 1;
    commented.push(b'x');
    let objections = [
        objection(&archive(&[first.clone(), second.clone(), third.clone(), entry("classes2.dex", &code)])),
        objection(&archive(&[first.clone(), third.clone()])),
        objection(&archive(&[entry("AndroidManifest.xml", &other_app.to_bytes()), second.clone(), third.clone()])),
        objection(&archive(&[first, third, second])),
        objection(&commented),
    ];
    insta::assert_snapshot!(objections.join("\n"), @r#"
    1 difference that no build makes: entry "classes2.dex" is not in the input.
    1 difference that no build makes: entry "classes.dex" is missing.
    1 difference that no build makes: entry "AndroidManifest.xml" has other attributes: manifest android:versionCode.
    1 difference that no build makes: entry "classes.dex" stands elsewhere than in the input.
    1 difference that no build makes: the archive's comment is another.
    "#);
}

//! The controls that edit the manifest: what changes, what the report says, and what is refused.

use domain::control::ControlId;
use engine::{ControlOutcome, Error, Status};
use formats::axml::{AndroidAttribute, Document, ElementId, Value, dump};
use formats::limits::Limits;
use formats::zip::Archive;

use crate::apk::{Deflated, archive, named, plan, run_plan};

const ON: Value = Value::Boolean(true);
const OFF: Value = Value::Boolean(false);

/// A manifest for SDK versions, and its `<application>`.
fn app(min_sdk: i32, target_sdk: i32) -> (Document, ElementId) {
    let mut document = Document::new("manifest").unwrap();
    let root = document.root().unwrap();
    document.set_plain_attribute(root, "package", Value::String("com.example.app".into())).unwrap();
    let uses_sdk = document.insert_child(root, "uses-sdk").unwrap();
    document.set_attribute(uses_sdk, AndroidAttribute::MIN_SDK_VERSION, Value::Int(min_sdk)).unwrap();
    document.set_attribute(uses_sdk, AndroidAttribute::TARGET_SDK_VERSION, Value::Int(target_sdk)).unwrap();
    let application = document.insert_child(root, "application").unwrap();
    (document, application)
}

fn application_with(attributes: &[(AndroidAttribute, Value)]) -> Document {
    let (mut document, application) = app(24, 30);
    for (attribute, value) in attributes {
        document.set_attribute(application, *attribute, value.clone()).unwrap();
    }
    document
}

/// Applies one control and shows the application as it stands in the output.
fn apply(document: &Document, control: ControlId) -> (ControlOutcome, String) {
    let (outcome, manifest) = protected(document, control).unwrap();
    let shown = dump(&Document::parse(&manifest, &Limits::default()).unwrap());
    let application = shown.lines().skip_while(|line| !line.contains("E: application"));
    (outcome, application.map(|line| format!("{line}\n")).collect())
}

/// The control's row in the report, and the manifest in the output.
fn protected(document: &Document, control: ControlId) -> Result<(ControlOutcome, Vec<u8>), Error> {
    let package = archive(&[("AndroidManifest.xml", Deflated, document.to_bytes())]);
    let name = named("small.apk");
    let (out, mut report) = run_plan(&package, &plan(&name, &[control], None))?;
    let manifest = Archive::read(&out, &Limits::default()).unwrap().read_entry("AndroidManifest.xml", 1 << 20).unwrap();
    Ok((report.controls.remove(0), manifest))
}

fn refused(document: &Document, control: ControlId) -> String {
    protected(document, control).unwrap_err().to_string()
}

fn assert_in_place(document: &Document, control: ControlId) {
    let (outcome, manifest) = protected(document, control).unwrap();
    assert_eq!((outcome.status, outcome.changes.len()), (Status::AlreadyInPlace, 0));
    assert_eq!(manifest, document.to_bytes());
}

#[test]
fn a_debuggable_app_is_switched_off() {
    let document = application_with(&[(AndroidAttribute::DEBUGGABLE, ON)]);
    let (outcome, shown) = apply(&document, ControlId::DEBUGGABLE_PREVENTION);
    insta::assert_snapshot!(shown, @r#"
    E: application (line 1)
      A: android:debuggable(0x0101000f)=false
    "#);
    insta::assert_snapshot!(serde_json::to_string_pretty(&outcome).unwrap(), @r#"
    {
      "control": "DebuggablePrevention",
      "status": "applied",
      "changes": [
        {
          "entry": "AndroidManifest.xml",
          "element": "manifest/application",
          "attribute": "android:debuggable",
          "before": "true",
          "after": "false"
        }
      ],
      "warnings": []
    }
    "#);
}

#[test]
fn a_reference_counts_as_debuggable() {
    let document = application_with(&[(AndroidAttribute::DEBUGGABLE, Value::Reference(0x7f05_0000))]);
    let (outcome, _) = apply(&document, ControlId::DEBUGGABLE_PREVENTION);
    assert_eq!(outcome.changes[0].before.as_deref(), Some("@0x7f050000"));
    assert_eq!(outcome.changes[0].after.as_deref(), Some("false"));
}

#[test]
fn an_app_that_is_not_debuggable_is_left_alone() {
    assert_in_place(&application_with(&[]), ControlId::DEBUGGABLE_PREVENTION);
    assert_in_place(&application_with(&[(AndroidAttribute::DEBUGGABLE, OFF)]), ControlId::DEBUGGABLE_PREVENTION);
}

#[test]
fn profiling_is_switched_off_where_it_is_on() {
    let (mut document, application) = app(29, 34);
    for (shell, enabled) in [(Some(ON), Some(ON)), (Some(OFF), None), (None, Some(Value::Reference(0x7f05_0001)))] {
        let profileable = document.insert_child(application, "profileable").unwrap();
        for (attribute, value) in [(AndroidAttribute::SHELL, shell), (AndroidAttribute::ENABLED, enabled)] {
            value.map(|value| document.set_attribute(profileable, attribute, value).unwrap());
        }
    }
    let (outcome, shown) = apply(&document, ControlId::DEBUGGABLE_PREVENTION);
    insta::assert_snapshot!(shown, @r#"
    E: application (line 1)
      E: profileable (line 1)
        A: android:enabled(0x0101000e)=false
        A: android:shell(0x01010594)=false
      E: profileable (line 1)
        A: android:shell(0x01010594)=false
      E: profileable (line 1)
        A: android:enabled(0x0101000e)=false
    "#);
    let paths: Vec<_> = outcome.changes.iter().map(|it| format!("{} {}", it.element, it.attribute)).collect();
    let [shell, enabled] = ["shell", "enabled"].map(|name| format!("manifest/application/profileable android:{name}"));
    assert_eq!(paths, [shell, enabled.clone(), enabled]);
}

#[test]
fn a_hostile_number_of_profileable_elements_is_refused() {
    let (mut document, application) = app(29, 34);
    for _ in 0..17 {
        document.insert_child(application, "profileable").unwrap();
    }
    let message = refused(&document, ControlId::DEBUGGABLE_PREVENTION);
    assert_eq!(
        message,
        "DebuggablePrevention: the manifest has 17 <profileable> elements, and at most 16 are edited. Change the app, or disable the control and build again."
    );
}

#[test]
fn absent_backup_attributes_mean_backup_and_are_set() {
    let (outcome, shown) = apply(&application_with(&[]), ControlId::BACKUP_PREVENTION);
    insta::assert_snapshot!(shown, @r#"
    E: application (line 1)
      A: android:allowBackup(0x01010280)=false
      A: android:fullBackupContent(0x010104eb)=false
    "#);
    insta::assert_snapshot!(serde_json::to_string_pretty(&outcome).unwrap(), @r#"
    {
      "control": "BackupPrevention",
      "status": "applied",
      "changes": [
        {
          "entry": "AndroidManifest.xml",
          "element": "manifest/application",
          "attribute": "android:allowBackup",
          "before": null,
          "after": "false"
        },
        {
          "entry": "AndroidManifest.xml",
          "element": "manifest/application",
          "attribute": "android:fullBackupContent",
          "before": null,
          "after": "false"
        }
      ],
      "warnings": []
    }
    "#);
}

#[test]
fn backup_rules_of_the_app_are_switched_off() {
    let document = application_with(&[
        (AndroidAttribute::ALLOW_BACKUP, ON),
        (AndroidAttribute::FULL_BACKUP_CONTENT, Value::Reference(0x7f0f_0000)),
    ]);
    let (outcome, _) = apply(&document, ControlId::BACKUP_PREVENTION);
    let before: Vec<_> = outcome.changes.iter().map(|change| change.before.as_deref()).collect();
    assert_eq!(before, [Some("true"), Some("@0x7f0f0000")]);
}

#[test]
fn backup_that_is_off_stays_off() {
    let document =
        application_with(&[(AndroidAttribute::ALLOW_BACKUP, OFF), (AndroidAttribute::FULL_BACKUP_CONTENT, OFF)]);
    assert_in_place(&document, ControlId::BACKUP_PREVENTION);
}

#[test]
fn a_manifest_without_application_fails_every_control_of_it_by_name() {
    for control in [ControlId::BACKUP_PREVENTION, ControlId::DEBUGGABLE_PREVENTION] {
        let (mut document, application) = app(24, 30);
        document.remove_element(application).unwrap();
        assert!(refused(&document, control).starts_with(&format!("{control}: the manifest has no <application>")));
    }
}

#[test]
fn a_spelling_that_the_platform_ignores_is_not_taken_for_the_control() {
    let (mut document, application) = app(24, 30);
    // An attribute that reads as android:allowBackup="false", but whose name the resource map does not know.
    document.set_attribute(application, AndroidAttribute::ALLOW_BACKUP, OFF).unwrap();
    let mut bytes = document.to_bytes();
    let id = AndroidAttribute::ALLOW_BACKUP.id.to_le_bytes();
    let place = bytes.windows(4).position(|window| window == id).unwrap();
    bytes[place..place + 4].fill(0);
    let document = Document::parse(&bytes, &Limits::default()).unwrap();
    assert_eq!(document.attribute(application, AndroidAttribute::ALLOW_BACKUP), Some(OFF));

    let (outcome, shown) = apply(&document, ControlId::BACKUP_PREVENTION);
    assert_eq!(outcome.status, Status::Applied);
    assert_eq!(shown.matches("allowBackup").count(), 1);
    assert!(shown.contains("android:allowBackup(0x01010280)=false"), "{shown}");
}

//! Every control on small manifests: what changes, what the report says, and what is refused.

use std::collections::BTreeSet;

use domain::control::ControlId;
use formats::axml::{AndroidAttribute, Document, ElementId, Value, dump};
use formats::limits::Limits;

use super::{CONTROLS, ControlOutcome, Error, Status, harden, inspect};

const ON: Value = Value::Boolean(true);
const OFF: Value = Value::Boolean(false);

/// A manifest for SDK versions, and its `<application>`.
fn manifest(min_sdk: i32, target_sdk: i32) -> (Document, ElementId) {
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
    let (mut document, application) = manifest(24, 30);
    for (attribute, value) in attributes {
        document.set_attribute(application, *attribute, value.clone()).unwrap();
    }
    document
}

/// Applies one control and shows the application as it is written and read again.
fn apply(document: Document, control: ControlId) -> (ControlOutcome, String) {
    let (hardened, outcomes) = harden(document, &BTreeSet::from([control])).unwrap();
    let [outcome] = outcomes.try_into().unwrap();
    let again = Document::parse(&hardened.to_bytes(), &Limits::default()).unwrap();
    let shown = dump(&again);
    let application = shown.lines().skip_while(|line| !line.contains("E: application"));
    (outcome, application.map(|line| format!("{line}\n")).collect())
}

fn refused(document: Document, control: ControlId) -> String {
    harden(document, &BTreeSet::from([control])).unwrap_err().to_string()
}

fn assert_in_place(document: &Document, control: ControlId) {
    let before = document.to_bytes();
    let (hardened, outcomes) = harden(document.clone(), &BTreeSet::from([control])).unwrap();
    assert_eq!((outcomes[0].status, outcomes[0].changes.len()), (Status::AlreadyInPlace, 0));
    assert_eq!(hardened.to_bytes(), before);
}

#[test]
fn a_debuggable_app_is_switched_off() {
    let document = application_with(&[(AndroidAttribute::DEBUGGABLE, ON)]);
    let (outcome, shown) = apply(document, ControlId::DEBUGGABLE_PREVENTION);
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
    let (outcome, _) = apply(document, ControlId::DEBUGGABLE_PREVENTION);
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
    let (mut document, application) = manifest(29, 34);
    for (shell, enabled) in [(Some(ON), Some(ON)), (Some(OFF), None), (None, Some(Value::Reference(0x7f05_0001)))] {
        let profileable = document.insert_child(application, "profileable").unwrap();
        for (attribute, value) in [(AndroidAttribute::SHELL, shell), (AndroidAttribute::ENABLED, enabled)] {
            value.map(|value| document.set_attribute(profileable, attribute, value).unwrap());
        }
    }
    let (outcome, shown) = apply(document, ControlId::DEBUGGABLE_PREVENTION);
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
    let (mut document, application) = manifest(29, 34);
    for _ in 0..17 {
        document.insert_child(application, "profileable").unwrap();
    }
    let message = refused(document, ControlId::DEBUGGABLE_PREVENTION);
    assert_eq!(message, "DebuggablePrevention: the manifest has 17 <profileable> elements, and at most 16 are edited");
}

#[test]
fn absent_backup_attributes_mean_backup_and_are_set() {
    let (outcome, shown) = apply(application_with(&[]), ControlId::BACKUP_PREVENTION);
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
          "element": "manifest/application",
          "attribute": "android:allowBackup",
          "before": null,
          "after": "false"
        },
        {
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
    let (outcome, _) = apply(document, ControlId::BACKUP_PREVENTION);
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
fn transfers_from_target_31_on_are_said_to_be_open() {
    let warnings = |target| {
        let (document, _) = manifest(24, target);
        apply(document, ControlId::BACKUP_PREVENTION).0.warnings
    };
    assert_eq!(warnings(30), [] as [&str; 0]);
    assert_eq!(
        warnings(31),
        [concat!(
            "transfers from device to device are not covered: for target SDK 31 they are governed by data extraction rules, ",
            "and this build does not add them yet",
        )]
    );
}

#[test]
fn the_apps_own_extraction_rules_stay() {
    let (mut document, application) = manifest(24, 34);
    let rules = Value::Reference(0x7f0f_0002);
    document.set_attribute(application, AndroidAttribute::DATA_EXTRACTION_RULES, rules).unwrap();
    let (outcome, shown) = apply(document, ControlId::BACKUP_PREVENTION);
    assert!(shown.contains("dataExtractionRules(0x0101063e)=@0x7f0f0002"));
    assert!(outcome.warnings[0].ends_with("the app's own extraction rules (@0x7f0f0002) were left as they are"));
}

#[test]
fn absent_cleartext_attribute_is_set() {
    let (outcome, shown) = apply(application_with(&[]), ControlId::CLEARTEXT_PREVENTION);
    insta::assert_snapshot!(shown, @r#"
    E: application (line 1)
      A: android:usesCleartextTraffic(0x010104ec)=false
    "#);
    assert_eq!((outcome.status, outcome.warnings.len()), (Status::Applied, 0));
}

#[test]
fn cleartext_that_is_refused_stays_refused() {
    let document = application_with(&[(AndroidAttribute::USES_CLEARTEXT_TRAFFIC, OFF)]);
    assert_in_place(&document, ControlId::CLEARTEXT_PREVENTION);
}

#[test]
fn devices_that_do_not_know_the_cleartext_attribute_are_named() {
    let (document, _) = manifest(22, 30);
    let (outcome, _) = apply(document, ControlId::CLEARTEXT_PREVENTION);
    assert!(outcome.warnings[0].starts_with("no effect on devices below API 23"), "{:?}", outcome.warnings);
}

#[test]
fn the_apps_own_network_security_configuration_fails_the_control_by_name() {
    let config = |value| application_with(&[(AndroidAttribute::NETWORK_SECURITY_CONFIG, value)]);
    assert_eq!(
        refused(config(Value::Reference(0x7f14_0001)), ControlId::CLEARTEXT_PREVENTION),
        concat!(
            "CleartextPrevention: the app brings its own network security configuration (@0x7f140001), ",
            "which overrides the manifest; merging is not built yet",
        )
    );
    apply(config(Value::Reference(0)), ControlId::CLEARTEXT_PREVENTION);
}

#[test]
fn a_manifest_without_application_fails_every_control_by_name() {
    for control in CONTROLS {
        let (mut document, application) = manifest(24, 30);
        document.remove_element(application).unwrap();
        let error = harden(document, &BTreeSet::from([control])).unwrap_err();
        assert_eq!(error, Error::NoApplication { control });
    }
}

#[test]
fn only_the_wanted_controls_are_applied_and_in_one_order() {
    let document = application_with(&[(AndroidAttribute::DEBUGGABLE, ON)]);
    let (untouched, outcomes) = harden(document.clone(), &BTreeSet::new()).unwrap();
    assert_eq!((untouched.to_bytes(), outcomes), (document.to_bytes(), Vec::new()));
    let (_, outcomes) = harden(document, &BTreeSet::from(CONTROLS)).unwrap();
    assert_eq!(outcomes.iter().map(|outcome| outcome.control).collect::<Vec<_>>(), CONTROLS);
}

#[test]
fn a_second_time_nothing_is_left_to_do() {
    let all = BTreeSet::from(CONTROLS);
    let (once, _) = harden(application_with(&[(AndroidAttribute::DEBUGGABLE, ON)]), &all).unwrap();
    let (twice, outcomes) = harden(once.clone(), &all).unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.status == Status::AlreadyInPlace));
    assert_eq!(twice.to_bytes(), once.to_bytes());
}

#[test]
fn a_spelling_that_the_platform_ignores_is_not_taken_for_the_control() {
    let (mut document, application) = manifest(24, 30);
    // An attribute that reads as android:allowBackup="false", but whose name the resource map does not know.
    document.set_attribute(application, AndroidAttribute::ALLOW_BACKUP, OFF).unwrap();
    let mut bytes = document.to_bytes();
    let id = AndroidAttribute::ALLOW_BACKUP.id.to_le_bytes();
    let place = bytes.windows(4).position(|window| window == id).unwrap();
    bytes[place..place + 4].fill(0);
    let document = Document::parse(&bytes, &Limits::default()).unwrap();
    assert_eq!(document.attribute(application, AndroidAttribute::ALLOW_BACKUP), Some(OFF));

    let (outcome, shown) = apply(document, ControlId::BACKUP_PREVENTION);
    assert_eq!(outcome.status, Status::Applied);
    assert_eq!(shown.matches("allowBackup").count(), 1);
    assert!(shown.contains("android:allowBackup(0x01010280)=false"), "{shown}");
}

#[test]
fn the_facts_as_they_stand_in_a_report() {
    let (mut document, _) = manifest(24, 34);
    let root = document.root().unwrap();
    document.set_attribute(root, AndroidAttribute::VERSION_NAME, Value::String("1.2".into())).unwrap();
    document.set_attribute(root, AndroidAttribute::VERSION_CODE, Value::Int(7)).unwrap();
    let facts = inspect(&document).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&facts).unwrap(), @r#"
    {
      "package": "com.example.app",
      "version_code": 7,
      "version_name": "1.2",
      "min_sdk": 24,
      "target_sdk": 34
    }
    "#);
}

#[test]
fn a_code_name_stands_in_a_report_as_text() {
    let (mut document, _) = manifest(24, 34);
    let uses_sdk = document.select(&["manifest", "uses-sdk"])[0];
    document.set_attribute(uses_sdk, AndroidAttribute::TARGET_SDK_VERSION, Value::String("Baklava".into())).unwrap();
    let facts = serde_json::to_value(inspect(&document).unwrap()).unwrap();
    assert_eq!((&facts["min_sdk"], &facts["target_sdk"]), (&24.into(), &"Baklava".into()));
}

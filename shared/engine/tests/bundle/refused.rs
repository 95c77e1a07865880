//! Bundles that are refused, or to which a control cannot be applied, and in which words.

use domain::control::ControlId;
use fixtures::bundle::{entries, small};
use formats::proto::wire::{Message, Writer};
use formats::zip::Method;

use crate::support::{all, contents, policy, refusal, run, with};

const DEBUGGABLE: [ControlId; 1] = [ControlId::DEBUGGABLE_PREVENTION];

#[test]
fn bundles_that_are_none_of_an_app() {
    let mut without = entries();
    without.retain(|(name, ..)| *name != "base/manifest/AndroidManifest.xml");
    let (code, sentence) = refusal(&fixtures::archive(&without), &[]);
    assert_eq!(
        (code, sentence.contains("it has no manifest in base/manifest")),
        ("unknown_format", true),
        "{sentence}"
    );
    let kind = |kind: u32| Writer::default().number(8, kind).finish();
    let (code, sentence) = refusal(&with(&[("BundleConfig.pb", &kind(2))]), &[]);
    assert_eq!(code, "no_app");
    assert_eq!(
        sentence,
        "app.aab has nothing that could be protected: it is a bundle of assets alone, which has no app in it. Upload the bundle of an \
         app."
    );
    let (_, sentence) = refusal(&with(&[("BundleConfig.pb", &kind(1))]), &[]);
    assert!(sentence.contains("it is a bundle of a system module (APEX)"), "{sentence}");
}

#[test]
fn parts_that_cannot_be_read() {
    let (code, sentence) = refusal(&with(&[("base/manifest/AndroidManifest.xml", b"<manifest/>")]), &[]);
    assert_eq!(code, "manifest_invalid");
    assert_eq!(
        sentence,
        "base/manifest/AndroidManifest.xml cannot be processed: protobuf: field at offset 0 has a form that is not known. Build the app \
         again and upload it unchanged."
    );
    assert_eq!(refusal(&with(&[("feature/manifest/AndroidManifest.xml", &[0x0a, 5])]), &[]).0, "manifest_invalid");
    assert_eq!(refusal(&with(&[("BundleConfig.pb", &[0x0b])]), &[]).0, "bundle_invalid");
    let (code, sentence) = refusal(&with(&[("base/resources.pb", &[0x12, 9])]), &[ControlId::CLEARTEXT_PREVENTION]);
    assert_eq!(code, "resources_invalid");
    assert!(
        sentence.starts_with("base/resources.pb cannot be processed: protobuf: value of a field at offset 2"),
        "{sentence}"
    );
    let libraries = with(&[("base/native.pb", &[0x0b])]);
    assert_eq!(refusal(&libraries, &[ControlId::ALLOW_EMULATOR_ARCHITECTURES]).0, "bundle_invalid");
    let code = with(&[("base/dex/classes.dex", b"no code")]);
    assert_eq!(refusal(&code, &[]).0, "content_invalid");
    let network = with(&[("base/res/xml/net.xml", &[0x0b])]);
    let (code, sentence) = refusal(&network, &[ControlId::CLEARTEXT_PREVENTION]);
    assert_eq!(code, "control_not_applicable");
    assert!(
        sentence.starts_with("CleartextPrevention: base/res/xml/net.xml cannot be processed: protobuf: "),
        "{sentence}"
    );
}

#[test]
fn tables_with_two_types_of_one_id() {
    let table = contents(&small()).remove("base/resources.pb").unwrap();
    let again = Writer::default().bytes(3, Writer::default().bytes(1, [8, 1]).bytes(2, "xml").finish()).finish();
    let package = Message::new(&table).message(2, "Package").unwrap().unwrap();
    let twice = Writer::default().bytes(2, [package.bytes(), &again].concat()).finish();
    let (code, sentence) = refusal(&with(&[("base/resources.pb", &twice)]), &[ControlId::CLEARTEXT_PREVENTION]);
    assert_eq!((code, sentence.contains("is another type's too")), ("resources_invalid", true), "{sentence}");
}

/// A name that is found taken costs a walk through the table: sixteen are looked for, and no more.
#[test]
fn names_for_new_resources_are_looked_for_a_few_times() {
    let taken = |count: usize| {
        let mut kind = Writer::default();
        kind.bytes(1, Writer::default().number(1, 1).finish()).bytes(2, "xml");
        for place in 0..count {
            let number = if place == 0 { String::new() } else { format!("_{place}") };
            let id = Writer::default().number(1, u32::try_from(place).unwrap()).finish();
            kind.bytes(
                3,
                Writer::default().bytes(1, id).bytes(2, format!("apptego_data_extraction_rules{number}")).finish(),
            );
        }
        let id = Writer::default().number(1, 0x7f).finish();
        let package = Writer::default().bytes(1, id).bytes(2, "com.example.small").bytes(3, kind.finish()).finish();
        with(&[("base/resources.pb", &Writer::default().bytes(2, package).finish())])
    };
    let (_, report) = run(&taken(15), &policy([ControlId::BACKUP_PREVENTION]), None).unwrap();
    let added = |change: &&engine::Change| change.entry == "base/res/xml/apptego_data_extraction_rules_15.xml";
    assert!(report.controls[0].changes.iter().find(added).is_some(), "{report:?}");
    for count in [16, 60_000] {
        let (code, sentence) = refusal(&taken(count), &[ControlId::BACKUP_PREVENTION]);
        assert_eq!(code, "control_not_applicable");
        assert!(
            sentence.contains(
                "base/resources.pb cannot be processed: it has no room for a new resource: apptego_data_extraction_rules and names like \
                 it are taken (16 were tried)"
            ),
            "{sentence}"
        );
    }
}

#[test]
fn a_manifest_without_an_application_takes_no_control_of_one() {
    let package = Writer::default().bytes(2, "package").bytes(3, "com.example.small").finish();
    let manifest = Writer::default().bytes(3, "manifest").bytes(4, package).finish();
    let manifest = Writer::default().bytes(1, manifest).finish();
    let bundle = with(&[("base/manifest/AndroidManifest.xml", &manifest)]);
    let (code, sentence) = refusal(&bundle, &DEBUGGABLE);
    assert_eq!(code, "control_not_applicable");
    assert!(sentence.starts_with("DebuggablePrevention: the manifest has no <application>"), "{sentence}");
    run(&bundle, &policy([]), None).unwrap();
}

#[test]
fn code_that_is_signed_for_itself_cannot_change() {
    let entry = "BUNDLE-METADATA/com.android.tools.build.bundletool/code_transparency_signed.jwt";
    let bundle = with(&[(entry, b"x.y.z")]);
    for control in [ControlId::DEBUG_INFO_OBFUSCATION, ControlId::ALLOW_EMULATOR_ARCHITECTURES] {
        let (code, sentence) = refusal(&bundle, &[control]);
        assert_eq!(code, "control_not_applicable");
        assert!(sentence.contains("signed for code transparency"), "{sentence}");
    }
    run(&bundle, &policy(DEBUGGABLE), None).unwrap();
}

#[test]
fn manifests_and_tables_are_bounded_all_together() {
    let long = Writer::default().bytes(900, vec![0; 9 << 20]).finish();
    let manifest = |name: &'static str| [contents(&small())[name].as_slice(), &long].concat();
    let names = ["base/manifest/AndroidManifest.xml", "feature/manifest/AndroidManifest.xml"];
    let [base, feature] = names.map(manifest);
    run(&with(&[(names[0], &base)]), &policy(DEBUGGABLE), None).unwrap();
    let (code, sentence) = refusal(&with(&[(names[0], &base), (names[1], &feature)]), &DEBUGGABLE);
    assert_eq!(code, "archive_damaged", "{sentence}");
}

#[test]
fn more_modules_than_any_app_has_are_refused() {
    let mut all: Vec<(String, Method, Vec<u8>)> =
        entries().into_iter().map(|(name, method, content)| (name.to_owned(), method, content)).collect();
    let manifest = contents(&small())["feature/manifest/AndroidManifest.xml"].clone();
    all.extend(
        (0..255).map(|number| (format!("m{number}/manifest/AndroidManifest.xml"), Method::Deflated, manifest.clone())),
    );
    let (code, sentence) = refusal(&fixtures::archive(&all), &DEBUGGABLE);
    assert_eq!((code, sentence.contains("number of modules")), ("package_too_large", true), "{sentence}");
    all.pop();
    run(&fixtures::archive(&all), &policy(DEBUGGABLE), None).unwrap();
}

#[test]
fn any_damage_to_a_message_is_refused_or_survived() {
    let names = [
        "base/manifest/AndroidManifest.xml",
        "base/resources.pb",
        "base/res/xml/net.xml",
        "base/native.pb",
        "BundleConfig.pb",
    ];
    let sound = contents(&small());
    for name in names {
        let bytes = &sound[name];
        for place in (0..bytes.len()).step_by(bytes.len() / 12 + 1) {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x15;
            let _ = run(&with(&[(name, &damaged)]), &policy(all()), None);
        }
    }
}

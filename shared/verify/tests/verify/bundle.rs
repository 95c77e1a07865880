//! App bundles: sound outputs pass, and every way in which one could be another thing is refused by the check that is meant for it.

use std::collections::BTreeSet;

use domain::certificate::PinnedCertificate;
use domain::control::{ControlId, catalogue};
use domain::platform::Platform;
use domain::policy::Policy;
use engine::{Plan, SigningKey, Unobserved, protect};
use fixtures::bundle::{entries, libraries, made, small};
use fixtures::resources::{Later, protobuf};
use formats::axml::Value;
use formats::limits::Limits;
use formats::proto::wire::{Message, Writer};
use formats::proto::{Table, xml};
use formats::zip::{Archive, Method};
use serde_json::json;
use signing::Signer;
use signing::apk::{DigestKind, Schemes, v1};
use verify::Check;
use verify::diff::{Difference, diff};

use crate::package::{check_policy, failed, signer};

pub(crate) fn policy(controls: impl IntoIterator<Item = ControlId>) -> Policy {
    let entry = json!({
        "name": "Example API", "thumbprint": "AB".repeat(32), "algorithm": "sha256",
        "domains": ["api.example.com"], "spki_sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    });
    let certificate: PinnedCertificate = serde_json::from_value(entry).unwrap();
    Policy { controls: controls.into_iter().collect(), certificates: vec![certificate], ..Policy::default() }
}

pub(crate) fn all() -> BTreeSet<ControlId> {
    let available = catalogue().iter().filter(|control| control.is_available(Platform::Android));
    available.map(|control| control.id).collect()
}

pub(crate) fn protected(input: &[u8], policy: &Policy, signer: Option<&Signer>) -> Vec<u8> {
    let file_name = "app.aab".parse().unwrap();
    let key = signer.map(SigningKey::Android);
    let plan = Plan { file_name: &file_name, platform: Platform::Android, policy, key, limits: Limits::default() };
    let mut out = Vec::new();
    protect(&input, &mut out, &plan, &Unobserved).unwrap();
    out
}

pub(crate) type Entries = Vec<(String, Method, Vec<u8>)>;

pub(crate) fn entries_of(package: &[u8]) -> Entries {
    let archive = Archive::read(&package, &Limits::default()).unwrap();
    let content = |name: &str| archive.read_entry(name, 1 << 20).unwrap();
    archive.entries().iter().map(|entry| (entry.name.clone(), entry.method, content(&entry.name))).collect()
}

/// Signs these entries as an output.
fn signed(mut entries: Entries, signer: &Signer) -> Vec<u8> {
    entries.retain(|(name, ..)| !v1::is_signature_file(name));
    let digests: Vec<_> =
        entries.iter().map(|(name, _, content)| (name.clone(), DigestKind::Sha256.digest(content))).collect();
    let digests = digests.iter().map(|(name, digest)| (name.as_str(), digest.as_slice()));
    let files = v1::sign(digests, signer, v1::BUNDLE_SDK, Schemes { v1: true, v2: false, v3: false }).unwrap();
    entries.extend(files.into_iter().map(|(name, content)| (name, Method::Deflated, content)));
    fixtures::archive(&entries)
}

/// The check that refuses a sound output of `controls` after a change of its entries.
pub(crate) fn refused(controls: &[ControlId], change: impl FnOnce(&mut Entries)) -> (Check, String) {
    let policy = policy(controls.iter().copied());
    let input = small();
    let mut entries = entries_of(&protected(&input, &policy, Some(signer())));
    change(&mut entries);
    failed(check_policy(&input, &signed(entries, signer()), Some(&signer().certificate_sha256()), &policy))
}

pub(crate) fn content<'e>(entries: &'e mut Entries, name: &str) -> &'e mut Vec<u8> {
    &mut entries.iter_mut().find(|(known, ..)| known == name).unwrap().2
}

pub(crate) const BASE: &str = "base/manifest/AndroidManifest.xml";
pub(crate) const FEATURE: &str = "feature/manifest/AndroidManifest.xml";

/// Gives an attribute of `<application>` another value.
fn set(entries: &mut Entries, manifest: &str, name: &str, value: &Value) {
    let bytes = content(entries, manifest);
    let mut root = xml::read(bytes, &Limits::default()).unwrap();
    let application = root.elements_mut().find(|child| child.name == "application").unwrap();
    application.attributes.iter_mut().find(|found| found.name == name).unwrap().value = value.clone();
    *bytes = xml::rewrite(bytes, &root, &Limits::default()).unwrap();
}

#[test]
fn sound_outputs_pass_with_every_control_and_with_none() {
    let certificate = signer().certificate_sha256();
    for input in [Some(small()), made()].into_iter().flatten() {
        for controls in all().into_iter().map(|control| BTreeSet::from([control])).chain([all(), BTreeSet::new()]) {
            let policy = policy(controls);
            let output = protected(&input, &policy, Some(signer()));
            let verification = check_policy(&input, &output, Some(&certificate), &policy).unwrap();
            assert_eq!(verification.checks.len(), 7);
            assert_eq!(verification.checks[2].detail, format!("v1, certificate {certificate}"));
            let unsigned = protected(&input, &policy, None);
            check_policy(&input, &unsigned, None, &policy).unwrap();
        }
    }
}

#[test]
fn a_diff_explains_what_controls_change_and_nothing_else() {
    let Some(input) = made() else { return };
    let output = protected(&input, &policy(all()), Some(signer()));
    let limits = Limits::default();
    let (before, after) = (Archive::read(&input, &limits).unwrap(), Archive::read(&output, &limits).unwrap());
    let found = diff(&before, &after, &limits, &|_| true).unwrap();
    assert!(found.is_explained(), "{found:?}");
    let has = |wanted: fn(&Difference) -> bool| found.entries.iter().any(|entry| entry.differences.iter().any(wanted));
    assert!(has(|it| matches!(it, Difference::References)));
    assert!(has(|it| matches!(it, Difference::Libraries { removed } if removed == &["lib/x86"])));
    assert!(has(|it| matches!(it, Difference::DebugInformation { methods_left: 0, source_files_left: 0 })));
    assert!(has(|it| matches!(it, Difference::Symbols)) && has(|it| matches!(it, Difference::Table { .. })));
}

#[test]
fn switches_that_are_on_again_are_refused() {
    let debuggable = [ControlId::DEBUGGABLE_PREVENTION];
    for manifest in [BASE, FEATURE] {
        let (check, detail) =
            refused(&debuggable, |entries| set(entries, manifest, "debuggable", &Value::Boolean(true)));
        assert_eq!(
            (check, detail.contains("DebuggablePrevention is not in effect")),
            (Check::Controls, true),
            "{detail}"
        );
    }
    let (check, detail) = refused(&[ControlId::BACKUP_PREVENTION], |entries| {
        set(entries, BASE, "dataExtractionRules", &Value::Reference(0x7f01_0001));
    });
    assert_eq!((check, detail.contains("let something out")), (Check::Controls, true), "{detail}");
    let (check, detail) = refused(&[ControlId::CLEARTEXT_PREVENTION], |entries| {
        *content(entries, "base/res/xml/net.xml") =
            entries_of(&small()).iter().find(|it| it.0 == "base/res/xml/net.xml").unwrap().2.clone();
    });
    assert_eq!((check, detail.contains("a rule permits cleartext")), (Check::Controls, true), "{detail}");
}

#[test]
fn changes_that_no_control_makes_are_refused() {
    let entry = |check_and_detail: (Check, String)| {
        assert_eq!(check_and_detail.0, Check::Entries, "{}", check_and_detail.1);
        check_and_detail.1
    };
    let debuggable = [ControlId::DEBUGGABLE_PREVENTION];
    let detail = entry(refused(&debuggable, |entries| content(entries, "feature/assets/a").push(b'2')));
    assert!(detail.starts_with("entry \"feature/assets/a\" has another content"), "{detail}");
    let detail = entry(refused(&debuggable, |entries| {
        set(entries, BASE, "networkSecurityConfig", &Value::Reference(0x7f01_0001));
    }));
    assert!(detail.contains("has other attributes: manifest/application android:networkSecurityConfig"), "{detail}");
    let detail = entry(refused(&[ControlId::CLEARTEXT_PREVENTION], |entries| {
        set(entries, FEATURE, "debuggable", &Value::Boolean(false));
    }));
    assert!(detail.starts_with("entry \"feature/manifest/AndroidManifest.xml\" has other attributes"), "{detail}");
    let detail = entry(refused(&[], |entries| entries.retain(|(name, ..)| name != "base/lib/x86/libx.so")));
    assert_eq!(detail, "entry \"base/lib/x86/libx.so\" is missing");
    let detail = entry(refused(&[], |entries| {
        *content(entries, "base/native.pb") = libraries(&[("lib/arm64-v8a", 3)]);
    }));
    assert_eq!(detail, "entry \"base/native.pb\" does not name lib/x86 any more");
    let detail = entry(refused(&debuggable, |entries| {
        entries.push(("base/assets/more".to_owned(), Method::Deflated, b"x".to_vec()));
    }));
    assert_eq!(detail, "entry \"base/assets/more\" is not in the input");
    // A field that nobody knows.
    let detail = entry(refused(&[], |entries| {
        content(entries, "base/res/xml/other.xml").extend(Writer::default().number(900, 1).finish());
    }));
    assert!(detail.contains("something was added"), "{detail}");
}

#[test]
fn names_in_references_have_to_be_those_of_what_they_refer_to() {
    // A reference in a document, with the name that its resource has.
    let reference = |name: &str| {
        let reference = Writer::default().number(2, 0x7f01_0001).bytes(3, name).finish();
        let item = Writer::default().bytes(1, reference).finish();
        let attribute = Writer::default().bytes(2, "see").bytes(3, "@xml/x").bytes(6, item).finish();
        let element = Writer::default().bytes(3, "other").bytes(4, attribute).finish();
        Writer::default().bytes(1, element).finish()
    };
    let mut all = entries();
    all.iter_mut().find(|(name, ..)| *name == "base/res/xml/other.xml").unwrap().2 = reference("xml/other");
    let input = fixtures::archive(&all);
    let policy = policy([ControlId::RESOURCE_NAME_OBFUSCATION]);
    let output = protected(&input, &policy, None);
    check_policy(&input, &output, None, &policy).unwrap();
    let mut entries = entries_of(&output);
    let table = content(&mut entries, "base/resources.pb").clone();
    let path = Table::parse(&table, &Limits::default()).unwrap().files(0x7f01_0001)[0].clone();
    let document = content(&mut entries, &format!("base/{path}"));
    assert!(Message::new(document).fields().count() == 1 && !document.windows(9).any(|it| it == b"xml/other"));
    // The second is what it was in the input.
    for name in ["xml/wrong", "xml/other"] {
        *content(&mut entries, &format!("base/{path}")) = reference(name);
        let (check, detail) = failed(check_policy(&input, &fixtures::archive(&entries), None, &policy));
        assert_eq!(check, Check::Entries);
        assert!(detail.contains(&format!("a reference to 0x7f010001 says \"{name}\"")), "{detail}");
    }
    // The table refers to a file that is not there.
    let file = entries.iter_mut().find(|(name, ..)| *name == format!("base/{path}")).unwrap();
    file.0 = "base/res/xml/other.xml".to_owned();
    let (check, detail) = failed(check_policy(&input, &fixtures::archive(&entries), None, &policy));
    assert_eq!(
        (check, detail.contains(&format!("the text \"res/xml/other.xml\" became {path:?}"))),
        (Check::Entries, true),
        "{detail}"
    );
}

#[test]
fn libraries_for_emulators_that_are_still_there_are_refused() {
    let control = [ControlId::ALLOW_EMULATOR_ARCHITECTURES];
    let original = entries();
    let back = |name: &str| original.iter().find(|(known, ..)| *known == name).unwrap().2.clone();
    let (check, detail) = refused(&control, |entries| {
        let place = entries.iter().position(|(name, ..)| name == "base/native.pb").unwrap();
        entries.insert(place, ("base/lib/x86/libx.so".to_owned(), Method::Deflated, back("base/lib/x86/libx.so")));
    });
    assert_eq!((check, detail.contains("base/lib/x86/ is still there")), (Check::Controls, true), "{detail}");
    let (check, detail) = refused(&control, |entries| *content(entries, "base/native.pb") = back("base/native.pb"));
    assert_eq!((check, detail.contains("names libraries for emulators")), (Check::Controls, true), "{detail}");
}

#[test]
fn signatures_that_are_not_the_expected_ones_are_refused() {
    let (input, policy) = (small(), policy([]));
    let output = protected(&input, &policy, Some(signer()));
    let certificate = signer().certificate_sha256();
    let other = fixtures::signer("Other");
    let refused = |output: &[u8], certificate: Option<&str>| {
        let (check, detail) = failed(check_policy(&input, output, certificate, &policy));
        assert_eq!(check, Check::Signatures, "{detail}");
        detail
    };
    assert_eq!(refused(&output, None), "it is signed, and should not be");
    assert_eq!(refused(&protected(&input, &policy, None), Some(&certificate)), "it is not signed");
    let by_another = signed(entries_of(&output), &other);
    assert_eq!(
        refused(&by_another, Some(&certificate)),
        format!("it is not signed with the certificate {certificate}")
    );
    let mut changed = entries_of(&output);
    content(&mut changed, "feature/assets/a").push(b'2');
    assert!(refused(&fixtures::archive(&changed), Some(&certificate)).contains("digest"));
    // Java's tools look at META-INF as well.
    let mut unsigned = entries_of(&output);
    unsigned.insert(0, ("META-INF/services/x".to_owned(), Method::Deflated, b"x".to_vec()));
    assert!(refused(&fixtures::archive(&unsigned), Some(&certificate)).contains("META-INF/services/x"));
}

#[test]
fn another_app_is_refused() {
    let (check, _) = refused(&[], |entries| {
        let bytes = content(entries, BASE);
        let mut root = xml::read(bytes, &Limits::default()).unwrap();
        root.set("package", Value::String("com.example.other".to_owned()));
        *bytes = xml::rewrite(bytes, &root, &Limits::default()).unwrap();
    });
    assert_eq!(check, Check::Identity);
}

#[test]
fn backup_rules_that_are_no_file_for_some_devices_are_refused() {
    let control = [ControlId::BACKUP_PREVENTION];
    let rules = entries_of(&protected(&small(), &policy(control), None));
    let rules = rules.into_iter().find(|it| it.0.ends_with("apptego_data_extraction_rules.xml")).unwrap().2;
    let mut all = entries();
    for (name, _, content) in &mut all {
        match *name {
            "base/resources.pb" => *content = protobuf(Later::Nothing),
            "base/res/xml/net.xml" => *content = rules.clone(),
            _ => {}
        }
    }
    let input = fixtures::archive(&all);
    let mut output = entries_of(&protected(&input, &policy(control), Some(signer())));
    let certificate = signer().certificate_sha256();
    let checked = |entries| check_policy(&input, &signed(entries, signer()), Some(&certificate), &policy(control));
    checked(output.clone()).unwrap();
    set(&mut output, BASE, "dataExtractionRules", &Value::Reference(0x7f01_0000));
    let (check, detail) = failed(checked(output));
    assert_eq!((check, detail.contains("let something out")), (Check::Controls, true), "{detail}");
}

#[test]
fn manifests_below_folders_that_are_no_modules_are_files_like_any_other() {
    let mut all = entries();
    for name in ["BUNDLE-METADATA/manifest/AndroidManifest.xml", "META-INF/manifest/AndroidManifest.xml"] {
        all.push((name, Method::Deflated, b"no manifest".to_vec()));
    }
    let (input, policy) = (fixtures::archive(&all), policy(self::all()));
    check_policy(&input, &protected(&input, &policy, None), None, &policy).unwrap();
}

#[test]
fn code_behind_a_gap_in_the_numbers_is_none() {
    let mut all = entries();
    all.push(("base/dex/classes3.dex", Method::Deflated, b"no code".to_vec()));
    let policy = policy([ControlId::DEBUG_INFO_OBFUSCATION]);
    let input = fixtures::archive(&all);
    check_policy(&input, &protected(&input, &policy, None), None, &policy).unwrap();
    // Without the gap it is code.
    all.push(("base/dex/classes2.dex", Method::Deflated, fixtures::dex()));
    let input = fixtures::archive(&all);
    all.retain(|(name, ..)| !v1::is_signature_file(name));
    let (check, detail) = failed(check_policy(&input, &fixtures::archive(&all), None, &policy));
    assert_eq!(check, Check::Controls, "{detail}");
}

/// Adds a field to a message: the first one in a field of each of these numbers.
pub(crate) fn appended(message: &[u8], numbers: &[u32], field: &[u8]) -> Vec<u8> {
    let Some((number, inner)) = numbers.split_first() else { return [message, field].concat() };
    let (mut written, mut is_done) = (Writer::default(), false);
    for one in Message::new(message).fields().map(Result::unwrap) {
        if one.number == *number && !is_done {
            is_done = true;
            written.bytes(*number, appended(one.message("inner").unwrap().bytes(), inner, field));
        } else {
            written.raw(one.bytes);
        }
    }
    written.finish()
}

#[test]
fn tables_with_two_types_of_one_id_are_refused() {
    let again = Writer::default().bytes(3, Writer::default().bytes(1, [8, 1]).bytes(2, "xml").finish()).finish();
    let (check, detail) = refused(&[], |entries| {
        let table = content(entries, "base/resources.pb");
        *table = appended(table, &[2], &again);
    });
    // The app's network security configuration is looked for in it first.
    assert_eq!((check, detail.contains("is another type's too")), (Check::Controls, true), "{detail}");
}

#[test]
fn what_stands_in_root_is_no_library() {
    let mut all = entries();
    for name in ["base/root/lib/x86/libz.so", "base/root/lib/arm64-v8a/libz.so"] {
        all.push((name, Method::Deflated, b"x".to_vec()));
    }
    let (input, policy) = (fixtures::archive(&all), policy(self::all()));
    let output = protected(&input, &policy, None);
    check_policy(&input, &output, None, &policy).unwrap();
    let mut entries = entries_of(&output);
    entries.retain(|(name, ..)| name != "base/root/lib/x86/libz.so");
    let (check, detail) = failed(check_policy(&input, &fixtures::archive(&entries), None, &policy));
    assert_eq!((check, detail.as_str()), (Check::Entries, "entry \"base/root/lib/x86/libz.so\" is missing"));
}

#[test]
fn aliases_are_followed_to_the_files_that_devices_read() {
    let mut all = entries();
    let network = all.iter().find(|(name, ..)| *name == "base/res/xml/net.xml").unwrap().2.clone();
    for (name, _, content) in &mut all {
        match *name {
            "base/resources.pb" => *content = protobuf(Later::Alias(0x7f01_0001)),
            "base/res/xml/other.xml" => *content = network.clone(),
            _ => {}
        }
    }
    let (input, policy) = (fixtures::archive(&all), policy([ControlId::CLEARTEXT_PREVENTION]));
    let mut output = entries_of(&protected(&input, &policy, None));
    check_policy(&input, &fixtures::archive(&output), None, &policy).unwrap();
    *content(&mut output, "base/res/xml/other.xml") = network;
    let (check, detail) = failed(check_policy(&input, &fixtures::archive(&output), None, &policy));
    assert_eq!((check, detail.contains("a rule permits cleartext")), (Check::Controls, true), "{detail}");
}

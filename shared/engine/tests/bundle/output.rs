//! What stands in the output and in the report, for a bundle that is made without any tool.

use domain::control::ControlId;
use engine::{Status, identify};
use fixtures::bundle::{entries, libraries, small};
use formats::axml::Value;
use formats::axml::tree::{Element, Node};
use formats::limits::Limits;
use formats::proto::{Table, xml};
use formats::zip::{Archive, Method};
use signing::apk::verify_bundle;

use crate::support::{all, application, contents, document, policy, run, signer, with};

#[test]
fn the_same_input_plan_and_key_give_the_same_bytes() {
    let made = || run(&small(), &policy(all()), Some(signer())).unwrap().0;
    assert!(made() == made());
}

#[test]
fn without_controls_every_entry_keeps_its_packed_bytes_and_its_place() {
    let input = small();
    let (out, report) = run(&input, &policy([]), None).unwrap();
    let (before, after) =
        (Archive::read(&input, &Limits::default()).unwrap(), Archive::read(&out, &Limits::default()).unwrap());
    let kept = before.entries().iter().filter(|entry| !entry.name.starts_with("META-INF/"));
    assert_eq!(kept.clone().count(), after.entries().len());
    for (old, new) in kept.zip(after.entries()) {
        let bytes = |package: &[u8], offset: u64, length: u64| package[offset as usize..][..length as usize].to_vec();
        assert_eq!(old.name, new.name);
        assert_eq!(
            bytes(&input, old.data_offset, old.packed_size),
            bytes(&out, new.data_offset, new.packed_size),
            "{}",
            old.name
        );
    }
    assert_eq!((report.warnings[0].code, report.signing.signed), ("unsigned", false));
}

#[test]
fn a_signed_output_has_a_jar_signature_over_every_entry() {
    let (out, report) = run(&small(), &policy([]), Some(signer())).unwrap();
    let archive = Archive::read(&out, &Limits::default()).unwrap();
    assert!(archive.gaps().is_empty());
    let signers = verify_bundle(&archive, &|_| true).unwrap();
    assert_eq!(signers.iter().map(|one| one[0].sha256()).collect::<Vec<_>>(), [signer().certificate_sha256()]);
    assert_eq!(report.signing.schemes, ["v1"]);
    assert_eq!(report.warnings[0].code, "certificate_changed");
    let certificate = signer().certificate_sha256();
    assert_eq!(
        report.warnings[0].message,
        format!(
            "The input was not signed. Google Play accepts the output only where its certificate, {certificate}, is that of the \
             registered upload key; the packages that devices get are signed with the app's signing key, as before."
        )
    );
    let (_, other) = run(&out, &policy([]), Some(&fixtures::signer("Other"))).unwrap();
    let message = &other.warnings[0].message;
    let sentence = format!("another certificate than the input (the input was signed with {certificate})");
    assert!(
        message.contains(&sentence) && message.contains("only where that is the registered upload key"),
        "{message}"
    );
    let names: Vec<_> =
        archive.entries().iter().map(|entry| entry.name.as_str()).filter(|it| it.starts_with("META-INF/")).collect();
    assert_eq!(names, ["META-INF/MANIFEST.MF", "META-INF/CERT.SF", "META-INF/CERT.EC"]);
    // Signed again, the signer is known.
    let (_, again) = run(&out, &policy([]), Some(signer())).unwrap();
    assert_eq!(again.warnings[0].code, "signed_again");
}

#[test]
fn switches_go_off_in_every_module_and_the_others_are_set_in_the_app() {
    let controls = [ControlId::DEBUGGABLE_PREVENTION, ControlId::BACKUP_PREVENTION, ControlId::CLEARTEXT_PREVENTION];
    let (out, report) = run(&small(), &policy(controls), None).unwrap();
    let contents = contents(&out);
    let shown = |module, name| application(&contents, module, name).unwrap_or_else(|| "absent".to_owned());
    for (name, base, feature) in [
        ("debuggable", "false", "false"),
        ("allowBackup", "false", "absent"),
        ("fullBackupContent", "false", "absent"),
        ("usesCleartextTraffic", "false", "absent"),
        ("dataExtractionRules", "@0x7f010002", "absent"),
        ("networkSecurityConfig", "@0x7f010000", "absent"),
    ] {
        assert_eq!([shown("base", name), shown("feature", name)], [base, feature], "{name}");
    }
    let table = Table::parse(&contents["base/resources.pb"], &Limits::default()).unwrap();
    assert_eq!(table.files(0x7f01_0002), ["res/xml/apptego_data_extraction_rules.xml"]);
    assert_eq!(document(&contents, "base/res/xml/apptego_data_extraction_rules.xml").name, "data-extraction-rules");
    let network = format!("{:?}", document(&contents, "base/res/xml/net.xml"));
    assert!(!network.contains("Boolean(true)"), "{network}");
    let changed: Vec<_> = report.controls[1].changes.iter().map(|change| change.entry.as_str()).collect();
    assert_eq!(changed, ["base/manifest/AndroidManifest.xml", "feature/manifest/AndroidManifest.xml"]);
}

#[test]
fn protecting_again_finds_everything_in_place() {
    let (out, _) = run(&small(), &policy(all()), Some(signer())).unwrap();
    let (again, report) = run(&out, &policy(all()), Some(signer())).unwrap();
    for outcome in report.controls.iter().filter(|outcome| outcome.control != ControlId::RESOURCE_NAME_OBFUSCATION) {
        assert_eq!(outcome.status, Status::AlreadyInPlace, "{}", outcome.control);
    }
    assert_eq!(
        contents(&out)["base/manifest/AndroidManifest.xml"],
        contents(&again)["base/manifest/AndroidManifest.xml"]
    );
}

#[test]
fn libraries_of_emulators_go_with_what_is_said_about_them() {
    let control = ControlId::ALLOW_EMULATOR_ARCHITECTURES;
    let (out, report) = run(&small(), &policy([control]), None).unwrap();
    let after = contents(&out);
    assert!(!after.contains_key("base/lib/x86/libx.so") && after.contains_key("base/lib/arm64-v8a/libx.so"));
    assert_eq!(after["base/native.pb"], libraries(&[("lib/arm64-v8a", 3)]));
    assert_eq!(report.controls[0].changes.len(), 2);

    let mut alone = entries();
    alone.retain(|(name, ..)| !name.contains("arm64"));
    let (out, report) = run(&fixtures::archive(&alone), &policy([control]), None).unwrap();
    assert!(contents(&out).contains_key("base/lib/x86/libx.so"));
    assert!(report.controls[0].warnings[0].contains("emulators only"), "{:?}", report.controls[0].warnings);
}

#[test]
fn names_and_paths_change_in_the_table_the_archive_and_the_mapping() {
    let (out, report) = run(&small(), &policy([ControlId::RESOURCE_NAME_OBFUSCATION]), None).unwrap();
    let after = contents(&out);
    assert!(!after.contains_key("base/res/xml/net.xml"));
    let mapping = report.mapping.unwrap();
    assert_eq!(mapping.package, "com.example.small");
    let table = Table::parse(&after["base/resources.pb"], &Limits::default()).unwrap();
    for name in &mapping.names {
        assert_eq!(format!("{:#010x}", table.find("xml", &name.after).unwrap()), name.ids[0]);
    }
    assert_eq!(mapping.names.len(), 2);
    for path in &mapping.paths {
        assert!(path.before.starts_with("base/res/xml/") && after.contains_key(&path.after), "{path:?}");
    }
    assert_eq!(table.files(0x7f01_0000).len(), 1);
    assert!(after.contains_key(&format!("base/{}", table.files(0x7f01_0000)[0])));
}

#[test]
fn an_app_without_resources_gets_a_table_for_what_is_added() {
    let mut plain = entries();
    plain.retain(|(name, ..)| !name.contains("res"));
    for (name, _, content) in &mut plain {
        if *name == "base/manifest/AndroidManifest.xml" {
            let manifest = formats::axml::Document::parse(&fixtures::manifest(24, 35), &Limits::default()).unwrap();
            *content = formats::proto::xml::write(&manifest.to_tree(1 << 20).unwrap()).unwrap();
        }
    }
    let (out, _) = run(&fixtures::archive(&plain), &policy([ControlId::CLEARTEXT_PREVENTION]), None).unwrap();
    let after = contents(&out);
    let table = Table::parse(&after["base/resources.pb"], &Limits::default()).unwrap();
    assert_eq!(table.own_package_name().as_deref(), Some("com.example.small"));
    assert_eq!(table.files(0x7f01_0000), ["res/xml/apptego_network_security_config.xml"]);
    let archive = Archive::read(&out, &Limits::default()).unwrap();
    assert_eq!(archive.entry("base/resources.pb").unwrap().method, Method::Deflated);
}

#[test]
fn profiles_and_symbols_for_the_store_are_told_of() {
    let mut more = entries();
    for name in [
        "BUNDLE-METADATA/com.android.tools.build.profiles/baseline.prof",
        "BUNDLE-METADATA/com.android.tools.build.debugsymbols/arm64-v8a/libx.so.dbg",
    ] {
        more.push((name, Method::Deflated, b"x".to_vec()));
    }
    let (out, report) = run(&fixtures::archive(&more), &policy([ControlId::DEBUG_INFO_OBFUSCATION]), None).unwrap();
    assert_eq!(contents(&out).len(), more.len() - 2);
    let warnings = report.controls[0].warnings.join("\n");
    assert!(warnings.contains("baseline.prof was made for the code with debug information"), "{warnings}");
    assert!(warnings.contains("debugsymbols/ was left as it is: Google Play reads it"), "{warnings}");
}

#[test]
fn the_app_is_identified_by_its_own_manifest() {
    let found = identify(&small(), &"app.aab".parse().unwrap(), &Limits::default()).unwrap();
    assert_eq!((found.package_name.as_str(), found.name.as_str()), ("com.example.small", "com.example.small"));
    assert_eq!((found.version_name.as_deref(), found.version_code.as_deref()), (Some("1.2"), Some("7")));
}

#[test]
fn the_code_of_a_watch_face_stays_and_is_told_of() {
    let mut manifest = document(&contents(&small()), "base/manifest/AndroidManifest.xml");
    let application = manifest.elements_mut().find(|child| child.name == "application").unwrap();
    let mut name = application.attributes[0].clone();
    (name.name, name.resource_id) = ("name".to_owned(), Some(0x0101_0003));
    name.value = Value::String("com.google.wear.watchface.format.version".to_owned());
    application.children.push(Node::Element(Element { attributes: vec![name], ..Element::new("property") }));
    let bundle = with(&[("base/manifest/AndroidManifest.xml", &xml::write(&manifest).unwrap())]);
    let row = |bundle: &[u8], control| run(bundle, &policy([control]), None).unwrap().1.controls.remove(0);
    let warnings = |bundle: &[u8]| row(bundle, ControlId::DEBUG_INFO_OBFUSCATION).warnings.join("\n");
    let names = row(&bundle, ControlId::RESOURCE_NAME_OBFUSCATION);
    assert_eq!((names.status, names.changes), (Status::NotApplied, Vec::new()));
    let sentence = "base/dex/classes.dex was left as it is: the format of watch faces prescribes it";
    assert!(warnings(&bundle).contains(sentence), "{}", warnings(&bundle));
    assert!(!warnings(&small()).contains("watch faces"), "{}", warnings(&small()));
}

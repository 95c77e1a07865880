//! What stands in the output and in the report.

use domain::control::ControlId;
use formats::limits::Limits;
use formats::zip::{Archive, Method};
use signing::apk::{Platforms, Scheme, signing_block_range, verify_apk};

use crate::apk::{Stored, USUAL, apk, apk_for, archive, manifest, named, new_signer, plan, run, run_plan, signer};

fn open(bytes: &&[u8]) -> Vec<(String, Method, u64)> {
    let archive = Archive::read(bytes, &Limits::default()).unwrap();
    archive.check_contents(2, &|_| true).unwrap();
    archive.entries().iter().map(|entry| (entry.name.clone(), entry.method, entry.data_offset)).collect()
}

#[test]
fn the_same_input_plan_and_key_give_the_same_bytes() {
    assert_eq!(run(&apk()).unwrap().0, run(&apk()).unwrap().0);
}

#[test]
fn entries_keep_their_order_and_old_signatures_go() {
    let (out, _) = run(&apk()).unwrap();
    let names: Vec<String> = open(&out.as_slice()).into_iter().map(|(name, _, _)| name).collect();
    let kept = [
        "META-INF/services/a.b.C",
        "classes.dex",
        "AndroidManifest.xml",
        "resources.arsc",
        "lib/arm64-v8a/libx.so",
        "assets/a",
    ];
    assert_eq!(names[..kept.len()], kept);
    assert_eq!(names[kept.len()..], ["res/xml/apptego_data_extraction_rules.xml"]);
}

#[test]
fn stored_entries_are_aligned_and_the_resource_table_is_stored() {
    let (out, report) = run(&apk()).unwrap();
    for (name, method, offset) in open(&out.as_slice()) {
        match name.as_str() {
            "resources.arsc" => assert_eq!((method, offset % 4), (Method::Stored, 0)),
            "lib/arm64-v8a/libx.so" => assert_eq!(offset % 16_384, 0),
            "assets/a" => assert_eq!(offset % 4, 0),
            _ => assert_eq!(method, Method::Deflated),
        }
    }
    assert!(report.warnings.iter().any(|warning| warning.code == "resources_stored"));
}

#[test]
fn below_target_30_a_compressed_resource_table_stays() {
    let (out, report) = run(&apk_for(24, 29)).unwrap();
    assert!(open(&out.as_slice()).contains(&(
        "resources.arsc".into(),
        Method::Deflated,
        offset_of(&out, "resources.arsc")
    )));
    assert!(report.warnings.iter().all(|warning| warning.code != "resources_stored"));
}

fn offset_of(bytes: &[u8], name: &str) -> u64 {
    Archive::read(&bytes, &Limits::default()).unwrap().entry(name).unwrap().data_offset
}

#[test]
fn the_output_is_signed_under_both_schemes() {
    let (out, report) = run(&apk()).unwrap();
    let archive = Archive::read(&out, &Limits::default()).unwrap();
    let block = signing_block_range(&out, archive.directory_offset()).unwrap().unwrap();
    assert_eq!(((block.end - block.start) % 4096, block), (0, archive.before_directory()));
    let signatures = verify_apk(&archive, Platforms { min_sdk: 24, target_sdk: 34 }, &|_| true).unwrap();
    assert_eq!(signatures.schemes(), [Scheme::V2, Scheme::V3]);
    assert_eq!(signatures.certificates_sha256(), [signer().certificate_sha256()]);
    assert_eq!(report.signing.certificate_sha256, Some(signer().certificate_sha256()));
    assert_eq!(report.signing.schemes, ["v2", "v3"]);
}

#[test]
fn without_a_signer_the_output_is_unsigned_and_says_so() {
    let name = named("small.apk");
    let (out, report) = run_plan(&apk(), &plan(&name, &USUAL, None)).unwrap();
    let archive = Archive::read(&out, &Limits::default()).unwrap();
    assert!(archive.gaps().is_empty());
    assert!(!report.signing.signed && report.signing.schemes.is_empty() && report.signing.certificate_sha256.is_none());
    assert_eq!(report.warnings[0].code, "unsigned");
}

#[test]
fn the_report_says_what_was_changed_and_where() {
    let package = apk();
    let (out, report) = run(&package).unwrap();
    let report = serde_json::to_value(report).unwrap();
    assert_eq!(report["format"], 1);
    assert_eq!(report["input"]["name"], "small.apk");
    assert_eq!(report["input"]["size"], package.len());
    assert!(report["input"].get("sha256").is_none(), "who moves the file takes it");
    assert_eq!(report["output"]["size"], out.len());
    assert_eq!(report["app"]["package"], "com.example.small");
    assert_eq!(report["app"]["min_sdk"], 24);
    let debuggable = report["controls"].as_array().unwrap().iter().find(|row| row["control"] == "DebuggablePrevention");
    let expected = serde_json::json!({
        "control": "DebuggablePrevention",
        "status": "applied",
        "changes": [
            {"entry": "AndroidManifest.xml", "element": "manifest/application", "attribute": "android:debuggable", "before": "true", "after": "false"}
        ],
        "warnings": [],
    });
    assert_eq!(debuggable, Some(&expected));
    let phases: Vec<_> = report["stages"].as_array().unwrap().iter().map(|stage| stage["phase"].clone()).collect();
    assert_eq!(phases, ["inspecting", "protecting", "packaging", "signing"]);
    assert!(report.get("verification").is_none());
}

#[test]
fn protecting_again_finds_everything_in_place() {
    let (once, _) = run(&apk()).unwrap();
    let (twice, report) = run(&once).unwrap();
    assert_eq!(once, twice);
    assert_eq!(report.signing.previous_certificates_sha256, Some(vec![signer().certificate_sha256()]));
    let report = serde_json::to_value(report).unwrap();
    assert!(report["controls"].as_array().unwrap().iter().all(|row| row["status"] == "already_in_place"));
    assert_eq!(report["warnings"][0]["code"], "signed_again");
}

#[test]
fn another_certificate_is_warned_about_by_name() {
    let other = new_signer("Other");
    let name = named("small.apk");
    let (once, _) = run(&apk()).unwrap();
    let (_, report) = run_plan(&once, &plan(&name, &[], Some(&other))).unwrap();
    assert_eq!(report.warnings[0].code, "certificate_changed");
    assert!(report.warnings[0].message.contains(&signer().certificate_sha256()));
}

#[test]
fn what_a_control_leaves_open_stands_once_among_the_warnings_of_the_build() {
    let package = archive(&[
        ("AndroidManifest.xml", Stored, manifest(28, 35).as_slice()),
        ("lib/x86_64/libx.so", Stored, b"an emulator's"),
    ]);
    let name = named("small.apk");
    let controls = [ControlId::ALLOW_EMULATOR_ARCHITECTURES];
    let (_, report) = run_plan(&package, &plan(&name, &controls, None)).unwrap();
    let of_controls: Vec<String> = report
        .controls
        .iter()
        .flat_map(|row| row.warnings.iter().map(|warning| format!("{}: {warning}.", row.control)))
        .collect();
    assert_eq!(of_controls, ["AllowEmulatorArchitectures: the app has libraries for emulators only; they were kept."]);
    let limited: Vec<_> = report.warnings.iter().filter(|warning| warning.code == "control_limited").collect();
    assert_eq!(
        limited.iter().map(|warning| &warning.message).collect::<Vec<_>>(),
        of_controls.iter().collect::<Vec<_>>()
    );
}

#[test]
fn entries_that_no_control_touches_keep_their_packed_bytes() {
    let package = apk();
    let name = named("small.apk");
    let (out, _) = run_plan(&package, &plan(&name, &[], None)).unwrap();
    let (before, after) = (Archive::read(&package, &Limits::default()), Archive::read(&out, &Limits::default()));
    let (before, after) = (before.unwrap(), after.unwrap());
    for new in after.entries().iter().filter(|entry| entry.name != "resources.arsc") {
        let old = before.entry(&new.name).unwrap();
        let packed = |bytes: &[u8], start: u64, length: u64| bytes[start as usize..(start + length) as usize].to_vec();
        assert_eq!(
            packed(&package, old.data_offset, old.packed_size),
            packed(&out, new.data_offset, new.packed_size),
            "{}",
            new.name
        );
    }
}

#[test]
fn an_app_without_code_or_resources_is_protected_too() {
    let package = archive(&[("AndroidManifest.xml", Stored, &manifest(28, 35))]);
    let (out, _) = run(&package).unwrap();
    let names: Vec<String> = open(&out.as_slice()).into_iter().map(|(name, _, _)| name).collect();
    assert_eq!(names, ["AndroidManifest.xml", "res/xml/apptego_data_extraction_rules.xml", "resources.arsc"]);
}

//! Apps that cannot be protected, and why they cannot.

use domain::control::ControlId;
use domain::policy::Policy;
use engine::Status;
use fixtures::ios::{Item, ROOT, app, info, ipa};
use fixtures::macho::{Binary, Kind, fat};
use formats::plist::{Dictionary, Form, Value, write};
use formats::zip::{Attributes, Method, Writer};

use crate::app::{only, replace, run, run_archive};

const SIMULATOR: u32 = 7;
const X86_64: u32 = 0x0100_0007;
const ARMV7: u32 = 0x0000_000C;

fn refusal(items: &[Item]) -> (&'static str, String) {
    let error = run(items, &Policy::default(), None).map(|_| ()).unwrap_err();
    (error.code(), error.to_string())
}

fn with(entry: &str, content: Vec<u8>) -> Vec<Item> {
    let mut items = app();
    replace(&mut items, &format!("{ROOT}/{entry}"), content);
    items
}

#[test]
fn encrypted_code() {
    let (code, sentence) =
        refusal(&with("Frameworks/libplain.dylib", Binary { encryption: 1, ..Binary::default() }.build()));
    assert_eq!(code, "app_encrypted");
    assert!(
        sentence.starts_with("Payload/Small.app/Frameworks/libplain.dylib is encrypted by the App Store"),
        "{sentence}"
    );
}

#[test]
fn a_build_for_the_simulator_unless_it_is_accepted() {
    let simulated = Binary { platform: SIMULATOR, cpu: X86_64, ..Binary::default() };
    let items = with("Code", simulated.build());
    let (code, sentence) = refusal(&items);
    assert_eq!(code, "simulator_build");
    assert!(sentence.contains("enable AllowSimulatorBuilds"), "{sentence}");
    let policy = only(ControlId::ALLOW_SIMULATOR_BUILDS);
    let accepted = run(&items, &policy, None).unwrap();
    assert_eq!(accepted.outcome(ControlId::ALLOW_SIMULATOR_BUILDS).status, Status::PermissionUsed);
    let desk = Binary { kind: Kind::Dylib, platform: 1, cpu: X86_64, ..Binary::default() };
    let mut with_library = items.clone();
    replace(&mut with_library, &format!("{ROOT}/Frameworks/libplain.dylib"), desk.build());
    run(&with_library, &policy, None).unwrap();
    let for_devices = run(&app(), &policy, None).unwrap();
    assert_eq!(for_devices.outcome(ControlId::ALLOW_SIMULATOR_BUILDS).status, Status::PermissionUnused);
    assert!(accepted.report.warnings.iter().any(|warning| warning.code == "simulator_build"));

    // A slice for the simulator beside the one for devices is no build for it.
    let both = fat(&[simulated.build(), Binary::default().build()]);
    run(&with("Frameworks/libplain.dylib", both), &Policy::default(), None).unwrap();
}

#[test]
fn an_app_without_code_for_present_devices() {
    let (code, sentence) = refusal(&with("Code", Binary { cpu: ARMV7 | 0x0200_0000, ..Binary::default() }.build()));
    assert_eq!(code, "architecture_missing");
    assert_eq!(
        sentence,
        "Payload/Small.app/Code has no code for iOS on arm64, only for iOS on arm64_32. Build it for these devices."
    );
}

#[test]
fn a_part_of_the_app_without_code_for_present_devices() {
    let parts = [
        "PlugIns/Share.appex/Code",
        "AppClips/Clip.app/Code",
        "Frameworks/Shared.framework/Code",
        "Frameworks/libplain.dylib",
    ];
    for part in parts {
        let kind = if part.starts_with("Frameworks") { Kind::Dylib } else { Kind::Executable };
        for (platform, cpu) in [(2, ARMV7 | 0x0200_0000), (1, Binary::default().cpu)] {
            let (code, sentence) = refusal(&with(part, Binary { kind, platform, cpu, ..Binary::default() }.build()));
            assert_eq!(code, "architecture_missing");
            assert!(
                sentence.starts_with(&format!("{ROOT}/{part} has no code for iOS on arm64, only for ")),
                "{sentence}"
            );
        }
    }
    // A tool among the resources is nothing that devices run.
    let mut items = app();
    items.push((format!("{ROOT}/tool"), Method::Deflated, Binary { platform: 1, ..Binary::default() }.build()));
    run(&items, &Policy::default(), None).unwrap();
}

#[test]
fn watches_have_processors_of_their_own() {
    let watch = |cpu, platform| with("Watch/Watch.app/Code", Binary { cpu, platform, ..Binary::default() }.build());
    for cpu in [ARMV7 | 0x0200_0000, Binary::default().cpu] {
        run(&watch(cpu, 4), &Policy::default(), None).unwrap();
    }
    for (cpu, platform) in [(X86_64, 4), (Binary::default().cpu, 2)] {
        let (code, sentence) = refusal(&watch(cpu, platform));
        assert_eq!(code, "architecture_missing");
        assert!(sentence.contains("has no code for watchOS on arm64_32, arm64 or armv7k, only for"), "{sentence}");
    }
    // Those of the first watches lie within an extension.
    let mut items = app();
    let first = format!("{ROOT}/PlugIns/Share.appex/First.app");
    let program = Binary { platform: 4, cpu: ARMV7 | 0x0200_0000, ..Binary::default() };
    items.extend(fixtures::ios::bundle(&first, "com.example.small.first", &program));
    run(&items, &Policy::default(), None).unwrap();
}

#[test]
fn a_bundle_within_the_app_that_names_an_executable_which_is_not_there() {
    for bundle in ["PlugIns/Share.appex", "AppClips/Clip.app", "Frameworks/Shared.framework"] {
        let is_framework = bundle.ends_with("framework");
        for name in ["Missing", "en.lproj/Text.strings", ""].into_iter().skip(usize::from(is_framework)) {
            let (code, sentence) = refusal(&with(&format!("{bundle}/Info.plist"), info("com.example.x", name, &[])));
            assert_eq!(code, "bundle_invalid", "{bundle} {name}");
            assert!(sentence.starts_with(&format!("{ROOT}/{bundle} has no executable")), "{sentence}");
        }
    }
    let mut items = app();
    let resources = Dictionary::from_iter([("CFBundleIdentifier", Value::from("com.example.resources"))]);
    let entry = format!("{ROOT}/Frameworks/Resources.framework/Info.plist");
    items.push((entry, Method::Deflated, write(&resources, Form::Xml).unwrap()));
    run(&items, &Policy::default(), None).unwrap();
}

#[test]
fn a_framework_whose_code_was_linked_into_the_app_stays_as_files() {
    let mut items = app();
    let folder = format!("{ROOT}/Frameworks/Static.framework");
    items.push((format!("{folder}/Info.plist"), Method::Deflated, info("com.example.static", "Static", &[])));
    items.push((format!("{folder}/Picture.png"), Method::Deflated, b"a picture".to_vec()));
    let done = run(&items, &Policy::default(), None).unwrap();
    let warnings = done.report.warnings.iter();
    let told: Vec<_> = warnings.filter(|warning| warning.code == "framework_without_code").collect();
    assert!(told.len() == 1 && told[0].message.ends_with(&format!(": {folder}.")), "{told:?}");
}

#[test]
fn an_executable_that_is_none() {
    let (code, sentence) = refusal(&with("PlugIns/Share.appex/Code", b"#!/bin/sh".to_vec()));
    assert_eq!(code, "content_invalid");
    assert!(sentence.contains("Share.appex/Code is not an executable (Mach-O)"), "{sentence}");
}

#[test]
fn an_app_without_an_executable() {
    let (code, sentence) = refusal(&with("Info.plist", info("com.example.small", "Missing", &[])));
    assert_eq!(code, "bundle_invalid");
    assert!(sentence.starts_with("Payload/Small.app has no executable"), "{sentence}");
}

#[test]
fn damaged_code_names_the_offset() {
    let mut binary = Binary::default().build();
    binary[16..20].copy_from_slice(&200_u32.to_le_bytes());
    let (code, sentence) = refusal(&with("Frameworks/libplain.dylib", binary));
    assert_eq!(code, "code_invalid");
    assert!(sentence.contains("Frameworks/libplain.dylib cannot be processed: Mach-O: "), "{sentence}");
}

#[test]
fn a_property_list_that_is_none() {
    let (code, _) = refusal(&with("PlugIns/Share.appex/Info.plist", b"<plist".to_vec()));
    assert_eq!(code, "property_list_invalid");
}

#[test]
fn a_checksum_that_is_wrong_in_code_and_elsewhere() {
    for part in ["/Code", "PkgInfo"] {
        let mut bytes = ipa(&app());
        let archive = formats::zip::Archive::read(&bytes, &formats::limits::Limits::default()).unwrap();
        let entry = archive.entries().iter().find(|entry| entry.name.ends_with(part)).unwrap();
        let name = entry.name.clone();
        let crc = entry.crc32.to_le_bytes();
        let places: Vec<usize> = (0..bytes.len() - 4).filter(|at| bytes[*at..*at + 4] == crc).collect();
        for at in places {
            bytes[at] ^= 1;
        }
        let error = run_archive(&bytes, &Policy::default(), None).map(|_| ()).unwrap_err();
        assert_eq!(error.code(), "archive_damaged", "{name}: {error}");
    }
}

#[test]
fn a_control_for_android_and_a_key_for_android() {
    let error = run(&app(), &only(ControlId::BACKUP_PREVENTION), None).map(|_| ()).unwrap_err();
    assert_eq!(error.code(), "control_unavailable");
}

#[test]
fn a_symbolic_link_is_sealed_as_one() {
    let mut writer = Writer::new(Vec::new());
    for (name, method, content) in app() {
        writer.add(&name, method, Attributes::default(), &content).unwrap();
    }
    let link = Attributes { version_made_by: 0x031E, external: 0o120_755 << 16, ..Attributes::default() };
    writer.add(&format!("{ROOT}/Latest"), Method::Stored, link, b"Frameworks/libplain.dylib").unwrap();
    let (mut bytes, tail) = writer.finish(b"").unwrap();
    tail.write(&mut bytes).unwrap();
    let output = run_archive(&bytes, &Policy::default(), None).unwrap();
    let seal = String::from_utf8(output.content(&format!("{ROOT}/_CodeSignature/CodeResources"))).unwrap();
    assert!(seal.contains("<key>symlink</key>\n\t\t\t<string>Frameworks/libplain.dylib</string>"), "{seal}");
}

#[test]
fn bundles_within_bundles_whose_lists_grow_without_end() {
    let mut items = app();
    let library = Binary { kind: fixtures::macho::Kind::Dylib, ..Binary::default() };
    let mut folder = ROOT.to_owned();
    for _ in 0..60 {
        folder.push_str("/F.framework");
        items.extend(fixtures::ios::bundle(&folder, "com.example.f", &library));
    }
    let long = "n".repeat(3000);
    items.extend((0..500).map(|number| (format!("{folder}/{long}{number}"), Method::Stored, b"x".to_vec())));
    let (code, sentence) = refusal(&items);
    assert_eq!(code, "bundle_invalid");
    assert_eq!(sentence, "The lists of files that the app's bundles need are longer than 134217728 bytes together.");
}

#[test]
fn a_property_list_that_devices_read_first() {
    for name in ["Info-iphoneos.plist", "info.plist"] {
        let mut items = app();
        let content = info("com.example.small", "Code", &[("UIFileSharingEnabled", true.into())]);
        items.push((format!("{ROOT}/PlugIns/Share.appex/{name}"), Method::Deflated, content));
        let (code, sentence) = refusal(&items);
        assert_eq!(code, "bundle_invalid");
        assert!(sentence.starts_with(&format!("{ROOT}/PlugIns/Share.appex/{name} is read by devices")), "{sentence}");
    }
}

#[test]
fn an_executable_of_another_bundle() {
    let (code, _) = refusal(&with("Info.plist", info("com.example.small", "PlugIns/Share.appex/Code", &[])));
    assert_eq!(code, "bundle_invalid");
}

#[test]
fn code_for_another_system_and_for_the_simulator_only_in_part() {
    for binary in [Binary { platform: 1, ..Binary::default() }, Binary { platform: 6, ..Binary::default() }] {
        assert_eq!(refusal(&with("Code", binary.build())).0, "architecture_missing");
    }
    let mixed = [Binary { platform: SIMULATOR, ..Binary::default() }, Binary { cpu: 0x0200_000C, ..Binary::default() }];
    assert_eq!(refusal(&with("Code", fat(&mixed.map(|binary| binary.build())))).0, "architecture_missing");
}

#[test]
fn links_that_lead_out_of_the_app() {
    for target in ["/etc/passwd", "../../../etc/passwd"] {
        let mut writer = fixtures::written(&app());
        let link = Attributes { version_made_by: 0x031E, external: 0o120_755 << 16, ..Attributes::default() };
        writer.add(&format!("{ROOT}/Link"), Method::Stored, link, target.as_bytes()).unwrap();
        let (mut bytes, tail) = writer.finish(b"").unwrap();
        tail.write(&mut bytes).unwrap();
        let error = run_archive(&bytes, &Policy::default(), None).map(|_| ()).unwrap_err();
        assert_eq!(error.code(), "content_invalid", "{error}");
    }
}

/// A deflate stream can give its first bytes one by one.
#[test]
fn encrypted_code_behind_a_first_piece_of_two_bytes() {
    let code = Binary { encryption: 1, ..Binary::default() }.build();
    let stored = |bytes: &[u8], last: u8| {
        let length = u16::try_from(bytes.len()).unwrap();
        [&[last][..], &length.to_le_bytes(), &(!length).to_le_bytes(), bytes].concat()
    };
    let mut packed = stored(b"", 0).repeat(60_000);
    packed.extend(stored(&code[..2], 0));
    packed.extend(stored(&code[2..], 1));
    let mut writer = fixtures::written(&app());
    let (crc32, size) = (crc32fast::hash(&code), code.len() as u64);
    let packed = formats::zip::Packed { method: Method::Deflated, crc32, size, bytes: packed };
    writer.add_packed(&format!("{ROOT}/Frameworks/libhidden.dylib"), Attributes::default(), &packed).unwrap();
    let (mut bytes, tail) = writer.finish(b"").unwrap();
    tail.write(&mut bytes).unwrap();
    let error = run_archive(&bytes, &Policy::default(), None).map(|_| ()).unwrap_err();
    assert_eq!(error.code(), "app_encrypted", "{error}");
}

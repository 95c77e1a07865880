//! What is written: the same entries in the same order, signed from the inside out, the same bytes each time.

use domain::control::ControlId;
use domain::policy::Policy;
use fixtures::ios::{ROOT, app, bundle, identity, info, ipa};
use fixtures::macho::{Binary, Kind, LOCAL_SYMBOL};
use formats::limits::Limits;
use formats::zip::{Archive, Method};

use crate::app::{claims, only, replace, run, run_within};

#[test]
fn the_same_input_plan_key_and_moment_give_the_same_bytes() {
    let identity = identity(&[]);
    let policy = only(ControlId::DEBUG_INFO_OBFUSCATION);
    let sign = || run(&app(), &policy, Some(&identity)).unwrap().bytes;
    assert_eq!(sign(), sign());
    let ad_hoc = || run(&app(), &policy, None).unwrap().bytes;
    assert_eq!(ad_hoc(), ad_hoc());
    assert_ne!(sign(), ad_hoc());
}

#[test]
fn entries_keep_their_order_and_what_is_not_edited_its_bytes() {
    let input = ipa(&app());
    let before = Archive::read(&input, &Limits::default()).unwrap();
    let output = run(&app(), &Policy::default(), None).unwrap();
    let after = output.archive();
    let count = before.entries().len();
    for (old, new) in before.entries().iter().zip(after.entries()) {
        assert_eq!((&old.name, old.method, old.attributes), (&new.name, new.method, new.attributes));
        let is_code = old.name.ends_with("/Code") || old.name.ends_with(".dylib");
        assert_eq!(is_code, (old.crc32, old.packed_size) != (new.crc32, new.packed_size), "{}", old.name);
    }
    let added: Vec<&str> = after.entries()[count..].iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(added.len(), 7, "a list of files for each bundle: {added:?}");
    assert!(added.iter().all(|name| name.ends_with("/_CodeSignature/CodeResources")));
    assert!(after.gaps().is_empty());
}

#[test]
fn each_bundle_seals_what_lies_within_it_as_it_was_signed() {
    let output = run(&app(), &Policy::default(), None).unwrap();
    let outer = String::from_utf8(output.content(&format!("{ROOT}/_CodeSignature/CodeResources"))).unwrap();
    let seals = [
        "Frameworks/Shared.framework/Code",
        "Frameworks/Shared.framework/_CodeSignature/CodeResources",
        "Frameworks/libplain.dylib",
        "PlugIns/Share.appex/Frameworks/Inner.framework/Code",
        "Watch/Watch.app/PlugIns/Extension.appex/Code",
    ];
    for path in seals {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &output.content(&format!("{ROOT}/{path}")));
        let part = &outer[outer.rfind(&format!("<key>{path}</key>")).unwrap_or_else(|| panic!("{path}"))..];
        assert!(part[..300].contains(&base64(digest.as_ref())), "{path}");
    }
    assert!(!outer.contains("<key>Code</key>"), "the executable has a signature of its own");
    assert_eq!(claims(&output.archive(), &format!("{ROOT}/Frameworks/libplain.dylib")).identifier, "libplain");
}

#[test]
fn folders_of_resources_with_code_are_bundles_and_those_without_are_files() {
    let mut items = app();
    let library = Binary { kind: Kind::Dylib, ..Binary::default() };
    let within = |path: &str| format!("{ROOT}/{path}");
    items.extend(bundle(&within("Loaded.bundle"), "com.example.loaded", &library));
    items.extend(bundle(&within("Frameworks/Shared.framework/More.plugin"), "com.example.more", &library));
    items.push((within("Named.bundle/Info.plist"), Method::Deflated, info("com.example.named", "Missing", &[])));
    items.push((within("Script.bundle/Info.plist"), Method::Deflated, info("com.example.script", "run", &[])));
    items.push((within("Script.bundle/run"), Method::Deflated, b"#!/bin/sh".to_vec()));
    items.push((within("Broken.bundle/Info.plist"), Method::Deflated, b"<plist".to_vec()));
    let output = run(&items, &Policy::default(), None).unwrap();
    for (folder, identifier) in
        [("Loaded.bundle", "com.example.loaded"), ("Frameworks/Shared.framework/More.plugin", "com.example.more")]
    {
        assert_eq!(output.claims(&within(folder)).identifier, identifier);
        let seal =
            String::from_utf8(output.content(&within(&format!("{folder}/_CodeSignature/CodeResources")))).unwrap();
        assert!(seal.contains("<key>en.lproj/Text.strings</key>"), "{seal}");
    }
    for folder in ["Named.bundle", "Script.bundle", "Broken.bundle"] {
        assert!(
            output.archive().entry(&within(&format!("{folder}/_CodeSignature/CodeResources"))).is_none(),
            "{folder}"
        );
    }
}

/// By hand: nothing else here needs it.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |part: &[u8]| {
        let number = (0..3).fold(0_usize, |sum, at| sum << 8 | usize::from(part.get(at).copied().unwrap_or_default()));
        let digit = |at: usize| if at > part.len() { '=' } else { char::from(DIGITS[number >> (18 - 6 * at) & 63]) };
        (0..4).map(digit).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

#[test]
fn symbols_go_where_that_is_wanted_and_only_there() {
    let has_symbol = |bytes: &[u8]| bytes.windows(LOCAL_SYMBOL.len()).any(|window| window == LOCAL_SYMBOL.as_bytes());
    let kept = run(&app(), &Policy::default(), None).unwrap();
    let stripped = run(&app(), &only(ControlId::DEBUG_INFO_OBFUSCATION), None).unwrap();
    for path in ["Code", "Frameworks/libplain.dylib", "Frameworks/Shared.framework/Code"] {
        let entry = format!("{ROOT}/{path}");
        assert!(has_symbol(&kept.content(&entry)) && !has_symbol(&stripped.content(&entry)), "{path}");
    }
    let outcome = stripped.outcome(ControlId::DEBUG_INFO_OBFUSCATION);
    assert!(outcome.changes.iter().any(|change| change.entry == format!("{ROOT}/Code")), "{:?}", outcome.changes);
}

#[test]
fn the_report_says_who_signed() {
    let identity = identity(&[]);
    let signed = serde_json::to_value(run(&app(), &Policy::default(), Some(&identity)).unwrap().report).unwrap();
    assert_eq!(signed["app"]["bundle_id"], "com.example.small");
    assert_eq!(signed["app"]["architectures"], serde_json::json!(["arm64"]));
    assert_eq!(signed["signing"]["signed"], true);
    assert_eq!(signed["signing"]["ad_hoc"], false);
    assert_eq!(signed["signing"]["certificate_sha256"], identity.signer().certificate_sha256());
    assert_eq!(signed["signing"]["profile"]["name"], "Example App Store");
    assert_eq!(signed["warnings"][0]["code"], "certificate_changed");
    let ad_hoc = serde_json::to_value(run(&app(), &Policy::default(), None).unwrap().report).unwrap();
    assert_eq!((&ad_hoc["signing"]["signed"], &ad_hoc["signing"]["ad_hoc"]), (&false.into(), &true.into()));
    assert_eq!(ad_hoc["warnings"][0]["code"], "ad_hoc");
    assert_eq!(ad_hoc["stages"].as_array().unwrap().len(), 4);
}

#[test]
fn debug_information_and_object_files_are_named_as_they_stay() {
    const OBJECT: u32 = 1;
    const DSYM: u32 = 10;
    let of_kind = |kind: u32| {
        let mut content = Binary { kind: Kind::Dylib, ..Binary::default() }.build();
        content[12..16].copy_from_slice(&kind.to_le_bytes());
        content
    };
    let mut items = app();
    let symbols = format!("{ROOT}/Small.app.dSYM/Contents/Resources/DWARF/Small");
    items.push((symbols.clone(), Method::Deflated, of_kind(DSYM)));
    items.extend((0..20).map(|number| (format!("{ROOT}/o/{number}.o"), Method::Deflated, of_kind(OBJECT))));
    let policy = only(ControlId::DEBUG_INFO_OBFUSCATION);
    let output = run(&items, &policy, None).unwrap();
    assert_eq!(output.content(&symbols), of_kind(DSYM));
    let warnings = &output.outcome(ControlId::DEBUG_INFO_OBFUSCATION).warnings;
    let sentence = "is debug information or an object file and stays as it is: leave it out of the app";
    assert_eq!(warnings[0], format!("{symbols} {sentence}"));
    assert_eq!(warnings.len(), 17);
    assert_eq!(warnings[16], "5 more files of debug information or object code stay as they are");
    let without = run(&app(), &policy, None).unwrap();
    assert!(without.outcome(ControlId::DEBUG_INFO_OBFUSCATION).warnings.is_empty());
}

#[test]
fn code_beyond_what_is_held_is_packed_again_while_it_is_written() {
    let words = (0_u32..100_000).flat_map(|number| (number / 7).wrapping_mul(0x9E37_79B1).to_le_bytes());
    let mut items = app();
    replace(&mut items, &format!("{ROOT}/Code"), Binary { code: words.collect(), ..Binary::default() }.build());
    let none = Limits { held_bytes: 0, ..Limits::default() };
    let (held, again) = (run(&items, &Policy::default(), None).unwrap(), run_within(&items, none).unwrap());
    let (held_archive, again_archive) = (held.archive(), again.archive());
    let entries = held_archive.entries().iter().zip(again_archive.entries());
    let differs = entries.filter(|(one, other)| one.packed_size != other.packed_size).map(|(one, _)| one.name.as_str());
    assert_eq!(differs.collect::<Vec<_>>(), [format!("{ROOT}/Code")]);
    for entry in held_archive.entries() {
        assert!(held.content(&entry.name) == again.content(&entry.name), "{}", entry.name);
    }
}

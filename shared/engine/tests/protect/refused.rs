//! What is refused, and in which words.

use domain::control::ControlId;
use domain::platform::Platform;
use engine::{Error, Plan};

use crate::apk::{
    Deflated, Stored, USUAL, apk, archive, dex, manifest, named, plan, run, run_plan, signer, split_manifest,
};

/// Code and sentence of the refusal of `package` under this name.
fn refusal(package: &[u8], name: &str) -> (&'static str, String) {
    let name = named(name);
    code_and_sentence(
        run_plan(package, &plan(&name, &USUAL, Some(signer()))).map(|_| ()).expect_err("it should be refused"),
    )
}

fn code_and_sentence(error: Error) -> (&'static str, String) {
    (error.code(), error.to_string())
}

fn bundle() -> Vec<u8> {
    archive(&[("BundleConfig.pb", Deflated, b"x"), ("base/manifest/AndroidManifest.xml", Deflated, b"\x0a")])
}

fn ios_app() -> Vec<u8> {
    archive(&[("Payload/A.app/Info.plist", Deflated, b"x")])
}

#[test]
fn a_bundle_named_apk() {
    let (code, sentence) = refusal(&bundle(), "app.apk");
    assert_eq!(code, "wrong_format");
    assert_eq!(
        sentence,
        "app.apk is an Android App Bundle (AAB), not an Android package (APK). Upload it under its own extension, or build an \
         Android package (APK)."
    );
}

#[test]
fn an_ios_app_named_apk() {
    let (code, sentence) = refusal(&ios_app(), "app.apk");
    assert_eq!(code, "wrong_format");
    assert!(sentence.starts_with("app.apk is an iOS app (IPA), not an Android package (APK)."), "{sentence}");
}

#[test]
fn an_apk_named_aab() {
    assert_eq!(refusal(&apk(), "app.aab").0, "wrong_format");
}

#[test]
fn a_package_of_the_other_platform() {
    let name = named("app.apk");
    let ios = Plan { platform: Platform::Ios, ..plan(&name, &[], None) };
    assert_eq!(run_plan(&apk(), &ios).unwrap_err().code(), "wrong_platform");
}

#[test]
fn archives_that_are_no_package() {
    let (code, sentence) = refusal(&archive(&[("a.txt", Stored, b"x")]), "app.apk");
    assert_eq!(code, "unknown_format");
    assert_eq!(sentence, "app.apk is an archive, but not an Android package (APK): it has no manifest of an app.");
    let (_, sentence) = refusal(&archive(&[("base.apk", Stored, b"x")]), "app.apk");
    assert!(sentence.ends_with("it is a set of APKs."), "{sentence}");
}

#[test]
fn a_manifest_that_is_not_compiled() {
    let package = archive(&[("AndroidManifest.xml", Deflated, b"<?xml version=\"1.0\"?><manifest/>")]);
    let (code, sentence) = refusal(&package, "app.apk");
    assert_eq!(code, "unknown_format");
    assert!(sentence.contains("AndroidManifest.xml is text"), "{sentence}");
    let (_, sentence) = refusal(&archive(&[("AndroidManifest.xml", Stored, b"\0\0\0\0")]), "app.apk");
    assert!(sentence.contains("is not binary XML"), "{sentence}");
}

#[test]
fn a_damaged_manifest() {
    let whole = manifest(24, 34);
    let package = archive(&[("AndroidManifest.xml", Deflated, &whole[..whole.len() / 2])]);
    let (code, sentence) = refusal(&package, "app.apk");
    assert_eq!(code, "manifest_invalid");
    assert!(sentence.starts_with("AndroidManifest.xml cannot be processed: binary XML"), "{sentence}");
}

#[test]
fn code_and_resources_that_are_none() {
    let package = |name, content: &[u8]| {
        archive(&[("AndroidManifest.xml", Deflated, manifest(24, 34).as_slice()), (name, Deflated, content)])
    };
    let (code, sentence) = refusal(&package("classes.dex", b"PK\x03\x04"), "app.apk");
    assert_eq!(code, "content_invalid");
    assert_eq!(sentence, "classes.dex is not a DEX file. Build the app again and upload it unchanged.");
    assert_eq!(refusal(&package("classes.dex", &dex()[..80]), "app.apk").0, "content_invalid");
    assert!(
        refusal(&package("resources.arsc", &[2; 50]), "app.apk")
            .1
            .starts_with("resources.arsc is not a resource table.")
    );
    // Devices look for classes2.dex only behind a classes.dex.
    run(&package("classes2.dex", b"assets of somebody's own")).unwrap();
}

#[test]
fn a_dex_file_that_cannot_be_rewritten_fails_its_control_by_name() {
    let mut broken = dex();
    let last = broken.len() - 1;
    broken[last] ^= 1;
    let package = archive(&[("AndroidManifest.xml", Deflated, &manifest(24, 34)), ("classes.dex", Deflated, &broken)]);
    let name = named("app.apk");
    let plan = plan(&name, &[ControlId::DEBUG_INFO_OBFUSCATION], None);
    let (code, sentence) = code_and_sentence(run_plan(&package, &plan).unwrap_err());
    assert_eq!(code, "control_not_applicable");
    assert!(sentence.starts_with("DebugInfoObfuscation: classes.dex cannot be processed: "), "{sentence}");
}

#[test]
fn a_split() {
    let (code, sentence) = refusal(&archive(&[("AndroidManifest.xml", Deflated, &split_manifest())]), "app.apk");
    assert_eq!(code, "split_package");
    assert!(sentence.contains("\"config.arm64_v8a\""), "{sentence}");
}

#[test]
fn a_control_that_is_not_built() {
    let name = named("app.apk");
    let root_detection: ControlId = "RootDetectionResponse".parse().unwrap();
    let error = run_plan(&apk(), &plan(&name, &[USUAL[0], root_detection], None)).unwrap_err();
    assert_eq!(error.code(), "control_unavailable");
    assert!(error.to_string().contains("RootDetectionResponse"));
}

#[test]
fn a_damaged_entry() {
    let mut package = apk();
    let position = package.windows(4).position(|bytes| bytes == [0x7F; 4]).unwrap();
    package[position] ^= 1;
    let (code, sentence) = refusal(&package, "app.apk");
    assert_eq!(code, "archive_damaged");
    assert!(sentence.contains("lib/arm64-v8a/libx.so") && sentence.contains("CRC-32"), "{sentence}");
}

#[test]
fn too_large_a_package() {
    let name = named("app.apk");
    let mut plan = plan(&name, &[], None);
    plan.limits.package_bytes = 100;
    assert_eq!(run_plan(&apk(), &plan).unwrap_err().code(), "package_too_large");
}

#[test]
fn truncated_at_every_length() {
    let whole = apk();
    for length in 0..whole.len() {
        let (code, sentence) = refusal(&whole[..length], "app.apk");
        assert_eq!(code, "archive_invalid", "{length}: {sentence}");
    }
}

#[test]
fn a_damaged_byte_anywhere_ends_in_an_answer() {
    let whole = run(&apk()).unwrap().0;
    // The padding of the signing block and of the library is long and all the same.
    let interesting = (0..whole.len()).filter(|position| whole[*position] != 0);
    for position in interesting.step_by(3) {
        let mut package = whole.clone();
        package[position] ^= 0x55;
        let _ = run(&package);
    }
}

//! What is in an XCFramework, and agents that do not belong into one.

use engine::library::ios::Agent;
use formats::limits::Limits;
use formats::plist::{self, Dictionary};

use crate::support::{contents, xcframework};

const SLICES: [&str; 2] = ["ios-arm64", "ios-arm64_x86_64-simulator"];

fn property_list(content: &[u8]) -> Dictionary {
    plist::read_dictionary(content, &Limits::default()).unwrap()
}

#[test]
fn each_slice_is_a_framework() {
    let contents = contents(&xcframework(None).unwrap());
    let files = [
        "AppTego",
        "Headers/AppTego.h",
        "Info.plist",
        "Modules/module.modulemap",
        "PrivacyInfo.xcprivacy",
        "apptego.json",
        "policy.json",
        "verification-key.pem",
    ];
    let mut expected = vec!["AppTego.xcframework/Info.plist".to_owned()];
    for slice in SLICES {
        expected.extend(files.map(|file| format!("AppTego.xcframework/{slice}/AppTego.framework/{file}")));
    }
    assert_eq!(contents.keys().cloned().collect::<Vec<_>>(), expected);
    for slice in SLICES {
        let folder = format!("AppTego.xcframework/{slice}/AppTego.framework");
        let info = property_list(&contents[&format!("{folder}/Info.plist")]);
        let text = |key: &str| info[key].as_string().unwrap().to_owned();
        assert_eq!([text("CFBundleShortVersionString"), text("CFBundleVersion")], ["1.4.2", "1.4.2"]);
        assert_eq!(text("CFBundleExecutable"), "AppTego");
        let privacy = property_list(&contents[&format!("{folder}/PrivacyInfo.xcprivacy")]);
        assert_eq!(privacy["NSPrivacyTracking"].as_boolean(), Some(false));
        for key in ["NSPrivacyTrackingDomains", "NSPrivacyCollectedDataTypes", "NSPrivacyAccessedAPITypes"] {
            assert_eq!(privacy[key].as_array().unwrap().len(), 0, "{key}");
        }
    }
}

const PRIVACY: &[u8] = b"<plist version=\"1.0\"><dict><key>NSPrivacyTracking</key><false/></dict></plist>";

fn refusal(arm64: &[u8], privacy_manifest: &[u8]) -> String {
    let agent = Agent { version: "1", arm64, arm64_simulator: b"", x86_64_simulator: b"", privacy_manifest };
    let error = xcframework(Some(&agent)).expect_err("it should be refused");
    assert_eq!(error.code(), "agent_invalid");
    error.to_string()
}

/// A static library with one member.
fn archive(name: &str, content: &[u8]) -> Vec<u8> {
    let header = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 644, content.len());
    let padding = &b"\n"[..content.len() % 2];
    [b"!<arch>\n", header.as_bytes(), content, padding].concat()
}

#[test]
fn static_libraries_that_no_linker_would_take() {
    assert!(refusal(b"", PRIVACY).contains("static library for Arm64"));
    assert!(refusal(b"!<arch>\n", PRIVACY).ends_with("it has no members"));
    assert!(refusal(&archive("text.o/", b"text"), PRIVACY).contains("\"text.o\""));
    let program = fixtures::macho::Binary::default().build();
    assert!(refusal(&archive("a.o/", &program), PRIVACY).ends_with("\"a.o\": it is no object file"));
    let short = archive("a.o/", &program);
    for length in 0..200 {
        refusal(&short[..length], PRIVACY);
    }
}

#[test]
fn privacy_manifests_that_say_nothing() {
    for (manifest, reason) in [
        (&b""[..], "property list"),
        (b"<plist><array/></plist>", "dictionary"),
        (b"<plist><dict/></plist>", "NSPrivacyTracking"),
    ] {
        let refused = refusal(b"", manifest);
        assert!(refused.contains("privacy manifest") && refused.contains(reason), "{refused}");
    }
}

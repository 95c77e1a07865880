//! What a profile says, and what it must not say.

use formats::limits::Limits;
use formats::plist::{Dictionary, Value};
use formats::zip::Archive;
use signing::ios::{BundlePattern, ProfileError, ProfileKind, ProvisioningProfile};

use crate::material::*;
use crate::support::{installed, sample_files, skipped};

#[test]
fn every_field_is_read() {
    if !installed(&["openssl"]) {
        return;
    }
    let material = Material::new();
    let profile = ProvisioningProfile::parse(&material.signed(&material.contents(), "")).expect("a profile");
    assert_eq!((profile.name(), profile.uuid()), ("Example App Store", "60249c03-1a48-4612-b9ae-d91158108d7e"));
    assert_eq!((profile.team_id(), profile.team_name()), (TEAM, Some("Example Ltd.")));
    assert_eq!((profile.app_id_name(), profile.application_identifier_prefix()), (Some("Example App"), TEAM));
    assert_eq!(profile.bundle_pattern().as_str(), "com.example.app");
    assert!(profile.covers("com.example.app") && !profile.covers("com.example.app.widget"));
    assert_eq!(profile.platforms(), ["iOS", "xrOS", "visionOS"]);
    assert_eq!((profile.kind(), profile.devices()), (ProfileKind::AppStore, [].as_slice()));
    assert_eq!((profile.created(), profile.expires()), (1_767_323_045, 4_071_006_245));
    assert_eq!(profile.certificates(), [material.developer()]);
    assert_eq!(profile.entitlements(), &entitlements(&format!("{TEAM}.com.example.app")));
}

#[test]
fn the_kind_follows_from_devices_and_debugger() {
    if !installed(&["openssl"]) {
        return;
    }
    let material = Material::new();
    let contents = material.contents();
    let devices = with(contents.clone(), "ProvisionedDevices", list(["00008030-001A2B3C4D5E6F70"]));
    let all = with(contents.clone(), "ProvisionsAllDevices", true);
    for (contents, kind, devices) in [
        (contents.clone(), ProfileKind::AppStore, 0),
        (with(contents.clone(), "ProvisionsAllDevices", false), ProfileKind::AppStore, 0),
        (devices.clone(), ProfileKind::AdHoc, 1),
        (entitled(devices, "get-task-allow", true), ProfileKind::Development, 1),
        (entitled(contents, "get-task-allow", true), ProfileKind::Development, 0),
        (all.clone(), ProfileKind::Enterprise, 0),
        (entitled(all, "get-task-allow", true), ProfileKind::Enterprise, 0),
    ] {
        let profile = ProvisioningProfile::parse(&material.signed(&contents, "")).expect("a profile");
        assert_eq!((profile.kind(), profile.devices().len()), (kind, devices), "{contents:?}");
    }
}

/// The table of "App ID" in Apple's DevPedia, and what it leaves open.
#[test]
fn patterns_cover_what_apple_says() {
    for (pattern, bundle_id, covered) in [
        ("com.domain.*", "com.domain.text", true),
        ("com.domain.*", "com.domain.icon", true),
        ("com.domain.*", "com.domain.text.widget", true),
        ("com.domain.*", "com.otherdomain.database", false),
        ("com.domain.*", "com.domain", false),
        ("com.domain.*", "com.domain.", false),
        ("com.domain.*", "COM.domain.text", false),
        ("*", "com.domain.text", true),
        ("*", "", false),
        ("com.domain.text", "com.domain.text", true),
        ("com.domain.text", "com.domain.Text", false),
        ("com.domain.text", "com.domain.text.widget", false),
        ("com.domain.text", "com.domain", false),
        ("com.domain.text", "com.domain.*", false),
    ] {
        let parsed: BundlePattern = pattern.parse().expect(pattern);
        assert_eq!(parsed.covers(bundle_id), covered, "{pattern} and {bundle_id}");
        assert_eq!((parsed.is_wildcard(), parsed.to_string()), (pattern.ends_with('*'), pattern.to_owned()));
    }
}

#[test]
fn malformed_patterns_are_refused() {
    for text in [
        "",
        ".",
        "*.",
        ".*",
        "**",
        "com.",
        ".com",
        "com..app",
        "com.*.app",
        "com.app*",
        "com.*app",
        "com.*.",
        "com app",
        "com.ex_ample",
        "com.b\u{fc}cher",
        "com.example/app",
        "com.example.app\n",
    ] {
        assert!(text.parse::<BundlePattern>().is_err(), "{text:?}");
    }
}

fn answer(material: &Material, contents: &Dictionary) -> String {
    ProvisioningProfile::parse(&material.signed(contents, "")).expect_err("it must be refused").to_string()
}

#[test]
fn each_field_that_is_wrong_is_named() {
    if !installed(&["openssl"]) {
        return;
    }
    let material = Material::new();
    let sound = material.contents();
    let identified = |text: &str| with(sound.clone(), "Entitlements", Value::Dictionary(entitlements(text)));
    let certificates =
        |last: &[u8]| Value::Array(vec![Value::Data(material.certificate("apple")), Value::Data(last.to_vec())]);
    let wrong = [
        with(sound.clone(), "TeamIdentifier", list(["a1b2c3d4e5"])),
        with(sound.clone(), "TeamIdentifier", list(["A1B2C3D4E5F"])),
        with(sound.clone(), "TeamIdentifier", list([TEAM, "Z9Z9Z9Z9Z9"])),
        with(sound.clone(), "TeamIdentifier", list([])),
        with(sound.clone(), "TeamIdentifier", TEAM),
        with(sound.clone(), "ApplicationIdentifierPrefix", list(["Z9Z9Z9Z9Z9"])),
        identified("com.example.app"),
        identified(TEAM),
        identified(&format!("{TEAM}.")),
        identified(&format!("{TEAM}.com.*.app")),
        identified(&format!("{TEAM}.com.example*")),
        with(sound.clone(), "UUID", "60249c03-1a48-4612-b9ae"),
        with(sound.clone(), "UUID", "../../../../4612-b9ae-d91158108d7e"),
        with(sound.clone(), "DeveloperCertificates", certificates(b"0\x03\x02\x01\x01")),
        with(sound.clone(), "DeveloperCertificates", list(["MII"])),
        with(sound.clone(), "ExpirationDate", EXPIRES),
        with(sound.clone(), "ProvisionsAllDevices", "yes"),
        entitled(sound.clone(), "get-task-allow", 1),
    ];
    let answers: Vec<_> = wrong.iter().map(|contents| answer(&material, contents)).collect();
    insta::assert_snapshot!(answers.join("\n"), @r#"
    the provisioning profile must name one team by ten upper-case letters and digits, and names "a1b2c3d4e5"
    the provisioning profile must name one team by ten upper-case letters and digits, and names "A1B2C3D4E5F"
    the provisioning profile must name one team by ten upper-case letters and digits, and names "A1B2C3D4E5", "Z9Z9Z9Z9Z9"
    the provisioning profile must name one team by ten upper-case letters and digits, and names none
    the provisioning profile cannot be read: property list: TeamIdentifier is text, and an array of text is wanted
    the provisioning profile's application identifier "A1B2C3D4E5.com.example.app" does not begin with one of its prefixes, "Z9Z9Z9Z9Z9"
    the provisioning profile's application identifier "com.example.app" does not begin with one of its prefixes, "A1B2C3D4E5"
    the provisioning profile's application identifier "A1B2C3D4E5" does not begin with one of its prefixes, "A1B2C3D4E5"
    the provisioning profile is for the apps "", which is neither a bundle identifier nor one that ends in a period and an asterisk
    the provisioning profile is for the apps "com.*.app", which is neither a bundle identifier nor one that ends in a period and an asterisk
    the provisioning profile is for the apps "com.example*", which is neither a bundle identifier nor one that ends in a period and an asterisk
    the provisioning profile's UUID "60249c03-1a48-4612-b9ae" is none
    the provisioning profile's UUID "../../../../4612-b9ae-d91158108d7e" is none
    certificate 2 in the provisioning profile is not an X.509 certificate
    the provisioning profile cannot be read: property list: DeveloperCertificates is an array, and an array of data is wanted
    the provisioning profile cannot be read: property list: ExpirationDate is text, and a date is wanted
    the provisioning profile cannot be read: property list: ProvisionsAllDevices is text, and true or false is wanted
    the provisioning profile cannot be read: property list: get-task-allow is a whole number, and true or false is wanted
    "#);
}

/// What comes from outside must not fill a log.
#[test]
fn long_texts_are_not_repeated() {
    if !installed(&["openssl"]) {
        return;
    }
    let material = Material::new();
    let long = "A".repeat(100_000);
    for contents in [
        with(material.contents(), "UUID", long.as_str()),
        with(material.contents(), "TeamIdentifier", Value::Array(vec![long.as_str().into(); 9])),
        with(material.contents(), "Entitlements", Value::Dictionary(entitlements(&format!("{TEAM}.{long}*")))),
    ] {
        let message = answer(&material, &contents);
        assert!(message.len() < 1200, "{} bytes", message.len());
    }
}

#[test]
fn each_field_that_is_missing_is_named() {
    if !installed(&["openssl"]) {
        return;
    }
    let material = Material::new();
    let sound = material.contents();
    for key in [
        "ApplicationIdentifierPrefix",
        "CreationDate",
        "DeveloperCertificates",
        "Entitlements",
        "ExpirationDate",
        "Name",
        "TeamIdentifier",
        "UUID",
    ] {
        let expected = format!("the provisioning profile cannot be read: property list: {key} is missing");
        assert_eq!(answer(&material, &without(sound.clone(), key)), expected);
    }
    let nameless = without(entitlements(&format!("{TEAM}.*")), "application-identifier");
    let expected = "the provisioning profile cannot be read: property list: application-identifier is missing";
    assert_eq!(answer(&material, &with(sound.clone(), "Entitlements", Value::Dictionary(nameless))), expected);
    let few = ["AppIDName", "Platform", "TeamName"].into_iter().fold(sound, without);
    let profile = ProvisioningProfile::parse(&material.signed(&few, "")).expect("a profile");
    assert_eq!((profile.app_id_name(), profile.team_name(), profile.platforms().len()), (None, None, 0));
}

#[test]
fn the_application_identifier_of_macos_counts_where_there_is_no_other() {
    if !installed(&["openssl"]) {
        return;
    }
    let material = Material::new();
    let both = entitled(material.contents(), "com.apple.application-identifier", format!("{TEAM}.com.example.mac"));
    let entitlements = both.get("Entitlements").and_then(Value::as_dictionary).expect("entitlements").clone();
    let one = without(entitlements, "application-identifier");
    let one = with(both.clone(), "Entitlements", Value::Dictionary(one));
    for (contents, pattern) in [(both, "com.example.app"), (one, "com.example.mac")] {
        let profile = ProvisioningProfile::parse(&material.signed(&contents, "")).expect("a profile");
        assert_eq!(profile.bundle_pattern().as_str(), pattern);
    }
}

#[test]
fn what_is_no_property_list_is_refused() {
    if !installed(&["openssl"]) {
        return;
    }
    let material = Material::new();
    let refused = |content: &[u8]| ProvisioningProfile::parse(&material.sign(content, "")).expect_err("refused");
    assert!(matches!(refused(b"text"), ProfileError::Contents(_)));
    assert!(matches!(refused(b"<plist><array/></plist>"), ProfileError::Contents(_)));
    assert!(matches!(refused(b""), ProfileError::Contents(_)));
}

/// The profile in an app that Apple's tools built and signed.
#[test]
fn a_profile_of_apple_is_read() {
    let packages = sample_files("ipa");
    if packages.is_empty() {
        skipped("no IPA among the samples");
    }
    for path in packages {
        let bytes = std::fs::read(&path).expect("reads");
        let archive = Archive::read(&bytes, &Limits::default()).expect("an archive");
        let inside = archive.entries().iter().find(|entry| entry.name.ends_with(".app/embedded.mobileprovision"));
        let name = &inside.expect("a profile").name;
        let profile = archive.read_entry(name, 1 << 20).expect("unpacks");
        let read = ProvisioningProfile::parse(&profile).expect("a profile");
        assert!(!read.certificates().is_empty() && read.created() < read.expires(), "{read:?}");
        assert!(read.certificates()[0].subject().contains(read.team_id()), "{read:?}");
        if path.ends_with("UnCrackable-Level1.ipa") {
            assert_eq!((read.team_id(), read.bundle_pattern().as_str()), ("LRUD9L355Y", "sg.vp.UnCrackable1"));
            assert_eq!((read.kind(), read.platforms()), (ProfileKind::Enterprise, ["iOS".to_owned()].as_slice()));
            assert_eq!((read.created(), read.expires()), (1_485_508_684, 1_517_044_684));
        }
        let at = profile.windows(4).position(|bytes| bytes == b"Name").expect("a name");
        let mut changed = profile.clone();
        changed[at] = b'n';
        assert!(matches!(ProvisioningProfile::parse(&changed), Err(ProfileError::BadSignature)));
    }
}

//! What an app is signed with under a profile, given what it had before.

use formats::plist::{Dictionary, Value};
use signing::ios::{EntitlementsError, Fitted, ProvisioningProfile};

use crate::material::*;
use crate::support::installed;

const APP: &str = "com.example.app";
const OLD: &str = "Z9Y8X7W6V5";

/// A profile that grants this beside what every profile does.
fn profile(pattern: &str, granted: &[(&str, Value)]) -> ProvisioningProfile {
    let material = Material::new();
    let mut entitlements = entitlements(&format!("{TEAM}.{pattern}"));
    entitlements.extend(granted.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    let contents = with(material.contents(), "Entitlements", Value::Dictionary(entitlements));
    ProvisioningProfile::parse(&material.signed(&contents, "")).expect("a profile")
}

/// What an app of another team has.
fn present(further: &[(&str, Value)]) -> Dictionary {
    let mut entitlements = Dictionary::from_iter([
        ("application-identifier", Value::from(format!("{OLD}.{APP}"))),
        ("com.apple.developer.team-identifier", OLD.into()),
        ("get-task-allow", true.into()),
        ("keychain-access-groups", list([&format!("{OLD}.{APP}"), &format!("{OLD}.shared")])),
    ]);
    entitlements.extend(further.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    entitlements
}

fn shown(entitlements: &Dictionary) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Boolean(value) => value.to_string(),
        Value::Array(values) => {
            let texts = values.iter().map(|value| value.as_string().expect("text"));
            format!("[{}]", texts.collect::<Vec<_>>().join(", "))
        }
        other => format!("{other:?}"),
    };
    entitlements.iter().map(|(key, value)| format!("{key}: {}", text(value))).collect::<Vec<_>>().join("\n")
}

fn refused(result: Result<Fitted, EntitlementsError>) -> String {
    result.expect_err("it must be refused").to_string()
}

#[test]
fn an_app_of_another_team_keeps_what_the_profile_grants() {
    if !installed(&["openssl"]) {
        return;
    }
    let profile = profile(
        APP,
        &[
            ("aps-environment", "production".into()),
            ("beta-reports-active", true.into()),
            ("com.apple.developer.associated-domains", "*".into()),
            ("com.apple.developer.icloud-services", "*".into()),
            ("com.apple.developer.healthkit", true.into()),
            ("com.apple.developer.nfc.readersession.formats", list(["NDEF", "TAG"])),
            ("com.apple.developer.ubiquity-kvstore-identifier", format!("{TEAM}.*").into()),
            ("com.apple.security.application-groups", list(["group.example", "group.other"])),
        ],
    );
    let app = present(&[
        ("aps-environment", "development".into()),
        ("com.apple.developer.associated-domains", list(["applinks:example.com", "webcredentials:example.com"])),
        ("com.apple.developer.icloud-services", list(["CloudKit"])),
        ("com.apple.developer.healthkit", true.into()),
        ("com.apple.developer.nfc.readersession.formats", list(["TAG"])),
        ("com.apple.developer.ubiquity-kvstore-identifier", format!("{OLD}.{APP}").into()),
        ("com.apple.security.application-groups", list(["group.example"])),
        ("com.apple.developer.siri", false.into()),
        ("com.apple.developer.in-app-payments", Value::Array(Vec::new())),
    ]);
    let fitted = profile.entitlements_for(APP, Some(&app)).expect("entitlements");
    let settled: Vec<_> =
        fitted.settled.iter().map(|it| (it.key.as_str(), it.before.clone(), it.after.clone())).collect();
    assert_eq!(
        settled,
        [
            ("get-task-allow", Some(true.into()), false.into()),
            ("aps-environment", Some("development".into()), "production".into()),
            ("beta-reports-active", None, true.into()),
        ]
    );
    insta::assert_snapshot!(shown(&fitted.entitlements), @"
    application-identifier: A1B2C3D4E5.com.example.app
    aps-environment: production
    beta-reports-active: true
    com.apple.developer.associated-domains: [applinks:example.com, webcredentials:example.com]
    com.apple.developer.healthkit: true
    com.apple.developer.icloud-services: [CloudKit]
    com.apple.developer.nfc.readersession.formats: [TAG]
    com.apple.developer.team-identifier: A1B2C3D4E5
    com.apple.developer.ubiquity-kvstore-identifier: A1B2C3D4E5.com.example.app
    com.apple.security.application-groups: [group.example]
    get-task-allow: false
    keychain-access-groups: [A1B2C3D4E5.com.example.app, A1B2C3D4E5.shared]
    ");
}

#[test]
fn what_the_profile_lacks_is_named_all_at_once() {
    if !installed(&["openssl"]) {
        return;
    }
    let profile = profile(
        APP,
        &[
            ("com.apple.developer.associated-domains", "*".into()),
            ("com.apple.security.application-groups", list(["group.example"])),
            ("com.apple.developer.homekit", false.into()),
            ("com.apple.developer.level", 1.into()),
        ],
    );
    let app = present(&[
        ("aps-environment", "development".into()),
        ("com.apple.developer.associated-domains", list(["applinks:example.com"])),
        ("com.apple.developer.healthkit", true.into()),
        ("com.apple.developer.homekit", true.into()),
        ("com.apple.developer.level", 2.into()),
        ("com.apple.security.application-groups", list(["group.example", "group.more"])),
        ("keychain-access-groups", list([&format!("{OLD}.a"), "com.apple.token", "QQQQQQQQQQ.b"])),
    ]);
    insta::assert_snapshot!(refused(profile.entitlements_for(APP, Some(&app))), @r#"
    the provisioning profile "Example App Store" lacks entitlements of the app: keychain-access-groups ("QQQQQQQQQQ.b"), aps-environment, com.apple.developer.healthkit, com.apple.developer.homekit (true), com.apple.developer.level (its value), com.apple.security.application-groups ("group.more"). Enable their capabilities for the App ID on Apple's developer site, then make the profile again and upload it
    "#);
    insta::assert_snapshot!(refused(profile.entitlements_for("com.example.other", Some(&app))), @r#"
    the provisioning profile "Example App Store" is for the app identifier com.example.app, and the app has com.example.other: make a profile for it on Apple's developer site
    "#);
}

#[test]
fn an_app_without_entitlements_gets_those_of_xcode() {
    if !installed(&["openssl"]) {
        return;
    }
    let store = profile("com.example.*", &[]);
    insta::assert_snapshot!(shown(&store.entitlements_for(APP, None).expect("entitlements").entitlements), @"
    application-identifier: A1B2C3D4E5.com.example.app
    com.apple.developer.team-identifier: A1B2C3D4E5
    get-task-allow: false
    keychain-access-groups: [A1B2C3D4E5.com.example.app]
    ");
    let development = profile("*", &[("get-task-allow", true.into())]);
    insta::assert_snapshot!(shown(&development.entitlements_for(APP, None).expect("entitlements").entitlements), @"
    application-identifier: A1B2C3D4E5.com.example.app
    com.apple.developer.team-identifier: A1B2C3D4E5
    get-task-allow: true
    keychain-access-groups: [A1B2C3D4E5.com.example.app]
    ");
    let calm = with(present(&[]), "get-task-allow", false);
    let kept = development.entitlements_for(APP, Some(&calm)).expect("entitlements");
    assert_eq!(kept.entitlements.get("get-task-allow"), Some(&false.into()), "nobody asked for a debugger");
    let kept = development.entitlements_for(APP, Some(&present(&[]))).expect("entitlements");
    assert_eq!(kept.entitlements.get("get-task-allow"), Some(&true.into()));
}

#[test]
fn a_class_of_files_is_never_exchanged_for_one_that_protects_less() {
    if !installed(&["openssl"]) {
        return;
    }
    const KEY: &str = "com.apple.developer.default-data-protection";
    const CLASSES: [&str; 5] = [
        "NSFileProtectionNone",
        "NSFileProtectionCompleteUntilFirstUserAuthentication",
        "NSFileProtectionCompleteUnlessOpen",
        "NSFileProtectionComplete",
        "NSFileProtectionOfTomorrow",
    ];
    for (granted, class) in CLASSES.into_iter().enumerate() {
        let profile = profile(APP, &[(KEY, class.into())]);
        for (had, before) in CLASSES.into_iter().enumerate() {
            let fitted = profile.entitlements_for(APP, Some(&present(&[(KEY, before.into())])));
            let is_known = class != "NSFileProtectionOfTomorrow" || class == before;
            if is_known && (had < granted || class == before) {
                let fitted = fitted.expect("a class as strong");
                assert_eq!(fitted.entitlements.get(KEY), Some(&class.into()), "{before}");
                assert_eq!(fitted.settled.iter().any(|settled| settled.key == KEY), class != before, "{before}");
            } else {
                let message = refused(fitted);
                assert!(message.contains(&format!("lacks entitlements of the app: {KEY} (\"{before}\")")), "{message}");
            }
        }
    }
    let lacking = profile(APP, &[]).entitlements_for(APP, Some(&present(&[(KEY, CLASSES[3].into())])));
    assert!(refused(lacking).contains(KEY));
}

#[test]
fn a_profile_says_what_it_allows() {
    if !installed(&["openssl"]) {
        return;
    }
    const KEY: &str = "com.apple.developer.default-data-protection";
    let plain = profile(APP, &[]);
    let strict = profile(APP, &[(KEY, "NSFileProtectionComplete".into())]);
    for (value, expected) in [("NSFileProtectionComplete", true), ("NSFileProtectionCompleteUnlessOpen", false)] {
        assert_eq!(strict.allows(KEY, &value.into()), expected);
        assert!(!plain.allows(KEY, &value.into()));
    }
    for (value, expected) in [(format!("{TEAM}.x"), true), (format!("{TEAM}."), false), (format!("{OLD}.x"), false)] {
        assert_eq!(plain.allows("keychain-access-groups", &value.as_str().into()), expected, "{value}");
        assert_eq!(plain.allows("keychain-access-groups", &list([value.as_str()])), expected, "{value}");
    }
    assert!(!plain.allows("get-task-allow", &true.into()));
    assert!(plain.allows("get-task-allow", &false.into()));
}

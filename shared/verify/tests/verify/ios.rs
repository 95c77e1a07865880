//! iOS apps: what passes, and that nothing else does.

mod bundles;
mod edits;
mod entitlements;
mod tree;

use domain::control::ControlId;
use domain::platform::Platform;
use domain::policy::Policy;
use engine::{Plan, SigningKey, Unobserved, protect};
use fixtures::ios::{Item, NOW, ROOT, app, identity, info, ipa};
use fixtures::macho::Binary;
use formats::limits::Limits;
use formats::plist::Value;
use formats::zip::{Archive, Method, Writer};
use serde_json::json;
use signing::ios::IosIdentity;
use verify::diff::diff;
use verify::{Check, Error, Expected, Verification, verify};

const DATA_PROTECTION: &str = "com.apple.developer.default-data-protection";

fn all_controls() -> Policy {
    let certificate = json!({
        "name": "Example", "thumbprint": "AB".repeat(32), "algorithm": "sha256", "domains": ["api.example.com", "*.example.org"],
        "spki_sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    });
    let controls = [
        ControlId::ALLOW_SIMULATOR_BUILDS,
        ControlId::CERTIFICATE_PINNING,
        ControlId::DEBUGGABLE_PREVENTION,
        ControlId::DEBUG_INFO_OBFUSCATION,
        ControlId::FILE_SHARING_PREVENTION,
        ControlId::STORAGE_ENCRYPTION_PREVENTION,
        ControlId::TLS13_ONLY_PREVENTION,
    ];
    Policy {
        controls: controls.into(),
        certificates: vec![serde_json::from_value(certificate).unwrap()],
        tls13_domains: vec!["*.example.com".parse().unwrap()],
        ..Policy::default()
    }
}

fn granting() -> IosIdentity {
    identity(&[(DATA_PROTECTION, "NSFileProtectionComplete".into()), ("get-task-allow", true.into())])
}

/// The app with file sharing, so that every control has something to do.
fn input() -> Vec<Item> {
    let mut items = app();
    items[0].2 = info("com.example.small", "Code", &[("UIFileSharingEnabled", true.into())]);
    items
}

fn protected(input: &[u8], policy: &Policy, identity: Option<&IosIdentity>) -> Vec<u8> {
    let file_name = "app.ipa".parse().unwrap();
    let key = identity.map(|identity| SigningKey::Ios { identity, signing_time: NOW });
    let plan = Plan { file_name: &file_name, platform: Platform::Ios, policy, key, limits: Limits::default() };
    let mut output = Vec::new();
    protect(&input.to_vec(), &mut output, &plan, &Unobserved).unwrap();
    output
}

fn check(input: &[u8], output: &[u8], policy: &Policy, identity: Option<&IosIdentity>) -> Result<Verification, Error> {
    let certificate = identity.map(|identity| identity.signer().certificate_sha256());
    let (input, limits) = (input.to_vec(), Limits::default());
    let expected = Expected {
        input: &input,
        policy,
        certificate_sha256: certificate.as_deref(),
        profile: identity.map(|identity| identity.profile().bytes()),
        limits: &limits,
    };
    verify(&output.to_vec(), &expected, &|_| true)
}

/// The check that refuses, and why.
fn refusal(input: &[u8], output: &[u8], policy: &Policy, identity: Option<&IosIdentity>) -> (Check, String) {
    match check(input, output, policy, identity) {
        Err(Error::Failed { check, detail }) => (check, detail),
        other => panic!("{other:?}"),
    }
}

/// The archive with every entry as `edit` makes it; `None` leaves it out.
fn rewritten(bytes: &[u8], edit: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) -> Vec<u8> {
    let bytes = bytes.to_vec();
    let archive = Archive::read(&bytes, &Limits::default()).unwrap();
    let mut writer = Writer::new(Vec::new());
    for entry in archive.entries() {
        let content = archive.read_entry(&entry.name, 64 << 20).unwrap();
        if let Some(content) = edit(&entry.name, content) {
            writer.add(&entry.name, entry.method, entry.attributes, &content).unwrap();
        }
    }
    let (mut output, tail) = writer.finish(b"").unwrap();
    tail.write(&mut output).unwrap();
    output
}

#[test]
fn an_app_with_every_control_passes_ad_hoc_and_under_a_key() {
    let (input, policy, identity) = (ipa(&input()), all_controls(), granting());
    for key in [None, Some(&identity)] {
        let output = protected(&input, &policy, key);
        let checks = check(&input, &output, &policy, key).unwrap().checks;
        let names: Vec<&str> = checks.iter().map(|passed| passed.check.name()).collect();
        assert_eq!(names, ["structure", "identity", "contents", "signatures", "entries", "controls"]);
        let signatures = &checks[3].detail;
        assert!(signatures.starts_with("5 programs with everything within them"), "{signatures}");
    }
}

#[test]
fn no_byte_of_any_entry_can_change() {
    let (input, policy, identity) = (ipa(&input()), Policy::default(), granting());
    let output = protected(&input, &policy, Some(&identity));
    let parsed = Archive::read(&output, &Limits::default()).unwrap();
    for entry in parsed.entries().iter().filter(|entry| !entry.is_folder()) {
        let size = usize::try_from(entry.size).unwrap();
        for at in [0, size / 2, size - 1] {
            let changed = rewritten(&output, |name, mut content| {
                if name == entry.name {
                    content[at] ^= 0x20;
                }
                Some(content)
            });
            check(&input, &changed, &policy, Some(&identity)).expect_err(&format!("{} at {at}", entry.name));
        }
    }
}

#[test]
fn nothing_can_be_added_or_left_out() {
    let (input, policy) = (ipa(&input()), Policy::default());
    let output = protected(&input, &policy, None);
    let parsed = Archive::read(&output, &Limits::default()).unwrap();
    for entry in parsed.entries() {
        let without = rewritten(&output, |name, content| (name != entry.name).then_some(content));
        check(&input, &without, &policy, None).expect_err(&entry.name);
    }
    let mut more: Vec<Item> = Vec::new();
    for entry in parsed.entries() {
        more.push((entry.name.clone(), entry.method, parsed.read_entry(&entry.name, 64 << 20).unwrap()));
    }
    more.push((format!("{ROOT}/extra.txt"), Method::Stored, b"hello".to_vec()));
    assert_eq!(refusal(&input, &ipa(&more), &policy, None).0, Check::Signatures);
    let last = more.len() - 1;
    more[last].0 = "Payload.txt".to_owned();
    assert_eq!(refusal(&input, &ipa(&more), &policy, None).0, Check::Entries);
}

#[test]
fn another_signer_and_none_and_one_too_many() {
    let (input, policy) = (ipa(&input()), Policy::default());
    let (one, other) = (granting(), identity(&[]));
    let signed = protected(&input, &policy, Some(&one));
    let ad_hoc = protected(&input, &policy, None);
    for (output, expected) in [(&signed, Some(&other)), (&ad_hoc, Some(&one)), (&signed, None)] {
        let (check, detail) = refusal(&input, output, &policy, expected);
        assert_eq!(check, Check::Signatures, "{detail}");
    }
}

#[test]
fn a_control_that_was_not_applied_is_not_in_effect() {
    let identity = granting();
    let mut items = input();
    // Signed once by a development profile, so that a debugger may attach.
    let input = protected(&ipa(&std::mem::take(&mut items)), &Policy::default(), Some(&identity));
    let output = protected(&input, &Policy::default(), Some(&identity));
    let all = all_controls();
    for control in all.controls.iter().filter(|control| **control != ControlId::ALLOW_SIMULATOR_BUILDS) {
        let policy = Policy { controls: [*control].into(), ..all.clone() };
        let (check, detail) = refusal(&input, &output, &policy, Some(&identity));
        assert_eq!(check, Check::Controls, "{detail}");
        assert!(detail.starts_with(&format!("{control} is not in effect: ")), "{detail}");
    }
}

#[test]
fn what_a_control_does_is_refused_where_the_policy_does_not_have_it() {
    let (input, all, identity) = (ipa(&input()), all_controls(), granting());
    let in_entries = [
        ControlId::CERTIFICATE_PINNING,
        ControlId::DEBUG_INFO_OBFUSCATION,
        ControlId::FILE_SHARING_PREVENTION,
        ControlId::TLS13_ONLY_PREVENTION,
    ];
    for control in in_entries {
        let policy = Policy { controls: [control].into(), ..all.clone() };
        let output = protected(&input, &policy, Some(&identity));
        let (check, detail) = refusal(&input, &output, &Policy::default(), Some(&identity));
        assert_eq!(check, Check::Entries, "{control}: {detail}");
    }
}

#[test]
fn another_app_and_other_code() {
    let policy = Policy::default();
    let before = ipa(&input());
    let mut other = input();
    other[0].2 = info("com.example.small", "Code", &[("CFBundleVersion", "8".into())]);
    assert_eq!(refusal(&before, &protected(&ipa(&other), &policy, None), &policy, None).0, Check::Identity);
    other[0].2 = info("com.example.small", "Code", &[("UIFileSharingEnabled", true.into()), ("More", Value::from(1))]);
    let (check, detail) = refusal(&before, &protected(&ipa(&other), &policy, None), &policy, None);
    assert_eq!((check, detail.contains("has other attributes:  More")), (Check::Entries, true), "{detail}");
    let mut other = input();
    other[1].2 = Binary { code: vec![0x1F; 0x80], ..Binary::default() }.build();
    let (check, detail) = refusal(&before, &protected(&ipa(&other), &policy, None), &policy, None);
    assert_eq!(
        (check, detail.contains("Code\" has another content: slice 0: the byte at offset")),
        (Check::Entries, true),
        "{detail}"
    );
}

#[test]
fn a_comparison_explains_what_a_build_did() {
    let (input, policy, identity) = (ipa(&input()), all_controls(), granting());
    let output = protected(&input, &policy, Some(&identity));
    let (limits, read) = (Limits::default(), |bytes| Archive::read(bytes, &Limits::default()).unwrap());
    let found = diff(&read(&input), &read(&output), &limits, &|_| true).unwrap();
    assert!(found.is_explained(), "{found:#?}");
    let lax = edits::of_host("NSExceptionDomains", "example.com", "NSExceptionMinimumTLSVersion", "TLSv1.2".into());
    let lax = protected(&ipa(&edits::secured(lax)), &Policy::default(), None);
    assert!(!diff(&read(&input), &read(&lax), &limits, &|_| true).unwrap().is_explained());
    let back = diff(&read(&output), &read(&input), &limits, &|_| true).unwrap();
    assert!(!back.is_explained());
}

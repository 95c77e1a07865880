//! iOS apps: what passes, and that nothing else does.

use domain::control::ControlId;
use domain::platform::Platform;
use domain::policy::Policy;
use engine::{Plan, SigningKey, Unobserved, protect};
use fixtures::ios::{Item, NOW, ROOT, app, identity, info, ipa};
use fixtures::macho::Binary;
use formats::limits::Limits;
use formats::plist::{Dictionary, Value};
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

/// What the check of signatures says of an app that was one thing and is protected as another.
fn exchanged(before: &[Item], after: &[u8], policy: &Policy, key: &IosIdentity) -> String {
    let (check, detail) = refusal(&ipa(before), &protected(after, policy, Some(key)), policy, Some(key));
    assert_eq!(check, Check::Signatures, "{detail}");
    detail
}

fn unpacked(bytes: &[u8]) -> Vec<Item> {
    let bytes = bytes.to_vec();
    let archive = Archive::read(&bytes, &Limits::default()).unwrap();
    let entries = archive.entries().iter();
    entries
        .map(|entry| (entry.name.clone(), entry.method, archive.read_entry(&entry.name, 64 << 20).unwrap()))
        .collect()
}

#[test]
fn entitlements_that_got_lost_or_weaker_or_more() {
    let (none, granting, plain) = (Policy::default(), granting(), identity(&[]));
    let encrypts = Policy::from_iter([ControlId::STORAGE_ENCRYPTION_PREVENTION]);
    let encrypted = protected(&ipa(&input()), &encrypts, None);
    let bare = ipa(&input());
    let other = |key: &str| format!("{ROOT}: it asks for another {key} than before");
    assert_eq!(exchanged(&unpacked(&encrypted), &bare, &none, &plain), other(DATA_PROTECTION));

    let weak = identity(&[(DATA_PROTECTION, "NSFileProtectionCompleteUnlessOpen".into())]);
    // Whether the input's signature holds counts for nothing.
    let weakened = |name: &str, mut content: Vec<u8>| {
        let (old, new) = (b"<string>NSFileProtectionComplete</string>", b"<string>NSFileProtectionNone</string>    ");
        while let Some(at) = content.windows(old.len()).position(|window| window == old && name.ends_with("/Code")) {
            content[at..at + old.len()].copy_from_slice(new);
        }
        Some(content)
    };
    let unprotected = rewritten(&encrypted, weakened);
    let output = protected(&unprotected, &none, Some(&weak));
    check(&unprotected, &output, &none, Some(&weak)).unwrap();
    let (check_name, detail) = refusal(&encrypted, &output, &none, Some(&weak));
    assert_eq!((check_name, detail), (Check::Signatures, other(DATA_PROTECTION)));

    let debuggable = protected(&bare, &none, Some(&granting));
    let quiet = protected(&debuggable, &Policy::from_iter([ControlId::DEBUGGABLE_PREVENTION]), None);
    assert_eq!(exchanged(&unpacked(&debuggable), &quiet, &none, &granting), other("get-task-allow"));
    assert_eq!(exchanged(&unpacked(&quiet), &debuggable, &none, &granting), other("get-task-allow"));
    check(&debuggable, &protected(&debuggable, &none, Some(&plain)), &none, Some(&plain)).unwrap();
    let beta = identity(&[("beta-reports-active", true.into())]);
    check(&debuggable, &protected(&debuggable, &none, Some(&beta)), &none, Some(&beta)).unwrap();
}

/// An app with this in the transport security of its own `Info.plist`.
fn secured(security: Value) -> Vec<Item> {
    let mut items = input();
    let more = [("UIFileSharingEnabled", true.into()), ("NSAppTransportSecurity", security)];
    items[0].2 = info("com.example.small", "Code", &more);
    items
}

fn dictionary(entries: &[(&str, Value)]) -> Value {
    Value::Dictionary(entries.iter().cloned().collect())
}

fn of_host(list: &str, host: &str, key: &str, value: Value) -> Value {
    dictionary(&[(list, dictionary(&[(host, dictionary(&[(key, value)]))]))])
}

/// Says which attributes a build with `policy` does not make, of a build with `made_with` of an app with this in its `Info.plist`.
fn refused_edits(security: Value, made_with: &Policy, policy: &Policy) -> String {
    let key = granting();
    let output = protected(&ipa(&secured(security)), made_with, Some(&key));
    let (check, detail) = refusal(&ipa(&input()), &output, policy, Some(&key));
    assert_eq!(check, Check::Entries, "{detail}");
    detail
}

#[test]
fn edits_of_hosts_that_the_policy_does_not_name() {
    let policy = all_controls();
    let (exceptions, pinned) = ("NSExceptionDomains", "NSPinnedDomains");
    let (minimum, subdomains) = ("NSExceptionMinimumTLSVersion", "NSIncludesSubdomains");
    let nothing = || Value::Dictionary(Dictionary::new());
    for (security, attribute) in [
        (of_host(exceptions, "evil.com", minimum, "TLSv1.3".into()), minimum),
        (of_host(exceptions, "notexample.com", minimum, "TLSv1.3".into()), minimum),
        (of_host(exceptions, "a.example.com", subdomains, true.into()), subdomains),
        (dictionary(&[(exceptions, dictionary(&[("evil.com", nothing())]))]), "evil.com"),
        (of_host(pinned, "evil.com", "NSPinnedLeafIdentities", Value::Array(Vec::new())), "NSPinnedLeafIdentities"),
        (of_host(pinned, "api.example.com", subdomains, true.into()), subdomains),
    ] {
        let detail = refused_edits(security, &policy, &policy);
        assert!(detail.ends_with(attribute), "{detail}");
    }
}

#[test]
fn edits_with_values_that_no_control_sets() {
    let policy = all_controls();
    let exceptions = "NSExceptionDomains";
    let minimum = "NSExceptionMinimumTLSVersion";
    let without = |control: ControlId| {
        let mut made_with = policy.clone();
        made_with.controls.remove(&control);
        made_with
    };
    let mut of_others = policy.clone();
    of_others.certificates[0].spki_sha256 = Some("LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564=".parse().unwrap());
    let tls13 = || without(ControlId::TLS13_ONLY_PREVENTION);
    for (security, made_with, attribute) in [
        (dictionary(&[("NSAllowsArbitraryLoads", true.into())]), policy.clone(), "NSAllowsArbitraryLoads"),
        (of_host(exceptions, "example.com", minimum, "TLSv1.2".into()), tls13(), minimum),
        (
            of_host(exceptions, "example.com", "NSRequiresCertificateTransparency", false.into()),
            policy.clone(),
            "Transparency",
        ),
        (of_host(exceptions, "example.com", "NSExceptionAllowsInsecureHTTPLoads", true.into()), tls13(), "HTTPLoads"),
        (Value::Dictionary(Dictionary::new()), of_others, "NSPinnedLeafIdentities"),
    ] {
        let detail = refused_edits(security, &made_with, &policy);
        assert!(detail.contains(attribute), "{detail}");
    }
    let silent = ipa(&app());
    let shared = protected(&ipa(&input()), &without(ControlId::FILE_SHARING_PREVENTION), None);
    let (check, detail) = refusal(&silent, &shared, &policy, None);
    assert_eq!((check, detail.ends_with("UIFileSharingEnabled")), (Check::Entries, true), "{detail}");
}

#[test]
fn hosts_are_the_same_in_any_case_of_letters() {
    let (policy, key) = (all_controls(), granting());
    let exceptions = of_host("NSExceptionDomains", "Example.COM", "NSExceptionMinimumTLSVersion", "TLSv1.0".into());
    let mut security = exceptions.into_dictionary().unwrap();
    let pinned = of_host("NSPinnedDomains", "API.example.com", "NSPinnedLeafIdentities", Value::Array(Vec::new()));
    security.extend(pinned.into_dictionary().unwrap());
    let input = ipa(&secured(Value::Dictionary(security)));
    let output = protected(&input, &policy, Some(&key));
    check(&input, &output, &policy, Some(&key)).unwrap();
    // The weaker of two spellings counts.
    let weak = |name: &str, content: Vec<u8>| match name == format!("{ROOT}/Info.plist") {
        true => Some(String::from_utf8(content).unwrap().replace("Legacy.EXAMPLE.com", "EXAMPLE.com").into_bytes()),
        false => Some(content),
    };
    let legacy = of_host("NSExceptionDomains", "Legacy.EXAMPLE.com", "NSExceptionMinimumTLSVersion", "TLSv1.0".into());
    let narrow = Policy { tls13_domains: vec!["example.com".parse().unwrap()], ..policy };
    let input = ipa(&secured(legacy));
    let made = protected(&rewritten(&protected(&input, &narrow, None), weak), &Policy::default(), None);
    let (check, detail) = refusal(&rewritten(&input, weak), &made, &narrow, None);
    assert_eq!(check, Check::Controls, "{detail}");
    assert!(detail.contains("example.com may be spoken to below TLS 1.3"), "{detail}");
}

#[test]
fn an_executable_in_the_folder_of_another_bundle_and_none() {
    let policy = Policy::default();
    let outer = format!("{ROOT}/Frameworks/Outer.framework");
    let library = Binary { kind: fixtures::macho::Kind::Dylib, ..Binary::default() };
    let mut items = input();
    items.extend(fixtures::ios::bundle(&format!("{outer}/Inner.framework"), "com.example.inner", &library));
    let named = |name: &str| {
        let mut items = items.clone();
        items.push((format!("{outer}/Info.plist"), Method::Deflated, info("com.example.outer", name, &[])));
        items
    };
    for name in ["Inner.framework/Code", "Missing"] {
        let bytes = ipa(&named(name));
        let (check, detail) = refusal(&bytes, &bytes, &policy, None);
        assert_eq!((check, detail), (Check::Identity, format!("{outer}: its executable is not there")));
    }
}

#[test]
fn folders_of_resources_with_code_have_to_be_signed_as_bundles() {
    let policy = Policy::default();
    let library = Binary { kind: fixtures::macho::Kind::Dylib, ..Binary::default() };
    let mut items = input();
    items.extend(fixtures::ios::bundle(&format!("{ROOT}/Loaded.bundle"), "com.example.loaded", &library));
    items.push((
        format!("{ROOT}/Named.bundle/Info.plist"),
        Method::Deflated,
        info("com.example.named", "Missing", &[]),
    ));
    let before = ipa(&items);
    let output = protected(&before, &policy, None);
    check(&before, &output, &policy, None).unwrap();
    let seal = format!("{ROOT}/Loaded.bundle/_CodeSignature/CodeResources");
    let without = rewritten(&output, |name, content| (name != seal).then_some(content));
    assert!(matches!(check(&before, &without, &policy, None), Err(Error::Failed { .. })));
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
    let lax = of_host("NSExceptionDomains", "example.com", "NSExceptionMinimumTLSVersion", "TLSv1.2".into());
    let lax = protected(&ipa(&secured(lax)), &Policy::default(), None);
    assert!(!diff(&read(&input), &read(&lax), &limits, &|_| true).unwrap().is_explained());
    let back = diff(&read(&output), &read(&input), &limits, &|_| true).unwrap();
    assert!(!back.is_explained());
}

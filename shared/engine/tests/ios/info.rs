//! The controls that edit `Info.plist`.

use domain::certificate::PinnedCertificate;
use domain::control::ControlId;
use domain::policy::Policy;
use engine::Status;
use fixtures::ios::{ROOT, app, info};
use formats::plist::{Dictionary, Form, Value, read_dictionary, write};
use serde_json::json;

use crate::app::{Output, only, replace, run};

const KEY: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
const OTHER_KEY: &str = "LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564=";
/// The programs of the app besides itself.
const OTHERS: [&str; 4] =
    ["PlugIns/Share.appex", "AppClips/Clip.app", "Watch/Watch.app", "Watch/Watch.app/PlugIns/Extension.appex"];

/// The app with more in its own `Info.plist`.
fn with_info(more: &[(&str, Value)], policy: &Policy) -> Output {
    let mut items = app();
    replace(&mut items, &format!("{ROOT}/Info.plist"), info("com.example.small", "Code", more));
    run(&items, policy, None).unwrap()
}

fn dictionary(entries: &[(&str, Value)]) -> Value {
    Value::Dictionary(entries.iter().cloned().collect())
}

fn at<'d>(mut dictionary: &'d Dictionary, path: &[&str]) -> &'d Value {
    let (last, path) = path.split_last().unwrap();
    for key in path {
        dictionary = dictionary.get(key).unwrap_or_else(|| panic!("{key}")).as_dictionary().unwrap();
    }
    dictionary.get(last).unwrap_or_else(|| panic!("{last}"))
}

fn certificate(key: Option<&str>, domains: &[&str], isca: bool) -> PinnedCertificate {
    serde_json::from_value(json!({
        "name": "Example", "thumbprint": "AB".repeat(32), "algorithm": "sha256", "domains": domains, "spki_sha256": key,
        "isca": isca,
    }))
    .unwrap()
}

fn pinning(certificates: Vec<PinnedCertificate>) -> Policy {
    Policy { certificates, ..only(ControlId::CERTIFICATE_PINNING) }
}

#[test]
fn files_are_shared_no_longer_also_on_one_kind_of_device() {
    let policy = only(ControlId::FILE_SHARING_PREVENTION);
    let more = [
        ("UIFileSharingEnabled", true.into()),
        ("UIFileSharingEnabled~ipad", "YES".into()),
        ("UIFileSharingEnabled-iphoneos", true.into()),
        ("LSSupportsOpeningDocumentsInPlace", false.into()),
        ("UISupportsDocumentBrowser", true.into()),
    ];
    let output = with_info(&more, &policy);
    let info = output.info(ROOT);
    let keys = ["UIFileSharingEnabled", "UIFileSharingEnabled~ipad", "UIFileSharingEnabled-iphoneos"];
    for key in keys.into_iter().chain(["LSSupportsOpeningDocumentsInPlace"]) {
        assert_eq!(info.get(key), Some(&Value::Boolean(false)), "{key}");
    }
    let outcome = output.outcome(ControlId::FILE_SHARING_PREVENTION);
    let changes: Vec<_> =
        outcome.changes.iter().map(|it| (it.attribute.as_str(), it.before.as_deref(), it.after.as_deref())).collect();
    let changed = |key, before| (key, Some(before), Some("false"));
    let [whole, tablet, phone] = keys;
    assert_eq!(changes, [changed(whole, "true"), changed(tablet, "YES"), changed(phone, "true")]);
    assert!(outcome.warnings[0].contains("UISupportsDocumentBrowser"), "{:?}", outcome.warnings);
    assert!(!output.info(&format!("{ROOT}/PlugIns/Share.appex")).contains_key("UIFileSharingEnabled"));

    let silent = with_info(&[], &policy);
    assert_eq!(silent.outcome(ControlId::FILE_SHARING_PREVENTION).status, Status::AlreadyInPlace);
}

#[test]
fn a_property_list_keeps_its_form_and_everything_else_in_it() {
    let mut items = app();
    let entry = format!("{ROOT}/Info.plist");
    let nested = dictionary(&[("list", Value::Array(vec![1.into(), 1.5.into(), Value::Data(vec![0, 255])]))]);
    let xml = info("com.example.small", "Code", &[("UIFileSharingEnabled", true.into()), ("Nested", nested.clone())]);
    let binary = write(&read_dictionary(&xml, &formats::limits::Limits::default()).unwrap(), Form::Binary).unwrap();
    replace(&mut items, &entry, binary);
    let output = run(&items, &only(ControlId::FILE_SHARING_PREVENTION), None).unwrap();
    assert!(output.content(&entry).starts_with(b"bplist00"));
    assert_eq!(output.info(ROOT).get("Nested"), Some(&nested));
    let untouched = run(&items, &Policy::default(), None).unwrap();
    assert_eq!(untouched.content(&entry), items.iter().find(|(name, _, _)| *name == entry).unwrap().2);
}

#[test]
fn tls_13_is_demanded_of_each_named_host_and_of_those_below_a_wildcard() {
    let weak = dictionary(&[
        ("NSExceptionMinimumTLSVersion", "TLSv1.0".into()),
        ("NSExceptionAllowsInsecureHTTPLoads", true.into()),
        ("NSExceptionRequiresForwardSecrecy", false.into()),
    ]);
    let exceptions = dictionary(&[("legacy.example.com", weak.clone()), ("legacy.example.org", weak.clone())]);
    let security = dictionary(&[("NSAllowsArbitraryLoads", true.into()), ("NSExceptionDomains", exceptions)]);
    let domains = ["api.example.net", "*.example.com"].map(|domain| domain.parse().unwrap());
    let policy = Policy { tls13_domains: domains.to_vec(), ..only(ControlId::TLS13_ONLY_PREVENTION) };
    let output = with_info(&[("NSAppTransportSecurity", security)], &policy);
    let info = output.info(ROOT);
    let host = |host: &str, key: &str| {
        at(&info, &["NSAppTransportSecurity", "NSExceptionDomains", host]).as_dictionary().unwrap().get(key).cloned()
    };
    let minimum = "NSExceptionMinimumTLSVersion";
    for named in ["api.example.net", "example.com", "legacy.example.com"] {
        assert_eq!(host(named, minimum), Some("TLSv1.3".into()), "{named}");
    }
    assert_eq!(host("example.com", "NSIncludesSubdomains"), Some(true.into()));
    assert_eq!(host("api.example.net", "NSIncludesSubdomains"), None);
    assert_eq!(host("legacy.example.com", "NSExceptionAllowsInsecureHTTPLoads"), None);
    assert_eq!(host("legacy.example.com", "NSExceptionRequiresForwardSecrecy"), Some(false.into()));
    assert_eq!(host("legacy.example.org", minimum), Some("TLSv1.0".into()), "another domain");
    assert_eq!(at(&info, &["NSAppTransportSecurity", "NSAllowsArbitraryLoads"]), &Value::Boolean(true));
    for program in OTHERS {
        let info = output.info(&format!("{ROOT}/{program}"));
        let path = ["NSAppTransportSecurity", "NSExceptionDomains", "example.com", minimum];
        assert_eq!(at(&info, &path), &Value::from("TLSv1.3"), "{program}");
    }
    assert!(!output.info(&format!("{ROOT}/Frameworks/Shared.framework")).contains_key("NSAppTransportSecurity"));
    let warnings = output.outcome(ControlId::TLS13_ONLY_PREVENTION).warnings.join("\n");
    assert!(warnings.contains("one label more"), "{warnings}");
}

#[test]
fn pins_stand_under_the_hosts_by_whose_keys_they_are() {
    let old = dictionary(&[(
        "NSPinnedLeafIdentities",
        Value::Array(vec![dictionary(&[("SPKI-SHA256-BASE64", "old".into())])]),
    )]);
    let own = dictionary(&[("api.example.com", old.clone()), ("other.example.com", old.clone())]);
    let security = dictionary(&[("NSPinnedDomains", own)]);
    let policy = pinning(vec![
        certificate(Some(KEY), &["api.example.com", "*.example.org"], false),
        certificate(Some(OTHER_KEY), &["*.example.org"], true),
        certificate(None, &["example.net"], false),
    ]);
    let output = with_info(&[("NSAppTransportSecurity", security)], &policy);
    let info = output.info(ROOT);
    let domains = at(&info, &["NSAppTransportSecurity", "NSPinnedDomains"]).as_dictionary().unwrap();
    let keys = |key: &str| Value::Array(vec![dictionary(&[("SPKI-SHA256-BASE64", key.into())])]);
    assert_eq!(domains.get("api.example.com"), Some(&dictionary(&[("NSPinnedLeafIdentities", keys(KEY))])));
    assert_eq!(domains.get("other.example.com"), Some(&old));
    let both = [
        ("NSIncludesSubdomains", true.into()),
        ("NSPinnedLeafIdentities", keys(KEY)),
        ("NSPinnedCAIdentities", keys(OTHER_KEY)),
    ];
    assert_eq!(domains.get("example.org"), Some(&dictionary(&both)));
    assert!(!domains.contains_key("example.net"));
    let warnings = output.outcome(ControlId::CERTIFICATE_PINNING).warnings.join("\n");
    for part in [
        "certificate Example is not enforced",
        "example.org has pins of its own keys and of authorities",
        "one label more",
    ] {
        assert!(warnings.contains(part), "{part}: {warnings}");
    }
    let again = run(&unpack(&output), &policy, None).unwrap();
    assert_eq!(again.outcome(ControlId::CERTIFICATE_PINNING).status, Status::AlreadyInPlace);
}

fn unpack(output: &Output) -> Vec<fixtures::ios::Item> {
    let archive = output.archive();
    let entries = archive.entries().iter();
    entries.map(|entry| (entry.name.clone(), entry.method, output.content(&entry.name))).collect()
}

#[test]
fn a_list_without_any_key_pins_nothing() {
    for certificates in [Vec::new(), vec![certificate(None, &["example.net"], false)]] {
        let error = run(&app(), &pinning(certificates), None).map(|_| ()).unwrap_err();
        assert_eq!(error.code(), "control_not_applicable");
        assert!(error.to_string().starts_with("CertificatePinning: nothing can be pinned: "), "{error}");
    }
}

#[test]
fn what_is_no_dictionary_is_no_guess() {
    let policy = pinning(vec![certificate(Some(KEY), &["example.com"], false)]);
    for (value, place) in [
        (Value::from("yes"), "NSAppTransportSecurity is no dictionary"),
        (dictionary(&[("NSPinnedDomains", 1.into())]), "NSAppTransportSecurity/NSPinnedDomains is no dictionary"),
    ] {
        let mut items = app();
        let content = info("com.example.small", "Code", &[("NSAppTransportSecurity", value)]);
        replace(&mut items, &format!("{ROOT}/Info.plist"), content);
        let error = run(&items, &policy, None).map(|_| ()).unwrap_err();
        assert_eq!(error.code(), "control_not_applicable");
        assert!(error.to_string().contains(place), "{error}");
    }
}

#[test]
fn older_systems_are_named() {
    let mut items = app();
    let old = info("com.example.small", "Code", &[("MinimumOSVersion", "12.1".into())]);
    replace(&mut items, &format!("{ROOT}/Info.plist"), old);
    let policy =
        Policy { tls13_domains: vec!["example.com".parse().unwrap()], ..only(ControlId::TLS13_ONLY_PREVENTION) };
    let output = run(&items, &policy, None).unwrap();
    let warning = "devices know TLS 1.3 from iOS 12.2 on; the app installs on older systems, too";
    assert_eq!(output.outcome(ControlId::TLS13_ONLY_PREVENTION).warnings, [warning]);
}

#[test]
fn hosts_are_known_in_any_case_of_letters_and_keep_their_own() {
    let weak = dictionary(&[("NSExceptionMinimumTLSVersion", "TLSv1.0".into())]);
    let exceptions =
        dictionary(&[("Example.COM", weak.clone()), ("Legacy.Example.com", weak.clone()), ("EXAMPLE.com", weak)]);
    let pinned =
        dictionary(&[("API.example.net", dictionary(&[("NSPinnedLeafIdentities", Value::Array(Vec::new()))]))]);
    let security = dictionary(&[("NSExceptionDomains", exceptions), ("NSPinnedDomains", pinned)]);
    let policy = Policy {
        tls13_domains: vec!["*.example.com".parse().unwrap()],
        certificates: vec![certificate(Some(KEY), &["api.example.net"], false)],
        ..Policy::from_iter([ControlId::TLS13_ONLY_PREVENTION, ControlId::CERTIFICATE_PINNING])
    };
    let output = with_info(&[("NSAppTransportSecurity", security)], &policy);
    let info = output.info(ROOT);
    let exceptions = at(&info, &["NSAppTransportSecurity", "NSExceptionDomains"]).as_dictionary().unwrap();
    let strict =
        |more: &[(&str, Value)]| dictionary(&[&[("NSExceptionMinimumTLSVersion", "TLSv1.3".into())], more].concat());
    let above = strict(&[("NSIncludesSubdomains", true.into())]);
    let expected = [("Example.COM", above.clone()), ("Legacy.Example.com", strict(&[])), ("EXAMPLE.com", above)];
    assert_eq!(exceptions, dictionary(&expected).as_dictionary().unwrap());
    let keys = Value::Array(vec![dictionary(&[("SPKI-SHA256-BASE64", KEY.into())])]);
    let pinned = dictionary(&[("API.example.net", dictionary(&[("NSPinnedLeafIdentities", keys)]))]);
    assert_eq!(at(&info, &["NSAppTransportSecurity", "NSPinnedDomains"]), &pinned);
}

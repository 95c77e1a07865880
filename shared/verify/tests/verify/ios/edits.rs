//! Edits of `Info.plist` that a control makes, and others.

use formats::plist::Dictionary;

use super::*;

/// An app with this in the transport security of its own `Info.plist`.
pub(super) fn secured(security: Value) -> Vec<Item> {
    let mut items = input();
    let more = [("UIFileSharingEnabled", true.into()), ("NSAppTransportSecurity", security)];
    items[0].2 = info("com.example.small", "Code", &more);
    items
}

fn dictionary(entries: &[(&str, Value)]) -> Value {
    Value::Dictionary(entries.iter().cloned().collect())
}

pub(super) fn of_host(list: &str, host: &str, key: &str, value: Value) -> Value {
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

//! Configurations that no device could read.

use formats::axml::SdkVersion;

use super::support::{document, merge_for, pins};
use crate::network_security::{Environment, Policy, merge};

fn refused(xml: &str) -> String {
    refused_with(xml, &Policy::without_cleartext())
}

fn refused_with(xml: &str, policy: &Policy) -> String {
    let sdk = SdkVersion::Api(34);
    let environment = Environment { min_sdk: &sdk, target_sdk: &sdk, uses_cleartext_traffic: None };
    merge(Some(&document(xml)), "res/xml/nsc.xml", policy, &environment).unwrap_err().to_string()
}

#[test]
fn more_pins_than_any_app_has() {
    let set = |count: usize| format!("<pin-set>{}</pin-set>", "<pin digest=\"SHA-256\">X</pin>".repeat(count));
    let config = |inner: &str| {
        format!(
            "<network-security-config><domain-config><domain>a.example</domain>{inner}</domain-config></network-security-config>"
        )
    };
    insta::assert_snapshot!(refused(&config(&set(1001))), @"network security configuration: more than 1000 pins in a set, or inherited by configurations that must keep them");
    let nested = (0..11).map(|count| format!("<domain-config><domain>{count}.example</domain></domain-config>"));
    let many = config(&format!("{}{}", set(1000), nested.collect::<String>()));
    insta::assert_snapshot!(refused_with(&many, &pins(&[("a.example", "A")])), @"network security configuration: more than 10000 pins in a set, or inherited by configurations that must keep them");
}

/// What costs a moment in the small must not cost hours in the large.
#[test]
fn a_hostile_configuration_is_merged_in_proportion_to_its_length() {
    let configs =
        (0..20_000).map(|count| format!("<domain-config><domain>h{count}.a.example</domain></domain-config>"));
    let own = format!("<network-security-config>{}</network-security-config>", configs.collect::<String>());
    let policy = Policy { refuse_cleartext: true, ..pins(&[("*.a.example", "AB")]) };
    let merged = merge_for(Some(&own), &policy, 24, 34);
    assert_eq!(merged.changes.len(), 501);
    assert_eq!(merged.changes[500].attribute, "further changes");
}

#[test]
fn another_document() {
    insta::assert_snapshot!(refused("<manifest/>"), @"network security configuration: the root is <manifest>, and not <network-security-config>");
}

#[test]
fn two_base_configurations() {
    let xml = "<network-security-config><base-config/><base-config/></network-security-config>";
    insta::assert_snapshot!(refused(xml), @"network security configuration: <network-security-config> has 2 <base-config>, and the platform accepts one");
}

#[test]
fn two_pin_sets() {
    let xml = "<network-security-config><domain-config><domain>a.example</domain><pin-set/><pin-set/></domain-config></network-security-config>";
    insta::assert_snapshot!(refused(xml), @"network security configuration: <domain-config> has 2 <pin-set>, and the platform accepts one");
}

#[test]
fn two_rules_for_a_domain() {
    let xml = "<network-security-config><domain-config><domain>a.example</domain><domain-config><domain> A.Example </domain>\
               </domain-config></domain-config></network-security-config>";
    insta::assert_snapshot!(refused(xml), @"network security configuration: a.example has more than one rule, and the platform accepts one");
}

//! Configurations that no device could read.

use formats::axml::SdkVersion;

use super::support::document;
use crate::network_security::{Environment, Policy, merge};

fn refused(xml: &str) -> String {
    let sdk = SdkVersion::Api(34);
    let environment = Environment { min_sdk: &sdk, target_sdk: &sdk, uses_cleartext_traffic: None };
    merge(Some(&document(xml)), "res/xml/nsc.xml", &Policy::without_cleartext(), &environment).unwrap_err().to_string()
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

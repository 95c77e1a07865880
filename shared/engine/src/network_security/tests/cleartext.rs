//! `CleartextPrevention`.

use super::support::{merge_for, merge_with, shown};
use crate::network_security::Policy;

fn refuse() -> Policy {
    Policy::without_cleartext()
}

#[test]
fn without_a_configuration_the_platform_s_default_is_made_stricter() {
    insta::assert_snapshot!(shown(&merge_for(None, &refuse(), 24, 34)), @r#"
    <network-security-config>
      <base-config cleartextTrafficPermitted="false">
        <trust-anchors>
          <certificates src="system"/>
        </trust-anchors>
      </base-config>
    </network-security-config>
    /base-config cleartextTrafficPermitted: nothing -> false
    /base-config/trust-anchors certificates: nothing -> system
    "#);
}

#[test]
fn apps_for_old_platforms_keep_trusting_what_they_trusted() {
    insta::assert_snapshot!(shown(&merge_for(None, &refuse(), 21, 23)), @r#"
    <network-security-config>
      <base-config cleartextTrafficPermitted="false">
        <trust-anchors>
          <certificates src="system"/>
          <certificates src="user"/>
        </trust-anchors>
      </base-config>
    </network-security-config>
    /base-config cleartextTrafficPermitted: nothing -> true
    /base-config/trust-anchors certificates: nothing -> system, user
    /base-config cleartextTrafficPermitted: true -> false
    ! no effect on devices below API 24, which read no network security configuration: the package installs from API 21 on
    "#);
}

#[test]
fn every_configuration_refuses_and_nothing_else_changes() {
    let own = r#"
        <network-security-config>
            <debug-overrides><trust-anchors><certificates src="user"/></trust-anchors></debug-overrides>
            <base-config cleartextTrafficPermitted="true"><trust-anchors><certificates src="@0x7f100001"/></trust-anchors></base-config>
            <domain-config cleartextTrafficPermitted="@0x7f050001">
                <domain includeSubdomains="true">example.com</domain>
                <domainEncryption mode="enabled"/>
                <domain-config>
                    <domain>inner.example.com</domain>
                    <pin-set expiration="2030-01-01"><pin digest="SHA-256">A</pin></pin-set>
                </domain-config>
            </domain-config>
            <domain-config cleartextTrafficPermitted="false"><domain>example.org</domain></domain-config>
        </network-security-config>"#;
    insta::assert_snapshot!(shown(&merge_for(Some(own), &refuse(), 24, 34)), @r#"
    <network-security-config>
      <base-config cleartextTrafficPermitted="false">
        <trust-anchors>
          <certificates src="@0x7f100001"/>
        </trust-anchors>
      </base-config>
      <domain-config cleartextTrafficPermitted="false">
        <domain includeSubdomains="true">example.com</domain>
        <domainEncryption mode="enabled"/>
        <domain-config cleartextTrafficPermitted="false">
          <domain>inner.example.com</domain>
          <pin-set expiration="2030-01-01">
            <pin digest="SHA-256">A</pin>
          </pin-set>
        </domain-config>
      </domain-config>
      <domain-config cleartextTrafficPermitted="false">
        <domain>example.org</domain>
      </domain-config>
    </network-security-config>
     debug-overrides: present -> nothing
    /base-config cleartextTrafficPermitted: true -> false
    /domain-config[*.example.com] cleartextTrafficPermitted: @0x7f050001 -> false
    /domain-config[*.example.com]/domain-config[inner.example.com] cleartextTrafficPermitted: nothing -> false
    "#);
}

#[test]
fn what_refuses_already_stays_byte_for_byte() {
    let own = r#"<network-security-config><base-config cleartextTrafficPermitted="false"/></network-security-config>"#;
    insta::assert_snapshot!(shown(&merge_for(Some(own), &refuse(), 24, 34)), @"unchanged");
}

#[test]
fn a_missing_base_configuration_is_added_as_the_platform_had_it() {
    let own = r#"<network-security-config><domain-config cleartextTrafficPermitted="true"><domain>a.example</domain></domain-config></network-security-config>"#;
    insta::assert_snapshot!(shown(&merge_for(Some(own), &refuse(), 24, 26)), @r#"
    <network-security-config>
      <base-config cleartextTrafficPermitted="false">
        <trust-anchors>
          <certificates src="system"/>
        </trust-anchors>
      </base-config>
      <domain-config cleartextTrafficPermitted="false">
        <domain>a.example</domain>
      </domain-config>
    </network-security-config>
    /base-config cleartextTrafficPermitted: nothing -> true
    /base-config/trust-anchors certificates: nothing -> system
    /base-config cleartextTrafficPermitted: true -> false
    /domain-config[a.example] cleartextTrafficPermitted: true -> false
    "#);
}

#[test]
fn the_manifest_s_word_on_cleartext_is_carried_over_into_a_first_configuration() {
    let pinned = super::support::pins(&[("example.com", "AB")]);
    for (said, target, expected) in
        [(Some(true), 34, true), (Some(false), 26, false), (None, 26, true), (None, 28, false)]
    {
        let merged = merge_with(None, &pinned, 24, target, said);
        let line = format!("<base-config cleartextTrafficPermitted=\"{expected}\">");
        assert!(shown(&merged).contains(&line), "{said:?} for {target}: {}", shown(&merged));
    }
}

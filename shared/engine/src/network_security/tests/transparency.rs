//! `CertificateTransparencyPrevention`.

use super::support::{everywhere, merge_for, shown, transparency};

const OWN: &str = r#"
    <network-security-config>
        <base-config><certificateTransparency enabled="false"/></base-config>
        <domain-config>
            <domain includeSubdomains="true">example.com</domain>
            <domain>example.org</domain>
            <certificateTransparency enabled="false"/>
        </domain-config>
        <domain-config>
            <domain>private.example</domain>
            <trust-anchors><certificates src="@0x7f100001"/></trust-anchors>
        </domain-config>
        <domain-config><domain>plain.example</domain></domain-config>
    </network-security-config>"#;

#[test]
fn everywhere_means_every_configuration_that_says_otherwise_or_trusts_its_own() {
    insta::assert_snapshot!(shown(&merge_for(Some(OWN), &everywhere(), 36, 36)), @r#"
    <network-security-config>
      <base-config>
        <certificateTransparency enabled="true"/>
      </base-config>
      <domain-config>
        <domain includeSubdomains="true">example.com</domain>
        <domain>example.org</domain>
        <certificateTransparency enabled="true"/>
      </domain-config>
      <domain-config>
        <domain>private.example</domain>
        <trust-anchors>
          <certificates src="@0x7f100001"/>
        </trust-anchors>
        <certificateTransparency enabled="true"/>
      </domain-config>
      <domain-config>
        <domain>plain.example</domain>
      </domain-config>
    </network-security-config>
    /base-config/certificateTransparency enabled: false -> true
    /domain-config[*.example.com, example.org]/certificateTransparency enabled: false -> true
    /domain-config[private.example]/certificateTransparency enabled: nothing -> true
    ! network-security-config/domain-config[private.example] trusts certificates of the app's own, whose servers devices from API 36 on refuse unless their certificates are logged
    "#);
}

#[test]
fn listed_domains_get_a_rule_and_others_keep_theirs() {
    insta::assert_snapshot!(shown(&merge_for(Some(OWN), &transparency(&["*.example.com", "new.example"]), 24, 34)), @r#"
    <network-security-config>
      <base-config>
        <certificateTransparency enabled="false"/>
      </base-config>
      <domain-config>
        <domain>example.org</domain>
        <certificateTransparency enabled="false"/>
        <domain-config>
          <domain includeSubdomains="true">example.com</domain>
          <certificateTransparency enabled="true"/>
        </domain-config>
      </domain-config>
      <domain-config>
        <domain>private.example</domain>
        <trust-anchors>
          <certificates src="@0x7f100001"/>
        </trust-anchors>
      </domain-config>
      <domain-config>
        <domain>plain.example</domain>
      </domain-config>
      <domain-config>
        <domain includeSubdomains="false">new.example</domain>
        <certificateTransparency enabled="true"/>
      </domain-config>
    </network-security-config>
    /domain-config[*.example.com, example.org]/domain-config[*.example.com]/certificateTransparency enabled: nothing -> true
     domain-config: nothing -> new.example
    /domain-config[new.example]/certificateTransparency enabled: nothing -> true
    ! certificate transparency is enforced from Android 16 (API 36) on; the package installs from API 24 on
    "#);
}

#[test]
fn without_a_configuration() {
    insta::assert_snapshot!(shown(&merge_for(None, &everywhere(), 30, 34)), @r#"
    <network-security-config>
      <base-config cleartextTrafficPermitted="false">
        <trust-anchors>
          <certificates src="system"/>
        </trust-anchors>
        <certificateTransparency enabled="true"/>
      </base-config>
    </network-security-config>
    /base-config cleartextTrafficPermitted: nothing -> false
    /base-config/trust-anchors certificates: nothing -> system
    /base-config/certificateTransparency enabled: nothing -> true
    ! certificate transparency is enforced from Android 16 (API 36) on; the package installs from API 30 on
    "#);
}

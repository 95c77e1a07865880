//! `CertificatePinning`.

use super::support::{merge_for, pins, shown};

fn merged(own: &str, policy: &[(&str, &str)]) -> String {
    let own = format!("<network-security-config>{own}</network-security-config>");
    shown(&merge_for(Some(&own), &pins(policy), 24, 34))
}

#[test]
fn an_app_without_a_configuration_gets_one() {
    insta::assert_snapshot!(shown(&merge_for(None, &pins(&[("api.example.com", "AB"), ("*.example.org", "C")]), 24, 34)), @r#"
    <network-security-config>
      <base-config cleartextTrafficPermitted="false">
        <trust-anchors>
          <certificates src="system"/>
        </trust-anchors>
      </base-config>
      <domain-config>
        <domain includeSubdomains="false">api.example.com</domain>
        <pin-set>
          <pin digest="SHA-256">A</pin>
          <pin digest="SHA-256">B</pin>
        </pin-set>
      </domain-config>
      <domain-config>
        <domain includeSubdomains="true">example.org</domain>
        <pin-set>
          <pin digest="SHA-256">C</pin>
        </pin-set>
      </domain-config>
    </network-security-config>
    /base-config cleartextTrafficPermitted: nothing -> false
    /base-config/trust-anchors certificates: nothing -> system
     domain-config: nothing -> api.example.com
    /domain-config[api.example.com]/pin-set pins: nothing -> A, B
     domain-config: nothing -> *.example.org
    /domain-config[*.example.org]/pin-set pins: nothing -> C
    ! only one key is pinned for *.example.org: when the servers change it, the app cannot connect until it is updated
    "#);
}

#[test]
fn our_pins_replace_the_app_s_for_the_very_domain() {
    let own = r#"<domain-config><domain includeSubdomains="true"> Example.COM </domain>
        <pin-set expiration="2030-01-01"><pin digest="SHA-256">X</pin></pin-set></domain-config>"#;
    insta::assert_snapshot!(merged(own, &[("*.example.com", "AB")]), @r#"
    <network-security-config>
      <domain-config>
        <domain includeSubdomains="true"> Example.COM </domain>
        <pin-set>
          <pin digest="SHA-256">A</pin>
          <pin digest="SHA-256">B</pin>
        </pin-set>
      </domain-config>
    </network-security-config>
    /domain-config[*.example.com]/pin-set pins: X until "2030-01-01" -> A, B
    "#);
}

#[test]
fn other_domains_of_the_same_rule_keep_their_pins() {
    let own = r#"<domain-config cleartextTrafficPermitted="false"><domain>example.com</domain><domain>example.org</domain>
        <pin-set><pin digest="SHA-256">X</pin></pin-set></domain-config>"#;
    insta::assert_snapshot!(merged(own, &[("example.com", "AB")]), @r#"
    <network-security-config>
      <domain-config cleartextTrafficPermitted="false">
        <domain>example.org</domain>
        <pin-set>
          <pin digest="SHA-256">X</pin>
        </pin-set>
        <domain-config>
          <domain>example.com</domain>
          <pin-set>
            <pin digest="SHA-256">A</pin>
            <pin digest="SHA-256">B</pin>
          </pin-set>
        </domain-config>
      </domain-config>
    </network-security-config>
    /domain-config[example.com, example.org]/domain-config[example.com]/pin-set pins: X -> A, B
    "#);
}

#[test]
fn a_more_specific_rule_keeps_its_pins_and_gets_ours() {
    let own = r#"<domain-config><domain includeSubdomains="true">api.example.com</domain>
        <pin-set expiration="2030-01-01"><pin digest="SHA-256">X</pin></pin-set></domain-config>
        <domain-config><domain>cdn.example.com</domain></domain-config>"#;
    insta::assert_snapshot!(merged(own, &[("*.example.com", "AB")]), @r#"
    <network-security-config>
      <domain-config>
        <domain includeSubdomains="true">api.example.com</domain>
        <pin-set>
          <pin digest="SHA-256">X</pin>
          <pin digest="SHA-256">A</pin>
          <pin digest="SHA-256">B</pin>
        </pin-set>
      </domain-config>
      <domain-config>
        <domain>cdn.example.com</domain>
        <pin-set>
          <pin digest="SHA-256">A</pin>
          <pin digest="SHA-256">B</pin>
        </pin-set>
      </domain-config>
      <domain-config>
        <domain includeSubdomains="true">example.com</domain>
        <pin-set>
          <pin digest="SHA-256">A</pin>
          <pin digest="SHA-256">B</pin>
        </pin-set>
      </domain-config>
    </network-security-config>
    /domain-config[*.api.example.com]/pin-set pins: X until "2030-01-01" -> X, A, B
    /domain-config[cdn.example.com]/pin-set pins: nothing -> A, B
     domain-config: nothing -> *.example.com
    /domain-config[*.example.com]/pin-set pins: nothing -> A, B
    "#);
}

#[test]
fn a_new_rule_inherits_from_the_one_that_its_hosts_followed() {
    let own = r#"<domain-config cleartextTrafficPermitted="true"><domain includeSubdomains="true">example.com</domain>
        <trust-anchors><certificates src="@0x7f100001"/></trust-anchors></domain-config>"#;
    insta::assert_snapshot!(merged(own, &[("api.example.com", "AB"), ("*.example.org", "AB")]), @r#"
    <network-security-config>
      <domain-config cleartextTrafficPermitted="true">
        <domain includeSubdomains="true">example.com</domain>
        <trust-anchors>
          <certificates src="@0x7f100001"/>
        </trust-anchors>
        <domain-config>
          <domain includeSubdomains="false">api.example.com</domain>
          <pin-set>
            <pin digest="SHA-256">A</pin>
            <pin digest="SHA-256">B</pin>
          </pin-set>
        </domain-config>
      </domain-config>
      <domain-config>
        <domain includeSubdomains="true">example.org</domain>
        <pin-set>
          <pin digest="SHA-256">A</pin>
          <pin digest="SHA-256">B</pin>
        </pin-set>
      </domain-config>
    </network-security-config>
    /domain-config[*.example.com] domain-config: nothing -> api.example.com
    /domain-config[*.example.com]/domain-config[api.example.com]/pin-set pins: nothing -> A, B
     domain-config: nothing -> *.example.org
    /domain-config[*.example.org]/pin-set pins: nothing -> A, B
    "#);
}

#[test]
fn nested_rules_keep_the_pins_that_they_inherited() {
    let own = r#"<domain-config><domain>example.com</domain><pin-set><pin digest="SHA-256">X</pin></pin-set>
        <domain-config><domain>other.example</domain></domain-config></domain-config>
        <domain-config><domain>example.org</domain><domain-config><domain>third.example</domain></domain-config></domain-config>"#;
    insta::assert_snapshot!(merged(own, &[("example.com", "AB"), ("example.org", "AB")]), @r#"
    <network-security-config>
      <domain-config>
        <domain>example.com</domain>
        <pin-set>
          <pin digest="SHA-256">A</pin>
          <pin digest="SHA-256">B</pin>
        </pin-set>
        <domain-config>
          <domain>other.example</domain>
          <pin-set>
            <pin digest="SHA-256">X</pin>
          </pin-set>
        </domain-config>
      </domain-config>
      <domain-config>
        <domain>example.org</domain>
        <domain-config>
          <domain>third.example</domain>
          <pin-set/>
        </domain-config>
        <pin-set>
          <pin digest="SHA-256">A</pin>
          <pin digest="SHA-256">B</pin>
        </pin-set>
      </domain-config>
    </network-security-config>
    /domain-config[example.com]/pin-set pins: X -> A, B
    /domain-config[example.org]/pin-set pins: nothing -> A, B
    "#);
}

#[test]
fn a_rule_for_one_host_is_widened_without_letting_cleartext_through() {
    let own = r#"<base-config cleartextTrafficPermitted="false"/>
        <domain-config cleartextTrafficPermitted="true"><domain>example.com</domain><domain>example.org</domain></domain-config>"#;
    insta::assert_snapshot!(merged(own, &[("*.example.com", "AB")]), @r#"
    <network-security-config>
      <base-config cleartextTrafficPermitted="false"/>
      <domain-config cleartextTrafficPermitted="true">
        <domain>example.org</domain>
        <domain-config cleartextTrafficPermitted="false">
          <domain includeSubdomains="true">example.com</domain>
          <pin-set>
            <pin digest="SHA-256">A</pin>
            <pin digest="SHA-256">B</pin>
          </pin-set>
        </domain-config>
      </domain-config>
    </network-security-config>
    /domain-config[example.com, example.org]/domain-config[example.com]/domain includeSubdomains: nothing -> true
    /domain-config[example.com, example.org]/domain-config[example.com] cleartextTrafficPermitted: nothing -> false
    /domain-config[example.com, example.org]/domain-config[example.com]/pin-set pins: nothing -> A, B
    ! the app's rule for example.com alone holds for the hosts below it as well from now on, since the platform knows one rule for a name, and these hosts are to be protected; it refuses cleartext now, as theirs did
    "#);
}

#[test]
fn a_rule_that_reaches_further_than_what_was_listed_is_told() {
    let own = r#"<domain-config><domain includeSubdomains="true">example.com</domain></domain-config>
        <domain-config><domain includeSubdomains="true">example.org</domain><pin-set><pin digest="SHA-256">X</pin></pin-set></domain-config>"#;
    insta::assert_snapshot!(merged(own, &[("example.com", "AB"), ("example.org", "AB")]), @r#"
    <network-security-config>
      <domain-config>
        <domain includeSubdomains="true">example.com</domain>
        <pin-set>
          <pin digest="SHA-256">A</pin>
          <pin digest="SHA-256">B</pin>
        </pin-set>
      </domain-config>
      <domain-config>
        <domain includeSubdomains="true">example.org</domain>
        <pin-set>
          <pin digest="SHA-256">X</pin>
          <pin digest="SHA-256">A</pin>
          <pin digest="SHA-256">B</pin>
        </pin-set>
      </domain-config>
    </network-security-config>
    /domain-config[*.example.com]/pin-set pins: nothing -> A, B
    /domain-config[*.example.org]/pin-set pins: X -> X, A, B
    ! the app's rule for example.com covers the hosts below it, and the platform knows one rule for a name: what is demanded of example.com holds for these hosts as well
    ! the app's rule for example.org covers the hosts below it, and the platform knows one rule for a name: what is demanded of example.org holds for these hosts as well
    "#);
}

#[test]
fn users_authorities_and_overridden_pins_go() {
    let own = r#"<base-config><trust-anchors><certificates src="system" overridePins="false"/><certificates src="user" overridePins="true"/>
            <certificates src="@0x7f100001" overridePins="true"/></trust-anchors></base-config>
        <domain-config><domain>users.example</domain><trust-anchors><certificates src="user"/></trust-anchors></domain-config>"#;
    insta::assert_snapshot!(merged(own, &[("example.com", "AB")]), @r#"
    <network-security-config>
      <base-config>
        <trust-anchors>
          <certificates src="system"/>
          <certificates src="@0x7f100001"/>
        </trust-anchors>
      </base-config>
      <domain-config>
        <domain>users.example</domain>
        <trust-anchors>
          <certificates src="system"/>
        </trust-anchors>
      </domain-config>
      <domain-config>
        <domain includeSubdomains="false">example.com</domain>
        <pin-set>
          <pin digest="SHA-256">A</pin>
          <pin digest="SHA-256">B</pin>
        </pin-set>
      </domain-config>
    </network-security-config>
     domain-config: nothing -> example.com
    /domain-config[example.com]/pin-set pins: nothing -> A, B
    /base-config/trust-anchors/certificates[system] overridePins: false -> nothing
    /base-config/trust-anchors/certificates[user] overridePins: true -> nothing
    /base-config/trust-anchors/certificates[@0x7f100001] overridePins: true -> nothing
    /base-config/trust-anchors certificates: user -> nothing
    /domain-config[users.example]/trust-anchors certificates: user -> nothing
    /domain-config[users.example]/trust-anchors certificates: nothing -> system
    ! network-security-config/domain-config[users.example]/trust-anchors trusted only certificate authorities of the user; it trusts the system's now
    "#);
}

#[test]
fn apps_for_old_platforms_no_longer_trust_users_authorities_by_default() {
    let policy = pins(&[("example.com", "AB")]);
    insta::assert_snapshot!(shown(&merge_for(None, &policy, 24, 23)), @r#"
    <network-security-config>
      <base-config cleartextTrafficPermitted="true">
        <trust-anchors>
          <certificates src="system"/>
        </trust-anchors>
      </base-config>
      <domain-config>
        <domain includeSubdomains="false">example.com</domain>
        <pin-set>
          <pin digest="SHA-256">A</pin>
          <pin digest="SHA-256">B</pin>
        </pin-set>
      </domain-config>
    </network-security-config>
    /base-config cleartextTrafficPermitted: nothing -> true
    /base-config/trust-anchors certificates: nothing -> system, user
     domain-config: nothing -> example.com
    /domain-config[example.com]/pin-set pins: nothing -> A, B
    /base-config/trust-anchors certificates: user -> nothing
    "#);
    let own = "<network-security-config><base-config/></network-security-config>";
    insta::assert_snapshot!(shown(&merge_for(Some(own), &policy, 24, 23)), @r#"
    <network-security-config>
      <base-config>
        <trust-anchors>
          <certificates src="system"/>
        </trust-anchors>
      </base-config>
      <domain-config>
        <domain includeSubdomains="false">example.com</domain>
        <pin-set>
          <pin digest="SHA-256">A</pin>
          <pin digest="SHA-256">B</pin>
        </pin-set>
      </domain-config>
    </network-security-config>
     domain-config: nothing -> example.com
    /domain-config[example.com]/pin-set pins: nothing -> A, B
    /base-config/trust-anchors certificates: system, user (by default) -> system
    "#);
    let own = "<network-security-config/>";
    insta::assert_snapshot!(shown(&merge_for(Some(own), &policy, 24, 23)), @r#"
    <network-security-config>
      <base-config cleartextTrafficPermitted="true">
        <trust-anchors>
          <certificates src="system"/>
        </trust-anchors>
      </base-config>
      <domain-config>
        <domain includeSubdomains="false">example.com</domain>
        <pin-set>
          <pin digest="SHA-256">A</pin>
          <pin digest="SHA-256">B</pin>
        </pin-set>
      </domain-config>
    </network-security-config>
     domain-config: nothing -> example.com
    /domain-config[example.com]/pin-set pins: nothing -> A, B
    /base-config cleartextTrafficPermitted: nothing -> true
    /base-config/trust-anchors certificates: nothing -> system, user
    /base-config/trust-anchors certificates: user -> nothing
    "#);
}

#[test]
fn one_list_entry_after_another_is_taken_or_explained() {
    use crate::network_security::Policy;
    use domain::certificate::{PinnedCertificate, ThumbprintAlgorithm};
    let entry = |name: &str, domains: &[&str], key: Option<char>| PinnedCertificate {
        name: name.to_owned(),
        thumbprint: "A".repeat(64),
        algorithm: ThumbprintAlgorithm::Sha256,
        expires: Some(1),
        domains: domains.iter().map(|domain| domain.parse().unwrap()).collect(),
        isdefault: false,
        isca: false,
        spki_sha256: key.map(super::support::key),
    };
    let list = [
        entry("a", &["example.com", "*.example.org"], Some('A')),
        entry("b", &["example.com"], Some('B')),
        entry("c", &[], Some('C')),
        entry("d", &["example.com"], None),
    ];
    let (policy, warnings) = Policy::pinned(&list);
    assert_eq!(policy, pins(&[("example.com", "AB"), ("*.example.org", "A")]));
    insta::assert_snapshot!(warnings.join("\n"), @r"
    certificate c is not enforced: it names no domain
    certificate d is not enforced: it has no hash of its public key (spki_sha256 or certificate_pem), which is what the platforms compare
    ");
}

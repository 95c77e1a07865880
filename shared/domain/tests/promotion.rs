//! Promotion tells every difference, and what a live policy carries.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use domain::configuration::Configuration;
use domain::control::ControlId;
use domain::custom_message::CustomMessage;
use domain::id::{Sha256Hex, TenantId};
use domain::live_policy::{HISTORY, LivePolicy, Publication, Publications, skipped};
use domain::plan::Plan;
use domain::platform::ConfigVersion;
use domain::promotion::{check_step, differences};
use domain::setting::Setting;
use domain::time::at;
use serde_json::{Value, json};

fn certificate(name: &str) -> domain::certificate::PinnedCertificate {
    serde_json::from_value(
        json!({"name": name, "thumbprint": "AB".repeat(32), "algorithm": "sha256", "domains": ["a.example"]}),
    )
    .unwrap()
}

fn summaries(before: &Configuration, after: &Configuration) -> Vec<String> {
    differences(before, after).into_iter().map(|difference| difference.summary).collect()
}

#[test]
fn only_one_step_up_is_a_promotion() {
    use ConfigVersion::{Development, Production, Staging};
    for from in ConfigVersion::ALL {
        for to in ConfigVersion::ALL {
            let allowed = matches!((from, to), (Development, Staging) | (Staging, Production));
            assert_eq!(check_step(from, to).is_ok(), allowed, "{from} to {to}");
        }
    }
}

#[test]
fn every_difference_is_told_and_equal_versions_have_none() {
    let mut before = Configuration::default();
    before.set_control(ControlId::BACKUP_PREVENTION, &json!({"protection": true}), Plan::Team).unwrap();
    before.certificates = vec![certificate("gone"), certificate("kept"), certificate("other")].into();
    let mut after = before.clone();
    assert_eq!(differences(&before, &after), []);

    after.set_control(ControlId::BACKUP_PREVENTION, &json!({"protection": false}), Plan::Team).unwrap();
    let pinning = json!({"detection": true, "action": "close", "title": "A title that is long"});
    after.set_control(ControlId::CERTIFICATE_PINNING, &pinning, Plan::Team).unwrap();
    let other = domain::certificate::PinnedCertificate { expires: Some(1), ..certificate("other") };
    after.certificates = vec![certificate("kept"), certificate("new"), other].into();
    after.use_builtin_cas = true;
    after.message = CustomMessage::new("Hello").unwrap();
    assert_eq!(
        summaries(&before, &after),
        [
            "Disable Android Backup: protection true → false",
            "Certificate Pinning: detection not set → true, action not set → close, title changed",
            "Certificate gone: removed",
            "Certificate new: added",
            "Certificate other: changed",
            "Built-in certificate authorities: false → true",
            "Custom message: added",
        ]
    );
    assert_eq!(summaries(&after, &before).len(), 7);
    let mut reordered = after.clone();
    reordered.certificates = after.certificates.entries().iter().rev().cloned().collect::<Vec<_>>().into();
    assert_eq!(summaries(&after, &reordered), ["Certificates: order changed"]);
    let mut explicit = after.clone();
    explicit.controls.get_mut(&ControlId::CERTIFICATE_PINNING).unwrap().platform = None;
    explicit.controls.insert(ControlId::ALLOW_EMULATOR_ARCHITECTURES, Setting::default());
    assert_eq!(summaries(&after, &explicit), ["Keep Emulator Architectures: the same, said explicitly"]);
    assert_eq!(differences(&after, &after), []);
}

/// What `config_update` refuses today, as it will stand there once the agent is built.
fn with_runtime_controls() -> Configuration {
    let mut configuration = Configuration::default();
    let on = |fields: Value| serde_json::from_value::<Setting>(fields).unwrap();
    for (id, fields) in [
        ("VpnDetectionResponse", json!({"detection": true, "action": "warn", "title": "é\u{1}\u{2028}"})),
        ("RootDetectionResponse", json!({"detection": false, "action": "close"})),
        ("AppTamperCheck", json!({"detection": true})),
        ("BackupPrevention", json!({"protection": true})),
        ("CleartextPrevention", json!({"protection": false})),
        ("StoreIPAddress", json!({"protection": true})),
        ("ConfigurationUpdateFrequency", json!({"protection": true})),
    ] {
        configuration.controls.insert(id.parse().unwrap(), on(fields));
    }
    configuration
}

#[test]
fn a_live_policy_carries_what_needs_no_build_in_canonical_form() {
    let configuration = with_runtime_controls();
    let tenant = TenantId::from_bits(1);
    let about = (&tenant, ConfigVersion::Production);
    let policy = LivePolicy::next(&configuration, about, &Publications::default(), at(1_732_740_000));
    insta::assert_snapshot!(String::from_utf8(policy.canonical().unwrap()).unwrap(), @r#"{"configuration":[{"RootDetectionResponse":{"action":"close","actions":[],"buttons":[],"detection":false,"message":"","redirects":[],"title":""}},{"VpnDetectionResponse":{"action":"warn","actions":[],"buttons":[],"detection":true,"message":"","redirects":[],"title":"é\u0001 "}},{"ConfigurationUpdateFrequency":{"protection":true}}],"enforceNewVersion":false,"getNewVersion":true,"policy_version":1,"published_at":1732740000,"tenant":"00000000000000000000000000000001","version":"production"}"#);
    let names: Vec<_> = skipped(&configuration).into_iter().map(ControlId::as_str).collect();
    assert_eq!(names, ["AppTamperCheck", "BackupPrevention"], "what is on and needs a build");
}

#[test]
fn numbers_only_grow_and_the_last_fifty_are_kept() {
    let digest = Sha256Hex::of(b"");
    let mut publications = Publications::default();
    for policy_version in 1..=60 {
        let publication = Publication {
            policy_version,
            digest: digest.clone(),
            configuration: digest.clone(),
            published_at: 0,
            published_by: "owner@example.com".to_owned(),
        };
        publications = publications.with(publication);
    }
    assert_eq!((publications.policy_version, publications.published.len()), (60, HISTORY));
    assert!(publications.find(10).is_err());
    assert!(publications.find(11).is_ok());
    assert!(publications.find(61).is_err());
}

//! Outputs in which a control is not in effect, or only for some hosts. Each is refused in the words of that control.

use domain::control::ControlId;
use domain::policy::Policy;
use formats::axml::tree::{Element, Node};
use formats::axml::{Document, Value};
use formats::limits::Limits;
use formats::zip::Method;
use verify::Check;

use crate::package::{Item, archive, check_policy, entries_of, failed, items, protected_by, signed_entries, signer};

const NETWORK: [ControlId; 3] =
    [ControlId::CERTIFICATE_PINNING, ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION, ControlId::CLEARTEXT_PREVENTION];

fn policy(controls: &[ControlId]) -> Policy {
    let certificate = serde_json::json!({
        "name": "Example", "thumbprint": "AB".repeat(32), "algorithm": "sha256",
        "domains": ["api.example.com", "*.example.org"], "spki_sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    });
    Policy {
        controls: controls.iter().copied().collect(),
        certificates: vec![serde_json::from_value(certificate).unwrap()],
        ..Policy::default()
    }
}

/// An app for devices and emulators.
fn app() -> Vec<u8> {
    let libraries = ["lib/arm64-v8a/liba.so", "lib/x86_64/liba.so"]
        .map(|name| -> Item { (name, Method::Stored, b"no ELF".to_vec()) });
    archive(&[items(), libraries.to_vec()].concat())
}

/// Why an output is refused by the check of the controls; `None` where it is accepted.
fn objection(input: &[u8], output: &[u8], policy: &Policy) -> Option<String> {
    let result = check_policy(input, output, Some(&signer().certificate_sha256()), policy);
    result.is_err().then(|| {
        let (check, detail) = failed(result);
        assert_eq!(check, Check::Controls, "{detail}");
        detail
    })
}

#[test]
fn a_control_that_was_left_out() {
    let input = app();
    let output = protected_by(&input, Some(signer()), &policy(&[]));
    let unmet = |control: ControlId| {
        let wanted = policy(&[control]);
        assert_eq!(objection(&input, &protected_by(&input, Some(signer()), &wanted), &wanted), None, "{control}");
        objection(&input, &output, &wanted).unwrap_or_else(|| panic!("{control} is not missed"))
    };
    let controls = [
        ControlId::ALLOW_EMULATOR_ARCHITECTURES,
        ControlId::BACKUP_PREVENTION,
        ControlId::CERTIFICATE_PINNING,
        ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION,
        ControlId::CLEARTEXT_PREVENTION,
        ControlId::DEBUGGABLE_PREVENTION,
    ];
    insta::assert_snapshot!(controls.map(unmet).join("\n"), @r"
    AllowEmulatorArchitectures is not in effect: lib/x86_64/ is still there
    BackupPrevention is not in effect: the manifest does not have the values it demands
    CertificatePinning is not in effect: there is no network security configuration
    CertificateTransparencyPrevention is not in effect: there is no network security configuration
    CleartextPrevention is not in effect: the manifest does not have the values it demands
    DebuggablePrevention is not in effect: the manifest does not have the values it demands
    ");
}

/// What is wrong with the network security configuration after `edit`.
fn network_objection(edit: impl Fn(&mut Element)) -> String {
    edited_document("res/xml/apptego_network_security_config.xml", &NETWORK, edit)
}

fn edited_document(name: &str, controls: &[ControlId], edit: impl Fn(&mut Element)) -> String {
    let (input, policy) = (app(), policy(controls));
    let mut entries = entries_of(&protected_by(&input, None, &policy));
    let names: Vec<_> = entries.iter().map(|(name, ..)| name.clone()).collect();
    let (_, _, content) = entries.iter_mut().find(|(found, ..)| found == name).unwrap_or_else(|| panic!("{names:?}"));
    let mut root = Document::parse(content, &Limits::default()).unwrap().to_tree(1 << 20).unwrap();
    edit(&mut root);
    *content = Document::of_tree(&root).unwrap().to_bytes();
    objection(&input, &signed_entries(&entries), &policy).unwrap_or_else(|| "accepted".to_owned())
}

fn child<'e>(parent: &'e mut Element, name: &str) -> &'e mut Element {
    parent.elements_mut().find(|child| child.name == name).unwrap()
}

fn rule_for(root: &mut Element, edit: impl FnOnce(&mut Element)) {
    edit(child(root, "domain-config"));
}

#[test]
fn a_network_security_configuration_with_a_hole() {
    let objections = [
        network_objection(|_| {}),
        network_objection(|root| {
            drop(child(root, "base-config").set("cleartextTrafficPermitted", Value::Boolean(true)))
        }),
        network_objection(|root| {
            rule_for(root, |rule| drop(rule.set("cleartextTrafficPermitted", Value::Boolean(true))))
        }),
        network_objection(|root| root.children.push(Node::Element(Element::new("debug-overrides")))),
        network_objection(|root| {
            rule_for(root, |rule| {
                drop(child(rule, "pin-set").set("expiration", Value::String("2030-01-01".to_owned())))
            });
        }),
        network_objection(|root| rule_for(root, |rule| child(rule, "pin-set").children.clear())),
        network_objection(|root| {
            let user = Element::new("certificates").with("src", Value::String("user".to_owned()));
            let anchors = Element::new("trust-anchors").child(user);
            rule_for(root, |rule| rule.children.push(Node::Element(anchors)));
        }),
        network_objection(|root| {
            let off = Element::new("certificateTransparency").with("enabled", Value::Boolean(false));
            rule_for(root, |rule| {
                rule.children
                    .retain(|child| !matches!(child, Node::Element(it) if it.name == "certificateTransparency"));
                rule.children.push(Node::Element(off));
            });
        }),
        network_objection(|root| {
            let nested = Element::new("domain-config")
                .child(Element::new("domain").text("deep.api.example.org"))
                .child(Element::new("pin-set"));
            rule_for(root, |rule| rule.children.push(Node::Element(nested)));
        }),
    ];
    insta::assert_snapshot!(objections.join("\n"), @r"
    accepted
    CleartextPrevention is not in effect: a rule permits cleartext
    CleartextPrevention is not in effect: a rule permits cleartext
    CertificatePinning is not in effect: debug builds follow other rules
    CertificatePinning is not in effect: api.example.com is not pinned
    CertificatePinning is not in effect: api.example.com is not pinned
    CertificatePinning is not in effect: pins can be overridden
    CertificateTransparencyPrevention is not in effect: a rule does not demand it
    CertificatePinning is not in effect: example.org is not pinned
    ");
}

#[test]
fn extraction_rules_with_a_hole() {
    let objection = |edit: fn(&mut Element)| {
        edited_document("res/xml/apptego_data_extraction_rules.xml", &[ControlId::BACKUP_PREVENTION], edit)
    };
    let objections = [
        objection(|_| {}),
        objection(|root| drop(child(root, "cloud-backup").children.pop())),
        objection(|root| drop(root.children.pop())),
    ];
    insta::assert_snapshot!(objections.join("\n"), @r"
    accepted
    BackupPrevention is not in effect: the data extraction rules let something out
    BackupPrevention is not in effect: the data extraction rules let something out
    ");
}

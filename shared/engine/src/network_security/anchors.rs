//! Trust anchors: whose certificates are believed, and whether they make pins unnecessary.

use formats::axml::Value;
use formats::axml::tree::{Element, Node};

use super::changes::{Changes, path_of};
use super::{Environment, ROOT, base, is_config};

const ANCHORS: &str = "trust-anchors";
const CERTIFICATES: &str = "certificates";
const OVERRIDE_PINS: &str = "overridePins";

/// Takes `overridePins` and trust in the user's authorities out of the whole configuration.
pub(super) fn distrust_users(root: &mut Element, environment: &Environment<'_>, changes: &mut Changes) {
    if base::trusts_users(environment) {
        distrust_by_default(root, environment, changes);
    }
    in_all(root, ROOT, changes);
}

/// Apps for old platforms trust the user's authorities as long as they say nothing.
fn distrust_by_default(root: &mut Element, environment: &Environment<'_>, changes: &mut Changes) {
    base::ensure(root, environment, None, changes);
    for base in root.elements_mut().filter(|child| child.name == "base-config") {
        if !base.elements().any(|child| child.name == ANCHORS) {
            base.children.push(Node::Element(Element::new(ANCHORS).child(base::certificates("system"))));
            let path = format!("{ROOT}/base-config/{ANCHORS}");
            changes.record(
                &path,
                CERTIFICATES,
                Some("system, user (by default)".to_owned()),
                Some("system".to_owned()),
            );
        }
    }
}

fn in_all(parent: &mut Element, path: &str, changes: &mut Changes) {
    for config in parent.elements_mut().filter(|child| is_config(child)) {
        let path = path_of(path, config);
        for anchors in config.elements_mut().filter(|child| child.name == ANCHORS) {
            strip(anchors, &format!("{path}/{ANCHORS}"), changes);
        }
        in_all(config, &path, changes);
    }
}

fn strip(anchors: &mut Element, path: &str, changes: &mut Changes) {
    for certificates in anchors.elements_mut().filter(|child| child.name == CERTIFICATES) {
        let name = source(certificates);
        let overrides = certificates.attributes.extract_if(.., |attribute| attribute.name == OVERRIDE_PINS);
        for overrides in overrides {
            changes.removed(&format!("{path}/{CERTIFICATES}[{name}]"), OVERRIDE_PINS, &overrides.value.to_string());
        }
    }
    let users = |child: &Node| matches!(child, Node::Element(it) if it.name == CERTIFICATES && source(it) == "user");
    let gone = anchors.children.extract_if(.., |child| users(child)).count();
    if gone == 0 {
        return;
    }
    changes.removed(path, CERTIFICATES, "user");
    // Without any anchor no connection could be made at all.
    if !anchors.elements().any(|child| child.name == CERTIFICATES) {
        anchors.children.push(Node::Element(base::certificates("system")));
        changes.record(path, CERTIFICATES, None, Some("system".to_owned()));
        changes.warn(format!("{path} trusted only certificate authorities of the user; it trusts the system's now"));
    }
}

/// Whether a configuration trusts certificates for which the platform does not check transparency: the user's or the app's.
pub(super) fn own_certificates(config: &Element) -> bool {
    let anchors = config.elements().filter(|child| child.name == ANCHORS);
    let mut sources = anchors.flat_map(Element::elements).filter(|child| child.name == CERTIFICATES).map(source);
    sources.any(|source| source != "system")
}

/// Where certificates come from: `system`, `user`, or a resource.
fn source(certificates: &Element) -> String {
    match certificates.attribute("src") {
        Some(Value::String(name)) => name.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

//! The base configuration: what holds for hosts without a rule of their own.

use formats::axml::Value;
use formats::axml::tree::{Element, Node};

use super::changes::Changes;
use super::rules::is_true;
use super::{Environment, ROOT};

/// The attribute that permits or refuses cleartext.
pub(super) const CLEARTEXT: &str = "cleartextTrafficPermitted";
/// From this API level of the app's target on, cleartext is refused by default.
const REFUSES_CLEARTEXT: u32 = 28;
/// From this API level of the app's target on, authorities that the user installed are not trusted by default.
const DISTRUSTS_USERS: u32 = 24;

/// Adds the base configuration that the platform uses where there is none. `cleartext` is what the manifest says of it, where the
/// manifest counts.
pub(super) fn ensure(
    root: &mut Element,
    environment: &Environment<'_>,
    cleartext: Option<bool>,
    changes: &mut Changes,
) {
    if root.elements().any(|child| child.name == "base-config") {
        return;
    }
    let cleartext = cleartext.unwrap_or(permits_cleartext(environment));
    let base = Element::new("base-config").with(CLEARTEXT, Value::Boolean(cleartext)).child(anchors(environment));
    root.children.insert(0, Node::Element(base));
    let path = format!("{ROOT}/base-config");
    changes.record(&path, CLEARTEXT, None, Some(cleartext.to_string()));
    let trusted = if trusts_users(environment) { "system, user" } else { "system" };
    changes.record(&format!("{path}/trust-anchors"), "certificates", None, Some(trusted.to_owned()));
}

/// Whether cleartext is permitted where no configuration says otherwise.
pub(super) fn permits_cleartext(environment: &Environment<'_>) -> bool {
    !environment.target_sdk.is_at_least(REFUSES_CLEARTEXT)
}

/// What a configuration itself says of cleartext. The platform takes the attribute in any namespace, the last one counts, and anything
/// but a truth value permits.
pub(super) fn cleartext_of(config: &Element) -> Option<bool> {
    let attribute = config.attributes.iter().rfind(|attribute| attribute.name == CLEARTEXT)?;
    Some(match &attribute.value {
        Value::Boolean(_) | Value::Int(_) | Value::Other { kind: 0x10..=0x1f, .. } => is_true(Some(&attribute.value)),
        _ => true,
    })
}

/// Whether authorities that the user installed are trusted by default.
pub(super) fn trusts_users(environment: &Environment<'_>) -> bool {
    !environment.target_sdk.is_at_least(DISTRUSTS_USERS)
}

/// A trust anchor by its name.
pub(super) fn certificates(source: &str) -> Element {
    Element::new("certificates").with("src", Value::String(source.to_owned()))
}

fn anchors(environment: &Environment<'_>) -> Element {
    let anchors = Element::new("trust-anchors").child(certificates("system"));
    if trusts_users(environment) { anchors.child(certificates("user")) } else { anchors }
}

//! Pin sets: the keys of which a server's chain must have one.

use std::collections::BTreeSet;

use domain::certificate::KeyHash;
use formats::axml::Value;
use formats::axml::tree::{Element, Node};

pub(super) const PIN_SET: &str = "pin-set";
const PIN: &str = "pin";
const DIGEST: &str = "SHA-256";
const EXPIRATION: &str = "expiration";

/// The pin set that a configuration has itself.
pub(super) fn of(config: &Element) -> Option<&Element> {
    config.elements().find(|child| child.name == PIN_SET)
}

/// A pin set, read once for all rules that follow it.
#[derive(Debug)]
pub(super) struct Pins {
    pub(super) set: Element,
    keys: BTreeSet<KeyHash>,
    /// Whether there are pins that are no keys, or keys that come twice.
    has_others: bool,
    expires: bool,
}

impl Pins {
    pub(super) fn read(set: &Element) -> Self {
        let keys = keys_of(set);
        let has_others = count(set) != keys.len();
        let expires = set.attributes.iter().any(|attribute| attribute.name == EXPIRATION);
        Self { set: set.clone(), keys, has_others, expires }
    }

    /// Whether the set demands these keys for ever, and no others unless `others` may stay.
    pub(super) fn meets(&self, keys: &BTreeSet<KeyHash>, others: bool) -> bool {
        let has_all = if others { self.keys.is_superset(keys) } else { !self.has_others && self.keys == *keys };
        has_all && !self.expires
    }
}

/// The number of pins in a set.
pub(super) fn count(set: &Element) -> usize {
    set.elements().filter(|child| child.name == PIN).count()
}

/// A set of these keys, with the pins of another set before them. It does not expire.
pub(super) fn new(kept: Option<&Element>, keys: &BTreeSet<KeyHash>) -> Element {
    let mut set = kept.cloned().unwrap_or_else(|| Element::new(PIN_SET));
    set.attributes.retain(|attribute| attribute.name != EXPIRATION);
    let known = keys_of(&set);
    for key in keys.difference(&known) {
        let pin = Element::new(PIN).with("digest", Value::String(DIGEST.to_owned())).text(&key.to_string());
        set.children.push(Node::Element(pin));
    }
    set
}

/// Puts a set into a configuration in the place of its own.
pub(super) fn put(config: &mut Element, set: Element) {
    let own = config.children.iter().position(|child| matches!(child, Node::Element(it) if it.name == PIN_SET));
    let place = own.unwrap_or(config.children.len());
    config.children.splice(place..own.map_or(place, |own| own + 1), [Node::Element(set)]);
}

/// The pins as text, for the report.
pub(super) fn describe(set: &Element) -> String {
    let pins = set.elements().filter(|child| child.name == PIN).map(text);
    let pins = pins.collect::<Vec<_>>().join(", ");
    let expiration = set.attributes.iter().find(|attribute| attribute.name == EXPIRATION);
    match (pins.as_str(), expiration) {
        ("", _) => "none".to_owned(),
        (_, Some(expiration)) => format!("{pins} until {}", expiration.value),
        (_, None) => pins,
    }
}

/// The keys of a set that can be understood.
fn keys_of(set: &Element) -> BTreeSet<KeyHash> {
    set.elements().filter(|child| child.name == PIN).filter_map(|pin| text(pin).parse().ok()).collect()
}

fn text(pin: &Element) -> String {
    let texts = pin.children.iter().map(|child| match child {
        Node::Text(text) => text.trim(),
        Node::Element(_) => "",
    });
    texts.collect()
}

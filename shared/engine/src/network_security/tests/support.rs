//! XML in and out, and merges of it. The XML is the subset that configurations use: no entities, no comments.

use domain::certificate::{DomainPattern, KeyHash};
use formats::axml::tree::{Element, Node};
use formats::axml::{Document, SdkVersion, Value};
use formats::limits::Limits;

use crate::network_security::{Environment, Merged, Policy, Scope, merge};

/// Keys that are told apart by a letter.
pub(super) fn key(letter: char) -> KeyHash {
    let base64 = format!("{}=", letter.to_string().repeat(42) + "A");
    base64.parse().unwrap()
}

pub(super) fn pins(pins: &[(&str, &str)]) -> Policy {
    let pins = pins.iter().map(|(domain, letters)| (domain.parse().unwrap(), letters.chars().map(key).collect()));
    Policy { pins: pins.collect(), ..Policy::default() }
}

pub(super) fn transparency(domains: &[&str]) -> Policy {
    let domains: Vec<DomainPattern> = domains.iter().map(|domain| domain.parse().unwrap()).collect();
    Policy::transparent(&domains)
}

pub(super) fn document(xml: &str) -> Document {
    let document = Document::of_tree(&parse(xml)).unwrap();
    Document::parse(&document.to_bytes(), &Limits::default()).unwrap()
}

pub(super) fn merge_for(own: Option<&str>, policy: &Policy, min_sdk: u32, target_sdk: u32) -> Merged {
    merge_with(own, policy, min_sdk, target_sdk, None)
}

pub(super) fn merge_with(
    own: Option<&str>,
    policy: &Policy,
    min_sdk: u32,
    target_sdk: u32,
    uses_cleartext_traffic: Option<bool>,
) -> Merged {
    let (min_sdk, target_sdk) = (SdkVersion::Api(min_sdk), SdkVersion::Api(target_sdk));
    let environment = Environment { min_sdk: &min_sdk, target_sdk: &target_sdk, uses_cleartext_traffic };
    let own = own.map(document);
    let merged = merge(own.as_ref(), "res/xml/nsc.xml", policy, &environment).unwrap();
    let again = merged.document.as_ref().or(own.as_ref()).map(Document::to_bytes);
    let again = Document::parse(&again.unwrap(), &Limits::default()).unwrap();
    let again = merge(Some(&again), "res/xml/nsc.xml", policy, &environment).unwrap();
    assert!(again.document.is_none() && again.changes.is_empty(), "merging again changes nothing: {:?}", again.changes);
    merged
}

/// The merged configuration as XML, then the changes (`-` before, `+` after), then the warnings.
pub(super) fn shown(merged: &Merged) -> String {
    let mut out = String::new();
    match &merged.document {
        Some(document) => {
            let again = Document::parse(&document.to_bytes(), &Limits::default()).unwrap();
            render(&again.to_tree(1 << 20).unwrap(), 0, &mut out);
        }
        None => out += "unchanged\n",
    }
    for change in &merged.changes {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        let element = change.element.strip_prefix("network-security-config").unwrap();
        out += &format!("{element} {}: {} -> {}\n", change.attribute, value(&change.before), value(&change.after));
    }
    merged.warnings.iter().for_each(|warning| out += &format!("! {warning}\n"));
    // Keys are as long as hashes are; their first letter tells them apart.
    ('a'..='z').chain('A'..='Z').fold(out, |out, letter| out.replace(&key(letter).to_string(), &letter.to_string()))
}

pub(super) fn render(element: &Element, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    let attributes = element.attributes.iter().map(|attribute| match &attribute.value {
        Value::String(text) => format!(" {}=\"{text}\"", attribute.name),
        other => format!(" {}=\"{other}\"", attribute.name),
    });
    let start = format!("{}{}", element.name, attributes.collect::<String>());
    match element.children.as_slice() {
        [] => *out += &format!("{indent}<{start}/>\n"),
        [Node::Text(text)] => *out += &format!("{indent}<{start}>{text}</{}>\n", element.name),
        children => {
            *out += &format!("{indent}<{start}>\n");
            for child in children {
                match child {
                    Node::Element(child) => render(child, depth + 1, out),
                    Node::Text(text) => *out += &format!("{indent}  {text}\n"),
                }
            }
            *out += &format!("{indent}</{}>\n", element.name);
        }
    }
}

/// Reads XML as aapt2 compiles it: truth values and references are typed, everything else is text; pins may be a letter.
pub(super) fn parse(xml: &str) -> Element {
    let mut rest = xml.trim();
    let mut open = vec![Element::default()];
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix("</") {
            let (_, behind) = behind.split_once('>').unwrap();
            close(&mut open);
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix('<') {
            let (tag, behind) = behind.split_once('>').unwrap();
            let (start, is_empty) = tag.strip_suffix('/').map_or((tag, false), |start| (start, true));
            open.push(element(start));
            if is_empty {
                close(&mut open);
            }
            rest = behind;
        } else {
            let (text, behind) = rest.split_at(rest.find('<').unwrap());
            let parent = open.last_mut().unwrap();
            let text = match text.as_bytes() {
                [letter] if parent.name == "pin" => key(char::from(*letter)).to_string(),
                _ => text.to_owned(),
            };
            if !text.trim().is_empty() {
                parent.children.push(Node::Text(text));
            }
            rest = behind;
        }
    }
    let [root] = open.try_into().unwrap();
    let [Node::Element(root)]: [Node; 1] = root.children.try_into().unwrap() else { panic!("text as root") };
    root
}

fn element(start: &str) -> Element {
    let (name, attributes) = start.split_once(' ').unwrap_or((start, ""));
    let mut element = Element::new(name);
    let mut parts = attributes.split('"');
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        let name = name.trim().strip_suffix('=').unwrap();
        let value = match value {
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            reference if reference.starts_with("@0x") => {
                Value::Reference(u32::from_str_radix(&reference[3..], 16).unwrap())
            }
            text => Value::String(text.to_owned()),
        };
        element.set(name, value);
    }
    element
}

fn close(open: &mut Vec<Element>) {
    let element = open.pop().unwrap();
    open.last_mut().unwrap().children.push(Node::Element(element));
}

pub(super) fn everywhere() -> Policy {
    Policy { transparency: Some(Scope::Everywhere), ..Policy::default() }
}

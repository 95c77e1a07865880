//! Data extraction rules that let nothing out: neither into a backup in the cloud nor to another device.
//!
//! The form is that of <https://developer.android.com/identity/data/autobackup>. The platform reads the document from API 31 on, for apps
//! that target API 31 or later; `android:dataExtractionRules` refers to it.
//!
//! - Without a section for a kind of transfer everything is transferred, so both have one, and each excludes every domain by name:
//!   `root` does not include `external`, and the `device_` domains stand for the storage that is open before the first unlock.
//! - There is no `<include>`: an excluded domain is excluded whatever else is said, and the first platform with these rules falls back
//!   to other settings when a section has neither.
//! - There is no `<cross-platform-transfer>`, which exists from Android 16 QPR2 on: with it an app names the app of another platform that
//!   receives its data, so that without it there is no receiver; earlier platforms refuse a document that has it.
//! - `disableIfNoEncryptionCapabilities` is set too. It matters to a reader of the document more than to the platform, which has nothing
//!   left to send.

use formats::axml::tree::Element;
use formats::axml::{Document, Error, Value};

/// Every place where an app can store data that the platform would transfer.
const DOMAINS: [&str; 9] = [
    "root",
    "file",
    "database",
    "sharedpref",
    "external",
    "device_root",
    "device_file",
    "device_database",
    "device_sharedpref",
];

/// The rules.
pub(crate) fn document() -> Result<Document, Error> {
    let cloud = Element::new("cloud-backup").with("disableIfNoEncryptionCapabilities", Value::Boolean(true));
    let sections = [cloud, Element::new("device-transfer")];
    let root = sections.into_iter().map(exclude_all).fold(Element::new("data-extraction-rules"), Element::child);
    Document::of_tree(&root)
}

/// Whether a document lets nothing out either: every kind of transfer has its section, which excludes every domain as a whole.
pub(crate) fn exclude_everything(document: &Document) -> Result<bool, Error> {
    let rules = document.to_tree(TEXT_LIMIT)?;
    let is_closed = |section: &Element| {
        let excluded: Vec<_> =
            section.elements().filter(|rule| rule.name == "exclude").filter_map(whole_domain).collect();
        DOMAINS.iter().all(|domain| excluded.contains(domain))
    };
    let is_present = |name: &str| rules.elements().any(|section| section.name == name);
    Ok(rules.name == "data-extraction-rules"
        && is_present("cloud-backup")
        && is_present("device-transfer")
        && rules.elements().all(is_closed))
}

/// Length of all texts of a document, in bytes.
const TEXT_LIMIT: u64 = 1 << 20;

fn exclude_all(section: Element) -> Element {
    let rule = |domain: &str| {
        let domain = Element::new("exclude").with("domain", Value::String(domain.to_owned()));
        domain.with("path", Value::String(".".to_owned()))
    };
    DOMAINS.iter().map(|domain| rule(domain)).fold(section, Element::child)
}

/// The domain that a rule is about, when it is about all of it.
fn whole_domain(rule: &Element) -> Option<&str> {
    let is_whole = match rule.attribute("path") {
        None => true,
        Some(Value::String(path)) => matches!(path.as_str(), "" | "." | "./"),
        Some(_) => false,
    };
    match rule.attribute("domain") {
        Some(Value::String(domain)) if is_whole => Some(domain),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use formats::axml::dump;
    use formats::limits::Limits;

    use super::*;

    #[test]
    fn golden_dump() {
        let bytes = document().unwrap().to_bytes();
        insta::assert_snapshot!(dump(&Document::parse(&bytes, &Limits::default()).unwrap()), @r#"
        pool: UTF-8, 17 strings, 0 styles
        E: data-extraction-rules (line 1)
          E: cloud-backup (line 1)
            A: disableIfNoEncryptionCapabilities=true
            E: exclude (line 1)
              A: domain="root"
              A: path="."
            E: exclude (line 1)
              A: domain="file"
              A: path="."
            E: exclude (line 1)
              A: domain="database"
              A: path="."
            E: exclude (line 1)
              A: domain="sharedpref"
              A: path="."
            E: exclude (line 1)
              A: domain="external"
              A: path="."
            E: exclude (line 1)
              A: domain="device_root"
              A: path="."
            E: exclude (line 1)
              A: domain="device_file"
              A: path="."
            E: exclude (line 1)
              A: domain="device_database"
              A: path="."
            E: exclude (line 1)
              A: domain="device_sharedpref"
              A: path="."
          E: device-transfer (line 1)
            E: exclude (line 1)
              A: domain="root"
              A: path="."
            E: exclude (line 1)
              A: domain="file"
              A: path="."
            E: exclude (line 1)
              A: domain="database"
              A: path="."
            E: exclude (line 1)
              A: domain="sharedpref"
              A: path="."
            E: exclude (line 1)
              A: domain="external"
              A: path="."
            E: exclude (line 1)
              A: domain="device_root"
              A: path="."
            E: exclude (line 1)
              A: domain="device_file"
              A: path="."
            E: exclude (line 1)
              A: domain="device_database"
              A: path="."
            E: exclude (line 1)
              A: domain="device_sharedpref"
              A: path="."
        "#);
    }

    #[test]
    fn our_rules_let_nothing_out_and_weaker_ones_are_told_apart() {
        let whole = document().unwrap().to_tree(TEXT_LIMIT).unwrap();
        let closed = |root: &Element| exclude_everything(&Document::of_tree(root).unwrap()).unwrap();
        assert!(closed(&whole));
        assert!(!closed(&Element { name: "full-backup-content".to_owned(), ..whole.clone() }));
        for section in 0..2 {
            let mut without_section = whole.clone();
            without_section.children.remove(section);
            assert!(!closed(&without_section));
            for rule in 0..DOMAINS.len() {
                let mut part = whole.clone();
                let rules = part.elements_mut().nth(section).unwrap();
                rules.elements_mut().nth(rule).unwrap().set("path", Value::String("part".to_owned()));
                assert!(!closed(&part));
            }
        }
    }
}

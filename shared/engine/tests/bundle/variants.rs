//! What the manifest refers to, where it is something else than a file for some devices: in packages and in bundles.

use domain::control::ControlId;
use fixtures::bundle::{entries, small};
use fixtures::resources::{Later, compiled, protobuf};
use formats::axml::tree::Element;
use formats::axml::{AndroidAttribute, Document, Value};
use formats::limits::Limits;
use formats::proto::xml;
use formats::zip::Method;

use crate::support::{contents, document, policy, run, run_as};

const NET: u32 = 0x7f01_0000;
/// Nothing at all, a resource that is not there, and the entry itself.
const NO_FILES: [Later; 3] = [Later::Nothing, Later::Alias(0x7f01_0009), Later::Alias(NET)];

/// A package and a bundle whose manifests refer to `xml/net`, with the documents that it and `xml/other` are.
fn packages(attribute: AndroidAttribute, later: Later, net: &Element, other: &Element) -> [(&'static str, Vec<u8>); 2] {
    let mut manifest = Document::parse(&fixtures::manifest(24, 35), &Limits::default()).unwrap();
    let application = manifest.select(&["manifest", "application"])[0];
    manifest.set_attribute(application, attribute, Value::Reference(NET)).unwrap();
    let binary = |tree: &Element| Document::of_tree(tree).unwrap().to_bytes();
    let apk = [
        ("AndroidManifest.xml", manifest.to_bytes()),
        ("classes.dex", fixtures::dex()),
        ("res/xml/net.xml", binary(net)),
        ("res/xml/other.xml", binary(other)),
        ("resources.arsc", compiled(later)),
    ];
    let apk = apk.map(|(name, content)| (name, Method::Stored, content));
    let mut bundle = entries();
    for (name, _, content) in &mut bundle {
        match *name {
            "base/manifest/AndroidManifest.xml" => *content = xml::write(&manifest.to_tree(1 << 20).unwrap()).unwrap(),
            "base/resources.pb" => *content = protobuf(later),
            "base/res/xml/net.xml" => *content = xml::write(net).unwrap(),
            "base/res/xml/other.xml" => *content = xml::write(other).unwrap(),
            _ => {}
        }
    }
    [("app.apk", fixtures::archive(&apk)), ("app.aab", fixtures::archive(&bundle))]
}

fn network() -> Element {
    let domain = Element::new("domain").text("example.com");
    let rule = Element::new("domain-config").with("cleartextTrafficPermitted", Value::Boolean(true)).child(domain);
    Element::new("network-security-config").child(rule)
}

/// Rules that let nothing out.
fn closed() -> Element {
    let (out, _) = run(&small(), &policy([ControlId::BACKUP_PREVENTION]), None).unwrap();
    document(&contents(&out), "base/res/xml/apptego_data_extraction_rules.xml")
}

/// A document of an output: the manifest, or a file by its path.
fn read(name: &str, output: &[u8], path: &str) -> Element {
    let contents = contents(output);
    if name == "app.apk" {
        return Document::parse(&contents[path], &Limits::default()).unwrap().to_tree(1 << 20).unwrap();
    }
    let folder = if path == "AndroidManifest.xml" { "base/manifest" } else { "base" };
    document(&contents, &format!("{folder}/{path}"))
}

fn rules_of(name: &str, output: &[u8]) -> Value {
    let manifest = read(name, output, "AndroidManifest.xml");
    let application = manifest.elements().find(|child| child.name == "application").unwrap();
    let rules = application.attributes.iter().find(|attribute| attribute.name == "dataExtractionRules");
    rules.unwrap().value.clone()
}

#[test]
fn a_network_configuration_that_is_no_file_for_some_devices_is_refused() {
    for later in NO_FILES {
        let packages = packages(AndroidAttribute::NETWORK_SECURITY_CONFIG, later, &network(), &network());
        for (name, package) in packages {
            let error = run_as(name, &package, &policy([ControlId::CLEARTEXT_PREVENTION]), None).unwrap_err();
            assert_eq!(error.code(), "control_not_applicable", "{name} {later:?} {error}");
            assert!(error.to_string().contains("which is no file of the app's resources"), "{name} {later:?} {error}");
        }
    }
}

#[test]
fn backup_rules_that_are_no_file_for_some_devices_are_replaced() {
    for later in NO_FILES {
        for (name, package) in packages(AndroidAttribute::DATA_EXTRACTION_RULES, later, &closed(), &closed()) {
            let (out, _) = run_as(name, &package, &policy([ControlId::BACKUP_PREVENTION]), None).unwrap();
            assert_eq!(rules_of(name, &out), Value::Reference(0x7f01_0002), "{name} {later:?}");
            assert_eq!(read(name, &out, "res/xml/apptego_data_extraction_rules.xml"), closed(), "{name} {later:?}");
        }
    }
}

const ALIAS: Later = Later::Alias(0x7f01_0001);

#[test]
fn a_network_configuration_that_is_an_alias_for_some_devices_is_followed_to_its_file() {
    let policy = policy([ControlId::CLEARTEXT_PREVENTION]);
    for (name, package) in packages(AndroidAttribute::NETWORK_SECURITY_CONFIG, ALIAS, &network(), &network()) {
        let (out, _) = run_as(name, &package, &policy, None).unwrap();
        for path in ["res/xml/net.xml", "res/xml/other.xml"] {
            let network = format!("{:?}", read(name, &out, path));
            assert!(network.contains("Boolean(false)") && !network.contains("Boolean(true)"), "{name} {network}");
        }
    }
}

#[test]
fn backup_rules_that_are_an_alias_for_some_devices_count_with_the_file_behind_it() {
    let policy = policy([ControlId::BACKUP_PREVENTION]);
    for (other, expected) in [(closed(), NET), (Element::new("data-extraction-rules"), 0x7f01_0002)] {
        for (name, package) in packages(AndroidAttribute::DATA_EXTRACTION_RULES, ALIAS, &closed(), &other) {
            let (out, _) = run_as(name, &package, &policy, None).unwrap();
            assert_eq!(rules_of(name, &out), Value::Reference(expected), "{name}");
        }
    }
}

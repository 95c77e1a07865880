//! The facts of a manifest, as the platform would read them.

use formats::axml::{AndroidAttribute, Document, Error, Manifest, SdkVersion, Value};

use crate::builder::*;

fn minimal() -> Document {
    let mut document = Document::new("manifest").unwrap();
    let root = document.root().unwrap();
    document.set_plain_attribute(root, "package", Value::String("com.example".into())).unwrap();
    document
}

fn with_sdk(versions: &[(AndroidAttribute, Value)]) -> Result<Manifest, Error> {
    let mut document = minimal();
    let root = document.root().unwrap();
    for (attribute, value) in versions {
        let uses_sdk = document.insert_child(root, "uses-sdk").unwrap();
        document.set_attribute(uses_sdk, *attribute, value.clone()).unwrap();
    }
    Manifest::read(&parse(&document.to_bytes()))
}

const MIN: AndroidAttribute = AndroidAttribute::MIN_SDK_VERSION;
const TARGET: AndroidAttribute = AndroidAttribute::TARGET_SDK_VERSION;

#[test]
fn the_sample() {
    let document = parse(&sample(Encoding::Utf16));
    let manifest = Manifest::read(&document).unwrap();
    assert_eq!((manifest.package.as_str(), manifest.split, manifest.version_code), ("com.example.app", None, 12));
    assert_eq!((manifest.min_sdk, manifest.target_sdk), (SdkVersion::Api(26), SdkVersion::Api(26)));
    let application = manifest.application.unwrap();
    assert_eq!(document.name(application.element), "application");
    assert_eq!(application.name, Some(Value::String(".App".into())));
    assert_eq!(application.allow_backup, Some(Value::Boolean(true)));
    assert_eq!(application.debuggable, None);
}

#[test]
fn absent_versions_mean_the_first_platform() {
    let manifest = with_sdk(&[]).unwrap();
    assert_eq!((manifest.min_sdk, manifest.target_sdk), (SdkVersion::Api(1), SdkVersion::Api(1)));
    assert_eq!((manifest.version_code, manifest.version_name, manifest.application), (0, None, None));
}

#[test]
fn several_uses_sdk_count_with_their_highest_values() {
    let manifest =
        with_sdk(&[(MIN, Value::Int(30)), (MIN, Value::Int(21)), (TARGET, Value::Int(33)), (TARGET, Value::Int(35))]);
    let manifest = manifest.unwrap();
    assert_eq!((manifest.min_sdk, manifest.target_sdk), (SdkVersion::Api(30), SdkVersion::Api(35)));
}

#[test]
fn a_code_name_is_later_than_every_number() {
    let manifest = with_sdk(&[(MIN, Value::String("Baklava".into())), (MIN, Value::Int(36))]).unwrap();
    assert_eq!(manifest.min_sdk, SdkVersion::Codename("Baklava".into()));
    assert_eq!((manifest.min_sdk.api(), manifest.min_sdk.is_at_least(10_000)), (None, true));
    assert_eq!(manifest.target_sdk.to_string(), "Baklava");
}

#[test]
fn a_version_that_is_no_version_is_refused() {
    let message = |value| with_sdk(&[(MIN, value)]).unwrap_err().to_string();
    assert_eq!(message(Value::Reference(0x7f01_0002)), "manifest: minSdkVersion is @0x7f010002");
    assert_eq!(message(Value::Int(-1)), "manifest: minSdkVersion is -1");
}

#[test]
fn the_major_version_code_stands_above_the_minor_one() {
    let mut document = minimal();
    let root = document.root().unwrap();
    document.set_attribute(root, AndroidAttribute::VERSION_CODE, Value::Int(-1)).unwrap();
    document.set_attribute(root, AndroidAttribute::VERSION_CODE_MAJOR, Value::Int(2)).unwrap();
    assert_eq!(Manifest::read(&document).unwrap().version_code, 0x2_ffff_ffff);
}

#[test]
fn a_split_has_a_name() {
    let mut document = minimal();
    let root = document.root().unwrap();
    document.set_plain_attribute(root, "split", Value::String("config.xhdpi".into())).unwrap();
    assert_eq!(Manifest::read(&document).unwrap().split.as_deref(), Some("config.xhdpi"));
}

#[test]
fn other_documents_are_no_manifest() {
    let message = |document: &Document| Manifest::read(document).unwrap_err().to_string();
    assert_eq!(message(&Document::new("resources").unwrap()), "manifest: the root is not <manifest>");
    assert_eq!(message(&Document::new("manifest").unwrap()), "manifest: it names no package");
    let mut twice = minimal();
    let root = twice.root().unwrap();
    twice.insert_child(root, "application").unwrap();
    twice.insert_child(root, "application").unwrap();
    assert_eq!(message(&twice), "manifest: it has more than one <application>");
}

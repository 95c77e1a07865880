//! APKs made here: what they say, and what is refused.

use std::io;

use engine::{Error, Identity, identify};
use fixtures::archive;
use formats::axml::{AndroidAttribute, Document, Value};
use formats::limits::Limits;
use formats::source::Source;
use formats::zip::Method::Deflated;

use crate::identified;

/// A manifest with attributes of `<application>`.
pub(crate) fn manifest(package: &str, application: &[(AndroidAttribute, Value)]) -> Vec<u8> {
    let mut document = Document::new("manifest").unwrap();
    let root = document.root().unwrap();
    document.set_plain_attribute(root, "package", Value::String(package.to_owned())).unwrap();
    let element = document.insert_child(root, "application").unwrap();
    for (attribute, value) in application {
        document.set_attribute(element, *attribute, value.clone()).unwrap();
    }
    document.to_bytes()
}

fn named(package: &str) -> Result<Identity, Error> {
    identified(&archive(&[("AndroidManifest.xml", Deflated, manifest(package, &[]))]), "app.apk")
}

fn labelled(label: &str) -> String {
    let manifest = manifest("com.example.app", &[(AndroidAttribute::LABEL, Value::String(label.to_owned()))]);
    identified(&archive(&[("AndroidManifest.xml", Deflated, manifest)]), "app.apk").unwrap().name
}

fn refusal(package: &[u8], name: &str) -> (&'static str, String) {
    let error = identified(package, name).expect_err("it should be refused");
    (error.code(), error.to_string())
}

#[test]
fn an_app_without_resources() {
    let package = archive(&[("AndroidManifest.xml", Deflated, fixtures::manifest(24, 34))]);
    let expected = Identity {
        package_name: "com.example.small".to_owned(),
        name: "com.example.small".to_owned(),
        version_name: Some("1.2".to_owned()),
        version_code: Some("7".to_owned()),
        icon: None,
    };
    assert_eq!(identified(&package, "app.apk").unwrap(), expected);
}

#[test]
fn the_upper_half_of_a_version_counts() {
    let mut document = Document::parse(&fixtures::manifest(24, 34), &Limits::default()).unwrap();
    let root = document.root().unwrap();
    document.set_attribute(root, AndroidAttribute::VERSION_CODE_MAJOR, Value::Int(2)).unwrap();
    let package = archive(&[("AndroidManifest.xml", Deflated, document.to_bytes())]);
    assert_eq!(identified(&package, "app.apk").unwrap().version_code.as_deref(), Some("8589934599"));
}

#[test]
fn names_are_cleaned() {
    assert_eq!(labelled("\u{0}\t My\u{7}\r\n App\u{85}\u{9b} "), "My App");
    assert_eq!(labelled(" \u{a0}\u{1}\t"), "com.example.app", "nothing is left");
    assert_eq!(labelled(&"ü".repeat(200)), "ü".repeat(200));
    assert_eq!(labelled(&"ü".repeat(201)), "ü".repeat(200));
    assert_eq!(labelled(&format!("{} end", "x".repeat(199))), "x".repeat(199), "no white space where it is cut");
}

#[test]
fn package_names_are_checked() {
    for sane in ["a", "com.example.App_1", "a-b", &"a".repeat(255)] {
        assert_eq!(named(sane).unwrap().package_name, sane);
    }
    for other in ["", "com.exämple", "a b", "a/b", "a\nb", "../a", &"a".repeat(256)] {
        let error = named(other).unwrap_err();
        assert_eq!(error.code(), "package_name_invalid", "{other}");
        assert!(error.is_permanent());
    }
    assert_eq!(
        named("a/\u{1b}b").unwrap_err().to_string(),
        "AndroidManifest.xml names the app \"a/\\u{1b}b\"; a package's name has 1 to 255 letters from A to Z, digits, '.', '_' and \
         '-'. Correct it, build the app again and upload it."
    );
    assert!(named(&"/".repeat(30_000)).unwrap_err().to_string().len() < 500);
}

#[test]
fn other_kinds_are_refused_as_a_build_refuses_them() {
    let bundle = archive(&[("BundleConfig.pb", Deflated, b"")]);
    let sentence = "app.aab is an archive, but not an Android App Bundle (AAB): it has no manifest in base/manifest, where that of the \
                    app stands.";
    assert_eq!(refusal(&bundle, "app.aab"), ("unknown_format", sentence.to_owned()));
    assert_eq!(refusal(&bundle, "app.apk").0, "wrong_format");
    assert_eq!(refusal(&archive(&[("a.txt", Deflated, b"x")]), "app.apk").0, "unknown_format");
    assert_eq!(refusal(b"no archive", "app.apk").0, "archive_invalid");
}

#[test]
fn manifests_that_cannot_be_read_are_refused() {
    let of = |manifest: &[u8]| refusal(&archive(&[("AndroidManifest.xml", Deflated, manifest)]), "app.apk");
    assert_eq!(of(b"<manifest/>").0, "unknown_format");
    let whole = manifest("com.example.app", &[]);
    assert_eq!(of(&whole[..whole.len() / 2]).0, "manifest_invalid");
    assert_eq!(of(&Document::new("resources").unwrap().to_bytes()).0, "manifest_invalid");
    let limits = Limits { document_bytes: 10, ..Limits::default() };
    let package = archive(&[("AndroidManifest.xml", Deflated, whole)]);
    let error = identify(&package, &"app.apk".parse().unwrap(), &limits).unwrap_err();
    assert_eq!(error.code(), "archive_damaged", "{error}");
}

/// A source that ends in an error from an offset on.
struct Failing(Vec<u8>, u64);

impl Source for Failing {
    fn len(&self) -> u64 {
        Source::len(&self.0)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if offset == self.1 { Err(io::Error::other("gone")) } else { self.0.read_at(offset, buffer) }
    }
}

/// Nothing that the source could not deliver is taken for absent.
#[test]
fn a_failing_source_is_no_absent_icon() {
    let icon = [(AndroidAttribute::ICON, Value::String("icon.jpg".to_owned()))];
    let entries = [
        ("AndroidManifest.xml", Deflated, manifest("com.example.app", &icon)),
        ("icon.jpg", Deflated, b"\xff\xd8\xff".to_vec()),
        ("resources.arsc", Deflated, fixtures::table()),
    ];
    let package = archive(&entries);
    let offsets = formats::zip::Archive::read(&package, &Limits::default()).unwrap();
    let offsets: Vec<_> = offsets.entries().iter().map(|entry| entry.data_offset).collect();
    let name = "app.apk".parse().unwrap();
    for offset in offsets {
        let error = identify(&Failing(package.clone(), offset), &name, &Limits::default()).unwrap_err();
        assert!(error.code() == "source_failed" && !error.is_permanent(), "{offset}: {error}");
    }
    let whole = identify(&Failing(package, u64::MAX), &name, &Limits::default()).unwrap();
    assert_eq!(whole.icon.unwrap().content_type, "image/jpeg");
}

//! Packages made in code.

use fixtures::{archive, dex, manifest, manifest_of};
use formats::axml::{AndroidAttribute, Document, Value};
use formats::zip::Method;

/// What browsers take for the icon of [`app`].
pub const ICON: &[u8] = b"\xff\xd8\xff\xe0 an icon";

/// A debuggable app for Android 7.0 and later.
pub fn small_apk() -> Vec<u8> {
    apk(&manifest(24, 34), &[])
}

/// An app with `bytes` of incompressible data, no two parts of which are the same.
pub fn apk_of_size(bytes: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    });
    // Of a length that divides no part's, so that every part begins elsewhere in it.
    let noise: Vec<u8> = noise.take(bytes.min(1_000_003)).collect();
    apk(&manifest(24, 34), &noise.iter().copied().cycle().take(bytes).collect::<Vec<_>>())
}

/// An app that installs on devices from `min_sdk` on.
pub fn apk_for(min_sdk: i32) -> Vec<u8> {
    apk(&manifest(min_sdk, 34), &[])
}

/// As [`small_apk`], another app.
pub fn apk_named(package: &str) -> Vec<u8> {
    apk(&manifest_of(package, 24, 34), &[])
}

/// An app with this package name, and an icon.
pub fn app(package: &str) -> Vec<u8> {
    let mut document = Document::new("manifest").unwrap();
    let root = document.root().unwrap();
    document.set_plain_attribute(root, "package", Value::String(package.to_owned())).unwrap();
    document.set_attribute(root, AndroidAttribute::VERSION_CODE, Value::Int(7)).unwrap();
    document.set_attribute(root, AndroidAttribute::VERSION_NAME, Value::String("1.2".to_owned())).unwrap();
    let sdk = document.insert_child(root, "uses-sdk").unwrap();
    document.set_attribute(sdk, AndroidAttribute::MIN_SDK_VERSION, Value::Int(24)).unwrap();
    let application = document.insert_child(root, "application").unwrap();
    document.set_attribute(application, AndroidAttribute::DEBUGGABLE, Value::Boolean(true)).unwrap();
    document.set_attribute(application, AndroidAttribute::ICON, Value::String("icon.jpg".to_owned())).unwrap();
    archive(&[
        ("AndroidManifest.xml", Method::Deflated, document.to_bytes()),
        ("classes.dex", Method::Deflated, dex()),
        ("icon.jpg", Method::Stored, ICON.to_vec()),
    ])
}

fn apk(manifest: &[u8], asset: &[u8]) -> Vec<u8> {
    archive(&[
        ("AndroidManifest.xml", Method::Deflated, manifest),
        ("classes.dex", Method::Deflated, &dex()),
        ("assets/noise", Method::Stored, asset),
    ])
}

//! Packages made in code.

use formats::axml::{AndroidAttribute, Document, Value};
use formats::zip::{Attributes, Method, Writer};

/// A debuggable app for Android 7.0 and later.
pub fn small_apk() -> Vec<u8> {
    apk(&manifest(24), &[])
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
    apk(&manifest(24), &noise.iter().copied().cycle().take(bytes).collect::<Vec<_>>())
}

/// An app that installs on devices from `min_sdk` on.
pub fn apk_for(min_sdk: i32) -> Vec<u8> {
    apk(&manifest(min_sdk), &[])
}

fn manifest(min_sdk: i32) -> Vec<u8> {
    let mut document = Document::new("manifest").unwrap();
    let root = document.root().unwrap();
    document.set_plain_attribute(root, "package", Value::String("com.example.small".into())).unwrap();
    document.set_attribute(root, AndroidAttribute::VERSION_CODE, Value::Int(7)).unwrap();
    document.set_attribute(root, AndroidAttribute::VERSION_NAME, Value::String("1.2".into())).unwrap();
    let sdk = document.insert_child(root, "uses-sdk").unwrap();
    document.set_attribute(sdk, AndroidAttribute::MIN_SDK_VERSION, Value::Int(min_sdk)).unwrap();
    document.set_attribute(sdk, AndroidAttribute::TARGET_SDK_VERSION, Value::Int(34)).unwrap();
    let application = document.insert_child(root, "application").unwrap();
    document.set_attribute(application, AndroidAttribute::DEBUGGABLE, Value::Boolean(true)).unwrap();
    document.to_bytes()
}

fn apk(manifest: &[u8], asset: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    let entries: [(&str, Method, &[u8]); 3] = [
        ("AndroidManifest.xml", Method::Deflated, manifest),
        ("classes.dex", Method::Deflated, &[0x64; 700]),
        ("assets/noise", Method::Stored, asset),
    ];
    for (name, method, content) in entries {
        writer.add(name, method, Attributes::default(), content).unwrap();
    }
    let (mut bytes, tail) = writer.finish(b"").unwrap();
    tail.write(&mut bytes).unwrap();
    bytes
}

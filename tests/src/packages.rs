//! Packages made in code.

use fixtures::{archive, dex, manifest, manifest_of};
use formats::zip::Method;

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

fn apk(manifest: &[u8], asset: &[u8]) -> Vec<u8> {
    archive(&[
        ("AndroidManifest.xml", Method::Deflated, manifest),
        ("classes.dex", Method::Deflated, &dex()),
        ("assets/noise", Method::Stored, asset),
    ])
}

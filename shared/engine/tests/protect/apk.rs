//! Small packages, keys and plans.

use std::sync::OnceLock;

use domain::control::ControlId;
use domain::file_name::FileName;
use domain::platform::Platform;
use domain::policy::Policy;
use engine::{Error, Plan, Report, SigningKey, Unobserved, protect};
use formats::axml::{Document, Value};
use formats::limits::Limits;
use formats::zip::Method;
use signing::Signer;

pub(crate) use Method::{Deflated, Stored};
pub(crate) use fixtures::{archive, dex, manifest, signer as new_signer, table};

/// The controls that need no settings and no particular app.
pub(crate) const USUAL: [ControlId; 3] =
    [ControlId::BACKUP_PREVENTION, ControlId::DEBUGGABLE_PREVENTION, ControlId::DEBUG_INFO_OBFUSCATION];

/// The manifest of one split of an app.
pub(crate) fn split_manifest() -> Vec<u8> {
    let mut document = Document::parse(&manifest(24, 34), &Limits::default()).unwrap();
    let root = document.root().unwrap();
    document.set_plain_attribute(root, "split", Value::String("config.arm64_v8a".into())).unwrap();
    document.to_bytes()
}

pub(crate) fn apk() -> Vec<u8> {
    apk_for(24, 34)
}

pub(crate) fn apk_for(min_sdk: i32, target_sdk: i32) -> Vec<u8> {
    archive(&[
        ("META-INF/MANIFEST.MF", Deflated, b"Manifest-Version: 1.0".as_slice()),
        ("META-INF/CERT.SF", Deflated, b"Signature-Version: 1.0"),
        ("META-INF/cert.rsa", Deflated, b"signature"),
        ("META-INF/services/a.b.C", Deflated, b"a.b.D"),
        ("classes.dex", Deflated, &dex()),
        ("AndroidManifest.xml", Deflated, &manifest(min_sdk, target_sdk)),
        ("resources.arsc", Deflated, &table()),
        ("lib/arm64-v8a/libx.so", Stored, &[0x7F; 99]),
        ("assets/a", Stored, b"1"),
    ])
}

pub(crate) fn signer() -> &'static Signer {
    static SIGNER: OnceLock<Signer> = OnceLock::new();
    SIGNER.get_or_init(|| new_signer("Engine"))
}

pub(crate) fn named(name: &str) -> FileName {
    name.parse().unwrap()
}

pub(crate) fn plan<'a>(file_name: &'a FileName, controls: &[ControlId], signer: Option<&'a Signer>) -> Plan<'a> {
    // A test's plan lives as long as the test.
    let policy: &Policy = Box::leak(Box::new(controls.iter().copied().collect()));
    let key = signer.map(SigningKey::Android);
    Plan { file_name, platform: Platform::Android, policy, key, limits: Limits::default() }
}

/// Protects with the usual controls and the test's key.
pub(crate) fn run(package: &[u8]) -> Result<(Vec<u8>, Report), Error> {
    let name = named("small.apk");
    run_plan(package, &plan(&name, &USUAL, Some(signer())))
}

pub(crate) fn run_plan(package: &[u8], plan: &Plan<'_>) -> Result<(Vec<u8>, Report), Error> {
    let mut out = Vec::new();
    let report = protect(&package, &mut out, plan, &Unobserved)?;
    Ok((out, report))
}

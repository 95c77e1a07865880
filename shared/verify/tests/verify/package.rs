//! Small packages and outputs of the engine.

use std::io::Write;
use std::sync::OnceLock;

use domain::control::ControlId;
use domain::platform::Platform;
use domain::policy::Policy;
use engine::{Plan, SigningKey, Unobserved, protect};
use formats::limits::Limits;
use formats::zip::{Archive, Method};
use signing::Signer;
use signing::apk::{ContentDigester, Schemes, sign_block};
use verify::{Check, Error, Expected, Verification, verify};

pub(crate) const CONTROLS: [ControlId; 2] = [ControlId::BACKUP_PREVENTION, ControlId::DEBUGGABLE_PREVENTION];

/// An entry in the making.
pub(crate) type Item = (&'static str, Method, Vec<u8>);

pub(crate) fn manifest(target_sdk: i32) -> Vec<u8> {
    fixtures::manifest(24, target_sdk)
}

pub(crate) fn items() -> Vec<Item> {
    vec![
        ("META-INF/CERT.SF", Method::Deflated, b"Signature-Version: 1.0".to_vec()),
        ("classes.dex", Method::Deflated, fixtures::dex()),
        ("AndroidManifest.xml", Method::Deflated, manifest(34)),
        ("resources.arsc", Method::Deflated, fixtures::table()),
        ("assets/a", Method::Stored, b"12345".to_vec()),
    ]
}

pub(crate) fn archive(items: &[Item]) -> Vec<u8> {
    signed(items, None)
}

/// An archive of these entries, signed where there is a signer: an output as the engine would write it, or would not.
pub(crate) fn signed(items: &[Item], signer: Option<(&Signer, Schemes)>) -> Vec<u8> {
    let (mut bytes, tail) = fixtures::written(items).finish(b"").unwrap();
    if let Some((signer, schemes)) = signer {
        let mut digester = ContentDigester::for_signer(signer);
        digester.update(&bytes);
        let digests = digester.finish(tail.directory(), &tail.end(tail.entries_end).unwrap()).unwrap();
        bytes.extend(sign_block(&digests, signer, schemes, 24, None).unwrap());
    }
    let end = tail.end(bytes.len() as u64).unwrap();
    bytes.write_all(tail.directory()).unwrap();
    bytes.write_all(&end).unwrap();
    bytes
}

/// The entries of a package, for changing one and signing again.
pub(crate) fn entries_of(package: &[u8]) -> Vec<(String, Method, Vec<u8>)> {
    let archive = Archive::read(&package, &Limits::default()).unwrap();
    let content = |name: &str| archive.read_entry(name, 1 << 20).unwrap();
    archive.entries().iter().map(|entry| (entry.name.clone(), entry.method, content(&entry.name))).collect()
}

/// Signs these entries as an output.
pub(crate) fn signed_entries(entries: &[(String, Method, Vec<u8>)]) -> Vec<u8> {
    let items: Vec<Item> =
        entries.iter().map(|(name, method, content)| (&*name.clone().leak(), *method, content.clone())).collect();
    signed(&items, Some((signer(), Schemes { v1: false, v2: true, v3: true })))
}

pub(crate) fn signer() -> &'static Signer {
    static SIGNER: OnceLock<Signer> = OnceLock::new();
    SIGNER.get_or_init(|| fixtures::signer("Verify"))
}

pub(crate) fn policy() -> Policy {
    CONTROLS.into_iter().collect()
}

pub(crate) fn protected(input: &[u8], signer: Option<&Signer>) -> Vec<u8> {
    protected_by(input, signer, &policy())
}

pub(crate) fn protected_by(input: &[u8], signer: Option<&Signer>, policy: &Policy) -> Vec<u8> {
    let file_name = "small.apk".parse().unwrap();
    let platform = Platform::Android;
    let key = signer.map(SigningKey::Android);
    let plan = Plan { file_name: &file_name, platform, policy, key, limits: Limits::default() };
    let mut out = Vec::new();
    protect(&input, &mut out, &plan, &Unobserved).unwrap();
    out
}

/// Checks `output` against `input`, every control and the test's certificate.
pub(crate) fn check(input: &[u8], output: &[u8]) -> Result<Verification, Error> {
    check_signed(input, output, Some(&signer().certificate_sha256()))
}

pub(crate) fn check_signed(
    input: &[u8],
    output: &[u8],
    certificate_sha256: Option<&str>,
) -> Result<Verification, Error> {
    check_policy(input, output, certificate_sha256, &policy())
}

pub(crate) fn check_policy(
    input: &[u8],
    output: &[u8],
    certificate_sha256: Option<&str>,
    policy: &Policy,
) -> Result<Verification, Error> {
    let limits = Limits::default();
    verify(&output, &Expected { input: &input, policy, certificate_sha256, profile: None, limits: &limits }, &|_| true)
}

/// The check that refuses `output`, and its sentence.
pub(crate) fn failing(input: &[u8], output: &[u8]) -> (Check, String) {
    failed(check(input, output))
}

pub(crate) fn failed(result: Result<Verification, Error>) -> (Check, String) {
    match result.expect_err("the output should be refused") {
        Error::Failed { check, detail } => (check, detail),
        other => panic!("{other}"),
    }
}

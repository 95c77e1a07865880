//! Bundles, plans and outputs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use domain::certificate::PinnedCertificate;
use domain::control::{ControlId, catalogue};
use domain::file_name::FileName;
use domain::platform::Platform;
use domain::policy::Policy;
use engine::{Error, Plan, Report, SigningKey, Unobserved, protect};
use fixtures::bundle::{Entry, entries};
use formats::axml::tree::Element;
use formats::limits::Limits;
use formats::proto::xml;
use formats::zip::{Archive, Method};
use serde_json::json;
use signing::Signer;

pub(crate) fn signer() -> &'static Signer {
    static SIGNER: OnceLock<Signer> = OnceLock::new();
    SIGNER.get_or_init(|| fixtures::signer("Bundle"))
}

/// A policy of these controls, with a pin for the one that needs one.
pub(crate) fn policy(controls: impl IntoIterator<Item = ControlId>) -> Policy {
    let entry = json!({
        "name": "Example API", "thumbprint": "AB".repeat(32), "algorithm": "sha256",
        "domains": ["api.example.com"], "spki_sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    });
    let certificate: PinnedCertificate = serde_json::from_value(entry).unwrap();
    Policy { controls: controls.into_iter().collect(), certificates: vec![certificate], ..Policy::default() }
}

/// Every control that there is for Android.
pub(crate) fn all() -> BTreeSet<ControlId> {
    let available = catalogue().iter().filter(|control| control.is_available(Platform::Android));
    available.map(|control| control.id).collect()
}

pub(crate) fn run(bundle: &[u8], policy: &Policy, signer: Option<&Signer>) -> Result<(Vec<u8>, Report), Error> {
    run_as("app.aab", bundle, policy, signer)
}

/// As [`run`], for a package of any name.
pub(crate) fn run_as(
    name: &str,
    package: &[u8],
    policy: &Policy,
    signer: Option<&Signer>,
) -> Result<(Vec<u8>, Report), Error> {
    let file_name: FileName = name.parse().unwrap();
    let key = signer.map(SigningKey::Android);
    let plan = Plan { file_name: &file_name, platform: Platform::Android, policy, key, limits: Limits::default() };
    let mut out = Vec::new();
    let report = protect(&package, &mut out, &plan, &Unobserved)?;
    Ok((out, report))
}

/// The small bundle with other contents, or further entries.
pub(crate) fn with(changes: &[(&'static str, &[u8])]) -> Vec<u8> {
    let mut all: Vec<Entry> = entries();
    for (name, content) in changes {
        match all.iter_mut().find(|(known, ..)| known == name) {
            Some((_, _, known)) => *known = content.to_vec(),
            None => all.push((name, Method::Deflated, content.to_vec())),
        }
    }
    fixtures::archive(&all)
}

/// Code and sentence of a refusal.
pub(crate) fn refusal(bundle: &[u8], controls: &[ControlId]) -> (&'static str, String) {
    let error =
        run(bundle, &policy(controls.iter().copied()), Some(signer())).map(drop).expect_err("it should be refused");
    (error.code(), error.to_string())
}

/// The contents of all entries by name.
pub(crate) fn contents(package: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let archive = Archive::read(&package, &Limits::default()).unwrap();
    let read = |name: &str| archive.read_entry(name, 1 << 26).unwrap();
    archive.entries().iter().map(|entry| (entry.name.clone(), read(&entry.name))).collect()
}

pub(crate) fn document(contents: &BTreeMap<String, Vec<u8>>, name: &str) -> Element {
    xml::read(&contents[name], &Limits::default()).unwrap()
}

/// The value of an attribute of `<application>`, as text.
pub(crate) fn application(contents: &BTreeMap<String, Vec<u8>>, module: &str, attribute: &str) -> Option<String> {
    let root = document(contents, &format!("{module}/manifest/AndroidManifest.xml"));
    let application = root.elements().find(|child| child.name == "application").unwrap();
    let found = application.attributes.iter().find(|found| found.name == attribute);
    found.map(|found| found.value.to_string())
}

//! Our verdict and apksigner's, on packages of many makers and on damaged copies of them: where we accept apksigner does as
//! well, and the other way round except for what [`explained`] names.

#![expect(clippy::expect_used, reason = "a failed step is a failed test")]

#[path = "../support/mod.rs"]
mod support;

mod damages;
mod judge;
mod rotated;
mod samples;
mod signed;
mod texts;

use std::collections::BTreeMap;
use std::path::Path;

use damages::Damage;
use formats::limits::Limits;
use formats::zip::Archive;
use judge::Verdict;
use signing::apk::{Part, Platforms, Problem, Scheme, SignatureError, Signatures, verify_apk};

/// A package, what devices it is judged for, and how often it is damaged.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) min_sdks: Vec<u32>,
    pub(crate) target_sdk: u32,
    pub(crate) damages: usize,
    /// Whether somebody signed it rightly, so that both must accept it for each of the platform versions.
    pub(crate) sound: bool,
}

#[test]
fn on_what_others_built_and_signed() {
    agree(samples::packages);
}

#[test]
fn on_each_scheme_signed_here_and_by_apksigner() {
    agree(signed::packages);
}

#[test]
fn on_rotated_keys() {
    agree(rotated::packages);
}

#[test]
fn on_texts_and_signatures_of_scheme_v1() {
    agree(texts::packages);
}

/// Judges all packages that `make` puts into a folder, and damaged copies of them.
fn agree(make: fn(&Path) -> Vec<Package>) {
    if !support::installed(&["apksigner", "javac", "jarsigner", "openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let packages = make(folder.path());
    let cases: Vec<Case<'_>> = packages.iter().flat_map(Case::all).collect();
    let verdicts = judge::verdicts(folder.path(), &cases);
    let mut explanations: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut accepted, mut wrong) = (0_usize, Vec::new());
    for (case, theirs) in cases.iter().zip(verdicts) {
        let ours = case.verify();
        accepted += usize::from(theirs.valid);
        match (&ours, theirs.valid) {
            (Ok(_), true) => {}
            (Err(_), false) if !case.must_hold() => {}
            (Err(error), true) if !case.must_hold() => match explained(error, case.min_sdk) {
                Some(why) => *explanations.entry(why).or_default() += 1,
                None => wrong.push(case.disagreement(&ours, &theirs)),
            },
            _ => wrong.push(case.disagreement(&ours, &theirs)),
        }
    }
    println_summary(&format!("{} verdicts, {accepted} accepted; stricter here: {explanations:?}", cases.len()));
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[expect(clippy::print_stderr, reason = "figures for whoever runs the test by hand")]
fn println_summary(text: &str) {
    eprintln!("{text}");
}

/// One package, damaged or not, for one platform version.
pub(crate) struct Case<'a> {
    pub(crate) package: &'a Package,
    pub(crate) min_sdk: u32,
    pub(crate) damage: Option<Damage>,
}

impl<'a> Case<'a> {
    fn all(package: &'a Package) -> Vec<Self> {
        let damages = damages::of(&package.bytes, package.damages);
        let damages: Vec<_> = std::iter::once(None).chain(damages.into_iter().map(Some)).collect();
        let of = |min_sdk| damages.iter().map(move |damage| Case { package, min_sdk, damage: damage.clone() });
        package.min_sdks.iter().flat_map(|min_sdk| of(*min_sdk)).collect()
    }

    fn must_hold(&self) -> bool {
        self.damage.is_none() && self.package.sound
    }

    fn verify(&self) -> Result<Signatures, SignatureError> {
        let bytes =
            self.damage.as_ref().map_or_else(|| self.package.bytes.clone(), |one| one.done_to(&self.package.bytes));
        let archive = Archive::read(&bytes, &Limits::default()).map_err(SignatureError::Content)?;
        verify_apk(&archive, Platforms { min_sdk: self.min_sdk, target_sdk: self.package.target_sdk }, &|_| true)
    }

    fn disagreement(&self, ours: &Result<Signatures, SignatureError>, theirs: &Verdict) -> String {
        let ours = match ours {
            Ok(signatures) => format!("accepted with {:?}", signatures.schemes()),
            Err(error) => error.to_string(),
        };
        let name = &self.package.name;
        format!(
            "{name} from {} with {:?}: here {ours}, apksigner {} {}",
            self.min_sdk, self.damage, theirs.valid, theirs.reason
        )
    }
}

/// Why we refuse what apksigner accepts; `None` where we should not.
fn explained(error: &SignatureError, min_sdk: u32) -> Option<&'static str> {
    match error {
        SignatureError::Content(_) => Some("the ZIP reader refuses what two readers could understand differently"),
        SignatureError::Rejected { part: Part::Block, .. } => Some("pairs of the block that contradict each other"),
        SignatureError::Rejected { part: Part::Scheme(Scheme::V2), .. } if min_sdk >= 28 => {
            Some("scheme v2 is wrong, which devices that read v3 do not look at")
        }
        SignatureError::Rejected { problem: Problem::Trailing, .. } => {
            Some("bytes in the block that belong to nothing")
        }
        SignatureError::Rejected { part: Part::Scheme(_), problem: Problem::Duplicate, .. } => {
            Some("digests or signatures of one algorithm twice")
        }
        SignatureError::Rejected { problem: Problem::Unsupported(_), .. } => {
            Some("algorithms that are not checked here")
        }
        SignatureError::File { field: "signature algorithm", .. } => Some("algorithms that are not checked here"),
        SignatureError::File { problem: Problem::NotA("the element that belongs there"), .. } => {
            Some("elements of CMS that are marked as having parts and have none, or the other way round")
        }
        SignatureError::File { field: "serial number", problem: Problem::NotA(_), .. } => {
            Some("certificates named in another spelling")
        }
        SignatureError::File { field: "certificate", .. }
        | SignatureError::Rejected { field: "certificate", problem: Problem::NotA(_), .. } => {
            Some("certificates that break the encoding's rules")
        }
        SignatureError::Rejected { field: "signers", problem: Problem::Truncated, .. } => {
            Some("a scheme that cannot be read, which apksigner passes over")
        }
        SignatureError::File { field: "tool", .. } => Some("signature files of a tool that died in the nineties"),
        SignatureError::File { field: "section", problem: Problem::NotA(_), .. } => {
            Some("signature files that speak of nothing in the manifest")
        }
        _ => None,
    }
}

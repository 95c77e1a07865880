//! What a build did, for people and programs. The JSON form is stable: fields are added, never renamed.

use domain::id::Sha256Hex;
use domain::phase::Phase;
use serde::Serialize;
use signing::Certificate;
use signing::apk::Schemes;

use crate::ios::IosFacts;
use crate::manifest::Facts;
use crate::outcome::ControlOutcome;
use crate::resource_names::Mapping;
use crate::signature::{Previous, Signature};

/// The report of one build.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Version of this document's form, 1.
    pub format: u32,
    /// Version of the engine.
    pub engine: &'static str,
    /// The package that was uploaded.
    pub input: File,
    /// The protected package.
    pub output: File,
    /// `start_time` of the build whose output was signed again: its report says what was applied. Absent where a package was uploaded; whoever
    /// knows it sets it here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signs_again: Option<i64>,
    /// What the package says about the app.
    pub app: AppFacts,
    /// One row for each control of the plan.
    pub controls: Vec<ControlOutcome>,
    /// Who signed the output.
    pub signing: Signing,
    /// What a release engineer should know before publishing.
    pub warnings: Vec<Warning>,
    /// Time spent, in the order of the stages.
    pub stages: Vec<Stage>,
    /// The resources that got other names; a file of its own beside the report.
    #[serde(skip)]
    pub mapping: Option<Mapping>,
    /// The result of the independent check of the output; whoever runs that check puts it here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<serde_json::Value>,
}

impl Report {
    /// The present form of the document.
    pub const FORMAT: u32 = 1;
}

/// What a package says about its app, by platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AppFacts {
    /// What an Android manifest says.
    Android(Facts),
    /// What an iOS app says.
    Ios(IosFacts),
}

impl AppFacts {
    /// What the manifest says; `None` for an iOS app.
    pub const fn android(&self) -> Option<&Facts> {
        match self {
            Self::Android(facts) => Some(facts),
            Self::Ios(_) => None,
        }
    }
}

/// A file of a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// Its name; the output is written without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its length in bytes.
    pub size: u64,
    /// SHA-256 of its bytes. Not the engine's: who moves the file takes it meanwhile and sets it here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256Hex>,
}

/// Who signed the output, and who had signed the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signing {
    /// Whether the output is signed by somebody's key.
    pub signed: bool,
    /// Whether an iOS app has signatures that nobody's key made; absent for Android packages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ad_hoc: Option<bool>,
    /// Signature schemes in use (`v1`, `v2`, `v3`; `code_directory` for iOS apps); empty when unsigned.
    pub schemes: Vec<&'static str>,
    /// SHA-256 of the signer's certificate, lowercase hexadecimal; null when unsigned.
    pub certificate_sha256: Option<String>,
    /// Distinguished name in the signer's certificate; null when unsigned.
    pub certificate_subject: Option<String>,
    /// Kind and size of the key (`RSA 2048`); null when unsigned.
    pub key: Option<String>,
    /// The profile that an iOS app is signed under; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileFacts>,
    /// SHA-256 of the certificates in the lineage that was carried over, the oldest first; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lineage_sha256: Option<Vec<String>>,
    /// SHA-256 of the certificates in the input's signing block, in the JAR signature of a bundle, or of the signer of an iOS app's
    /// executable; not checked. Empty when it had none, null when that could not be understood.
    pub previous_certificates_sha256: Option<Vec<String>>,
}

impl Signing {
    pub(crate) fn of(signature: Option<&Signature<'_>>, previous: &Previous) -> Self {
        let own = |read: fn(&Certificate) -> String| signature.map(|signature| read(signature.signer.certificate()));
        let lineage = signature.and_then(|signature| signature.lineage.as_ref());
        let lineage = lineage.map(|lineage| lineage.levels().iter().map(|level| level.certificate.sha256()).collect());
        Self {
            signed: signature.is_some(),
            ad_hoc: None,
            profile: None,
            schemes: signature.map_or_else(Vec::new, |signature| names(signature.schemes)),
            certificate_sha256: own(Certificate::sha256),
            certificate_subject: own(|certificate| certificate.subject().to_owned()),
            key: signature.map(|signature| signature.signer.kind().to_string()),
            lineage_sha256: lineage,
            previous_certificates_sha256: previous
                .certificates
                .as_ref()
                .map(|all| all.iter().map(Certificate::sha256).collect()),
        }
    }
}

/// A provisioning profile, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProfileFacts {
    /// Its name.
    pub name: String,
    /// Its identifier.
    pub uuid: String,
    /// The team that it belongs to.
    pub team_id: String,
    /// Where apps signed under it run: `development`, `ad hoc`, `App Store` or `enterprise`.
    pub kind: String,
    /// Last moment at which it is valid, in Unix seconds.
    pub expires: i64,
}

fn names(schemes: Schemes) -> Vec<&'static str> {
    let all = [(schemes.v1, "v1"), (schemes.v2, "v2"), (schemes.v3, "v3")];
    all.into_iter().filter_map(|(made, name)| made.then_some(name)).collect()
}

/// Something to know before publishing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Stable name of the kind of warning.
    pub code: &'static str,
    /// The sentence for people.
    pub message: String,
}

/// How long a stage took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// The stage.
    pub phase: Phase,
    /// Wall time in milliseconds.
    pub milliseconds: u64,
}

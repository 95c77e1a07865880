//! Entry by entry: what the controls had no business with must be what it was.

use std::collections::{BTreeMap, BTreeSet};

use domain::control::ControlId;
use domain::policy::Policy;
use formats::zip::Archive;
use signing::apk::{Schemes, v1};

use crate::diff::{self, Diff, Difference, DocumentChange, EntryDiff, TableChange};
use crate::manifest::Manifests;
use crate::parts::{Part, Parts};
use crate::{Check, Error, Expected};

const APPLICATION: &str = "manifest/application";
const PROFILEABLE: &str = "manifest/application/profileable";
/// Elements and attributes of the manifest that each control may set, as far as it edits the manifest.
const ATTRIBUTES: &[(ControlId, &str, &[&str])] = &[
    (
        ControlId::BACKUP_PREVENTION,
        APPLICATION,
        &["android:allowBackup", "android:fullBackupContent", "android:dataExtractionRules"],
    ),
    (ControlId::CERTIFICATE_PINNING, APPLICATION, &["android:networkSecurityConfig"]),
    (ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION, APPLICATION, &["android:networkSecurityConfig"]),
    (ControlId::CLEARTEXT_PREVENTION, APPLICATION, &["android:networkSecurityConfig", "android:usesCleartextTraffic"]),
    (ControlId::DEBUGGABLE_PREVENTION, APPLICATION, &["android:debuggable"]),
    (ControlId::DEBUGGABLE_PREVENTION, PROFILEABLE, &["android:shell", "android:enabled"]),
];

/// Every difference has to be one that a control of the policy, packaging or signing makes, and entries keep their order.
pub(crate) fn check(
    manifests: &Manifests<'_>,
    after: &Archive<'_>,
    expected: &Expected<'_>,
    network_files: &BTreeSet<String>,
    advance: &(dyn Fn(u64) -> bool + Sync),
) -> Result<(Diff, String), Error> {
    let before = manifests.input();
    let diff = diff::compare(before, after, expected.limits, advance)?;
    let parts = manifests.parts();
    let reads_v1 = parts.is_bundle() || Schemes::for_min_sdk(manifests.min_sdk()).v1;
    let needs_v1 = expected.certificate_sha256.is_some() && reads_v1;
    let judge = Judge { parts, policy: expected.policy, network_files, needs_v1 };
    let kept = after.entries().iter().find(|new| is_signature_file(&new.name) && !judge.is_own_signature(&new.name));
    let objection = kept
        .map(|kept| format!("entry \"{}\" is a signature file", kept.name.escape_debug()))
        .or_else(|| diff.entries.iter().find_map(|entry| judge.objection(entry)))
        .or_else(|| misplaced(before, after, &diff));
    match objection {
        Some(objection) => Err(Check::Entries.failed(objection)),
        None => {
            let detail = format!("{} entries as in the input, {} that were to differ", diff.same, diff.entries.len());
            Ok((diff, detail))
        }
    }
}

/// Knows which differences a build may make.
pub(crate) struct Judge<'a> {
    /// How the second package is read.
    pub(crate) parts: &'a Parts,
    pub(crate) policy: &'a Policy,
    /// The documents of the app's network security configuration.
    pub(crate) network_files: &'a BTreeSet<String>,
    /// Whether the output may carry a JAR signature.
    pub(crate) needs_v1: bool,
}

impl Judge<'_> {
    /// A sentence about the first difference of an entry that no build makes.
    pub(crate) fn objection(&self, entry: &EntryDiff) -> Option<String> {
        let refused = entry.differences.iter().find(|difference| !self.allows(entry, difference))?;
        let allows = |change: &DocumentChange| self.allows_attribute(entry.name(), change);
        Some(format!("entry \"{}\" {}", entry.name().escape_debug(), describe(refused, &allows)))
    }

    fn allows(&self, entry: &EntryDiff, difference: &Difference) -> bool {
        let name = entry.name();
        match difference {
            Difference::Removed => {
                let drops = self.has(ControlId::ALLOW_EMULATOR_ARCHITECTURES);
                is_signature_file(name) || (drops && self.parts.architecture(name).is_some_and(is_for_emulators))
            }
            Difference::Added => self.is_own_signature(name) || self.may_add(name),
            Difference::Repacked { after, .. } => name == "resources.arsc" && *after == "stored",
            Difference::Renamed | Difference::References => self.has(ControlId::RESOURCE_NAME_OBFUSCATION),
            Difference::Document { changes } if self.parts.part(name) == Part::Manifest => {
                changes.iter().all(|change| self.allows_attribute(name, change))
            }
            Difference::Libraries { removed } => {
                let is_gone = |folder: &String| folder.strip_prefix("lib/").is_some_and(is_for_emulators);
                self.has(ControlId::ALLOW_EMULATOR_ARCHITECTURES) && removed.iter().all(is_gone)
            }
            Difference::Document { .. } | Difference::Structure { .. } if self.network_files.contains(name) => {
                self.edits_network()
            }
            Difference::DebugInformation { .. } | Difference::Symbols => self.has(ControlId::DEBUG_INFO_OBFUSCATION),
            Difference::Table { changes } => changes.iter().all(|change| self.allows_in_table(change)),
            Difference::Document { .. }
            | Difference::Structure { .. }
            | Difference::Attributes
            | Difference::Content { .. } => self.is_own_signature(name),
            // Only iOS apps have these.
            Difference::Signature | Difference::Sealing => false,
        }
    }

    /// Whether the entry belongs to the JAR signature of a signed output, which is checked elsewhere.
    fn is_own_signature(&self, name: &str) -> bool {
        self.needs_v1
            && ["META-INF/MANIFEST.MF", "META-INF/CERT.SF", "META-INF/CERT.RSA", "META-INF/CERT.EC"].contains(&name)
    }

    fn has(&self, control: ControlId) -> bool {
        self.policy.has(control)
    }

    fn edits_network(&self) -> bool {
        let controls = [
            ControlId::CERTIFICATE_PINNING,
            ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION,
            ControlId::CLEARTEXT_PREVENTION,
        ];
        controls.into_iter().any(|control| self.has(control))
    }

    /// Whether a control adds documents: their content is checked by the control's own check.
    fn may_add(&self, name: &str) -> bool {
        let adds = self.edits_network() || self.has(ControlId::BACKUP_PREVENTION);
        adds && matches!(self.parts.part(name), Part::Table | Part::Document)
    }

    /// Only the manifest of the app itself has more than debuggable switches changed.
    fn allows_attribute(&self, manifest: &str, change: &DocumentChange) -> bool {
        let is_own = manifest == self.parts.manifest();
        ATTRIBUTES.iter().any(|(control, element, attributes)| {
            (is_own || *control == ControlId::DEBUGGABLE_PREVENTION)
                && self.has(*control)
                && change.element == *element
                && attributes.contains(&change.attribute.as_str())
        })
    }

    fn allows_in_table(&self, change: &TableChange) -> bool {
        match change {
            // Controls add files, whose entries are judged by their names.
            TableChange::Added { file, .. } => file.as_deref().is_some_and(|file| {
                (self.edits_network() || self.has(ControlId::BACKUP_PREVENTION))
                    && file.starts_with("res/")
                    && file.ends_with(".xml")
            }),
            TableChange::Names { .. } | TableChange::Files { .. } => self.has(ControlId::RESOURCE_NAME_OBFUSCATION),
        }
    }
}

/// A refused difference, as the rest of a sentence about the entry; `allows` tells which changes of a document are not refused.
pub(crate) fn describe(difference: &Difference, allows: &dyn Fn(&DocumentChange) -> bool) -> String {
    match difference {
        Difference::Removed => "is missing".to_owned(),
        Difference::Added => "is not in the input".to_owned(),
        Difference::Repacked { before, after } => format!("was {before} and is {after}"),
        Difference::Attributes => "has other times or attributes".to_owned(),
        Difference::Renamed => "has another name than in the input".to_owned(),
        Difference::Document { changes } => {
            let other = changes.iter().filter(|change| !allows(change));
            let names: Vec<String> = other.map(|change| format!("{} {}", change.element, change.attribute)).collect();
            format!("has other attributes: {}", names.join(", "))
        }
        Difference::DebugInformation { .. } => "has other debug information".to_owned(),
        Difference::Symbols => "has other symbols".to_owned(),
        Difference::Signature | Difference::Sealing => "has another signature".to_owned(),
        Difference::References => "has other names in its references".to_owned(),
        Difference::Libraries { removed } => format!("does not name {} any more", removed.join(", ")),
        Difference::Table { .. } => "has other names or entries".to_owned(),
        Difference::Structure { detail } | Difference::Content { detail } => format!("has another content: {detail}"),
    }
}

/// A sentence about the first entry that does not stand where it has to: entries that stay have the order that they had, and what is new
/// stands behind them.
pub(crate) fn misplaced(before: &Archive<'_>, after: &Archive<'_>, diff: &Diff) -> Option<String> {
    let named = |entry: &EntryDiff| Some((entry.after.clone()?, entry.before.clone()));
    let changed: BTreeMap<String, Option<String>> = diff.entries.iter().filter_map(named).collect();
    let mut old = before.entries().iter();
    let mut added = false;
    let moved = after.entries().iter().filter(|new| !is_signature_file(&new.name)).find(|new| {
        let was = changed.get(&new.name).cloned().unwrap_or_else(|| Some(new.name.clone()));
        added |= was.is_none();
        was.is_some_and(|was| added || !old.any(|old| old.name == was))
    });
    moved.map(|new| format!("entry \"{}\" stands elsewhere than in the input", new.name.escape_debug()))
}

fn is_for_emulators(architecture: &str) -> bool {
    matches!(architecture, "x86" | "x86_64")
}

/// JAR signatures and the source stamp's digest: they speak about one package only.
fn is_signature_file(name: &str) -> bool {
    name == "stamp-cert-sha256" || v1::is_signature_file(name)
}

//! Entry by entry: what the controls and signing had no business with must be what it was.

use domain::control::ControlId;
use domain::policy::Policy;
use formats::macho::{self, Binary, Slice};
use formats::plist::{self, Dictionary, Value};
use formats::zip::{Archive, Entry, EntrySource};

use super::bundles::{App, plain_key};
use crate::diff::{self, Diff, Difference, DocumentChange, EntryDiff};
use crate::entries::{describe, misplaced};
use crate::error::of_archive;
use crate::{Check, Error, Expected};

/// What an app is by its `Info.plist`.
const IDENTITY: [&str; 6] = [
    "CFBundleIdentifier",
    "CFBundleShortVersionString",
    "CFBundleVersion",
    "CFBundleExecutable",
    "MinimumOSVersion",
    "CFBundlePackageType",
];
/// Files that signing writes into a bundle.
const SEAL: &str = "_CodeSignature/CodeResources";
const PROFILE: &str = "embedded.mobileprovision";
/// Keys of `Info.plist`, or the first part of a path there, that each control may change.
const KEYS: [(ControlId, &[&str]); 3] = [
    (ControlId::CERTIFICATE_PINNING, &["NSAppTransportSecurity/NSPinnedDomains"]),
    (ControlId::FILE_SHARING_PREVENTION, &["UIFileSharingEnabled", "LSSupportsOpeningDocumentsInPlace"]),
    (ControlId::TLS13_ONLY_PREVENTION, &["NSAppTransportSecurity/NSExceptionDomains"]),
];

/// The output is the same app in the same version.
pub(super) fn identity(before: &App<'_>, after: &App<'_>) -> Result<String, Error> {
    let (old, new) = (before.info(&before.root)?, after.info(&after.root)?);
    if before.root != after.root || IDENTITY.iter().any(|key| old.get(key) != new.get(key)) {
        return Err(Check::Identity.failed("identifier, versions or system versions are not those of the input"));
    }
    let text = |key: &str| new.get(key).and_then(Value::as_string).unwrap_or_default().to_owned();
    Ok(format!("{} {}", text("CFBundleIdentifier"), text("CFBundleVersion")))
}

/// In what two contents of an app's entry differ, by their format; `None` for an entry that is no part of an app.
pub(crate) fn content(
    (before, old): (&Archive<'_>, &Entry),
    (after, new): (&Archive<'_>, &Entry),
    expected: &formats::limits::Limits,
) -> Result<Option<Difference>, Error> {
    if super::bundles::app_folder(&old.name).is_none() {
        return Ok(None);
    }
    if old.name.ends_with(SEAL) || old.name.ends_with(PROFILE) {
        return Ok(Some(Difference::Sealing));
    }
    if old.name.ends_with(".plist") {
        let read = |archive: &Archive<'_>, entry: &Entry| {
            let content = archive.read_entry(&entry.name, expected.document_bytes);
            let content = content.map_err(|error| of_archive(Check::Contents, error))?;
            Ok::<_, Error>(plist::read_dictionary(&content, expected).ok())
        };
        if let (Some(old), Some(new)) = (read(before, old)?, read(after, new)?) {
            let mut changes = Vec::new();
            compare_dictionaries("", &old, &new, &mut changes);
            return Ok(Some(Difference::Document { changes }));
        }
    }
    let (old, new) = (EntrySource::new(before, old), EntrySource::new(after, new));
    match macho::same_image(&old, &new, expected) {
        Ok(()) if symbol_bytes(&old)? == symbol_bytes(&new)? => Ok(Some(Difference::Signature)),
        Ok(()) => Ok(Some(Difference::Symbols)),
        Err(macho::Difference::Io(error)) => Err(Error::Source(error)),
        Err(difference) => Ok(Some(Difference::Content { detail: difference.to_string() })),
    }
}

/// Of each slice. That two images are the same shows already that none has symbols that the other one lacks.
fn symbol_bytes(source: &EntrySource<'_>) -> Result<Vec<u64>, Error> {
    let binary = Binary::read(source).map_err(|error| Check::Entries.failed(error.to_string()))?;
    Ok(binary.slices.iter().map(Slice::symbol_bytes).collect())
}

/// The depth is bounded by what the reader accepts.
fn compare_dictionaries(path: &str, before: &Dictionary, after: &Dictionary, changes: &mut Vec<DocumentChange>) {
    let added = after.keys().filter(|key| !before.contains_key(key));
    for key in before.keys().chain(added) {
        let inner = || if path.is_empty() { key.clone() } else { format!("{path}/{key}") };
        match (before.get(key), after.get(key)) {
            (Some(Value::Dictionary(old)), Some(Value::Dictionary(new))) => {
                compare_dictionaries(&inner(), old, new, changes);
            }
            (None, Some(Value::Dictionary(new))) => compare_dictionaries(&inner(), &Dictionary::new(), new, changes),
            (old, new) if old == new => {}
            (old, new) => changes.push(DocumentChange {
                element: path.to_owned(),
                attribute: key.clone(),
                before: old.map(shown),
                after: new.map(shown),
            }),
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Dictionary(entries) => entries.values().map(shown).collect::<Vec<_>>().join(" "),
        _ => "another value".to_owned(),
    }
}

/// Every difference has to be one that a control of the policy or signing makes, and entries keep their order.
pub(super) fn check(
    before: &Archive<'_>,
    after: &Archive<'_>,
    judge: &Judge<'_>,
    expected: &Expected<'_>,
    advance: &(dyn Fn(u64) -> bool + Sync),
) -> Result<String, Error> {
    let diff: Diff = diff::compare(before, after, expected.limits, advance)?;
    let objection =
        diff.entries.iter().find_map(|entry| judge.objection(entry)).or_else(|| misplaced(before, after, &diff));
    match objection {
        Some(objection) => Err(Check::Entries.failed(objection)),
        None => Ok(format!("{} entries as in the input, {} that were to differ", diff.same, diff.entries.len())),
    }
}

/// Knows which differences a build of an app may make.
pub(crate) struct Judge<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) app: &'a App<'a>,
    /// Whether the programs get a profile.
    pub(crate) has_profile: bool,
}

impl Judge<'_> {
    /// A sentence about the first difference of an entry that no build makes.
    pub(crate) fn objection(&self, entry: &EntryDiff) -> Option<String> {
        let refused = entry.differences.iter().find(|difference| !self.allows(entry.name(), difference))?;
        Some(format!(
            "entry \"{}\" {}",
            entry.name().escape_debug(),
            describe(refused, &|change| self.allows_key(change))
        ))
    }

    fn allows(&self, entry: &str, difference: &Difference) -> bool {
        match difference {
            Difference::Added | Difference::Sealing => self.is_of_signing(entry),
            Difference::Signature => true,
            Difference::Symbols => self.policy.has(ControlId::DEBUG_INFO_OBFUSCATION),
            Difference::Document { changes } => {
                self.app.programs().any(|program| program.entry("Info.plist") == entry)
                    && changes.iter().all(|change| self.allows_key(change))
            }
            _ => false,
        }
    }

    fn is_of_signing(&self, entry: &str) -> bool {
        let seals = |path: &str| self.app.bundles.iter().any(|bundle| bundle.path_of(entry) == Some(path));
        let is_profile = self.app.programs().any(|program| program.path_of(entry) == Some(PROFILE));
        seals(SEAL) || self.has_profile && is_profile
    }

    fn allows_key(&self, change: &DocumentChange) -> bool {
        let path = format!("{}/{}", change.element, change.attribute);
        let path: Vec<&str> = path.trim_start_matches('/').split('/').map(plain_key).collect();
        let path = path.join("/");
        KEYS.iter()
            .filter(|(control, _)| self.policy.has(*control))
            .flat_map(|(_, keys)| *keys)
            .any(|key| path.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }
}

//! Entry by entry: what the controls and signing had no business with must be what it was.

use domain::control::ControlId;
use domain::policy::Policy;
use formats::limits::Limits;
use formats::macho::{self, Binary, Slice};
use formats::plist::{self, Dictionary, Value};
use formats::zip::{Archive, Entry, EntrySource};

use super::bundles::{App, PROFILE, SEAL};
use super::info::{self, Edit, Rules};
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
    limits: &Limits,
) -> Result<Option<Difference>, Error> {
    if super::bundles::app_folder(&old.name).is_none() {
        return Ok(None);
    }
    if old.name.ends_with(SEAL) || old.name.ends_with(PROFILE) {
        return Ok(Some(Difference::Sealing));
    }
    if old.name.ends_with(".plist") {
        let read = |archive, entry: &Entry| dictionary(archive, &entry.name, limits);
        if let (Some(old), Some(new)) = (read(before, old)?, read(after, new)?) {
            let changes = info::edits(&old, &new).iter().map(Edit::shown).collect();
            return Ok(Some(Difference::Document { changes }));
        }
    }
    let (old, new) = (EntrySource::new(before, old), EntrySource::new(after, new));
    match macho::same_image(&old, &new, limits) {
        Ok(()) if symbol_bytes(&old)? == symbol_bytes(&new)? => Ok(Some(Difference::Signature)),
        Ok(()) => Ok(Some(Difference::Symbols)),
        Err(macho::Difference::Io(error)) => Err(Error::Source(error)),
        Err(difference) => Ok(Some(Difference::Content { detail: difference.to_string() })),
    }
}

/// The property list in an entry; `None` where it is none, or no dictionary.
fn dictionary(archive: &Archive<'_>, entry: &str, limits: &Limits) -> Result<Option<Dictionary>, Error> {
    let content = archive.read_entry(entry, limits.document_bytes);
    let content = content.map_err(|error| of_archive(Check::Contents, error))?;
    Ok(plist::read_dictionary(&content, limits).ok())
}

/// Of each slice. That two images are the same shows already that none has symbols that the other one lacks.
fn symbol_bytes(source: &EntrySource<'_>) -> Result<Vec<u64>, Error> {
    let binary = Binary::read(source).map_err(|error| Check::Entries.failed(error.to_string()))?;
    Ok(binary.slices.iter().map(Slice::symbol_bytes).collect())
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
    for entry in &diff.entries {
        if let Some(objection) = judge.objection(entry)? {
            return Err(Check::Entries.failed(objection));
        }
    }
    match misplaced(before, after, &diff) {
        Some(objection) => Err(Check::Entries.failed(objection)),
        None => Ok(format!("{} entries as in the input, {} that were to differ", diff.same, diff.entries.len())),
    }
}

/// Knows which differences a build of an app may make.
pub(crate) struct Judge<'a> {
    pub(crate) policy: &'a Policy,
    /// Whether the policy says for which hosts; one that stands for every policy does not.
    pub(crate) names_hosts: bool,
    pub(crate) before: &'a Archive<'a>,
    pub(crate) app: &'a App<'a>,
    /// Whether the programs get a profile.
    pub(crate) has_profile: bool,
}

impl Judge<'_> {
    /// A sentence about the first difference of an entry that no build makes.
    pub(crate) fn objection(&self, entry: &EntryDiff) -> Result<Option<String>, Error> {
        for difference in &entry.differences {
            let what = match difference {
                Difference::Document { .. } if self.is_info(entry.name()) => {
                    let changes = self.refused_edits(entry.name())?;
                    (!changes.is_empty()).then(|| describe(&Difference::Document { changes }, &|_| false))
                }
                difference => (!self.allows(entry.name(), difference)).then(|| describe(difference, &|_| false)),
            };
            if let Some(what) = what {
                return Ok(Some(format!("entry \"{}\" {what}", entry.name().escape_debug())));
            }
        }
        Ok(None)
    }

    fn allows(&self, entry: &str, difference: &Difference) -> bool {
        match difference {
            Difference::Added | Difference::Sealing => self.is_of_signing(entry),
            Difference::Signature => true,
            Difference::Symbols => self.policy.has(ControlId::DEBUG_INFO_OBFUSCATION),
            _ => false,
        }
    }

    fn is_info(&self, entry: &str) -> bool {
        self.app.programs().any(|program| program.entry("Info.plist") == entry)
    }

    /// The edits of a program's `Info.plist` that no control makes.
    fn refused_edits(&self, entry: &str) -> Result<Vec<DocumentChange>, Error> {
        let read = |archive| Ok::<_, Error>(dictionary(archive, entry, self.app.limits)?.unwrap_or_default());
        let (old, new) = (read(self.before)?, read(self.app.archive)?);
        let rules = Rules::of(self.policy, self.names_hosts);
        let edits = info::edits(&old, &new);
        Ok(edits.iter().filter(|edit| !rules.allow(edit)).map(Edit::shown).collect())
    }

    fn is_of_signing(&self, entry: &str) -> bool {
        let seals = |path: &str| self.app.bundles.iter().any(|bundle| bundle.path_of(entry) == Some(path));
        let is_profile = self.app.programs().any(|program| program.path_of(entry) == Some(PROFILE));
        seals(SEAL) || self.has_profile && is_profile
    }
}

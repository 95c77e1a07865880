//! What each program asks for: what it asked for until now, fitted to the profile, and edited by the controls.

use std::collections::BTreeMap;

use domain::control::ControlId;
use formats::plist::{Dictionary, Value};
use formats::source::Source as _;
use formats::zip::EntrySource;
use signing::code::{self, Claims};
use signing::ios::ProvisioningProfile;

use crate::ios::bundles::Bundle;
use crate::ios::controls::Outcomes;
use crate::ios::info::describe;
use crate::ios::inspect::Input;
use crate::outcome::{Applied, Change};
use crate::{Error, Plan};

/// The entitlements that let a debugger attach.
const DEBUGGABLE: [&str; 2] = ["get-task-allow", "com.apple.security.get-task-allow"];
const DATA_PROTECTION: &str = "com.apple.developer.default-data-protection";
/// Files cannot be read while the device is locked.
const COMPLETE: &str = "NSFileProtectionComplete";
/// Longest signature that is read, in bytes; those of the largest executables have some ten megabytes.
const LONGEST_SIGNATURE: u64 = 64 << 20;

/// What the programs ask for, by folder, and what the app's own signature said until now.
pub(crate) struct Asked {
    pub(crate) entitlements: BTreeMap<String, Dictionary>,
    pub(crate) previous: Option<Claims>,
}

/// Decides what each program asks for.
pub(crate) fn plan(input: &Input<'_>, plan: &Plan<'_>, outcomes: &mut Outcomes) -> Result<Asked, Error> {
    let profile = plan.ios_key().map(|(identity, _)| identity.profile());
    let mut asked = Asked { entitlements: BTreeMap::new(), previous: None };
    for program in input.bundles.iter().filter(|bundle| bundle.is_program()) {
        asked.previous = claims(input, program)?;
        let present = asked.previous.as_ref().and_then(|claims| claims.entitlements.as_ref());
        let mut entitlements = match profile {
            Some(profile) => fitted(present, profile, program)?,
            None => present.cloned().unwrap_or_default(),
        };
        if let Some(row) = outcomes.row(ControlId::DEBUGGABLE_PREVENTION) {
            refuse_debuggers(program, present, &mut entitlements, row);
        }
        if let Some(row) = outcomes.row(ControlId::STORAGE_ENCRYPTION_PREVENTION) {
            encrypt_files(program, profile, &mut entitlements, row)?;
        }
        // Empty ones say that the app asked for nothing: whoever signs it again must not give it what unsigned apps get.
        if !entitlements.is_empty() || plan.policy.has(ControlId::DEBUGGABLE_PREVENTION) {
            asked.entitlements.insert(program.path.clone(), entitlements);
        }
    }
    // The app is the last of the bundles.
    Ok(asked)
}

/// What the signature of a program's executable says; `None` where it has none.
fn claims(input: &Input<'_>, program: &Bundle) -> Result<Option<Claims>, Error> {
    let entry = &program.executable;
    let (Some(binary), Some(place)) = (input.code.get(entry), input.archive.entry(entry)) else { return Ok(None) };
    let Some(range) = binary.slices.iter().find_map(|slice| slice.signature.clone()) else { return Ok(None) };
    let mut signature = vec![0; (range.end - range.start).min(LONGEST_SIGNATURE) as usize];
    EntrySource::new(&input.archive, place).read_at(range.start, &mut signature).map_err(Error::of_source)?;
    let claims = code::read(&signature);
    claims.map(Some).map_err(|cause| Error::CodeSignature { entry: entry.clone(), cause })
}

fn fitted(present: Option<&Dictionary>, profile: &ProvisioningProfile, program: &Bundle) -> Result<Dictionary, Error> {
    let fitted = profile.entitlements_for(&program.identifier, present);
    fitted.map_err(|cause| Error::Entitlements { bundle: program.path.clone(), cause })
}

/// `DebuggablePrevention`, whatever the profile grants. What is there and off stays.
fn refuse_debuggers(program: &Bundle, present: Option<&Dictionary>, entitlements: &mut Dictionary, row: &mut Applied) {
    let is_on = |value: &&Value| **value != Value::Boolean(false);
    for key in DEBUGGABLE {
        if entitlements.get(key).filter(is_on).is_some() {
            entitlements.remove(key);
        }
        if let Some(before) = present.and_then(|present| present.get(key)).filter(is_on) {
            row.changes.push(change(program, key, Some(before), None));
        }
    }
}

/// `StorageEncryptionPrevention`: the class of files for which the app names none.
fn encrypt_files(
    program: &Bundle,
    profile: Option<&ProvisioningProfile>,
    entitlements: &mut Dictionary,
    row: &mut Applied,
) -> Result<(), Error> {
    let wanted = Value::String(COMPLETE.to_owned());
    let mut warn = |warning: &str| {
        if row.warnings.iter().all(|known| known != warning) {
            row.warnings.push(warning.to_owned());
        }
    };
    match profile {
        Some(profile) if !profile.allows(DATA_PROTECTION, &wanted) => {
            return Err(Error::Control {
                control: ControlId::STORAGE_ENCRYPTION_PREVENTION,
                entry: program.path.escape_debug().to_string(),
                reason: format!(
                    "the provisioning profile {:?} does not grant {DATA_PROTECTION} = {COMPLETE}; enable Data Protection for the App \
                     ID and make the profile again",
                    profile.name()
                ),
            });
        }
        Some(_) => {}
        None => warn("the entitlement holds only under a provisioning profile that grants it"),
    }
    warn(
        "files for which the app itself asks for less keep that: raising them needs the runtime agent, which is not built yet",
    );
    let before = entitlements.insert(DATA_PROTECTION.to_owned(), wanted.clone());
    if before.as_ref() != Some(&wanted) {
        row.changes.push(change(program, DATA_PROTECTION, before.as_ref(), Some(&wanted)));
    }
    Ok(())
}

fn change(program: &Bundle, key: &str, before: Option<&Value>, after: Option<&Value>) -> Change {
    Change {
        entry: program.executable.clone(),
        element: "entitlements".to_owned(),
        attribute: key.to_owned(),
        before: before.map(describe),
        after: after.map(describe),
    }
}

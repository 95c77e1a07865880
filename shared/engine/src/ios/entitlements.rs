//! What each program asks for: what it asked for until now, fitted to the profile, and edited by the controls.

use std::collections::BTreeMap;

use domain::control::ControlId;
use formats::macho::Slice;
use formats::plist::{Dictionary, Value, describe};
use formats::source::Source as _;
use formats::zip::EntrySource;
use signing::code::{self, Claims};
use signing::ios::{Fitted, ProvisioningProfile, Settled};

use crate::ios::bundles::Bundle;
use crate::ios::controls::Outcomes;
use crate::ios::inspect::Input;
use crate::outcome::{Applied, Change};
use crate::report::Warning;
use crate::{Error, Plan};

/// The entitlements that let a debugger attach.
const DEBUGGABLE: [&str; 2] = ["get-task-allow", "com.apple.security.get-task-allow"];
const DATA_PROTECTION: &str = "com.apple.developer.default-data-protection";
/// Files cannot be read while the device is locked.
const COMPLETE: &str = "NSFileProtectionComplete";
/// Longest signature that is read, in bytes; those of the largest executables have some ten megabytes.
const LONGEST_SIGNATURE: u64 = 64 << 20;
/// Length in characters of the longest value that a warning repeats; it comes from outside.
const LONGEST_VALUE: usize = 200;
/// Programs that a message names.
const MOST_NAMED: usize = 8;

/// What the programs ask for, by folder, and what the app's own signature said until now.
pub(crate) struct Asked {
    pub(crate) entitlements: BTreeMap<String, Dictionary>,
    pub(crate) previous: Option<Claims>,
    /// What the profile decided otherwise than the programs.
    pub(crate) warnings: Vec<Warning>,
}

/// Decides what each program asks for.
pub(crate) fn plan(input: &Input<'_>, plan: &Plan<'_>, outcomes: &mut Outcomes) -> Result<Asked, Error> {
    let profile = plan.ios_key().map(|(identity, _)| identity.profile());
    profile.map_or(Ok(()), |profile| require_covered(&input.bundles, profile))?;
    let mut asked = Asked { entitlements: BTreeMap::new(), previous: None, warnings: Vec::new() };
    for program in input.bundles.iter().filter(|bundle| bundle.is_program()) {
        asked.previous = claims(input, program)?;
        let present = asked.previous.as_ref().and_then(|claims| claims.entitlements.as_ref());
        let Fitted { mut entitlements, settled } = match profile {
            Some(profile) => fitted(present, profile, program)?,
            None => Fitted { entitlements: present.cloned().unwrap_or_default(), settled: Vec::new() },
        };
        let left = settled.iter().filter(|settled| !is_decided(plan, &settled.key));
        asked.warnings.extend(left.map(|settled| warning(program, settled)));
        if let Some(row) = outcomes.row(ControlId::DEBUGGABLE_PREVENTION) {
            refuse_debuggers(program, present, &mut entitlements, row);
        }
        if let Some(row) = outcomes.row(ControlId::STORAGE_ENCRYPTION_PREVENTION) {
            encrypt_files(program, profile, present, &mut entitlements, row)?;
        }
        // Empty ones say that the app asked for nothing: whoever signs it again must not give it what unsigned apps get.
        if !entitlements.is_empty() || plan.policy.has(ControlId::DEBUGGABLE_PREVENTION) {
            asked.entitlements.insert(program.path.clone(), entitlements);
        }
    }
    // The app is the last of the bundles.
    Ok(asked)
}

/// One profile signs every program. What covers only some of them would fail at one after the other.
fn require_covered(bundles: &[Bundle], profile: &ProvisioningProfile) -> Result<(), Error> {
    let programs: Vec<&Bundle> = bundles.iter().filter(|bundle| bundle.is_program()).collect();
    let others: Vec<&&Bundle> = programs.iter().filter(|program| !profile.covers(&program.identifier)).collect();
    // A single program has a message of its own.
    if programs.len() < 2 || others.is_empty() {
        return Ok(());
    }
    let named = |program: &&&Bundle| format!("{} ({})", shown(&program.identifier), shown(&program.path));
    let mut named: Vec<String> = others.iter().take(MOST_NAMED).map(named).collect();
    if let Some(more @ 1..) = others.len().checked_sub(MOST_NAMED) {
        named.push(format!("{more} more"));
    }
    Err(Error::ProfileTooNarrow {
        profile: profile.name().to_owned(),
        pattern: profile.bundle_pattern().to_string(),
        programs: named.join(", "),
        wildcard: shown(&wildcard(&programs)),
    })
}

/// The longest pattern that covers every program. An asterisk stands for one character at least, so that `com.example.app` is not
/// covered by `com.example.app.*`.
fn wildcard(programs: &[&Bundle]) -> String {
    let mut identifiers = programs.iter().map(|program| program.identifier.as_str());
    let mut common = identifiers.next().unwrap_or_default().to_owned();
    for identifier in identifiers {
        common = common
            .chars()
            .zip(identifier.chars())
            .take_while(|(one, other)| one == other)
            .unzip::<_, _, String, String>()
            .0;
    }
    common.rsplit_once('.').map_or_else(|| "*".to_owned(), |(parts, _)| format!("{parts}.*"))
}

/// As much of a text from outside as a message has room for.
fn shown(text: &str) -> String {
    text.chars().take(LONGEST_VALUE).collect::<String>().escape_debug().to_string()
}

/// What the signature of a program's executable says, in each slice the same; `None` where it has none.
fn claims(input: &Input<'_>, program: &Bundle) -> Result<Option<Claims>, Error> {
    let entry = &program.executable;
    let (Some(binary), Some(place)) = (input.code.get(entry), input.archive.entry(entry)) else { return Ok(None) };
    let source = EntrySource::new(&input.archive, place);
    let of_slice = |slice: &Slice| {
        let Some(range) = &slice.signature else { return Ok(None) };
        let mut signature = vec![0; (range.end - range.start).min(LONGEST_SIGNATURE) as usize];
        source.read_at(range.start, &mut signature).map_err(Error::of_source)?;
        let claims = code::read(&signature);
        claims.map(Some).map_err(|cause| Error::CodeSignature { entry: entry.clone(), cause })
    };
    let Some((first, others)) = binary.slices.split_first() else { return Ok(None) };
    let claims = of_slice(first)?;
    let asked = |claims: &Option<Claims>| claims.as_ref().and_then(|claims| claims.entitlements.clone());
    let wanted = asked(&claims);
    for other in others {
        if asked(&of_slice(other)?) != wanted {
            let slices = [first.cpu.to_string(), other.cpu.to_string()];
            return Err(Error::DifferentEntitlements { entry: entry.clone(), slices });
        }
    }
    Ok(claims)
}

fn fitted(present: Option<&Dictionary>, profile: &ProvisioningProfile, program: &Bundle) -> Result<Fitted, Error> {
    let fitted = profile.entitlements_for(&program.identifier, present);
    fitted.map_err(|cause| Error::Entitlements { bundle: program.path.clone(), cause })
}

/// Whether a control of the plan decides about an entitlement, and says so in its own row.
fn is_decided(plan: &Plan<'_>, key: &str) -> bool {
    let has = |control| plan.policy.has(control);
    DEBUGGABLE.contains(&key) && has(ControlId::DEBUGGABLE_PREVENTION)
        || key == DATA_PROTECTION && has(ControlId::STORAGE_ENCRYPTION_PREVENTION)
}

fn warning(program: &Bundle, settled: &Settled) -> Warning {
    let shown = |value: &Value| shown(&describe(value));
    let message = format!(
        "{}: the provisioning profile decides {}: {} from now on, {} until now.",
        program.path.escape_debug(),
        settled.key.escape_debug(),
        shown(&settled.after),
        settled.before.as_ref().map_or_else(|| "absent".to_owned(), shown)
    );
    Warning { code: "entitlement_settled", message }
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
    present: Option<&Dictionary>,
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
    entitlements.insert(DATA_PROTECTION.to_owned(), wanted.clone());
    // What the app had, not what the profile made of it.
    let before = present.and_then(|present| present.get(DATA_PROTECTION));
    if before != Some(&wanted) {
        row.changes.push(change(program, DATA_PROTECTION, before, Some(&wanted)));
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

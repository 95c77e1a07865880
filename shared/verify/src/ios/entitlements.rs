//! What programs ask for, compared with what they asked for before.

use domain::control::ControlId;
use domain::policy::Policy;
use formats::macho::Binary;
use formats::plist::{Dictionary, Value};
use formats::zip::EntrySource;
use signing::code;
use signing::ios::ProvisioningProfile;

use super::bundles::{App, Bundle};
use super::signatures::{failed, read_range, refused, refused_code};
use crate::Error;

const APPLICATION: &str = "application-identifier";
const TEAM: &str = "com.apple.developer.team-identifier";
const KEYCHAIN: &str = "keychain-access-groups";
const DEBUGGER: &str = "get-task-allow";
/// TestFlight's, which comes with a profile.
const BETA: &str = "beta-reports-active";
const DATA_PROTECTION: &str = "com.apple.developer.default-data-protection";
/// Classes of files, the weakest first.
const CLASSES: [&str; 4] = [
    "NSFileProtectionNone",
    "NSFileProtectionCompleteUntilFirstUserAuthentication",
    "NSFileProtectionCompleteUnlessOpen",
    "NSFileProtectionComplete",
];
/// The entitlements that each control decides about.
const DECIDED: [(ControlId, &[&str]); 2] = [
    (ControlId::DEBUGGABLE_PREVENTION, &[DEBUGGER, "com.apple.security.get-task-allow"]),
    (ControlId::STORAGE_ENCRYPTION_PREVENTION, &[DATA_PROTECTION]),
];

/// A program asks for nothing that its profile does not grant, as the app that it is, and for what it asked for before: but for what the
/// controls decide, and what a profile does by the rules of [`Fitting`]. Signed ad hoc, it asks for the very same.
pub(super) fn check(
    before: &App<'_>,
    bundle: &Bundle,
    new: &Dictionary,
    profile: Option<&ProvisioningProfile>,
    policy: &Policy,
) -> Result<(), Error> {
    let old = claimed(before, bundle)?;
    if let Some(profile) = profile {
        check_grants(bundle, new, profile)?;
    }
    let fitting = profile.map(|profile| Fitting { old: old.as_ref(), profile, identifier: &bundle.identifier });
    let none = Dictionary::new();
    let old = old.as_ref().unwrap_or(&none);
    let decided = |key: &str| DECIDED.iter().any(|(control, keys)| policy.has(*control) && keys.contains(&key));
    let explains = |key: &str| {
        let (before, after) = (old.get(key), new.get(key));
        before == after || decided(key) || fitting.as_ref().is_some_and(|fitting| fitting.explains(key, before, after))
    };
    match old.keys().chain(new.keys()).find(|key| !explains(key)) {
        Some(key) => failed(&bundle.path, format!("it asks for another {} than before", key.escape_debug())),
        None => Ok(()),
    }
}

fn check_grants(bundle: &Bundle, entitlements: &Dictionary, profile: &ProvisioningProfile) -> Result<(), Error> {
    // What is off asks for nothing.
    let asks = |value: &Value| *value != Value::Boolean(false);
    if let Some((key, _)) = entitlements.iter().find(|(key, value)| asks(value) && !profile.allows(key, value)) {
        return failed(&bundle.path, format!("its profile does not grant {key}"));
    }
    let own = entitlements.get(APPLICATION).and_then(Value::as_string).unwrap_or_default();
    match own.split_once('.').is_some_and(|(_, identifier)| identifier == bundle.identifier) {
        true => Ok(()),
        false => failed(&bundle.path, format!("it is entitled as {own:?}, not as {:?}", bundle.identifier)),
    }
}

/// What the executable of the same bundle asked for in the input, in each of its slices; `None` where it asked for nothing at all.
fn claimed(before: &App<'_>, bundle: &Bundle) -> Result<Option<Dictionary>, Error> {
    let Some(place) = before.archive.entry(&bundle.executable) else { return Ok(None) };
    let source = EntrySource::new(before.archive, place);
    let binary = Binary::read(&source).map_err(|error| refused_code(&bundle.executable, error))?;
    let mut claims = binary.slices.iter().map(|slice| {
        let Some(range) = &slice.signature else { return Ok(None) };
        let signature = read_range(&source, range)?;
        let claims = code::read(&signature).map_err(|error| refused(&bundle.executable, error))?;
        Ok(claims.entitlements)
    });
    let first = claims.next().transpose()?.flatten();
    for other in claims {
        if other? != first {
            return failed(&bundle.executable, "its slices asked for different entitlements".to_owned());
        }
    }
    Ok(first)
}

/// What signing under a profile may make of entitlements that are granted.
struct Fitting<'a> {
    old: Option<&'a Dictionary>,
    profile: &'a ProvisioningProfile,
    identifier: &'a str,
}

impl Fitting<'_> {
    fn explains(&self, key: &str, before: Option<&Value>, after: Option<&Value>) -> bool {
        match (key, before, after) {
            // Who the app is was checked with what the profile grants.
            (APPLICATION | TEAM, _, Some(_)) => true,
            (BETA, _, Some(after)) => *after == Value::Boolean(true),
            (DEBUGGER, Some(_), None | Some(Value::Boolean(false))) => !self.profile.allows(DEBUGGER, &true.into()),
            (_, None, Some(after)) => self.old.is_none() && self.is_usual(key, after),
            (_, Some(before), None) => matches!(before, Value::Boolean(false)) || is_empty_list(before),
            (_, Some(before), Some(after)) => self.is_same(before, after) || self.is_settled(key, before, after),
            (_, None, None) => true,
        }
    }

    /// What a program gets that was never signed.
    fn is_usual(&self, key: &str, after: &Value) -> bool {
        match key {
            DEBUGGER => after.as_boolean().is_some(),
            KEYCHAIN => {
                let own = format!("{}.{}", self.profile.application_identifier_prefix(), self.identifier);
                *after == Value::Array(vec![own.into()])
            }
            _ => false,
        }
    }

    /// Whether nothing but a prefix at the beginning of texts is another: the profile's in the place of the old one.
    fn is_same(&self, before: &Value, after: &Value) -> bool {
        match (before, after) {
            (Value::Array(before), Value::Array(after)) => {
                before.len() == after.len()
                    && before.iter().zip(after).all(|(before, after)| self.is_same(before, after))
            }
            (Value::String(before), Value::String(after)) => before == after || self.is_renamed(before, after),
            _ => before == after,
        }
    }

    fn is_renamed(&self, before: &str, after: &str) -> bool {
        let text = |key| self.old.and_then(|old| old.get(key)).and_then(Value::as_string);
        let application = text(APPLICATION).and_then(|text| Some(text.split_once('.')?.0));
        let pairs = [(application, self.profile.application_identifier_prefix()), (text(TEAM), self.profile.team_id())];
        let (Some((old, before)), Some((new, after))) = (before.split_once('.'), after.split_once('.')) else {
            return false;
        };
        before == after && pairs.contains(&(Some(old), new))
    }

    /// Whether the profile leaves no choice, and files are protected no less than before.
    fn is_settled(&self, key: &str, before: &Value, after: &Value) -> bool {
        let only = self.profile.entitlements().get(key).and_then(Value::as_string).filter(|text| !text.ends_with('*'));
        let class = |value: &Value| CLASSES.iter().position(|class| value.as_string() == Some(*class));
        let is_as_strong = class(before).is_some_and(|old| class(after).is_some_and(|new| new >= old));
        before.as_string().is_some()
            && only.is_some_and(|only| after.as_string() == Some(only))
            && (key != DATA_PROTECTION || is_as_strong)
    }
}

fn is_empty_list(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

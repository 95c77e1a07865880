//! Which entitlements an app may be signed with under a profile.
//!
//! A profile lists what its App ID has been granted, with asterisks where the app may choose (TN3125). Devices run no app that asks
//! for more; so whatever the profile lacks is refused here, where something can still be done about it, and nothing that the app
//! needs is left out in silence.

use formats::plist::{Dictionary, Value};

use super::error::EntitlementsError;
use super::profile::ProvisioningProfile;
use crate::message::excerpt;

const APPLICATION_IDENTIFIER: &str = "application-identifier";
const TEAM_IDENTIFIER: &str = "com.apple.developer.team-identifier";
const KEYCHAIN_GROUPS: &str = "keychain-access-groups";
const DEBUGGER: &str = "get-task-allow";
/// Without it TestFlight does not take an app; App Store profiles have it, and apps as they are built do not.
const BETA_REPORTS: &str = "beta-reports-active";

const DATA_PROTECTION: &str = "com.apple.developer.default-data-protection";
/// Classes of files (`FileProtectionType`), the weakest first. Where others stand in this order is not known.
const CLASSES: [&str; 4] = [
    "NSFileProtectionNone",
    "NSFileProtectionCompleteUntilFirstUserAuthentication",
    "NSFileProtectionCompleteUnlessOpen",
    "NSFileProtectionComplete",
];

const WILDCARD: &str = "*";
/// How many refused entitlements a message repeats; the largest apps have some fifty.
const MAX_REFUSED: usize = 64;

/// What an app is signed with under a profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The entitlements, in the order of their keys.
    pub entitlements: Dictionary,
    /// Those for which the profile has another value than the app had.
    pub settled: Vec<Settled>,
}

/// An entitlement that the profile decides, and otherwise than the app did.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// Its key.
    pub key: String,
    /// What the app had; `None` where it did not have the entitlement.
    pub before: Option<Value>,
    /// What the app is signed with.
    pub after: Value,
}

impl ProvisioningProfile {
    /// Whether an app may be signed with this value for the entitlement.
    pub fn allows(&self, key: &str, value: &Value) -> bool {
        self.entitlements().get(key).is_some_and(|granted| grants(granted, value))
    }

    /// The entitlements to sign the app of this bundle identifier with, which has had these until now.
    ///
    /// The application identifier and the team are those of the profile, which also take the place of the old ones at the beginning
    /// of keychain groups and other values. Where the profile names a value, it is taken (`aps-environment`), but never a class of files
    /// that protects less than the app's; where it lists some, or has an asterisk, the app's must be among them. An app stays under a
    /// debugger where it was before and the profile has it. TestFlight's entitlement comes with a profile that has it. Whatever of
    /// this is not as the app had it is listed. An app without entitlements gets those that Xcode would give it, and nothing is
    /// listed: it had decided nothing.
    ///
    /// # Errors
    /// When the profile is for other apps, or lacks what the app has, also a class of files as strong; all such entitlements are
    /// named.
    pub fn entitlements_for(&self, bundle_id: &str, present: Option<&Dictionary>) -> Result<Fitted, EntitlementsError> {
        if !self.covers(bundle_id) {
            return Err(EntitlementsError::OtherApp {
                profile: excerpt(self.name()),
                pattern: self.bundle_pattern().to_string(),
                bundle_id: excerpt(bundle_id),
            });
        }
        let identifier = format!("{}.{bundle_id}", self.application_identifier_prefix());
        let Fitted { mut entitlements, mut settled } = match present {
            Some(present) => self.carried_over(present)?,
            None => Fitted { entitlements: self.defaults(&identifier), settled: Vec::new() },
        };
        entitlements.insert(APPLICATION_IDENTIFIER.to_owned(), identifier.into());
        entitlements.insert(TEAM_IDENTIFIER.to_owned(), self.team_id().into());
        if self.allows(BETA_REPORTS, &true.into())
            && entitlements.insert(BETA_REPORTS.to_owned(), true.into()) != Some(true.into())
            && let Some(present) = present
        {
            let before = present.get(BETA_REPORTS).cloned();
            settled.push(Settled { key: BETA_REPORTS.to_owned(), before, after: true.into() });
        }
        entitlements.sort_keys();
        Ok(Fitted { entitlements, settled })
    }

    fn defaults(&self, identifier: &str) -> Dictionary {
        let mut entitlements = Dictionary::new();
        let groups = Value::Array(vec![identifier.into()]);
        if self.allows(KEYCHAIN_GROUPS, &groups) {
            entitlements.insert(KEYCHAIN_GROUPS.to_owned(), groups);
        }
        entitlements.insert(DEBUGGER.to_owned(), self.allows(DEBUGGER, &true.into()).into());
        entitlements
    }

    fn carried_over(&self, present: &Dictionary) -> Result<Fitted, EntitlementsError> {
        let prefixes = Prefixes::of(present, self);
        let (mut entitlements, mut settled, mut refused) = (Dictionary::new(), Vec::new(), Vec::new());
        for (key, before) in present {
            let value = prefixes.replaced(before);
            match self.decision(key, &value) {
                Decision::LeftOut => {}
                Decision::Kept => drop(entitlements.insert(key.clone(), value)),
                Decision::Settled(after) => {
                    if after != value {
                        let (key, before) = (key.clone(), Some(before.clone()));
                        settled.push(Settled { key, before, after: after.clone() });
                    }
                    entitlements.insert(key.clone(), after);
                }
                Decision::Refused(what) => refused.push(what),
            }
        }
        if refused.is_empty() {
            return Ok(Fitted { entitlements, settled });
        }
        refused.truncate(MAX_REFUSED);
        Err(EntitlementsError::NotGranted { profile: excerpt(self.name()), refused })
    }

    /// What becomes of an entitlement that the app has, with this value under the new prefixes.
    fn decision(&self, key: &str, value: &Value) -> Decision {
        match (key, self.entitlements().get(key)) {
            (APPLICATION_IDENTIFIER | TEAM_IDENTIFIER, _) => Decision::LeftOut,
            (DEBUGGER, _) => {
                let kept = value.as_boolean() == Some(true) && self.allows(DEBUGGER, value);
                Decision::Settled(kept.into())
            }
            _ if asks_for_nothing(value) => Decision::LeftOut,
            (_, Some(granted)) if is_settled(granted, value) && !weakens(key, granted, value) => {
                Decision::Settled(granted.clone())
            }
            (_, Some(granted)) if grants(granted, value) => Decision::Kept,
            (_, Some(granted)) => Decision::Refused(format!("{} ({})", excerpt(key), excess(granted, value))),
            (_, None) => Decision::Refused(excerpt(key)),
        }
    }
}

/// What becomes of an entitlement of the app.
enum Decision {
    /// It comes from elsewhere, or says nothing.
    LeftOut,
    Kept,
    /// The profile decides.
    Settled(Value),
    /// The profile lacks this.
    Refused(String),
}

/// Whether what a profile has for an entitlement includes this value.
fn grants(granted: &Value, value: &Value) -> bool {
    match (granted, value) {
        (_, Value::Array(values)) => values.iter().all(|value| grants(granted, value)),
        (Value::Array(choices), _) => choices.iter().any(|choice| grants(choice, value)),
        (Value::String(pattern), Value::String(text)) => match pattern.strip_suffix(WILDCARD) {
            Some(start) => text.strip_prefix(start).is_some_and(|rest| !rest.is_empty()),
            None => text == pattern,
        },
        (Value::Boolean(granted), Value::Boolean(value)) => *granted || !*value,
        _ => granted == value,
    }
}

/// Whether the profile leaves no choice: a single text that is no pattern.
fn is_settled(granted: &Value, value: &Value) -> bool {
    let text = granted.as_string().filter(|text| !text.ends_with(WILDCARD));
    text.is_some() && value.as_string().is_some()
}

/// Whether the profile's value protects files less than the app's, as far as anybody knows.
fn weakens(key: &str, granted: &Value, value: &Value) -> bool {
    let class = |value: &Value| CLASSES.iter().position(|class| value.as_string() == Some(*class));
    let is_as_strong = class(value).is_some_and(|old| class(granted).is_some_and(|new| new >= old));
    key == DATA_PROTECTION && granted != value && !is_as_strong
}

/// Whether the value needs nobody's leave.
fn asks_for_nothing(value: &Value) -> bool {
    match value {
        Value::Boolean(value) => !value,
        Value::Array(values) => values.is_empty(),
        _ => false,
    }
}

/// The first part of a value that is not granted, as a message shows it.
fn excess(granted: &Value, value: &Value) -> String {
    let parts = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let part = parts.iter().find(|part| !grants(granted, part)).unwrap_or(value);
    match part {
        Value::String(text) => format!("{:?}", excerpt(text)),
        Value::Boolean(value) => value.to_string(),
        _ => "its value".to_owned(),
    }
}

/// What stands at the beginning of identifiers, in the old entitlements and in the new.
struct Prefixes<'a>([(Option<&'a str>, &'a str); 2]);

impl<'a> Prefixes<'a> {
    fn of(present: &'a Dictionary, profile: &'a ProvisioningProfile) -> Self {
        let text = |key| present.get(key).and_then(Value::as_string);
        let application = text(APPLICATION_IDENTIFIER).and_then(|text| Some(text.split_once('.')?.0));
        Self([(application, profile.application_identifier_prefix()), (text(TEAM_IDENTIFIER), profile.team_id())])
    }

    fn replaced(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.replaced_in(text)),
            Value::Array(values) => Value::Array(values.iter().map(|value| self.replaced(value)).collect()),
            value => value.clone(),
        }
    }

    fn replaced_in(&self, text: &str) -> String {
        let Some((prefix, rest)) = text.split_once('.') else { return text.to_owned() };
        let new = self.0.iter().find(|(old, _)| *old == Some(prefix));
        new.map_or_else(|| text.to_owned(), |(_, new)| format!("{new}.{rest}"))
    }
}

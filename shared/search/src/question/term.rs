//! What a question asks of a row, and how each log says it.

use domain::control::{Control, catalogue};
use domain::platform::ConfigVersion;

use super::Refusal;
use super::selection::Selection;
use crate::column::Log;
use crate::query::{Condition, Literal, Operator, Pattern};

/// One property of a row and the values that it may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) key: Key,
    pub(super) values: Vec<String>,
}

/// Which property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// Names of calls.
    Call,
    /// Kinds of changes.
    Change,
    /// Any change: no values.
    AnyChange,
    /// Names of controls: whose setting was changed, or which responded.
    Control,
    /// `true` or `false`.
    Outcome,
    /// Who called.
    Caller,
    /// Platforms.
    Platform,
    /// Platform and system version, with a space between them.
    System,
    /// Two letters.
    Country,
    /// Configuration versions, by their long names.
    Version,
    /// The version that was promoted.
    VersionFrom,
    /// How a control responded.
    Action,
    /// Identifiers of apps.
    App,
    /// Versions of apps.
    AppVersion,
    /// IP addresses.
    Address,
    /// Ids of devices.
    Device,
}

impl Key {
    /// Properties of one group are alternatives to each other: `uploads and configuration changes`.
    pub(super) const fn group(self) -> Self {
        match self {
            Self::Call | Self::Change | Self::AnyChange => Self::Call,
            other => other,
        }
    }

    /// The fields of `raw_data` in which the audit log has it.
    pub(super) const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Control => &["control"],
            Self::Platform => &["platform"],
            Self::Version => &["version", "to"],
            Self::VersionFrom => &["from"],
            _ => &[],
        }
    }

    pub(super) const fn subject(self) -> &'static str {
        match self {
            Self::Call | Self::Change | Self::AnyChange => "calls and changes",
            Self::Control => "this control",
            Self::Outcome => "success and failure",
            Self::Caller => "users and keys",
            Self::Platform => "platforms",
            Self::System => "system versions",
            Self::Country => "countries",
            Self::Version | Self::VersionFrom => "this version",
            Self::Action => "responses",
            Self::App => "app identifiers",
            Self::AppVersion => "app versions",
            Self::Address => "IP addresses",
            Self::Device => "devices",
        }
    }
}

/// Stands for Namibia and for a country that is not known (the control catalogue, `StoreLocation`).
const UNKNOWN_COUNTRY: &str = "NA";

impl Term {
    pub(super) fn new(key: Key, value: impl Into<String>) -> Self {
        Self { key, values: vec![value.into()] }
    }

    /// What it asks of a row of the audit log, where `selection` holds the calls in question, or of the device log.
    pub(super) fn condition(&self, selection: Option<&Selection<'_>>) -> Result<Condition, Refusal> {
        let log = if selection.is_some() { Log::Audit } else { Log::Device };
        if self.key == Key::Country && self.values.iter().any(|code| code == UNKNOWN_COUNTRY) {
            return Err(Refusal::Ambiguous("NA is Namibia and an unknown country"));
        }
        let found = match selection {
            Some(selection) => self.of_call(log, selection),
            None => self.of_event(log),
        };
        found.ok_or(Refusal::NotInLog { log, subject: self.key.subject() })
    }

    /// The audit log says in `raw_data` what a call was about: compact JSON, so that a name and its value are one text.
    fn of_call(&self, log: Log, selection: &Selection<'_>) -> Option<Condition> {
        match self.key {
            Key::Call => self.one_of(log, "api_call"),
            Key::Change => self.one_of(log, "event_type"),
            Key::AnyChange => Some(Condition::IsNull(log.column("event_type")?).negated()),
            Key::Caller => self.one_of(log, "user_id"),
            Key::Outcome => {
                let column = log.column("successful")?;
                Condition::any(self.values.iter().map(|value| Condition::equals(column, value == "true")))
            }
            Key::Control => {
                let unnamed = Self { key: Key::Call, values: selection.unnamed(&self.values) };
                let unnamed = if unnamed.values.is_empty() { None } else { unnamed.one_of(log, "api_call") };
                Condition::any(self.noted(log, selection).into_iter().chain(unnamed))
            }
            Key::Platform | Key::Version | Key::VersionFrom => self.noted(log, selection),
            Key::System | Key::Country | Key::Action | Key::App | Key::AppVersion | Key::Address | Key::Device => None,
        }
    }

    fn of_event(&self, log: Log) -> Option<Condition> {
        match self.key {
            Key::Control => {
                let mut values = Vec::new();
                for name in &self.values {
                    let event_type = control(name)?.event_type()?.to_owned();
                    if !values.contains(&event_type) {
                        values.push(event_type);
                    }
                }
                Self { key: self.key, values }.one_of(log, "event_type")
            }
            Key::Platform => self.one_of(log, "platform"),
            Key::System => Condition::any(self.values.iter().filter_map(|value| system(log, value))),
            Key::Country => self.one_of(log, "country"),
            Key::Version => self.one_of(log, "version"),
            Key::Action => self.one_of(log, "action"),
            Key::App => self.one_of(log, "app_identifier"),
            Key::AppVersion => self.one_of(log, "app_version"),
            Key::Address => self.one_of(log, "ip_address"),
            Key::Device => self.one_of(log, "device_id"),
            Key::Call | Key::Change | Key::AnyChange | Key::Outcome | Key::Caller | Key::VersionFrom => None,
        }
    }

    fn one_of(&self, log: Log, column: &str) -> Option<Condition> {
        let column = log.column(column)?;
        match self.values.as_slice() {
            [value] => Some(Condition::equals(column, value.as_str())),
            values => Some(Condition::In(column, values.iter().map(|value| Literal::from(value.as_str())).collect())),
        }
    }

    /// One of the fields was asked for with one of the values, in one of its spellings.
    fn noted(&self, log: Log, selection: &Selection<'_>) -> Option<Condition> {
        let column = log.column("raw_data")?;
        let fields = selection.fields(self.key);
        let spellings = match self.key {
            Key::Version | Key::VersionFrom => spellings,
            _ => |value: &str| vec![value.to_owned()],
        };
        let values = self.values.iter().flat_map(|value| spellings(value));
        let parts = values.flat_map(|value| fields.iter().map(move |field| format!("\"{field}\":\"{value}\"")));
        Condition::any(parts.map(|part| Condition::Like(column, Pattern::containing(&part))))
    }
}

/// As callers may have written a configuration version (page 000); in any case, as LIKE reads letters.
fn spellings(version: &str) -> Vec<String> {
    let short = match version.parse() {
        Ok(ConfigVersion::Development) => "dev",
        Ok(ConfigVersion::Staging) => "stg",
        Ok(ConfigVersion::Production) => "prod",
        Err(_) => return vec![version.to_owned()],
    };
    vec![short.to_owned(), version.to_owned()]
}

fn control(name: &str) -> Option<&'static Control> {
    catalogue().iter().find(|control| control.id.as_str() == name)
}

/// `Android 14` is every 14, `iOS 17.2` every 17.2: from that version on, before the next of as many parts.
fn system(log: Log, value: &str) -> Option<Condition> {
    let (platform, version) = value.split_once(' ')?;
    let (version, range) = version.split_once(' ').unwrap_or((version, ""));
    let (before, last) = version.rsplit_once('.').map_or(("", version), |(before, last)| (before, last));
    let next = last.parse::<u64>().ok()?.checked_add(1)?;
    let next = if before.is_empty() { next.to_string() } else { format!("{before}.{next}") };
    let column = log.column("os_version")?;
    let from = (range != "earlier").then(|| Condition::Compare(column, Operator::AtLeast, version.into()));
    let to = (range != "later").then(|| Condition::Compare(column, Operator::Less, next.as_str().into()));
    Condition::all([Condition::equals(log.column("platform")?, platform)].into_iter().chain(from).chain(to))
}

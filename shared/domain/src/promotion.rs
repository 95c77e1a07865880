//! Promotion: a version takes over what the version below it says (contracts, "Configuration").

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::certificate::CertificateList;
use crate::configuration::Configuration;
use crate::control::{Control, catalogue};
use crate::custom_message::CustomMessage;
use crate::error::Error;
use crate::platform::ConfigVersion;
use crate::setting::Setting;

/// What a promotion changes: one difference between two versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it concerns.
    pub kind: Subject,
    /// The control's id or the certificate's name; empty for what there is once, and for the order of certificates.
    pub name: String,
    /// The difference, for people.
    pub summary: String,
    /// As it was; `None` where it was not there.
    pub before: Option<Value>,
    /// As it will be; `None` where it goes.
    pub after: Option<Value>,
}

/// What a difference concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The setting of a control.
    Control,
    /// An entry of the certificate list.
    Certificate,
    /// Whether the built-in certificate authorities belong to that list.
    UseBuiltinCas,
    /// The custom message.
    CustomMessage,
}

/// Refuses every way but one step up.
pub fn check_step(from: ConfigVersion, to: ConfigVersion) -> Result<(), Error> {
    use ConfigVersion::{Development, Production, Staging};
    match (from, to) {
        (Development, Staging) | (Staging, Production) => Ok(()),
        _ => Err(Error::invalid("to", "Promotion goes from development to staging or from staging to production")),
    }
}

/// Everything in which `after` differs from `before`: controls in the order of the catalogue, then certificates by name.
pub fn differences(before: &Configuration, after: &Configuration) -> Vec<Difference> {
    let mut found: Vec<_> = catalogue().iter().filter_map(|control| in_control(control, before, after)).collect();
    let names: BTreeSet<_> =
        before.certificates.entries().iter().chain(after.certificates.entries()).map(|entry| &entry.name).collect();
    let entries = found.len();
    found.extend(names.into_iter().filter_map(|name| in_certificate(name, before, after)));
    if found.len() == entries && before.certificates != after.certificates {
        let names =
            |list: &CertificateList| list.entries().iter().map(|entry| Value::from(entry.name.clone())).collect();
        found.push(Difference {
            kind: Subject::Certificate,
            name: String::new(),
            summary: "Certificates: order changed".to_owned(),
            before: Some(names(&before.certificates)),
            after: Some(names(&after.certificates)),
        });
    }
    if before.use_builtin_cas != after.use_builtin_cas {
        let (was, will) = (before.use_builtin_cas, after.use_builtin_cas);
        found.push(Difference {
            kind: Subject::UseBuiltinCas,
            name: String::new(),
            summary: format!("Built-in certificate authorities: {was} → {will}"),
            before: Some(was.into()),
            after: Some(will.into()),
        });
    }
    found.extend(in_message(before.message.as_ref(), after.message.as_ref()));
    found
}

fn in_control(control: &Control, before: &Configuration, after: &Configuration) -> Option<Difference> {
    let [was, will] = [before, after].map(|version| version.controls.get(&control.id));
    if was == will {
        return None;
    }
    let shown = |setting: Option<&Setting>| setting.map(|setting| setting.shown(control));
    let (before, after) = (shown(was), shown(will));
    let empty = Map::new();
    let (was, will) = (before.as_ref().unwrap_or(&empty), after.as_ref().unwrap_or(&empty));
    let fields: Vec<_> =
        control.fields().filter_map(|field| in_field(field, was.get(field), will.get(field))).collect();
    Some(Difference {
        kind: Subject::Control,
        name: control.id.to_string(),
        summary: match &fields[..] {
            [] => format!("{}: the same, said explicitly", control.name),
            fields => format!("{}: {}", control.name, fields.join(", ")),
        },
        before: before.map(Value::Object),
        after: after.map(Value::Object),
    })
}

/// Short values are told, long ones only named. A field that was never set is as good as an empty one.
fn in_field(field: &str, before: Option<&Value>, after: Option<&Value>) -> Option<String> {
    let told = |value: Option<&Value>| match value {
        None => "not set".to_owned(),
        Some(Value::String(word)) => word.clone(),
        Some(value) => value.to_string(),
    };
    let is_empty = |value: Option<&Value>| value.is_none_or(|value| *value == json!("") || *value == json!([]));
    if before == after || is_empty(before) && is_empty(after) {
        return None;
    }
    match field {
        "protection" | "detection" | "action" | "platform" => {
            Some(format!("{field} {} → {}", told(before), told(after)))
        }
        _ => Some(format!("{field} changed")),
    }
}

fn in_certificate(name: &str, before: &Configuration, after: &Configuration) -> Option<Difference> {
    let entry = |version: &Configuration| {
        let found = version.certificates.entries().iter().find(|entry| entry.name == name)?;
        serde_json::to_value(found).ok()
    };
    let (before, after) = (entry(before), entry(after));
    let change = word(before.as_ref(), after.as_ref())?;
    let summary = format!("Certificate {name}: {change}");
    Some(Difference { kind: Subject::Certificate, name: name.to_owned(), summary, before, after })
}

fn in_message(before: Option<&CustomMessage>, after: Option<&CustomMessage>) -> Option<Difference> {
    let [before, after] = [before, after].map(|message| message.map(|message| json!(message)));
    let summary = format!("Custom message: {}", word(before.as_ref(), after.as_ref())?);
    Some(Difference { kind: Subject::CustomMessage, name: String::new(), summary, before, after })
}

fn word(before: Option<&Value>, after: Option<&Value>) -> Option<&'static str> {
    match (before, after) {
        (None, Some(_)) => Some("added"),
        (Some(_), None) => Some("removed"),
        (before, after) => (before != after).then_some("changed"),
    }
}

//! The setting of one control, and how `config_update` changes it (contracts, "Configuration").

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::action::Action;
use crate::certificate::{DomainPattern, MAX_DOMAINS};
use crate::control::{Control, ControlId, Platforms};
use crate::error::Error;
use crate::https_url::HttpsUrl;
use crate::plan::Plan;
use crate::platform::Platform;
use crate::redaction::without_secrets;

/// Characters of a text at most.
pub const MAX_TEXT: usize = 2000;
/// Buttons of a message at most, with their actions and redirects.
pub const MAX_BUTTONS: usize = 4;
/// Characters of a refusal, which may repeat what was sent.
const MAX_SAID: usize = 256;
/// The redirect that opens the settings of the device.
const DEVICE_SETTINGS: &str = "device_settings";

/// The settings of one control. Both kinds share this shape; [`Control::fields`] tells which fields a control has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// A switch that is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protection: Option<bool>,
    /// A response that is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detection: Option<bool>,
    /// What the app does. Without it, it logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// Of the message.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The message.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Labels of the message's buttons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<String>,
    /// What each button does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// Where each button leads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirects: Vec<String>,
    /// Narrows a control to some of its platforms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platforms>,
    /// Narrows a control of connections to these hosts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<DomainPattern>,
}

/// Fields of a setting that are to be replaced; the others stay as they are.
#[derive(Clone, Debug, Default, Deserialize)]
struct Update {
    protection: Option<bool>,
    detection: Option<bool>,
    action: Option<Action>,
    title: Option<String>,
    message: Option<String>,
    buttons: Option<Vec<String>>,
    actions: Option<Vec<Action>>,
    redirects: Option<Vec<String>>,
    /// `null` takes it away.
    #[serde(default, deserialize_with = "named")]
    platform: Option<Option<Platforms>>,
    domains: Option<Vec<DomainPattern>>,
}

fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Platforms>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Setting {
    /// Whether the control is enabled.
    pub fn is_on(&self) -> bool {
        self.protection == Some(true) || self.detection == Some(true)
    }

    /// Whether the setting holds on `platform`.
    pub fn concerns(&self, platform: Platform) -> bool {
        self.platform.is_none_or(|platforms| platforms.contains(platform))
    }

    /// The lowest plan that may have this setting of `control`.
    pub fn needed_plan(&self, control: &Control) -> Plan {
        let has = |plan| control.minimum_plan <= plan && self.actions().all(|(_, action)| action.is_on(plan));
        Plan::ALL.into_iter().find(|plan| has(*plan)).unwrap_or(Plan::Enterprise)
    }

    /// Its response and those of its buttons, each with its field.
    fn actions(&self) -> impl Iterator<Item = (String, Action)> {
        let own = self.action.map(|action| ("action".to_owned(), action));
        let buttons = self.actions.iter().enumerate().map(|(index, action)| (format!("actions[{index}]"), *action));
        own.into_iter().chain(buttons)
    }

    /// This setting of `control` with the fields of `update`, as a tenant on `plan` may have it.
    pub fn updated(&self, control: &Control, update: &Value, plan: Plan) -> Result<Self, Error> {
        let at = Place(control);
        let fields = update.as_object().ok_or_else(|| at.wrong("", "must be an object"))?;
        if let Some(name) = fields.keys().find(|name| control.fields().all(|known| known != *name)) {
            return Err(match name.as_str() {
                "certificates" | "use_builtin_cas" => at.wrong(name, "is changed by certificates_update"),
                _ => at.wrong(name, "is no field of this control"),
            });
        }
        if control.available_platforms().next().is_none() {
            return Err(at.wrong("", "is not available yet"));
        }
        let update: Update = serde_path_to_error::deserialize(update).map_err(|error| {
            let path = error.path().to_string();
            at.wrong(&path, &format!("is invalid: {}", error.into_inner()))
        })?;
        let setting = self.clone().with(update.clone());
        setting.check_platforms(at)?;
        setting.check_texts(at)?;
        setting.check_buttons(at)?;
        if setting.domains.len() > MAX_DOMAINS {
            return Err(at.wrong("domains", &format!("may have at most {MAX_DOMAINS} entries")));
        }
        if setting.is_on() {
            setting.check_hosts(at)?;
            check_plan(control, plan)?;
            setting.check_actions_on(plan, at)?;
        } else {
            Self::default().with(update).check_actions_on(plan, at)?;
        }
        Ok(setting)
    }

    /// Every field that a setting of `control` has, as `config` shows it.
    pub fn shown(&self, control: &Control) -> Map<String, Value> {
        let value = |field: &str| match field {
            // Never said is not off: `AllowEmulatorArchitectures` makes the difference.
            "protection" => self.protection.map(Value::from),
            "detection" => Some(self.detection.unwrap_or(false).into()),
            "action" => Some(self.action.unwrap_or_default().to_string().into()),
            "title" => Some(self.title.clone().into()),
            "message" => Some(self.message.clone().into()),
            "buttons" => Some(self.buttons.clone().into()),
            "actions" => Some(self.actions.iter().map(Action::to_string).collect::<Vec<_>>().into()),
            "redirects" => Some(self.redirects.clone().into()),
            "platform" => serde_json::to_value(self.platform?).ok(),
            "domains" => Some(self.domains.iter().map(DomainPattern::to_string).collect::<Vec<_>>().into()),
            _ => None,
        };
        control.fields().filter_map(|field| Some((field.to_owned(), value(field)?))).collect()
    }

    fn with(self, update: Update) -> Self {
        Self {
            protection: update.protection.or(self.protection),
            detection: update.detection.or(self.detection),
            action: update.action.or(self.action),
            title: update.title.unwrap_or(self.title),
            message: update.message.unwrap_or(self.message),
            buttons: update.buttons.unwrap_or(self.buttons),
            actions: update.actions.unwrap_or(self.actions),
            redirects: update.redirects.unwrap_or(self.redirects),
            platform: update.platform.unwrap_or(self.platform),
            domains: update.domains.map_or(self.domains, DomainPattern::without_repeats),
        }
    }

    fn check_platforms(&self, at: Place<'_>) -> Result<(), Error> {
        for platform in self.platform.into_iter().flat_map(Platforms::iter) {
            if !at.0.platforms.contains(platform) {
                return Err(at.wrong("platform", &format!("must not be {platform}: the control does not exist there")));
            }
            if !at.0.is_available(platform) {
                return Err(at.wrong("platform", &format!("must not be {platform}: not available there yet")));
            }
        }
        Ok(())
    }

    fn check_texts(&self, at: Place<'_>) -> Result<(), Error> {
        let labels = self.buttons.iter().enumerate().map(|(index, label)| (format!("buttons[{index}]"), label));
        let texts = [("title".to_owned(), &self.title), ("message".to_owned(), &self.message)];
        match texts.into_iter().chain(labels).find(|(_, text)| text.chars().count() > MAX_TEXT) {
            Some((field, _)) => Err(at.wrong(&field, &format!("may have at most {MAX_TEXT} characters"))),
            None => Ok(()),
        }
    }

    fn check_buttons(&self, at: Place<'_>) -> Result<(), Error> {
        let lengths = [self.buttons.len(), self.actions.len(), self.redirects.len()];
        if lengths.iter().any(|length| *length > MAX_BUTTONS) {
            return Err(at.wrong("buttons", &format!("may have at most {MAX_BUTTONS} entries")));
        }
        if lengths.iter().any(|length| *length != lengths[0]) {
            return Err(at.wrong("buttons", "must have as many entries as actions and redirects"));
        }
        for (index, (action, redirect)) in self.actions.iter().zip(&self.redirects).enumerate() {
            let field = format!("redirects[{index}]");
            if redirect.is_empty() && *action == Action::Redirect {
                return Err(at.wrong(&field, "is missing"));
            }
            if !redirect.is_empty() && redirect != DEVICE_SETTINGS {
                redirect
                    .parse::<HttpsUrl>()
                    .map_err(|error| at.wrong(&field, &format!("{error}, or {DEVICE_SETTINGS}")))?;
            }
        }
        if self.action == Some(Action::Redirect) && self.redirects.iter().all(String::is_empty) {
            return Err(at.wrong("redirects", "must have an entry for the action redirect"));
        }
        Ok(())
    }

    /// iOS has a lowest TLS version for named hosts only (the control catalogue's rule for `TLS13OnlyPrevention`).
    fn check_hosts(&self, at: Place<'_>) -> Result<(), Error> {
        match at.0.id == ControlId::TLS13_ONLY_PREVENTION && self.domains.is_empty() {
            true => Err(at.wrong("domains", "must name the hosts: iOS enforces TLS 1.3 for named hosts only")),
            false => Ok(()),
        }
    }

    fn check_actions_on(&self, plan: Plan, at: Place<'_>) -> Result<(), Error> {
        if let Some(action) = self.action.filter(|action| action.is_for_buttons_only()) {
            return Err(at.wrong("action", &format!("must not be {:?}: only buttons have it", action.to_string())));
        }
        match self.actions().find(|(_, action)| !action.is_on(plan)) {
            Some((field, action)) => Err(at.wrong(&field, &format!("must not be {action} on the tenant's plan"))),
            None => Ok(()),
        }
    }
}

/// Refuses a control that `plan` does not have.
fn check_plan(control: &Control, plan: Plan) -> Result<(), Error> {
    if control.minimum_plan <= plan {
        return Ok(());
    }
    Err(Error::PlanRequired(match control.minimum_plan {
        Plan::Enterprise => "This control requires an Enterprise plan",
        Plan::Free | Plan::Team => "This control requires a Team or Enterprise plan",
    }))
}

/// Where in a request a setting stands.
#[derive(Clone, Copy)]
struct Place<'a>(&'a Control);

impl Place<'_> {
    fn wrong(self, field: &str, what: &str) -> Error {
        let dot = if field.is_empty() || field == "." { "" } else { "." };
        let field = field.trim_start_matches('.');
        let (field, what) = (without_secrets(field), without_secrets(what));
        let text = format!("config.{}{dot}{field} {what}", self.0.id);
        Error::invalid("config", text.chars().take(MAX_SAID).collect::<String>())
    }
}

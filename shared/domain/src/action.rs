//! What a protected app does when a control responds (the control catalogue, "Actions").

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::plan::Plan;

/// A response, or what a button of its message does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Action {
    /// Reports the event.
    #[default]
    #[serde(rename = "log")]
    Log,
    /// Reports, shows title and message once, and goes on.
    #[serde(rename = "warn")]
    Warn,
    /// Reports and shows title and message with the buttons.
    #[serde(rename = "alert")]
    Alert,
    /// Reports, opens the matching entry of `redirects`, then closes.
    #[serde(rename = "redirect")]
    Redirect,
    /// Reports, finishes all activities, then ends the process.
    #[serde(rename = "close")]
    Close,
    /// As [`Self::Close`].
    #[serde(rename = "safeKillApp")]
    SafeKillApp,
    /// Reports and ends the process at once.
    #[serde(rename = "die")]
    Die,
    /// As [`Self::Die`].
    #[serde(rename = "kill")]
    Kill,
    /// Reports, calls the app's listener, then closes.
    #[serde(rename = "logout")]
    Logout,
    /// Reports and calls the app's listener.
    #[serde(rename = "restrict")]
    Restrict,
    /// A button that opens the input-method settings.
    #[serde(rename = "open_keyboard_settings")]
    OpenKeyboardSettings,
    /// A button that lets the app go on.
    #[serde(rename = "")]
    Continue,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 12] = [
        Self::Log,
        Self::Warn,
        Self::Alert,
        Self::Redirect,
        Self::Close,
        Self::SafeKillApp,
        Self::Die,
        Self::Kill,
        Self::Logout,
        Self::Restrict,
        Self::OpenKeyboardSettings,
        Self::Continue,
    ];

    /// Whether only buttons have it.
    pub const fn is_for_buttons_only(self) -> bool {
        matches!(self, Self::OpenKeyboardSettings | Self::Continue)
    }

    /// Whether tenants on `plan` may use it. Buttons that only lead on are not what plans are about.
    pub const fn is_on(self, plan: Plan) -> bool {
        let on_every_plan = matches!(self, Self::Log | Self::Alert | Self::Close);
        on_every_plan || self.is_for_buttons_only() || !matches!(plan, Plan::Free)
    }

    /// The responses that tenants on `plan` may choose.
    pub fn responses_on(plan: Plan) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |action| action.is_on(plan) && !action.is_for_buttons_only())
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

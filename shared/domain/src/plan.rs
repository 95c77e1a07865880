//! Subscription plans, what they open and how much they allow.

use serde::{Deserialize, Serialize};

use crate::library::{MOST_IDENTIFIERS, USUAL_IDENTIFIERS};

/// A tenant's subscription plan, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Plan {
    /// Portal only.
    Free,
    /// Opens the Automation API.
    Team,
    /// Everything.
    Enterprise,
}

impl Plan {
    /// Every plan, lowest first.
    pub const ALL: [Self; 3] = [Self::Free, Self::Team, Self::Enterprise];

    /// As it is written.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Free => "FREE",
            Self::Team => "TEAM",
            Self::Enterprise => "ENTERPRISE",
        }
    }

    /// Whether automation keys work (page 001, subscription tiers).
    pub const fn allows_automation(self) -> bool {
        !matches!(self, Self::Free)
    }

    /// People of a tenant with its owner, without a limit of its own (contracts: 1, 20, 100).
    const fn max_users(self) -> u32 {
        match self {
            Self::Free => 1,
            Self::Team => 20,
            Self::Enterprise => 100,
        }
    }

    /// Messages to the assistant in a week, without a limit of its own (page 003, "Tego Assistant").
    const fn weekly_messages(self) -> u32 {
        match self {
            Self::Free => 10,
            Self::Team => 100,
            Self::Enterprise => 1000,
        }
    }

    /// Questions to AI Search in a month, without a limit of its own (page 003, "AI Search"): Free has none.
    const fn monthly_searches(self) -> u32 {
        match self {
            Self::Free => 0,
            Self::Team => 100,
            Self::Enterprise => 200,
        }
    }

    /// Build limits without a tenant's own (contracts: FREE 1 and 10, TEAM 3 and 100, ENTERPRISE 10 and 1000).
    const fn build_limits(self) -> BuildLimits {
        match self {
            Self::Free => BuildLimits { concurrent: 1, weekly: 10 },
            Self::Team => BuildLimits { concurrent: 3, weekly: 100 },
            Self::Enterprise => BuildLimits { concurrent: 10, weekly: 1000 },
        }
    }
}

/// What is said where a build is to be signed on a plan without signing keys (page 001, subscription tiers).
pub const SIGNING_NEEDS_TEAM: &str = "Code signing requires a Team or Enterprise plan";
/// What tokens are told on a plan without them (page 001, "Plan required").
pub const TOKENS_NEED_TEAM: &str = "API tokens require a Team or Enterprise plan";

/// How many builds a tenant may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildLimits {
    /// Builds that have not ended.
    pub concurrent: u32,
    /// Builds asked for in any seven days.
    pub weekly: u32,
}

/// A tenant's own limits, which replace the plan's one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomLimits {
    /// Replaces [`BuildLimits::concurrent`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrent_builds: Option<u32>,
    /// Replaces [`BuildLimits::weekly`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weekly_builds: Option<u32>,
    /// People of the tenant, its owner among them; at most [`MOST_USERS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_users: Option<u32>,
    /// Messages to the assistant in a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub helpbot_weekly_messages: Option<u32>,
    /// AI Search queries in a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ai_search_monthly_queries: Option<u32>,
    /// Identifiers of the custom library; at most [`MOST_IDENTIFIERS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_library_identifiers: Option<u32>,
}

/// Limits that are to be set or taken away; the others stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LimitChanges {
    /// [`CustomLimits::concurrent_builds`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrent_builds: Option<Option<u32>>,
    /// [`CustomLimits::weekly_builds`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weekly_builds: Option<Option<u32>>,
    /// [`CustomLimits::max_users`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_users: Option<Option<u32>>,
    /// [`CustomLimits::helpbot_weekly_messages`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub helpbot_weekly_messages: Option<Option<u32>>,
    /// [`CustomLimits::ai_search_monthly_queries`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ai_search_monthly_queries: Option<Option<u32>>,
    /// [`CustomLimits::custom_library_identifiers`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_library_identifiers: Option<Option<u32>>,
}

/// The most people that a tenant's own limit may allow: their names stand in one item of 400 KB.
pub const MOST_USERS: u32 = 1000;

impl CustomLimits {
    /// The people that a tenant on `plan` may have.
    pub fn max_users(self, plan: Plan) -> u32 {
        self.max_users.unwrap_or(plan.max_users()).min(MOST_USERS)
    }

    /// Messages that a tenant on `plan` may send the assistant in a week.
    pub fn weekly_messages(self, plan: Plan) -> u32 {
        self.helpbot_weekly_messages.unwrap_or(plan.weekly_messages())
    }

    /// Questions that a tenant on `plan` may ask AI Search in a month.
    pub fn monthly_searches(self, plan: Plan) -> u32 {
        self.ai_search_monthly_queries.unwrap_or(plan.monthly_searches())
    }

    /// The identifiers that a tenant's custom library may have.
    pub fn library_identifiers(self) -> u32 {
        self.custom_library_identifiers.unwrap_or(USUAL_IDENTIFIERS).min(MOST_IDENTIFIERS)
    }

    /// With `changes`.
    pub fn with(self, changes: LimitChanges) -> Self {
        Self {
            concurrent_builds: changes.concurrent_builds.unwrap_or(self.concurrent_builds),
            weekly_builds: changes.weekly_builds.unwrap_or(self.weekly_builds),
            max_users: changes.max_users.unwrap_or(self.max_users),
            helpbot_weekly_messages: changes.helpbot_weekly_messages.unwrap_or(self.helpbot_weekly_messages),
            ai_search_monthly_queries: changes.ai_search_monthly_queries.unwrap_or(self.ai_search_monthly_queries),
            custom_library_identifiers: changes.custom_library_identifiers.unwrap_or(self.custom_library_identifiers),
        }
    }

    /// The limits in force on `plan`.
    pub fn build_limits(self, plan: Plan) -> BuildLimits {
        let standard = plan.build_limits();
        BuildLimits {
            concurrent: self.concurrent_builds.unwrap_or(standard.concurrent),
            weekly: self.weekly_builds.unwrap_or(standard.weekly),
        }
    }
}

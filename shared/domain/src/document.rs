//! Documents of a tenant: the standard ones of its plan, and its own (page 003, "Tenant Documents").

use crate::plan::Plan;

/// Seconds for which a URL downloads a document of a tenant's own (page 003).
pub const URL_SECONDS: u32 = 300;

/// A legal document that every tenant of a plan has. The file of it stands below [`base_url`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandardDocument {
    /// For people.
    pub name: &'static str,
    /// The file.
    pub filename: &'static str,
    /// What it says, for people.
    pub description: &'static str,
}

const TERMS: StandardDocument = StandardDocument {
    name: "Terms of Service",
    filename: "terms.pdf",
    description: "Terms and conditions for using AppTego.",
};
const PRIVACY: StandardDocument = StandardDocument {
    name: "Privacy Policy",
    filename: "privacy.pdf",
    description: "How AppTego handles personal data.",
};
const PROCESSING: StandardDocument = StandardDocument {
    name: "Data Processing Agreement",
    filename: "data-processing.pdf",
    description: "How AppTego processes personal data on behalf of a customer.",
};
const SERVICE_LEVEL: StandardDocument = StandardDocument {
    name: "Service Level Agreement",
    filename: "service-level.pdf",
    description: "Availability and support that Enterprise customers can count on.",
};

/// The standard documents of a plan.
pub const fn standard(plan: Plan) -> &'static [StandardDocument] {
    match plan {
        Plan::Free => &[TERMS, PRIVACY],
        Plan::Team => &[TERMS, PRIVACY, PROCESSING],
        Plan::Enterprise => &[TERMS, PRIVACY, PROCESSING, SERVICE_LEVEL],
    }
}

/// Where the standard documents of a plan stand, on the host of the portal.
pub const fn base_url(plan: Plan) -> &'static str {
    match plan {
        Plan::Free => "/documents/legal/free/",
        Plan::Team => "/documents/legal/team/",
        Plan::Enterprise => "/documents/legal/enterprise/",
    }
}

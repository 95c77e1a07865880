//! What the pages say that a caller is answered, worked out without the code that is tried.

use api::access::{Callers, Row, Scope};
use domain::access::Effect;
use domain::permission::Permission;
use domain::plan::Plan;
use serde_json::{Value, json};

/// The tenant that the `tenant` header names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Named {
    Missing,
    Malformed,
    /// It is not there, or nothing of the caller's.
    Foreign,
    /// The caller belongs to it.
    Own {
        plan: Plan,
        pending_deletion: bool,
        /// It demands another way of signing in.
        closed: bool,
    },
}

/// A caller.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) genuine: bool,
    pub(crate) is_token: bool,
    pub(crate) named: Named,
    pub(crate) permissions: Vec<Permission>,
}

/// Labels of page 001, "Permissions".
const LABELS: [(Permission, &str, &str); 6] = [
    (Permission::ModifyConfiguration, "modify_configuration", "Configuration"),
    (Permission::BuildApplications, "build_applications", "Builds"),
    (Permission::UpdateCertificates, "update_certificates", "Certificates"),
    (Permission::ManageCustomMessages, "manage_custom_messages", "Custom Messages"),
    (Permission::UserAndApiManagement, "user_and_api_management", "Users & API Management"),
    (Permission::ModifyTenantSettings, "modify_tenant_settings", "Tenant Settings"),
];

/// Status and body of the refusal; `None` for a caller who is let in.
pub(crate) fn expected(row: &Row, caller: &Caller) -> Option<(u16, Value)> {
    let refuse = |status: u16, code: &str, error: &str| Some((status, json!({ "error": error, "code": code })));
    if !caller.genuine {
        return refuse(401, "unauthenticated", "Authentication failed");
    }
    let people_only = row.callers == Callers::People && caller.is_token;
    let on_free = caller.is_token && matches!(caller.named, Named::Own { plan: Plan::Free, .. });
    if row.scope == Scope::Own {
        return match (people_only, on_free) {
            (true, _) => refuse(403, "forbidden", "API tokens cannot make this call"),
            (false, true) => refuse(403, "plan_required", "API tokens require a Team or Enterprise plan"),
            (false, false) => None,
        };
    }
    let (plan, pending_deletion) = match caller.named {
        Named::Missing => return refuse(400, "invalid_tenant", "Tenant is missing"),
        Named::Malformed => return refuse(400, "invalid_tenant", "Invalid tenant id"),
        Named::Foreign => return refuse(403, "forbidden", "You don't have access to this tenant"),
        Named::Own { closed: true, .. } => return refuse(403, "forbidden", "This tenant requires single sign-on"),
        Named::Own { plan, pending_deletion, .. } => (plan, pending_deletion),
    };
    if on_free {
        return refuse(403, "plan_required", "API tokens require a Team or Enterprise plan");
    }
    if let Some(permission) = row.demand.permission.filter(|permission| !caller.permissions.contains(permission)) {
        let (_, key, label) = LABELS.into_iter().find(|(known, ..)| *known == permission)?;
        return Some((403, permission_denied(key, label)));
    }
    if let Some(gate) = row.demand.plan.filter(|gate| plan < gate.minimum) {
        return refuse(403, "plan_required", gate.message);
    }
    if pending_deletion && row.demand.effect == Effect::Change {
        return refuse(409, "tenant_pending_deletion", "The tenant is pending deletion");
    }
    None
}

/// The example of page 001, "Permission denied".
fn permission_denied(key: &str, label: &str) -> Value {
    json!({
        "error": format!("You don't have permission to do this. The '{label}' permission is required."),
        "permission_denied": true,
        "required_permission": key,
        "code": "permission_denied",
    })
}

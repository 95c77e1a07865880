//! The table against pages 000, 003 and 004 themselves, where they lie beside the project.

use std::collections::{BTreeMap, BTreeSet};

use api::access::{Callers, Row, Scope, TABLE};
use domain::permission::Permission;
use domain::plan::Plan;
use tests::harness::root;

/// What the page says of a call: whether it takes the `tenant` header, its permission, its plan.
type Said = (Scope, Option<Permission>, Option<Plan>);

#[test]
fn the_table_is_what_the_pages_and_the_contracts_say() {
    let page = |name: &str| std::fs::read_to_string(root().join("../shared/seeds").join(name));
    let (Ok(users), Ok(features)) = (page("004_e9cab5dbf159747a.txt"), page("003_af4dc40ea24aa864.txt")) else {
        return;
    };
    let of_page = |row: &&Row| row.is_for_members();
    let table: BTreeMap<String, Said> = TABLE.iter().filter(of_page).map(|row| (name(row), of_row(row))).collect();
    let mut said = said(&users);
    said.extend(said_of_features(&features));
    said.extend(of_contracts());
    said.extend(of_builds());
    assert_eq!(table, said);
}

#[test]
fn the_calls_for_automation_keys_are_those_of_the_page_and_the_cancellation_of_the_contracts() {
    let Ok(page) = std::fs::read_to_string(root().join("../shared/seeds/000_0a76d798dba98a72.txt")) else { return };
    let call = |line: &&str| line.starts_with("POST /automate/") || line.starts_with("GET /automate/");
    let mut said: BTreeSet<String> = page.lines().filter(call).map(str::to_owned).collect();
    said.insert("POST /automate/cancel/{jobId}".to_owned());
    let for_keys = TABLE.iter().filter(|row| row.callers == Callers::AutomationKeys);
    assert_eq!(for_keys.map(name).collect::<BTreeSet<_>>(), said);
}

/// What is built of page 003, and an addition to it.
fn said_of_features(page: &str) -> BTreeMap<String, Said> {
    let part = |first: &str, next: &str| {
        let (_, part) = page.split_once(&format!("\n{first}\n")).unwrap();
        said(&format!("{first}\n{}", part.split_once(&format!("\n{next}\n")).unwrap().0))
    };
    let mut calls = part("Certificate Pinning Certificates", "Custom Library / BYOA");
    calls.extend(part("Custom Library / BYOA", "Support Tickets"));
    calls.extend(part("Support Tickets", "Common Errors"));
    calls.insert("POST /frontend/support/attachments".to_owned(), (Scope::Tenant, None, Some(Plan::Team)));
    calls
}

/// Contracts, "Configuration", and what is added to the pages.
fn of_contracts() -> BTreeMap<String, Said> {
    let configure = Some(Permission::ModifyConfiguration);
    let groups = ["prevention", "detection", "connection", "device_settings", "obfuscation", "build"];
    let groups = groups.map(|group| (format!("config_options_{group}"), None, None));
    let calls = [
        ("config".to_owned(), None, None),
        ("config_update".to_owned(), configure, None),
        ("promote_config".to_owned(), configure, Some(Plan::Team)),
        ("push_live_config".to_owned(), configure, Some(Plan::Enterprise)),
        ("trusted_root_cas".to_owned(), None, None),
        ("custom_message_upload".to_owned(), Some(Permission::ManageCustomMessages), Some(Plan::Team)),
    ];
    let calls = calls.into_iter().chain(groups);
    calls
        .map(|(call, permission, plan)| (format!("POST /frontend/{call}"), (Scope::Tenant, permission, plan)))
        .collect()
}

/// Contracts, "Applications and builds". Signing again needs a key, and keys a plan that has them.
fn of_builds() -> BTreeMap<String, Said> {
    let (build, team) = (Some(Permission::BuildApplications), Some(Plan::Team));
    let calls = [
        ("POST get_applications", None, None),
        ("POST get_application_builds", None, None),
        ("POST upload_application_build", build, None),
        ("POST upload_application_build/complete", build, None),
        ("POST upload_application_build/abort", build, None),
        ("POST download_application_build", None, None),
        ("POST delete_application_build", build, None),
        ("POST delete_application", build, None),
        ("POST sign_application_build", build, team),
        ("GET signing_keys", None, team),
        ("POST signing_keys", build, team),
        ("POST signing_keys/delete", build, team),
        ("POST signing_keys/default", build, team),
    ];
    let said =
        |(call, permission, plan): (&str, _, _)| (call.replace(' ', " /frontend/"), (Scope::Tenant, permission, plan));
    calls.map(said).into()
}

fn name(row: &Row) -> String {
    format!("{} {}", row.method, row.path)
}

fn of_row(row: &Row) -> Said {
    (row.scope, row.demand.permission, row.demand.plan.map(|gate| gate.minimum))
}

/// Each `Endpoint:` with what its lines and its section say.
fn said(page: &str) -> BTreeMap<String, Said> {
    let (mut calls, mut plan, mut last) = (BTreeMap::<String, Said>::new(), None, None);
    for line in page.lines() {
        // The heads of the sections.
        plan = match line {
            "Tenant Selection" | "User Management" | "Tenant Settings" => None,
            "API Tokens" | "Automation Keys" => Some(Plan::Team),
            "SAML SSO" | "Custom Library / BYOA" => Some(Plan::Enterprise),
            "Custom Messages" | "Support Tickets" => Some(Plan::Team),
            "Billing Helpers" | "Tenant Documents" | "Sales Contact Requests" => None,
            _ => plan,
        };
        if let Some(call) = line.strip_prefix("Endpoint: ").map(|call| call.split('?').next().unwrap_or_default()) {
            calls.insert(call.to_owned(), (Scope::Tenant, None, plan));
            last = Some(call.to_owned());
        }
        let Some(call) = last.as_ref().and_then(|call| calls.get_mut(call)) else { continue };
        match line {
            "Required tenant header: No" => call.0 = Scope::Own,
            "Deployment environments are available to Team and Enterprise tenants." => call.2 = Some(Plan::Team),
            _ => {}
        }
        if let Some(permission) = line.strip_prefix("Permission: ") {
            if permission.ends_with("on a Team or Enterprise tenant") {
                call.2 = Some(Plan::Team);
            }
            call.1 = Permission::ALL.into_iter().find(|known| known.key() == permission);
            assert_eq!(call.1.is_none(), permission.starts_with("Any authenticated tenant user"), "{permission}");
        }
    }
    // "Adding users is available for Team and Enterprise tenants" stands at the head of its section.
    if let Some(call) = calls.get_mut("POST /frontend/add_user_to_tenant") {
        call.2 = Some(Plan::Team);
    }
    calls
}

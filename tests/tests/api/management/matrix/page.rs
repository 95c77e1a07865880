//! The table against page 004 itself, where it lies beside the project.

use std::collections::BTreeMap;

use api::access::{Row, Scope, TABLE};
use domain::permission::Permission;
use domain::plan::Plan;
use tests::harness::root;

/// What the page says of a call: whether it takes the `tenant` header, its permission, its plan.
type Said = (Scope, Option<Permission>, Option<Plan>);

#[test]
fn the_table_is_what_page_004_says() {
    let Ok(page) = std::fs::read_to_string(root().join("../shared/seeds/004_e9cab5dbf159747a.txt")) else { return };
    let said = said(&page);
    let of_page = |row: &&Row| row.path.starts_with("/frontend/");
    let table: BTreeMap<String, Said> = TABLE.iter().filter(of_page).map(|row| (name(row), of_row(row))).collect();
    assert_eq!(table, said);
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
            "SAML SSO" => Some(Plan::Enterprise),
            _ => plan,
        };
        if let Some(call) = line.strip_prefix("Endpoint: ") {
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
            call.1 = Permission::ALL.into_iter().find(|known| known.key() == permission);
            assert_eq!(call.1.is_none(), permission.starts_with("Any authenticated tenant user"), "{permission}");
        }
    }
    // "Adding users is available for Team and Enterprise tenants" stands at the head of its section.
    assert!(page.contains("Adding users is available for Team and Enterprise tenants"));
    if let Some(call) = calls.get_mut("POST /frontend/add_user_to_tenant") {
        call.2 = Some(Plan::Team);
    }
    calls
}

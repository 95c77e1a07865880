//! Administrators, permissions, addresses.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::plan::Plan;
use domain::tenant::{SsoOnly, Tenant};
use serde_json::json;
use tests::harness::Bench;

use super::{ADMIN, REMOVE, UPDATE, permissions, said, short};

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays_and_nobody_removes_themselves() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let own = |permissions: &str| json!({ "user_id": "Owner@Example.com", "permissions": permissions });
    let last = (409, "The last user with Users & API Management cannot be removed");
    let myself = (409, "You cannot remove yourself");
    assert_eq!(said(&owner.post(REMOVE, json!({ "user_id": "OWNER@example.com" })).await), myself);
    for permissions in ["", "modify_configuration,modify_tenant_settings"] {
        assert_eq!(said(&owner.post(UPDATE, own(permissions)).await), last);
    }
    // A token with the permission does not keep a tenant administrable, and counts for nobody.
    let (token, key) = bench.add_token(ADMIN).await;
    assert_eq!(said(&owner.post(UPDATE, own("")).await), last);
    assert_eq!(said(&token.post(UPDATE, own("")).await), last);
    assert_eq!(said(&token.post(REMOVE, json!({ "user_id": "owner@example.com" })).await), last);
    assert_eq!(said(&token.post(REMOVE, json!({ "user_id": key })).await), myself);
    assert_eq!(said(&owner.post(REMOVE, json!({ "user_id": key })).await), (404, "User not found"));
    // Whoever keeps it may lose the others, and with a second one both may go, one after the other.
    owner.done(UPDATE, own(ADMIN)).await;
    let second = bench.add_member("second@example.com", ADMIN).await;
    second.done(REMOVE, json!({ "user_id": "owner@example.com" })).await;
    assert_eq!(short(&owner.get("/frontend/get_users_permissions").await), (403, "forbidden"));
    let body = json!({ "user_id": "second@example.com", "permissions": "" });
    assert_eq!(said(&second.post(UPDATE, body).await), last);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_break_glass_account_stays_whoever_else_administers() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    owner.add_member("breakglass@example.com", ADMIN).await;
    set_break_glass(&bench, "breakglass@example.com").await;
    set_tenant(&bench, Plan::Enterprise).await;
    let kept = (409, "The break-glass account must keep Users & API Management");
    let breakglass = |permissions: &str| json!({ "user_id": "breakglass@example.com", "permissions": permissions });
    assert_eq!(said(&owner.post(REMOVE, breakglass("")).await), kept);
    assert_eq!(said(&owner.post(UPDATE, breakglass("build_applications")).await), kept);
    owner.done(UPDATE, breakglass("build_applications,user_and_api_management")).await;

    // On a plan without SAML everybody can sign in, and the account is one of them.
    set_tenant(&bench, Plan::Team).await;
    owner.done(UPDATE, breakglass("")).await;
    owner.done(REMOVE, breakglass("")).await;
}

async fn set_tenant(bench: &Bench, plan: Plan) {
    let tenant = bench.store().tenant(&bench.tenant.id).await.unwrap().unwrap();
    let sso_only = Some(SsoOnly { breakglass: "owner@example.com".parse().unwrap() });
    bench.store().put_tenant(&Tenant { plan, sso_only, ..tenant }).await.unwrap();
}

/// As the SAML settings do.
async fn set_break_glass(bench: &Bench, email: &str) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let client = aws_sdk_dynamodb::Client::new(&bench.config);
    let update = client
        .update_item()
        .table_name(&bench.stack.names.table)
        .key("pk", text(&format!("TENANT#{}", bench.tenant.id)));
    let update = update.key("sk", text("ROSTER")).update_expression("SET breakglass = :email");
    update.expression_attribute_values(":email", text(email)).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_are_replaced_as_a_whole_and_addresses_are_read_in_any_case() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let developer = bench.add_member("Developer@Example.COM", "build_applications,modify_configuration").await;
    let email = "developer@example.com";
    assert_eq!(permissions(&owner, email).await, json!(["modify_configuration", "build_applications"]));
    for (sent, kept) in [
        ("update_certificates", json!(["update_certificates"])),
        (" build_applications , build_applications ", json!(["build_applications"])),
        ("modify_tenant_settings,modify_configuration", json!(["modify_configuration", "modify_tenant_settings"])),
        ("", json!([])),
        ("  ", json!([])),
    ] {
        owner.done(UPDATE, json!({ "user_id": "DEVELOPER@example.com", "permissions": sent })).await;
        assert_eq!(permissions(&developer, email).await, kept, "{sent:?}");
    }
    owner.permit(email, "manage_custom_messages").await;
    for sent in [
        ",",
        "builds",
        "build_applications,",
        "Build_Applications",
        "build_applications;modify_configuration",
        "*",
        "all",
    ] {
        let refused = owner.post(UPDATE, json!({ "user_id": email, "permissions": sent })).await;
        assert_eq!(said(&refused), (400, "Invalid permission"), "{sent:?}");
    }
    assert_eq!(permissions(&owner, email).await, json!(["manage_custom_messages"]), "a refusal changes nothing");
    for (body, error) in [
        (json!({ "user_id": email }), "Permissions are missing"),
        (json!({ "user_id": email, "permissions": null }), "Permissions are missing"),
        (json!({ "permissions": "" }), "User ID is missing"),
        (json!({ "user_id": "auto_abc123", "permissions": "" }), "Invalid user ID"),
    ] {
        assert_eq!(said(&owner.post(UPDATE, body).await), (400, error));
    }
    owner.done(REMOVE, json!({ "user_id": "dEVELOPER@eXAMPLE.com" })).await;
    owner.done("/frontend/add_user_to_tenant", json!({ "user_id": email })).await;
    assert_eq!(permissions(&owner, email).await, json!([]), "whoever comes back begins anew");
}

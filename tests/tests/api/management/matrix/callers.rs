//! Every kind of caller.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::credential::ApiToken;
use domain::permission::Permission;
use domain::plan::Plan;
use domain::tenant::{SsoOnly, Tenant};
use serde_json::json;
use tests::harness::Bench;
use tests::issuer;
use tests::members::Member;

use super::expected::{Caller, Named};

/// A caller with its headers.
pub(crate) struct Case {
    pub(crate) name: String,
    /// Each value of the `Authorization` header.
    pub(crate) authorization: Vec<String>,
    /// Each value of the `tenant` header.
    pub(crate) tenant: Vec<String>,
    pub(crate) caller: Caller,
}

const TEAM: Named = Named::Own { plan: Plan::Team, pending_deletion: false, closed: false };

pub(crate) async fn cases(bench: &Bench) -> Vec<Case> {
    let mut cases = not_genuine(bench).await;
    cases.extend(naming_no_tenant(bench).await);
    cases.extend(with_each_permission(bench).await);
    cases.extend(on_each_plan(bench).await);
    cases.extend(of_a_marked_tenant(bench).await);
    cases.extend(of_a_tenant_with_sso_only(bench).await);
    cases
}

/// A member of the tenant that it names.
fn member(name: &str, member: &Member, named: Named, permissions: &[Permission]) -> Case {
    let is_token = !member.bearer.contains('.');
    Case {
        name: name.to_owned(),
        authorization: vec![member.bearer.clone()],
        tenant: vec![member.tenant.to_string()],
        caller: Caller { genuine: true, is_token, named, permissions: permissions.to_vec() },
    }
}

async fn not_genuine(bench: &Bench) -> Vec<Case> {
    let (owner, (token, _)) = (bench.owner(), bench.add_token("").await);
    let (deleted, key) = bench.add_token("user_and_api_management").await;
    owner.done("/frontend/delete_api_token", json!({ "token_key": key })).await;
    let encoded = |pair: &str| BASE64_STANDARD.encode(pair);
    let pair = String::from_utf8(BASE64_STANDARD.decode(&token.bearer["Bearer ".len()..]).unwrap()).unwrap();
    let stranger = ApiToken::make(&[7; 84]).expose();
    let secret = stranger.split_once(':').unwrap().1;
    let automation = bench.key.expose();
    let now = bench.clock.now();
    let expired = issuer::bearer("owner@example.com", now - 7200, json!({}));
    let unverified = issuer::bearer("owner@example.com", now, json!({ "email_verified": false }));
    let access = issuer::bearer("owner@example.com", now, json!({ "token_use": "access" }));
    let (head, signature) = owner.bearer.rsplit_once('.').unwrap();
    let one = |name, value: String| (name, vec![value]);
    let refused = [
        ("nobody", vec![]),
        one("somebody with an empty header", String::new()),
        one("somebody with a scheme alone", "Bearer".to_owned()),
        one("a token under Basic", token.bearer.replace("Bearer", "Basic")),
        one("a token without scheme", token.bearer.replace("Bearer ", "")),
        one("a token in clear", format!("Bearer {pair}")),
        one(
            "a token with another's secret",
            format!("Bearer {}", encoded(&format!("{}:{secret}", pair.split(':').next().unwrap()))),
        ),
        one("a token with a cut secret", format!("Bearer {}", encoded(&pair[..pair.len() - 1]))),
        one("a token that was never made", format!("Bearer {}", encoded(&stranger))),
        one("a deleted token", deleted.bearer),
        ("a token sent twice", vec![token.bearer.clone(), token.bearer]),
        one("an automation key", bench.bearer()),
        one("an automation key in Base64", format!("Bearer {}", encoded(&automation))),
        one("somebody with dots", "Bearer x.y.z".to_owned()),
        one("an expired session", expired),
        one("a session with an unproven address", unverified),
        one("an access token", access),
        one("a session with a reversed signature", format!("{head}.{}", signature.chars().rev().collect::<String>())),
    ];
    let case = |(name, authorization): (&str, Vec<String>)| {
        let case = member(name, &owner, TEAM, &[]);
        Case { authorization, caller: Caller { genuine: false, ..case.caller }, ..case }
    };
    refused.into_iter().map(case).collect()
}

async fn naming_no_tenant(bench: &Bench) -> Vec<Case> {
    let (token, _) = bench.add_token("").await;
    let (other, _) = bench.another_tenant(10, Plan::Team).await;
    let stranger = bench.person("stranger@example.com");
    let newcomer = bench.person("newcomer@example.com");
    newcomer.done("/frontend/create_tenant", json!({ "tenant_name": "Newcomers" })).await;
    let own = bench.tenant.id.to_string();
    let mut cases = Vec::new();
    for caller in [&bench.owner(), &token, &stranger] {
        for (name, named, tenant) in [
            ("naming no tenant", Named::Missing, vec![]),
            ("naming a tenant twice", Named::Malformed, vec![own.clone(), own.clone()]),
            ("naming a tenant in capitals", Named::Malformed, vec![own.to_uppercase()]),
            ("naming a tenant and more", Named::Malformed, vec![format!("{own}0")]),
            ("naming an empty tenant", Named::Missing, vec![String::new()]),
            ("naming a tenant that is not there", Named::Foreign, vec!["f".repeat(32)]),
        ] {
            cases.push(Case { tenant, ..member(name, caller, named, &Permission::ALL) });
        }
    }
    cases.push(member("a person without a tenant", &stranger, Named::Foreign, &[]));
    cases.push(member("a member of another tenant", &newcomer, Named::Foreign, &[]));
    cases.push(member("a token of another tenant", &token.in_tenant(&other.id), Named::Foreign, &[]));
    let asserted = bench.session("owner@example.com", issuer::asserted_by(&other.id));
    cases.push(member("an owner whom another tenant's provider asserts", &asserted, Named::Foreign, &Permission::ALL));
    cases
}

async fn with_each_permission(bench: &Bench) -> Vec<Case> {
    let mut cases = vec![
        member("the owner", &bench.owner(), TEAM, &Permission::ALL),
        member("a member without permissions", &bench.add_member("reader@example.com", "").await, TEAM, &[]),
        member("a token without permissions", &bench.add_token("").await.0, TEAM, &[]),
    ];
    let every = Permission::ALL.map(Permission::key).join(",");
    cases.push(member("a token with all", &bench.add_token(&every).await.0, TEAM, &Permission::ALL));
    for permission in Permission::ALL {
        let email = format!("{}@example.com", permission.key());
        let only = bench.add_member(&email, permission.key()).await;
        cases.push(member(&format!("a member with {} only", permission.key()), &only, TEAM, &[permission]));
        let (token, _) = bench.add_token(permission.key()).await;
        cases.push(member(&format!("a token with {} only", permission.key()), &token, TEAM, &[permission]));
    }
    cases
}

async fn on_each_plan(bench: &Bench) -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, plan) in [(20, Plan::Free), (21, Plan::Team), (22, Plan::Enterprise)] {
        // Made while tokens could be made.
        let (tenant, _) = bench.another_tenant(number, Plan::Team).await;
        let owner = bench.owner().in_tenant(&tenant.id);
        let every = Permission::ALL.map(Permission::key).join(",");
        let (token, _) = owner.add_token(&every).await;
        bench.store().put_tenant(&Tenant { plan, ..tenant }).await.unwrap();
        let named = Named::Own { plan, pending_deletion: false, closed: false };
        cases.push(member(&format!("an owner on {plan:?}"), &owner, named, &Permission::ALL));
        cases.push(member(&format!("a token on {plan:?}"), &token, named, &Permission::ALL));
    }
    cases
}

async fn of_a_marked_tenant(bench: &Bench) -> Vec<Case> {
    let (tenant, _) = bench.another_tenant(30, Plan::Enterprise).await;
    let owner = bench.owner().in_tenant(&tenant.id);
    let (token, _) = owner.add_token("modify_tenant_settings").await;
    owner.done("/frontend/delete_tenant", json!({})).await;
    let named = Named::Own { plan: Plan::Enterprise, pending_deletion: true, closed: false };
    vec![
        member("an owner of a marked tenant", &owner, named, &Permission::ALL),
        member("a token of a marked tenant", &token, named, &[Permission::ModifyTenantSettings]),
    ]
}

async fn of_a_tenant_with_sso_only(bench: &Bench) -> Vec<Case> {
    let (tenant, _) = bench.another_tenant(40, Plan::Enterprise).await;
    let owner = bench.owner().in_tenant(&tenant.id);
    let (email, breakglass) = ("developer@example.com", "breakglass@example.com");
    for person in [email, breakglass] {
        owner.add_member(person, "user_and_api_management").await;
    }
    let (token, _) = owner.add_token("user_and_api_management").await;
    let sso_only = Some(SsoOnly { breakglass: breakglass.parse().unwrap() });
    bench.store().put_tenant(&Tenant { sso_only, ..tenant.clone() }).await.unwrap();
    let google = json!({ "identities": [{ "providerName": "Google", "providerType": "Google" }] });
    let session = |email: &str, claims| bench.session(email, claims).in_tenant(&tenant.id);
    let open = Named::Own { plan: Plan::Enterprise, pending_deletion: false, closed: false };
    let closed = Named::Own { plan: Plan::Enterprise, pending_deletion: false, closed: true };
    let held = [Permission::UserAndApiManagement];
    let (own, other) = (issuer::asserted_by(&tenant.id), issuer::asserted_by(&bench.tenant.id));
    vec![
        member("a password where SSO is demanded", &session(email, json!({})), closed, &held),
        member("Google where SSO is demanded", &session(email, google.clone()), closed, &held),
        member("the tenant's own provider where SSO is demanded", &session(email, own.clone()), open, &held),
        member("another tenant's provider where SSO is demanded", &session(email, other), Named::Foreign, &held),
        member("the break-glass account", &session(breakglass, json!({})), open, &held),
        member("the break-glass account by Google", &session(breakglass, google), open, &held),
        member("the break-glass account by the tenant's own provider", &session(breakglass, own), open, &held),
        member("a token where SSO is demanded", &token, open, &held),
    ]
}

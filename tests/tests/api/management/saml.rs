//! SAML settings, metadata and group mappings, and what they mean for who may sign in.

use domain::plan::Plan;
use domain::tenant::Tenant;
use futures_util::future::join_all;
use http::StatusCode;
use insta::assert_json_snapshot;
use serde_json::{Value, json};
use tests::harness::{Answer, Bench};
use tests::issuer;
use tests::members::Member;
use tests::saml::{certificate, current, settings};

use crate::events::{recorded, replay, whole};

fn metadata(certificate: &str) -> String {
    let base64: String = certificate.lines().filter(|line| !line.starts_with("-----")).collect();
    format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://idp.example.com/saml">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.com/sso"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>"#
    )
}

/// An ENTERPRISE tenant of its owner.
async fn enterprise(bench: &Bench) -> (Tenant, Member) {
    let (tenant, _) = bench.another_tenant(7, Plan::Enterprise).await;
    let owner = bench.owner().in_tenant(&tenant.id);
    (tenant, owner)
}

async fn replayed(bench: &Bench, owner: &Member, name: &str, more: &[(&str, &str)]) -> Value {
    let token = owner.bearer.strip_prefix("Bearer ").unwrap();
    let mut values = vec![("$TOKEN", token), ("$TENANT_ID", owner.tenant.as_str())];
    values.extend(more.iter().filter(|(variable, _)| recorded(name).contains(variable)));
    whole(&replay(bench, name, &values).await)["body"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_configure_read_and_delete_saml() {
    let bench = Bench::start().await;
    let (tenant, owner) = enterprise(&bench).await;
    let (certificate, tenant) = (current(), tenant.id.to_string());
    let metadata = metadata(certificate);
    let more = [("$X509_CERT", certificate), ("$SAML_TENANT", &*tenant), ("$METADATA_XML", &*metadata)];
    let answer = async |name: &str| replayed(&bench, &owner, name, &more).await;
    assert_json_snapshot!(answer("frontend-users/get-saml-settings").await, @r#"
    {
      "acs_url": "",
      "breakglass_account": null,
      "enabled": false,
      "enforce_sso_only": false,
      "entity_id": "",
      "group_attribute_name": "",
      "sls_url": "",
      "sp_entity_id": "",
      "sso_url": "",
      "use_group_authorization": false
    }
    "#);
    assert_json_snapshot!(answer("frontend-users/update-saml-settings-incomplete").await, @r#"
    {
      "code": "invalid_sso_url",
      "error": "SSO URL is missing",
      "request_id": "[id]"
    }
    "#);
    assert_json_snapshot!(answer("frontend-users/update-saml-settings").await, @r#"
    {
      "message": "SAML configuration updated",
      "success": true
    }
    "#);
    let shown = answer("frontend-users/get-saml-settings").await;
    assert_eq!(shown["acs_url"], format!("https://app.apptego.com/frontend/saml/acs/{tenant}"));
    assert_eq!((&shown["enabled"], &shown["breakglass_account"]), (&json!(true), &json!("owner@example.com")));
    let parsed = answer("frontend-users/saml-parse-metadata").await;
    assert_eq!(parsed["sso_url"], "https://idp.example.com/sso");
    assert_eq!(parsed["x509_cert"].as_str().unwrap().trim(), certificate.replace("\r\n", "\n").trim());
    assert_json_snapshot!(answer("frontend-users/saml-parse-metadata-doctype").await, @r#"
    {
      "code": "invalid_metadata_xml",
      "error": "Metadata XML has a document type declaration (DOCTYPE) at 1:1: neither it nor entities are accepted",
      "request_id": "[id]"
    }
    "#);
    assert_json_snapshot!(answer("frontend-users/save-saml-group-unknown").await, @r#"
    {
      "code": "not_found",
      "error": "Group mapping not found",
      "request_id": "[id]"
    }
    "#);
    assert_json_snapshot!(answer("frontend-users/save-saml-group").await, @r#"
    {
      "message": "SAML group mapping saved",
      "success": true
    }
    "#);
    assert_json_snapshot!(answer("frontend-users/get-saml-groups").await, @r#"
    {
      "groups": [
        {
          "created_at": "[time]",
          "description": "Administrators from the IdP",
          "enabled": true,
          "group_name": "AppTego-Admins",
          "id": 1,
          "permissions": [
            "modify_configuration",
            "user_and_api_management"
          ],
          "updated_at": "[time]"
        }
      ]
    }
    "#);
    assert_json_snapshot!(answer("frontend-users/delete-saml-settings").await, @r#"
    {
      "message": "SAML configuration deleted",
      "success": true
    }
    "#);
    assert_eq!(answer("frontend-users/get-saml-groups").await, json!({ "groups": [] }));
    assert_json_snapshot!(answer("frontend-users/delete-saml-settings").await, @r#"
    {
      "code": "not_found",
      "error": "SAML is not configured",
      "request_id": "[id]"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_setting_is_refused_by_name_and_changes_nothing() {
    let bench = Bench::start().await;
    let (tenant, owner) = enterprise(&bench).await;
    let before = owner.get("/frontend/saml_settings").await.body;
    for (field, value) in [
        ("entity_id", json!("http://idp.example.com/saml")),
        ("sso_url", json!("ftp://idp.example.com")),
        ("sso_url", json!("https://user@idp.example.com")),
        ("sp_entity_id", json!("https://app.apptego.com/frontend/saml/metadata/9f1c0a4e7b8d4a4db52e6a6d5c5c1f11")),
        ("acs_url", json!("https://evil.example.com")),
        ("sls_url", Value::Null),
        ("x509_cert", json!("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")),
        ("x509_cert", json!(certificate((2000, 1, 1), (2001, 1, 1)))),
        ("breakglass_account", json!("nobody")),
    ] {
        let answer = owner.post("/frontend/saml_settings", settings(&tenant.id, &json!({ field: value }))).await;
        let found = (answer.status, answer.text("code"));
        assert_eq!(found, (StatusCode::BAD_REQUEST, format!("invalid_{field}")), "{}", answer.body);
    }
    for account in [json!(null), json!("stranger@example.com")] {
        let more = json!({ "enforce_sso_only": true, "breakglass_account": account });
        let answer = owner.post("/frontend/saml_settings", settings(&tenant.id, &more)).await;
        assert_eq!(answer.text("code"), "invalid_breakglass_account", "{}", answer.body);
    }
    assert_eq!(owner.get("/frontend/saml_settings").await.body, before);
}

async fn enforce(owner: &Member, tenant: &Tenant, account: &str) -> Answer {
    let more = json!({ "enforce_sso_only": true, "breakglass_account": account });
    owner.post("/frontend/saml_settings", settings(&tenant.id, &more)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sso_only_tenant_takes_its_own_provider_its_break_glass_account_and_tokens() {
    let bench = Bench::start().await;
    let (tenant, owner) = enterprise(&bench).await;
    let email = "developer@example.com";
    owner.post("/frontend/add_user_to_tenant", json!({ "user_id": email })).await;
    let made = owner.post("/frontend/create_api_token", json!({})).await;
    let token = bench.token(&made).in_tenant(&tenant.id);
    let password = bench.person(email).in_tenant(&tenant.id);
    let own = bench.session(email, issuer::asserted_by(&tenant.id)).in_tenant(&tenant.id);
    let other = bench.session(email, issuer::asserted_by(&bench.tenant.id)).in_tenant(&tenant.id);
    let google = json!({ "identities": [{ "providerName": "Google", "providerType": "Google" }] });
    let google = bench.session(email, google).in_tenant(&tenant.id);
    let path = "/frontend/get_users_permissions";
    let statuses = async || {
        let answers = join_all([&password, &google, &own, &other, &token, &owner].map(|member| member.get(path))).await;
        answers.into_iter().map(|answer| answer.status.as_u16()).collect::<Vec<_>>()
    };
    assert_eq!(statuses().await, [200, 200, 200, 403, 200, 200]);
    let enforced = enforce(&owner, &tenant, "Owner@example.com").await;
    assert_eq!(enforced.status, StatusCode::OK, "{}", enforced.body);
    assert_eq!(statuses().await, [403, 403, 200, 403, 200, 200]);
    assert_eq!(password.get(path).await.body["error"], "This tenant requires single sign-on");

    let refused = token.post("/frontend/remove_user_from_tenant", json!({ "user_id": "owner@example.com" })).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "without the permission");
    let manage = json!({ "user_id": made.text("token_key"), "permissions": "user_and_api_management" });
    assert_eq!(owner.post("/frontend/update_user_permissions", manage).await.status, StatusCode::OK);
    for (path, body) in [
        ("/frontend/remove_user_from_tenant", json!({ "user_id": "owner@example.com" })),
        ("/frontend/update_user_permissions", json!({ "user_id": "owner@example.com", "permissions": "" })),
    ] {
        let refused = token.post(path, body).await;
        assert_eq!((refused.status, refused.text("code")), (StatusCode::CONFLICT, "breakglass_account".to_owned()));
    }
    assert_eq!(owner.call("DELETE", "/frontend/saml_settings", None).await.status, StatusCode::OK);
    assert_eq!(statuses().await, [200, 200, 200, 403, 200, 200]);
}

/// Whoever is first: a break-glass account that is enforced administers the tenant.
#[tokio::test(flavor = "multi_thread")]
async fn mappings_without_settings_are_deleted_too() {
    let bench = Bench::start().await;
    let (_, owner) = enterprise(&bench).await;
    owner.done("/frontend/saml_groups", json!({ "group_name": "Staff", "permissions": [] })).await;
    let delete = async || owner.call("DELETE", "/frontend/saml_settings", None).await.status.as_u16();
    assert_eq!((delete().await, delete().await), (200, 404));
    assert_eq!(owner.get("/frontend/saml_groups").await.body, json!({ "groups": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn enforcing_races_with_stripping_the_break_glass_account() {
    let bench = Bench::start().await;
    let (tenant, _) = enterprise(&bench).await;
    let owner = bench.session("owner@example.com", issuer::asserted_by(&tenant.id)).in_tenant(&tenant.id);
    let email = "second@example.com";
    owner.post("/frontend/add_user_to_tenant", json!({ "user_id": email })).await;
    for _ in 0..8 {
        let permit = |keys: &str| json!({ "user_id": email, "permissions": keys });
        let all = owner.post("/frontend/update_user_permissions", permit("user_and_api_management")).await;
        assert_eq!(all.status, StatusCode::OK, "{}", all.body);
        let (enforced, stripped) =
            tokio::join!(enforce(&owner, &tenant, email), owner.post("/frontend/update_user_permissions", permit("")),);
        let outcome = (enforced.status.as_u16(), stripped.status.as_u16());
        assert!(matches!(outcome, (200, 409) | (400, 200)), "{outcome:?} {} {}", enforced.body, stripped.body);
        owner.call("DELETE", "/frontend/saml_settings", None).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_mappings_at_once_have_a_hundred_ids_and_the_next_is_refused() {
    let bench = Bench::start().await;
    let (_, owner) = enterprise(&bench).await;
    let group = |number: usize| json!({ "group_name": format!("group {number}"), "permissions": [] });
    for first in (0..96).step_by(8) {
        let saved = join_all((first..first + 8).map(|n| owner.post("/frontend/saml_groups", group(n)))).await;
        assert!(saved.iter().all(|answer| answer.status == StatusCode::OK));
    }
    let last = join_all((96..104).map(|number| owner.post("/frontend/saml_groups", group(number)))).await;
    let statuses: Vec<_> = last.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 4, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 4, "{statuses:?}");
    let listed = owner.get("/frontend/saml_groups").await;
    let ids: Vec<u64> = listed.body["groups"].as_array().unwrap().iter().map(|g| g["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (1..=100).collect::<Vec<_>>());
}

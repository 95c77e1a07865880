//! From a sign-in to a token that does its work.

use http::StatusCode;
use serde_json::json;
use tests::harness::{Bench, send};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_makes_a_tenant_and_a_token_works_in_it() {
    let bench = Bench::start().await;
    let newcomer = bench.person("Newcomer@example.com");
    let headers = [("authorization", newcomer.bearer.as_str())];
    let none = send(&bench.router, "GET", "/frontend/get_tenants", &headers, None).await;
    assert_eq!(none.body, json!({ "tenants": [] }));
    let body = json!({ "tenant_name": "Example Tenant" });
    let made = send(&bench.router, "POST", "/frontend/create_tenant", &headers, Some(body.clone())).await;
    assert_eq!((made.status, &made.body["tenant_name"]), (StatusCode::OK, &json!("Example Tenant")));
    let again = send(&bench.router, "POST", "/frontend/create_tenant", &headers, Some(body)).await;
    assert_eq!((again.status, again.text("code").as_str()), (StatusCode::CONFLICT, "only_free_tenant"));
    let own = newcomer.in_tenant(&made.text("tenant_id").parse().unwrap());
    let refused = own.post("/frontend/create_api_token", json!({})).await;
    assert_eq!(refused.body["error"], "API tokens require a Team or Enterprise plan");

    let (token, key) = bench.add_token("build_applications").await;
    let listed = token.get("/frontend/get_api_tokens_permissions").await;
    let expected =
        json!([{ "token_key": key, "permissions": ["build_applications"], "created_by": "owner@example.com" }]);
    assert_eq!(listed.body["tokens"], expected);
    let refused = token.post("/frontend/create_api_token", json!({})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.body["required_permission"], "user_and_api_management");
    let gone = bench.owner().post("/frontend/delete_api_token", json!({ "token_key": key })).await;
    assert_eq!(gone.status, StatusCode::OK);
    assert_eq!(token.get("/frontend/get_users_permissions").await.status, StatusCode::UNAUTHORIZED);
}

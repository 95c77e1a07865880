//! API tokens.

use domain::plan::Plan;
use serde_json::{Value, json};
use tests::harness::{Bench, send};

use super::{ADMIN, UPDATE, permissions, said, short};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_permitted_by_its_key_listed_apart_and_refused_once_it_is_deleted() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let (token, key) = bench.add_token("").await;
    let list = "/frontend/get_api_tokens_permissions";
    let listed = |permissions: Value| json!([{ "token_key": key, "permissions": permissions, "created_by": "owner@example.com" }]);
    assert_eq!(token.get(list).await.body["tokens"], listed(json!([])));
    owner.permit(&key, "build_applications,modify_configuration").await;
    assert_eq!(token.get(list).await.body["tokens"], listed(json!(["modify_configuration", "build_applications"])));
    assert_eq!(permissions(&owner, &key).await, Value::Null, "no token among the people");
    let other = json!({ "user_id": key.to_uppercase(), "permissions": "" });
    assert_eq!(short(&owner.post(UPDATE, other).await), (400, "invalid_user_id"), "keys are read as they are");
    let tenants = send(&bench.router, "GET", "/frontend/get_tenants", &[("authorization", &token.bearer)], None).await;
    assert_eq!(tenants.body, json!({ "tenants": [{ "tenant_id": bench.tenant.id, "name": "Local", "plan": "TEAM" }] }));

    let (foreign, _) = bench.another_tenant(2, Plan::Team).await;
    let of_other = owner.in_tenant(&foreign.id);
    let gone = json!({ "token_key": key });
    for (path, body) in
        [("/frontend/delete_api_token", gone.clone()), (UPDATE, json!({ "user_id": key, "permissions": ADMIN }))]
    {
        assert_eq!(said(&of_other.post(path, body).await), (404, "API token not found"), "{path} from another tenant");
    }
    owner.done("/frontend/delete_api_token", gone.clone()).await;
    for path in ["/frontend/get_tenants", list] {
        assert_eq!(short(&token.get(path).await), (401, "unauthenticated"), "{path}");
    }
    assert_eq!(said(&owner.post("/frontend/delete_api_token", gone).await), (404, "API token not found"));
    let body = json!({ "user_id": key, "permissions": ADMIN });
    assert_eq!(said(&owner.post(UPDATE, body).await), (404, "API token not found"));
    for (body, error) in [(json!({}), "Token key is missing"), (json!({ "token_key": "auto_x" }), "Invalid token key")]
    {
        assert_eq!(said(&owner.post("/frontend/delete_api_token", body).await), (400, error));
    }
}

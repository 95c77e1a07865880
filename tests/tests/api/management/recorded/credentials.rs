//! API tokens and automation keys.

use domain::plan::Plan;
use insta::assert_json_snapshot;
use tests::harness::Bench;

use super::answer;

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_make_permit_list_and_delete_a_token() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    assert_json_snapshot!(answer(&bench, "frontend-users/create-api-token", &owner, &[]).await, @r#"
    {
      "body": {
        "token_key": "[key]",
        "token_secret": "[secret]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/create-api-token", &owner, &[]).await, @r#"
    {
      "body": {
        "token_key": "[key]",
        "token_secret": "[secret]"
      },
      "headers": {
        "content-type": "application/json",
        "idempotent-replayed": "true",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/create-api-token-without-credentials", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "unauthenticated",
        "error": "Authentication failed",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "www-authenticate": "Bearer",
        "x-request-id": "[id]"
      },
      "status": 401
    }
    "#);
    let listed = owner.get("/frontend/get_api_tokens_permissions").await;
    let key = listed.body["tokens"][0]["token_key"].as_str().unwrap().to_owned();
    let named = [("$TOKEN_KEY", &*key)];
    assert_json_snapshot!(answer(&bench, "frontend-users/update-user-permissions-of-token", &owner, &named).await, @r#"
    {
      "body": {
        "success": true
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/get-api-tokens-permissions", &owner, &[]).await, @r#"
    {
      "body": {
        "tokens": [
          {
            "created_by": "owner@example.com",
            "permissions": [
              "modify_configuration",
              "build_applications"
            ],
            "token_key": "[key]"
          }
        ]
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    let (token, _) = bench.add_token("").await;
    assert_json_snapshot!(answer(&bench, "frontend-users/create-api-token", &token, &[]).await, @r#"
    {
      "body": {
        "code": "permission_denied",
        "error": "You don't have permission to do this. The 'Users & API Management' permission is required.",
        "permission_denied": true,
        "request_id": "[id]",
        "required_permission": "user_and_api_management"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 403
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/delete-api-token", &owner, &named).await, @r#"
    {
      "body": {
        "success": true
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/delete-api-token", &owner, &named).await, @r#"
    {
      "body": {
        "code": "not_found",
        "error": "API token not found",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 404
    }
    "#);
    let (free, _) = bench.another_tenant(2, Plan::Free).await;
    assert_json_snapshot!(answer(&bench, "frontend-users/create-api-token", &owner.in_tenant(&free.id), &[]).await, @r#"
    {
      "body": {
        "code": "plan_required",
        "error": "API tokens require a Team or Enterprise plan",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 403
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_make_list_toggle_and_delete_a_key() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let own = bench.key.id.to_string();
    let named = [("$KEY_ID", &*own)];
    assert_json_snapshot!(answer(&bench, "frontend-users/create-automation-key", &owner, &[]).await, @r#"
    {
      "body": {
        "key_id": "[key]",
        "key_secret": "[secret]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/create-automation-key-short-name", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "invalid_name",
        "error": "Name must be 2 to 50 characters",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/toggle-automation-key", &owner, &named).await, @r#"
    {
      "body": {
        "success": true
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/toggle-automation-key-incomplete", &owner, &named).await, @r#"
    {
      "body": {
        "code": "invalid_enabled",
        "error": "Enabled is missing",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/delete-automation-key", &owner, &named).await, @r#"
    {
      "body": {
        "success": true
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/delete-automation-key", &owner, &named).await, @r#"
    {
      "body": {
        "code": "not_found",
        "error": "Automation key not found",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 404
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/toggle-automation-key", &owner, &named).await, @r#"
    {
      "body": {
        "code": "not_found",
        "error": "Automation key not found",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 404
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/get-automation-keys", &owner, &[]).await, @r#"
    {
      "body": {
        "keys": [
          {
            "created_at": "[time]",
            "created_by": "owner@example.com",
            "enabled": true,
            "key_id": "[key]",
            "last_used": null,
            "name": "GitHub Actions"
          }
        ]
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    let (free, _) = bench.another_tenant(2, Plan::Free).await;
    assert_json_snapshot!(answer(&bench, "frontend-users/get-automation-keys", &owner.in_tenant(&free.id), &[]).await, @r#"
    {
      "body": {
        "code": "plan_required",
        "error": "Automation keys require a Team or Enterprise plan",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 403
    }
    "#);
}

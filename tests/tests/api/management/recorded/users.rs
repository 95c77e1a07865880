//! People of a tenant and what they may do.

use domain::plan::Plan;
use insta::assert_json_snapshot;
use tests::harness::Bench;

use super::answer;

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_add_permit_list_and_remove_a_person() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    assert_json_snapshot!(answer(&bench, "frontend-users/add-user-to-tenant", &owner, &[]).await, @r#"
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
    assert_json_snapshot!(answer(&bench, "frontend-users/add-user-to-tenant", &owner, &[]).await, @r#"
    {
      "body": {
        "success": true
      },
      "headers": {
        "content-type": "application/json",
        "idempotent-replayed": "true",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/add-user-to-tenant-base64", &owner, &[]).await, @r#"
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
    assert_json_snapshot!(answer(&bench, "frontend-users/add-user-to-tenant-base64", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "user_exists",
        "error": "The user is already a member of this tenant",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 409
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/add-user-to-tenant-invalid", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "invalid_user_id",
        "error": "Invalid email address",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/update-user-permissions", &owner, &[]).await, @r#"
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
    assert_json_snapshot!(answer(&bench, "frontend-users/update-user-permissions-unknown", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "invalid_permissions",
        "error": "Invalid permission",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/get-users-permissions", &owner, &[]).await, @r#"
    {
      "body": {
        "users": [
          {
            "permissions": [
              "modify_configuration",
              "build_applications"
            ],
            "user_id": "developer@example.com"
          },
          {
            "permissions": [],
            "user_id": "newuser@example.com"
          },
          {
            "permissions": [
              "modify_configuration",
              "build_applications",
              "update_certificates",
              "manage_custom_messages",
              "user_and_api_management",
              "modify_tenant_settings"
            ],
            "user_id": "owner@example.com"
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
    let developer = bench.person("developer@example.com");
    assert_json_snapshot!(answer(&bench, "frontend-users/add-user-to-tenant", &developer, &[]).await, @r#"
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
    assert_json_snapshot!(answer(&bench, "frontend-users/remove-user-from-tenant-self", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "self_removal",
        "error": "You cannot remove yourself",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 409
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/remove-user-from-tenant", &owner, &[]).await, @r#"
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
    assert_json_snapshot!(answer(&bench, "frontend-users/remove-user-from-tenant", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "not_found",
        "error": "User not found",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 404
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/update-user-permissions", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "not_found",
        "error": "User not found",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 404
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/get-users-permissions", &developer, &[]).await, @r#"
    {
      "body": {
        "code": "forbidden",
        "error": "You don't have access to this tenant",
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
async fn recorded_requests_are_refused_where_plan_or_limit_does_not_allow_a_person() {
    let bench = Bench::start().await;
    let (free, _) = bench.another_tenant(2, Plan::Free).await;
    assert_json_snapshot!(answer(&bench, "frontend-users/add-user-to-tenant", &bench.owner().in_tenant(&free.id), &[]).await, @r#"
    {
      "body": {
        "code": "plan_required",
        "error": "Adding users requires a Team or Enterprise plan",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 403
    }
    "#);
    bench.limit_people(1).await;
    assert_json_snapshot!(answer(&bench, "frontend-users/add-user-to-tenant", &bench.owner(), &[]).await, @r#"
    {
      "body": {
        "code": "user_limit",
        "error": "The limit of 1 users is reached",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-ratelimit-limit": "1",
        "x-ratelimit-remaining": "0",
        "x-request-id": "[id]"
      },
      "status": 429
    }
    "#);
    bench.limit_people(2).await;
    let answer = answer(&bench, "frontend-users/add-user-to-tenant", &bench.owner(), &[]).await;
    assert_eq!(answer["status"], 200, "{answer}");
}

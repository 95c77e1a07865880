//! A tenant renamed, deleted and restored.

use domain::plan::Plan;
use insta::assert_json_snapshot;
use tests::harness::Bench;

use super::answer;

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_rename_delete_and_restore_a_tenant() {
    let bench = Bench::start().await;
    bench.clock.stop();
    let owner = bench.owner();
    let member = bench.add_member("developer@example.com", "build_applications").await;
    assert_json_snapshot!(answer(&bench, "frontend-users/modify-tenant-details", &owner, &[]).await, @r#"
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
    assert_json_snapshot!(answer(&bench, "frontend-users/modify-tenant-details-invalid", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "invalid_tenant_name",
        "error": "Tenant name may contain only letters, numbers, and spaces",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/modify-tenant-details", &member, &[]).await, @r#"
    {
      "body": {
        "code": "permission_denied",
        "error": "You don't have permission to do this. The 'Tenant Settings' permission is required.",
        "permission_denied": true,
        "request_id": "[id]",
        "required_permission": "modify_tenant_settings"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 403
    }
    "#);
    for number in 0..4 {
        let body = serde_json::json!({ "tenant_name": format!("Tenant {number}") });
        assert_eq!(owner.post("/frontend/modify_tenant_details", body).await.status, 200);
    }
    bench.clock.pass(3600);
    assert_json_snapshot!(answer(&bench, "frontend-users/modify-tenant-details", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "rename_limit",
        "error": "A tenant can be renamed up to five times per day",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "retry-after": "82800",
        "x-ratelimit-limit": "5",
        "x-ratelimit-remaining": "0",
        "x-request-id": "[id]"
      },
      "status": 429
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/update-deployment-environments", &owner, &[]).await, @r#"
    {
      "body": {
        "deployment_environments": true,
        "success": true
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    let (free, _) = bench.another_tenant(2, Plan::Free).await;
    let of_free = owner.in_tenant(&free.id);
    assert_json_snapshot!(answer(&bench, "frontend-users/update-deployment-environments", &of_free, &[]).await, @r#"
    {
      "body": {
        "code": "plan_required",
        "error": "Deployment environments require a Team or Enterprise plan",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 403
    }
    "#);

    assert_json_snapshot!(answer(&bench, "frontend-users/restore-tenant", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "tenant_not_pending_deletion",
        "error": "The tenant is not pending deletion",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 409
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/delete-tenant-without-permission", &member, &[]).await, @r#"
    {
      "body": {
        "code": "permission_denied",
        "error": "You don't have permission to do this. The 'Tenant Settings' permission is required.",
        "permission_denied": true,
        "request_id": "[id]",
        "required_permission": "modify_tenant_settings"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 403
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/delete-tenant", &owner, &[]).await, @r#"
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
    assert_json_snapshot!(answer(&bench, "frontend-users/delete-tenant", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "tenant_pending_deletion",
        "error": "The tenant is pending deletion",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 409
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/get-tenant-subscription", &owner, &[]).await, @r#"
    {
      "body": {
        "custom_limits": {},
        "deletion": true,
        "deployment_environments": true,
        "enterprise_pricing": null,
        "is_trial": false,
        "purge_at": "[time]",
        "subscription": "TEAM",
        "team_pricing": null
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/restore-tenant", &owner, &[]).await, @r#"
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
    assert_json_snapshot!(answer(&bench, "frontend-users/restore-tenant", &member, &[]).await, @r#"
    {
      "body": {
        "code": "permission_denied",
        "error": "You don't have permission to do this. The 'Tenant Settings' permission is required.",
        "permission_denied": true,
        "request_id": "[id]",
        "required_permission": "modify_tenant_settings"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 403
    }
    "#);
}

//! Tenants, chosen and made.

use domain::plan::CustomLimits;
use domain::tenant::{Pricing, Tenant};
use insta::assert_json_snapshot;
use tests::harness::Bench;

use super::answer;

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_choose_and_make_tenants() {
    let bench = Bench::start().await;
    let (owner, newcomer) = (bench.owner(), bench.person("newcomer@example.com"));
    let (token, _) = bench.add_token("").await;
    assert_json_snapshot!(answer(&bench, "frontend-users/get-tenants", &owner, &[]).await, @r#"
    {
      "body": {
        "tenants": [
          {
            "name": "Local",
            "plan": "TEAM",
            "tenant_id": "[id]"
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
    assert_json_snapshot!(answer(&bench, "frontend-users/get-tenants", &token, &[]).await, @r#"
    {
      "body": {
        "tenants": [
          {
            "name": "Local",
            "plan": "TEAM",
            "tenant_id": "[id]"
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
    assert_json_snapshot!(answer(&bench, "frontend-users/get-tenants-without-credentials", &owner, &[]).await, @r#"
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
    assert_json_snapshot!(answer(&bench, "frontend-users/create-tenant-short-name", &newcomer, &[]).await, @r#"
    {
      "body": {
        "code": "invalid_tenant_name",
        "error": "Tenant name must be 5 to 30 characters",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/create-tenant", &newcomer, &[]).await, @r#"
    {
      "body": {
        "success": true,
        "tenant_id": "[id]",
        "tenant_name": "Example Tenant"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/create-tenant-again", &newcomer, &[]).await, @r#"
    {
      "body": {
        "code": "only_free_tenant",
        "error": "A new tenant cannot be created while your only tenant is a Free tenant",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 409
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/create-tenant-again", &owner, &[]).await, @r#"
    {
      "body": {
        "success": true,
        "tenant_id": "[id]",
        "tenant_name": "Another Tenant"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/create-tenant-again", &owner, &[]).await, @r#"
    {
      "body": {
        "success": true,
        "tenant_id": "[id]",
        "tenant_name": "Another Tenant"
      },
      "headers": {
        "content-type": "application/json",
        "idempotent-replayed": "true",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/create-tenant", &token, &[]).await, @r#"
    {
      "body": {
        "code": "forbidden",
        "error": "API tokens cannot make this call",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 403
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/create-tenant-wrong-method", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "method_not_allowed",
        "error": "Method not allowed for this endpoint",
        "request_id": "[id]"
      },
      "headers": {
        "allow": "POST",
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 405
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_read_a_subscription_with_and_without_prices_and_limits() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    assert_json_snapshot!(answer(&bench, "frontend-users/get-tenant-subscription", &owner, &[]).await, @r#"
    {
      "body": {
        "custom_limits": {},
        "deletion": false,
        "deployment_environments": false,
        "enterprise_pricing": null,
        "is_trial": false,
        "purge_at": null,
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
    bench.store().put_tenant(&of_page_004(&bench.tenant)).await.unwrap();
    assert_json_snapshot!(answer(&bench, "frontend-users/get-tenant-subscription", &owner, &[]).await, @r#"
    {
      "body": {
        "custom_limits": {
          "concurrent_builds": 2,
          "max_users": 20
        },
        "deletion": false,
        "deployment_environments": false,
        "enterprise_pricing": {
          "amount_cents": 120000,
          "currency": "usd",
          "display_name": "Enterprise Annual",
          "interval": "year",
          "pricing_id": 3
        },
        "is_trial": false,
        "purge_at": null,
        "subscription": "TEAM",
        "team_pricing": {
          "amount_cents": 9900,
          "currency": "usd",
          "display_name": "Team Monthly",
          "interval": "month",
          "pricing_id": 2
        }
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-users/get-tenant-subscription-without-tenant", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "invalid_tenant",
        "error": "Tenant is missing",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    let stranger = bench.person("stranger@example.com");
    assert_json_snapshot!(answer(&bench, "frontend-users/get-tenant-subscription", &stranger, &[]).await, @r#"
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

/// The tenant of page 004, "Get Tenant Subscription".
fn of_page_004(tenant: &Tenant) -> Tenant {
    let pricing = |pricing_id, display_name: &str, amount_cents, interval: &str| {
        let (display_name, interval) = (display_name.to_owned(), interval.to_owned());
        Some(Pricing { pricing_id, display_name, amount_cents, currency: "usd".to_owned(), interval })
    };
    Tenant {
        enterprise_pricing: pricing(3, "Enterprise Annual", 120_000, "year"),
        team_pricing: pricing(2, "Team Monthly", 9900, "month"),
        custom_limits: CustomLimits { concurrent_builds: Some(2), max_users: Some(20), ..CustomLimits::default() },
        ..tenant.clone()
    }
}

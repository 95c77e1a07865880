//! Promotion and live policies.

use domain::plan::Plan;
use insta::assert_json_snapshot;
use serde_json::json;
use tests::harness::Bench;

use super::answer;

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_promote_a_version() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let cleartext = json!({"version": "dev", "config": {"CleartextPrevention": {"protection": true}}});
    owner.done("/frontend/config_update", cleartext).await;
    assert_json_snapshot!(answer(&bench, "frontend-config/promote-config", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "deployment_environments_disabled",
        "error": "Deployment environments are disabled for this tenant",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    owner.done("/frontend/update_deployment_environments", json!({"enabled": true})).await;
    assert_json_snapshot!(answer(&bench, "frontend-config/promote-config-dry-run", &owner, &[]).await, @r#"
    {
      "body": {
        "changes": [
          {
            "after": {
              "protection": true
            },
            "before": null,
            "kind": "control",
            "name": "CleartextPrevention",
            "summary": "Block Cleartext Traffic: protection not set → true"
          }
        ],
        "revision": 2,
        "success": true
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/promote-config", &owner, &[]).await, @r#"
    {
      "body": {
        "changes": [
          {
            "after": {
              "protection": true
            },
            "before": null,
            "kind": "control",
            "name": "CleartextPrevention",
            "summary": "Block Cleartext Traffic: protection not set → true"
          }
        ],
        "revision": 2,
        "success": true
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    let again = answer(&bench, "frontend-config/promote-config", &owner, &[]).await;
    assert_eq!(again["body"], json!({"success": true, "revision": 2, "changes": []}));
    assert_json_snapshot!(answer(&bench, "frontend-config/promote-config-down", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "invalid_to",
        "error": "Promotion goes from development to staging or from staging to production",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_publish_a_version() {
    let bench = Bench::start().await;
    let (tenant, _) = bench.another_tenant(5, Plan::Enterprise).await;
    let owner = bench.owner().in_tenant(&tenant.id);
    bench.clock.stop();
    let mut published = answer(&bench, "frontend-config/push-live-config", &owner, &[]).await;
    assert!(published["body"]["published_at"].as_i64().unwrap().abs_diff(bench.clock.now()) < 60, "{published}");
    published["body"]["published_at"] = "[time]".into();
    assert_json_snapshot!(published, @r#"
    {
      "body": {
        "policy_version": 1,
        "published_at": "[time]",
        "skipped": [
          "BackupPrevention",
          "DebuggablePrevention"
        ],
        "success": true
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    let again = answer(&bench, "frontend-config/push-live-config-again", &owner, &[]).await;
    assert_eq!(again["body"]["policy_version"], 2, "{again}");
    assert_json_snapshot!(answer(&bench, "frontend-config/push-live-config-unknown", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "not_found",
        "error": "Policy version not found",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 404
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/push-live-config", &bench.owner(), &[]).await, @r#"
    {
      "body": {
        "code": "plan_required",
        "error": "Live configuration push requires an Enterprise plan",
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

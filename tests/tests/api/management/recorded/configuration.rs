//! Versions, read and changed; what may be set.

use insta::assert_json_snapshot;
use tests::harness::Bench;

use super::answer;

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_read_and_change_a_version() {
    let bench = Bench::start().await;
    let (owner, reader) = (bench.owner(), bench.add_member("reader@example.com", "").await);
    let other = bench.another_tenant(5, domain::plan::Plan::Free).await.0;
    let untouched = owner.in_tenant(&other.id);
    assert_json_snapshot!(answer(&bench, "frontend-config/config", &reader, &[]).await, @r#"
    {
      "body": {
        "config": [
          {
            "BackupPrevention": {
              "protection": true
            }
          },
          {
            "DebuggablePrevention": {
              "protection": true
            }
          }
        ],
        "revision": 1
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/config-untouched", &untouched, &[]).await, @r#"
    {
      "body": {
        "config": [],
        "revision": 0
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/config-unknown-version", &reader, &[]).await, @r#"
    {
      "body": {
        "code": "invalid_version",
        "error": "Invalid configuration version",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/config-without-version", &reader, &[]).await, @r#"
    {
      "body": {
        "code": "invalid_version",
        "error": "Version is missing",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/config-update", &owner, &[]).await, @r#"
    {
      "body": {
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
    assert_json_snapshot!(answer(&bench, "frontend-config/config-update-stale", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "stale_revision",
        "error": "The configuration was changed by somebody else: read it again",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 409
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/config-update-invalid", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "invalid_config",
        "error": "config.CertificatePinning.buttons must have as many entries as actions and redirects",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/config-update-unavailable", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "invalid_config",
        "error": "config.RootDetectionResponse is not available yet",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/config-update-two-controls", &owner, &[]).await, @r#"
    {
      "body": {
        "code": "invalid_config",
        "error": "config must have exactly one control",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/config-update", &reader, &[]).await, @r#"
    {
      "body": {
        "code": "permission_denied",
        "error": "You don't have permission to do this. The 'Configuration' permission is required.",
        "permission_denied": true,
        "request_id": "[id]",
        "required_permission": "modify_configuration"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 403
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/config", &reader, &[]).await, @r#"
    {
      "body": {
        "config": [
          {
            "BackupPrevention": {
              "protection": true
            }
          },
          {
            "DebuggablePrevention": {
              "protection": true
            }
          },
          {
            "CleartextPrevention": {
              "protection": true
            }
          }
        ],
        "revision": 2
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_list_what_may_be_set() {
    let bench = Bench::start().await;
    let reader = bench.add_member("reader@example.com", "").await;
    for (group, name) in [
        ("prevention", "frontend-config/config-options-prevention"),
        ("detection", "frontend-config/config-options-detection"),
        ("connection", "frontend-config/config-options-connection"),
        ("device_settings", "frontend-config/config-options-device-settings"),
        ("obfuscation", "frontend-config/config-options-obfuscation"),
        ("build", "frontend-config/config-options-build"),
    ] {
        let answer = answer(&bench, name, &reader, &[]).await;
        insta::assert_snapshot!(format!("options_{group}"), table(&answer["body"]["options"]));
    }
    let connection = answer(&bench, "frontend-config/config-options-connection", &reader, &[]).await;
    assert_json_snapshot!(connection["body"]["options"][0], @r#"
    {
      "actions": [
        "log",
        "warn",
        "alert",
        "redirect",
        "close",
        "safeKillApp",
        "die",
        "kill",
        "logout",
        "restrict"
      ],
      "available": true,
      "available_platforms": [
        "android",
        "ios"
      ],
      "description": "Accepts only servers whose certificates are on the version's list.",
      "label": "Certificate Pinning",
      "live_update": false,
      "masvs": [
        "MASVS-NETWORK-2"
      ],
      "minimum_plan": "TEAM",
      "platforms": [
        "android",
        "ios"
      ],
      "stage": "build",
      "type": "response",
      "value": "CertificatePinning"
    }
    "#);
}

/// One line for each control.
fn table(options: &serde_json::Value) -> String {
    let line = |option: &serde_json::Value| {
        let words = |field: &str| {
            let values = option[field].as_array().unwrap().iter().map(|value| value.as_str().unwrap());
            values.collect::<Vec<_>>().join(" ")
        };
        let text = |field: &str| option[field].as_str().unwrap().to_owned();
        assert_eq!(option["available"], !words("available_platforms").is_empty());
        [
            text("value"),
            text("label"),
            text("type"),
            words("platforms"),
            text("minimum_plan"),
            text("stage"),
            if option["live_update"] == true { "live".to_owned() } else { String::new() },
            words("available_platforms"),
            words("masvs"),
        ]
        .join(" | ")
    };
    options.as_array().unwrap().iter().map(line).collect::<Vec<_>>().join("\n")
}

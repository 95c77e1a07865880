//! Certificate lists.

use insta::assert_json_snapshot;
use tests::harness::Bench;

use super::answer;

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_keep_a_certificate_list() {
    let bench = Bench::start().await;
    let keeper = bench.add_member("keeper@example.com", "update_certificates").await;
    assert_json_snapshot!(answer(&bench, "frontend-config/certificates-update", &keeper, &[]).await, @r#"
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
    let config = answer(&bench, "frontend-config/config", &keeper, &[]).await;
    assert_json_snapshot!(config["body"]["config"][2], @r#"
    {
      "CertificatePinning": {
        "action": "log",
        "actions": [],
        "buttons": [],
        "certificates": [
          {
            "algorithm": "sha256",
            "domains": [
              "api.example.com"
            ],
            "enforceable": false,
            "expired": true,
            "expires": 1767225600,
            "isca": false,
            "isdefault": false,
            "name": "Example API",
            "not_enforceable_because": "its thumbprint has 40 digits, and sha256 gives 64",
            "thumbprint": "A1B2C3D4E5F60718293A4B5C6D7E8F9012345678"
          }
        ],
        "detection": false,
        "message": "",
        "redirects": [],
        "title": "",
        "use_builtin_cas": true
      }
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/certificates-update-documented-version", &keeper, &[]).await, @r#"
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
    assert_json_snapshot!(answer(&bench, "frontend-config/certificates-update-invalid", &keeper, &[]).await, @r#"
    {
      "body": {
        "code": "invalid_thumbprint",
        "error": "certificates[0].thumbprint must be 40 to 128 hexadecimal digits and nothing else",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/certificates-delete-unknown", &keeper, &[]).await, @r#"
    {
      "body": {
        "code": "not_found",
        "error": "Certificate not found",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 404
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/certificates-delete", &keeper, &[]).await, @r#"
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
    let again = answer(&bench, "frontend-config/certificates-delete", &keeper, &[]).await;
    assert_eq!(again["status"], 404, "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_list_the_built_in_authorities() {
    let bench = Bench::start().await;
    let listed = answer(&bench, "frontend-config/trusted-root-cas", &bench.owner(), &[]).await;
    let roots = listed["body"]["trusted_root_cas"].as_array().unwrap();
    assert!(roots.len() > 100, "{}", roots.len());
    let known = roots.iter().find(|root| root["name"] == "ISRG Root X1").unwrap();
    assert_json_snapshot!(known, @r#"
    {
      "algorithm": "sha256",
      "expires": 2064567878,
      "isca": true,
      "isdefault": true,
      "name": "ISRG Root X1",
      "thumbprint": "96BCEC06264976F37460779ACF28C5A7CFE8A3C0AAE11A8FFCEE05C0BDDF08C6"
    }
    "#);
    let plain =
        |root: &serde_json::Value| root["isca"] == true && root["isdefault"] == true && root["algorithm"] == "sha256";
    assert!(roots.iter().all(plain));
}

//! Signing keys.

use insta::assert_json_snapshot;
use tests::harness::Bench;
use tests::keystores::Keystore;

use super::{answer, ask};
use crate::events::whole;

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_store_list_choose_and_delete_signing_keys() {
    let bench = Bench::start().await;
    let maker = bench.add_member("maker@example.com", "build_applications").await;
    let reader = bench.add_member("reader@example.com", "").await;
    let keystore = Keystore::make("Example", bench.clock.now());
    let file = ("$KEYSTORE", keystore.file.as_str());
    let release = [file, ("$KEYSTORE_PASSWORD", &*keystore.password)];
    let made = ask(&bench, "frontend-builds/create-signing-key", &maker, &release).await;
    assert_json_snapshot!(whole(&made), @r#"
    {
      "body": {
        "algorithm": "RSA 2048",
        "created_at": "[time]",
        "created_by": "maker@example.com",
        "default": false,
        "expiry": "[time]",
        "fingerprint": "[fingerprint]",
        "name": "Release key",
        "platform": "android",
        "provisioning_profile": null,
        "signing_key_id": "[key]",
        "subject": "CN=Example"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-builds/create-signing-key", &maker, &release).await, @r#"
    {
      "body": {
        "algorithm": "RSA 2048",
        "created_at": "[time]",
        "created_by": "maker@example.com",
        "default": false,
        "expiry": "[time]",
        "fingerprint": "[fingerprint]",
        "name": "Release key",
        "platform": "android",
        "provisioning_profile": null,
        "signing_key_id": "[key]",
        "subject": "CN=Example"
      },
      "headers": {
        "content-type": "application/json",
        "idempotent-replayed": "true",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-builds/create-signing-key-wrong-password", &maker, &[file]).await, @r#"
    {
      "body": {
        "code": "invalid_keystore_password",
        "error": "The keystore's password is wrong, or the keystore is damaged",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    let id = made.text("signing_key_id");
    let named = [("$SIGNING_KEY_ID", &*id)];
    assert_json_snapshot!(answer(&bench, "frontend-builds/set-default-signing-key", &maker, &named).await, @r#"
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
    assert_json_snapshot!(answer(&bench, "frontend-builds/get-signing-keys", &reader, &[]).await, @r#"
    {
      "body": {
        "signing_keys": [
          {
            "algorithm": "RSA 2048",
            "created_at": "[time]",
            "created_by": "operator",
            "default": false,
            "expiry": "[time]",
            "fingerprint": "[fingerprint]",
            "name": "Local signing key",
            "platform": "android",
            "provisioning_profile": null,
            "signing_key_id": "[key]",
            "subject": "CN=Local signing key"
          },
          {
            "algorithm": "RSA 2048",
            "created_at": "[time]",
            "created_by": "maker@example.com",
            "default": true,
            "expiry": "[time]",
            "fingerprint": "[fingerprint]",
            "name": "Release key",
            "platform": "android",
            "provisioning_profile": null,
            "signing_key_id": "[key]",
            "subject": "CN=Example"
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
    let not = answer(&bench, "frontend-builds/set-default-signing-key-not", &maker, &named).await;
    assert_eq!((not["status"].as_u64(), default_keys(&bench).await), (Some(200), 0));
    assert_json_snapshot!(answer(&bench, "frontend-builds/delete-signing-key", &maker, &named).await, @r#"
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
    let gone = answer(&bench, "frontend-builds/delete-signing-key", &maker, &named).await;
    assert_eq!((gone["status"].as_u64(), gone["body"]["error"].as_str()), (Some(404), Some("Signing key not found")));
    // What it answered is there no more.
    let replayed = answer(&bench, "frontend-builds/create-signing-key", &maker, &release).await;
    assert_eq!(replayed["status"].as_u64(), Some(404), "{replayed}");
}

/// How many keys sign where a build names none.
async fn default_keys(bench: &Bench) -> usize {
    let listed = bench.owner().get("/frontend/signing_keys").await;
    listed.body["signing_keys"].as_array().unwrap().iter().filter(|key| key["default"] == true).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_store_a_key_for_ios() {
    let bench = Bench::start().await;
    let maker = bench.add_member("maker@example.com", "build_applications").await;
    let identity = Keystore::make("Apple Distribution: Example Ltd.", bench.clock.now());
    let profile = identity.profile();
    let files =
        [("$P12", &*identity.file), ("$P12_PASSWORD", &*identity.password), ("$PROVISIONING_PROFILE", &*profile)];
    assert_json_snapshot!(answer(&bench, "frontend-builds/create-signing-key-ios", &maker, &files).await, @r#"
    {
      "body": {
        "algorithm": "RSA 2048",
        "created_at": "[time]",
        "created_by": "maker@example.com",
        "default": false,
        "expiry": "[time]",
        "fingerprint": "[fingerprint]",
        "name": "App Store",
        "platform": "ios",
        "provisioning_profile": {
          "bundle_id": "com.example.*",
          "expiry": "[time]",
          "name": "Example App Store",
          "team_id": "A1B2C3D4E5"
        },
        "signing_key_id": "[key]",
        "subject": "CN=Apple Distribution: Example Ltd."
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
}

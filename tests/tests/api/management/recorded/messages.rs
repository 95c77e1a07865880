//! Custom messages.

use insta::assert_json_snapshot;
use tests::harness::Bench;

use super::answer;

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_keep_a_custom_message() {
    let bench = Bench::start().await;
    let writer = bench.add_member("writer@example.com", "manage_custom_messages").await;
    assert_json_snapshot!(answer(&bench, "frontend-config/get-custom-message", &writer, &[]).await, @r#"
    {
      "body": {
        "in_use": false,
        "message": ""
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/update-custom-message", &writer, &[]).await, @r#"
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
    assert_json_snapshot!(answer(&bench, "frontend-config/set-custom-message-active", &writer, &[]).await, @r#"
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
    assert_json_snapshot!(answer(&bench, "frontend-config/get-custom-message", &writer, &[]).await, @r#"
    {
      "body": {
        "in_use": true,
        "message": "Please contact your administrator."
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    let nothing = answer(&bench, "frontend-config/set-custom-message-active-without-message", &writer, &[]).await;
    assert_json_snapshot!(nothing, @r#"
    {
      "body": {
        "code": "no_custom_message",
        "error": "This version has no custom message yet",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/update-custom-message-missing", &writer, &[]).await, @r#"
    {
      "body": {
        "code": "invalid_message",
        "error": "Message is missing",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 400
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/update-custom-message-uploaded", &writer, &[]).await, @r#"
    {
      "body": {
        "code": "not_found",
        "error": "Nothing was uploaded under this id",
        "request_id": "[id]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 404
    }
    "#);
    assert_json_snapshot!(answer(&bench, "frontend-config/custom-message-upload", &writer, &[]).await, @r#"
    {
      "body": {
        "expires_in": 3600,
        "success": true,
        "upload_id": "[id]",
        "upload_url": "[url]"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 200
    }
    "#);
    let reader = bench.add_member("reader@example.com", "").await;
    let denied = answer(&bench, "frontend-config/custom-message-upload-without-permission", &reader, &[]).await;
    assert_json_snapshot!(denied, @r#"
    {
      "body": {
        "code": "permission_denied",
        "error": "You don't have permission to do this. The 'Custom Messages' permission is required.",
        "permission_denied": true,
        "request_id": "[id]",
        "required_permission": "manage_custom_messages"
      },
      "headers": {
        "content-type": "application/json",
        "x-request-id": "[id]"
      },
      "status": 403
    }
    "#);
}

//! Custom messages: their size, by request and by upload, and what replaces them.

use domain::custom_message::MAX_BYTES;
use serde_json::json;
use tests::harness::{Bench, fetch, put};

/// As many bytes as a message may have, in one request, through an upload, and one more.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_five_megabytes_is_kept_and_one_byte_more_is_refused() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let largest = "x".repeat(MAX_BYTES);
    let body = |text: &str| json!({"version": "prod", "message": text});
    owner.done("/frontend/update_custom_message", body(&largest)).await;
    let read = owner.done("/frontend/get_custom_message", json!({"version": "prod"})).await;
    assert_eq!((read.text("message").len(), read.body.get("message_url")), (MAX_BYTES, None));
    let refused = owner.post("/frontend/update_custom_message", body(&format!("{largest}x"))).await;
    assert_eq!((refused.status.as_u16(), refused.text("code").as_str()), (400, "invalid_message"));

    // As markup that Lambda's answer, JSON in JSON, does not take.
    owner.done("/frontend/update_custom_message", body(&"\"".repeat(2_700_000))).await;
    let read = owner.done("/frontend/get_custom_message", json!({"version": "prod"})).await;
    assert!(read.text("message").is_empty() && read.text("message_url").starts_with("http"));

    // In JSON, each of these takes two bytes: neither a request nor an answer takes them all.
    let quoted = "\"".repeat(MAX_BYTES);
    let refused = owner.post("/frontend/update_custom_message", body(&quoted)).await;
    assert_eq!((refused.status.as_u16(), refused.text("code").as_str()), (413, "body_too_large"));
    for (text, expected) in [(quoted.clone(), 200), (format!("{quoted}\""), 400)] {
        let upload = owner.done("/frontend/custom_message_upload", json!({})).await;
        put(&upload.text("upload_url"), text.into_bytes()).await;
        let take = json!({"version": "prod", "upload_id": upload.body["upload_id"]});
        let answer = owner.post("/frontend/update_custom_message", take.clone()).await;
        assert_eq!(answer.status.as_u16(), expected, "{}", answer.body);
        if expected == 200 {
            assert_eq!(
                owner.post("/frontend/update_custom_message", take).await.status.as_u16(),
                404,
                "it is taken once"
            );
        }
    }
    let upload = owner.done("/frontend/custom_message_upload", json!({})).await;
    put(&upload.text("upload_url"), vec![0xff]).await;
    let take = json!({"version": "prod", "upload_id": upload.body["upload_id"]});
    assert_eq!(
        owner.post("/frontend/update_custom_message", take).await.text("error"),
        "The uploaded text is not UTF-8"
    );
    let read = owner.done("/frontend/get_custom_message", json!({"version": "prod"})).await;
    assert_eq!(read.text("message"), "");
    assert_eq!(fetch(&read.text("message_url")).await, quoted.into_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_replaced_stays_in_use_and_no_text_is_no_message() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let read = async || owner.done("/frontend/get_custom_message", json!({"version": "prod"})).await.body;
    owner.done("/frontend/update_custom_message", json!({"version": "prod", "message": "One"})).await;
    owner.done("/frontend/set_custom_message_active", json!({"version": "prod", "in_use": true})).await;
    owner.done("/frontend/update_custom_message", json!({"version": "prod", "message": "Two"})).await;
    assert_eq!(read().await, json!({"message": "Two", "in_use": true}));
    owner.done("/frontend/update_custom_message", json!({"version": "prod", "message": ""})).await;
    assert_eq!(read().await, json!({"message": "", "in_use": false}));
    owner.done("/frontend/set_custom_message_active", json!({"version": "prod", "in_use": false})).await;
}

//! The assistant and AI Search.

use domain::plan::Plan;
use insta::assert_json_snapshot;
use serde_json::{Value, json};
use tests::harness::Bench;

use super::answer;

/// The answer without what the calendar decides.
fn timeless(mut answer: Value) -> Value {
    for name in ["allowed_again_at", "allowed_again_at_utc", "from_iso", "to_iso"] {
        if let Some(value) = answer["body"].get_mut(name) {
            *value = json!("[time]");
        }
    }
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_go_through_a_conversation() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    assert_json_snapshot!(timeless(answer(&bench, "helpbot/send-message", &owner, &[]).await));
    assert_json_snapshot!(answer(&bench, "helpbot/send-message-empty", &owner, &[]).await);
    assert_json_snapshot!(answer(&bench, "helpbot/history", &owner, &[]).await);
    assert_json_snapshot!(timeless(answer(&bench, "helpbot/status", &owner, &[]).await));
    assert_json_snapshot!(answer(&bench, "helpbot/clear", &owner, &[]).await);
    assert_json_snapshot!(answer(&bench, "helpbot/clear-without-credentials", &owner, &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_turn_words_into_searches() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    assert_json_snapshot!(timeless(answer(&bench, "helpbot/search", &owner, &[]).await));
    assert_json_snapshot!(answer(&bench, "helpbot/search-not-understood", &owner, &[]).await);
    let (free, _) = bench.another_tenant(7, Plan::Free).await;
    assert_json_snapshot!(answer(&bench, "helpbot/search-on-free", &owner.in_tenant(&free.id), &[]).await);
}

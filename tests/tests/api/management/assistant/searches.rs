//! AI Search: what it answers can be searched by, or it says why not.

use search::column::Log;
use search::query::Query;
use serde_json::json;
use tests::harness::Bench;

use super::SEARCH;

#[tokio::test(flavor = "multi_thread")]
async fn a_question_becomes_a_query_of_the_log_and_a_window() {
    let bench = Bench::start().await;
    bench.clock.stop();
    let owner = bench.owner();
    for (number, (mode, question, query, days)) in (1_u64..).zip([
        ("audit", "configuration changes from last week", "event_type = 'configuration_change'", 7),
        ("audit", "failed uploads by owner@example.com yesterday", "", 1),
        ("device", "frida detections in Germany today", "", 1),
    ]) {
        let found = owner.post(SEARCH, json!({ "mode": mode, "query": question })).await;
        assert_eq!((found.status.as_u16(), &found.body["usage"]["used"]), (200, &json!(number)), "{}", found.body);
        let (log, text): (Log, String) = (mode.parse().unwrap(), found.text("query"));
        assert_eq!(Query::parse(log, &text).unwrap().to_string(), text);
        assert!(query.is_empty() || query == text, "{text}");
        let moment = |name: &str| found.text(name).parse::<jiff::Timestamp>().unwrap().as_second();
        assert_eq!(moment("to_iso") - moment("from_iso"), days * 24 * 3600);
        assert!(found.text("from_iso").ends_with("T00:00:00Z"), "{}", found.body);
    }
    // A call by the name that the audit log has for it, whichever function answers it. Some are a word of English, too.
    for row in api::access::TABLE.iter().filter(|row| row.name.contains('_')) {
        let found = owner.post(SEARCH, json!({ "mode": "audit", "query": format!("{} today", row.name) })).await;
        assert_eq!((found.status.as_u16(), found.text("query")), (200, format!("api_call = '{}'", row.name)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_says_so_and_does_not_count() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    for (mode, question, why) in [
        ("audit", "configuration changes from lats week", "is not understood"),
        ("audit", "anything strange", "is not understood"),
        ("audit", "changes tomorrow", ""),
        ("device", "who changed the configuration", ""),
    ] {
        let answer = owner.post(SEARCH, json!({ "mode": mode, "query": question })).await;
        assert_eq!((answer.status.as_u16(), answer.text("code")), (422, "not_interpreted".into()), "{}", answer.body);
        assert!(answer.text("error").contains(why), "{}", answer.body);
    }
    let found = owner.post(SEARCH, json!({ "mode": "audit", "query": "uploads today" })).await;
    assert_eq!(found.body["usage"], json!({ "used": 1, "limit": 100 }));
}

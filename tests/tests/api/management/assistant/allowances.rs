//! Limits by the week and by the month: exact whatever comes at once, and given back where nothing was answered.

use domain::plan::CustomLimits;
use domain::tenant::Tenant;
use domain::usage::RESERVED_SECONDS;
use serde_json::{Value, json};
use tests::harness::{Answer, Bench};

use super::super::races::{at_once, count, counts};
use super::answerers::{Held, owner_with};
use super::{CHAT, SEARCH, ask, details, next_monday, used, utc};

async fn limit(bench: &Bench, messages: u32, searches: u32) {
    let custom_limits = CustomLimits {
        helpbot_weekly_messages: Some(messages),
        ai_search_monthly_queries: Some(searches),
        ..CustomLimits::default()
    };
    bench.store().put_tenant(&Tenant { custom_limits, ..bench.tenant.clone() }).await.unwrap();
}

fn refused(answers: &[Answer]) -> impl Iterator<Item = &Answer> {
    answers.iter().filter(|answer| answer.status == 429)
}

/// The usage that a search tells of; a question in plain words that is understood.
async fn search(owner: &tests::members::Member) -> Answer {
    owner.post(SEARCH, json!({ "mode": "audit", "query": "uploads today" })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_messages_are_answered_in_a_week_as_the_limit_says() {
    let bench = Bench::start().await;
    limit(&bench, 5, 100).await;
    bench.clock.stop();
    let owner = bench.owner();
    let (now, monday) = (bench.clock.now(), next_monday(bench.clock.now()));
    let answers = at_once(&owner, CHAT, (0..16).map(|number| json!({ "message": format!("question {number}") }))).await;
    assert_eq!(count(&answers), counts([("200", 5), ("429 weekly_message_limit", 11)]));
    let expected = json!({
        "weekly_limit": 5, "monthly_limit": 5, "messages_used": 5,
        "allowed_again_at": monday, "allowed_again_at_utc": utc(monday),
    });
    for answer in refused(&answers) {
        assert_eq!(details(answer), expected);
        let header = |name: &str| answer.headers[name].to_str().unwrap().parse::<i64>().unwrap();
        let told = (header("x-ratelimit-limit"), header("x-ratelimit-remaining"), header("retry-after"));
        assert_eq!(told, (5, 0, monday - now));
    }
    assert_eq!(used(&owner).await, 5);
    bench.clock.pass(monday - now - 1);
    assert_eq!(ask(&bench.owner(), "the last second").await.status, 429);
    bench.clock.pass(1);
    let owner = bench.owner();
    assert_eq!(used(&owner).await, 0);
    let answers = at_once(&owner, CHAT, vec![json!({ "message": "a new week" }); 7]).await;
    assert_eq!(count(&answers), counts([("200", 5), ("429 weekly_message_limit", 2)]));
}

/// Far from its limit, nobody is in anybody's way.
#[tokio::test(flavor = "multi_thread")]
async fn all_of_many_at_once_are_answered_where_there_is_room() {
    let bench = Bench::start().await;
    limit(&bench, 1000, 1000).await;
    let owner = bench.owner();
    let answers = at_once(&owner, SEARCH, vec![json!({ "mode": "audit", "query": "uploads today" }); 100]).await;
    assert_eq!(count(&answers), counts([("200", 100)]));
    assert_eq!(search(&owner).await.body["usage"], json!({ "used": 101, "limit": 1000 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_searches_are_made_in_a_month_as_the_limit_says() {
    let bench = Bench::start().await;
    limit(&bench, 100, 3).await;
    bench.clock.stop();
    let owner = bench.owner();
    let bodies = vec![json!({ "mode": "device", "query": "root detections today" }); 10];
    let answers = at_once(&owner, SEARCH, bodies).await;
    assert_eq!(count(&answers), counts([("200", 3), ("429 monthly_search_limit", 7)]));
    let again_at = |answer: &Answer| answer.body["allowed_again_at"].as_i64().unwrap();
    let next = again_at(refused(&answers).next().unwrap());
    for answer in refused(&answers) {
        let expected = json!({ "usage": { "used": 3, "limit": 3 }, "allowed_again_at": next });
        assert_eq!(details(answer), expected);
    }
    let now = bench.clock.now();
    assert!(utc(next).ends_with("-01T00:00:00Z") && (1..=31 * 24 * 3600).contains(&(next - now)), "{next}");
    bench.clock.pass(next - now - 1);
    assert_eq!(search(&bench.owner()).await.status, 429);
    bench.clock.pass(1);
    assert_eq!(search(&bench.owner()).await.body["usage"], json!({ "used": 1, "limit": 3 }));
    assert_eq!(used(&bench.owner()).await, 0, "messages are counted by themselves");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_given_back_and_what_is_being_answered_counts() {
    let bench = Bench::start().await;
    limit(&bench, 2, 1).await;
    let held = Held::new(0);
    let owner = owner_with(&bench, held.clone());
    let first = tokio::spawn({
        let owner = owner.clone();
        async move { ask(&owner, "one that fails").await }
    });
    let second = tokio::spawn({
        let owner = owner.clone();
        async move { ask(&owner, "one").await }
    });
    held.asked.acquire_many(2).await.unwrap().forget();
    assert_eq!(used(&owner).await, 2);
    assert_eq!(ask(&owner, "one too many").await.status, 429);
    held.may.add_permits(2);
    let failed = first.await.unwrap();
    let told = (failed.status.as_u16(), failed.text("code"), failed.headers["retry-after"].to_str().unwrap());
    assert_eq!(told, (503, "assistant_unavailable".into(), "10"));
    assert!(!failed.body.to_string().contains("as asked"), "the cause is for the log");
    assert_eq!(second.await.unwrap().status, 200);
    assert_eq!(used(&owner).await, 1);

    held.may.add_permits(20);
    let answers = at_once(&owner, CHAT, vec![json!({ "message": "fail" }); 8]).await;
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 429 | 503)));
    assert_eq!(used(&owner).await, 1, "whatever order they came in");
    assert_eq!(ask(&owner, "the last one").await.body["messages_used"], 2);

    let failed = owner.post(SEARCH, json!({ "mode": "audit", "query": "fail" })).await;
    assert_eq!(failed.status, 503);
    assert_eq!(search(&owner).await.body["usage"], json!({ "used": 1, "limit": 1 }));
}

/// Nobody is left to give back what a killed function reserved: it counts for as long as an answer can take, and no longer.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_ends_counts_for_two_minutes() {
    let bench = Bench::start().await;
    limit(&bench, 1, 1).await;
    bench.clock.stop();
    let held = Held::new(0);
    let owner = owner_with(&bench, held.clone());
    let killed = tokio::spawn({
        let owner = owner.clone();
        async move { ask(&owner, "one").await }
    });
    held.asked.acquire().await.unwrap().forget();
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());
    held.may.add_permits(10);
    bench.clock.pass(RESERVED_SECONDS - 1);
    assert_eq!((used(&owner).await, ask(&owner, "two").await.status.as_u16()), (json!(1), 429));
    bench.clock.pass(1);
    assert_eq!((used(&owner).await, ask(&owner, "three").await.status.as_u16()), (json!(0), 200));
    assert_eq!(used(&owner).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_changed_holds_at_once() {
    let bench = Bench::start().await;
    limit(&bench, 3, 0).await;
    let owner = bench.owner();
    for _ in 0..3 {
        assert_eq!(ask(&owner, "a question").await.status, 200);
    }
    limit(&bench, 2, 0).await;
    let refused = ask(&owner, "a question").await;
    assert_eq!((&refused.body["messages_used"], &refused.body["weekly_limit"]), (&json!(3), &json!(2)));
    let status = owner.get(super::STATUS).await;
    assert_eq!(status.body["messages_remaining"], Value::from(0));
    assert_eq!(search(&owner).await.text("code"), "monthly_search_limit");
    limit(&bench, 4, 1).await;
    assert_eq!((ask(&owner, "a question").await.status.as_u16(), search(&owner).await.status.as_u16()), (200, 200));
}

//! A model of Bedrock behind the assistant and AI Search: a scripted Converse, and the one of the local AWS.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use bedrock::{Bedrock, Limits};
use converse_standin::{Failure, Standin, Step};
use serde_json::{Value, json};
use tests::harness::Bench;
use tests::members::Member;
use tests::privileges;

use super::answerers::owner_with;
use super::{HISTORY, PINNING, SEARCH, ask, used};

const MODEL: &str = "eu.anthropic.claude-haiku-4-5-20251001-v1:0";

/// The model at `config`, as helpbot asks it, but in less time.
fn model(bench: &Bench, config: &SdkConfig) -> Bedrock {
    let limits = Limits { total: Duration::from_secs(2), first_wait: Duration::from_millis(1), ..Limits::default() };
    let guides = helpbot::guides(service::PORTAL_URL);
    let bedrock = Bedrock::new(config, MODEL.parse().unwrap(), limits, guides, &helpbot::calls());
    bedrock.with_interceptor(privileges::of_model(&bench.stack.names))
}

async fn scripted(bench: &Bench) -> (Standin, Member) {
    let standin = Standin::start().await.unwrap();
    let config = bench.config.to_builder().endpoint_url(standin.base_url()).build();
    let owner = owner_with(bench, Arc::new(model(bench, &config)));
    (standin, owner)
}

async fn search(owner: &Member) -> tests::harness::Answer {
    owner.post(SEARCH, json!({ "mode": "audit", "query": "who broke it last week" })).await
}

fn found(query: &str) -> Step {
    let input = json!({ "query": query, "from_iso": "2024-11-18T00:00:00Z", "to_iso": "2024-11-25T00:00:00Z" });
    Step::tool("search_log", input)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_answers_from_the_guides_and_learns_nothing_of_the_tenant() {
    let bench = Bench::start().await;
    let (standin, owner) = scripted(&bench).await;
    standin.script([Step::text("Put the list, then switch it on."), Step::text("On iOS from 14 on.")]);
    assert_eq!(ask(&owner, PINNING).await.text("response"), "Put the list, then switch it on.");
    let second = ask(&owner, "And on iOS?").await;
    assert_eq!((second.text("response"), &second.body["messages_used"]), ("On iOS from 14 on.".into(), &json!(2)));
    standin.script([found("successful = FALSE")]);
    let searched = search(&owner).await;
    assert_eq!(
        searched.body,
        json!({
            "query": "successful = FALSE", "from_iso": "2024-11-18T00:00:00Z", "to_iso": "2024-11-25T00:00:00Z",
            "usage": { "used": 1, "limit": 100 },
        })
    );
    let requests = standin.take_requests();
    assert_eq!(requests.len(), 3);
    let told = format!("{requests:?}");
    assert!(told.contains("And on iOS?") && told.contains("Put the list, then switch it on."), "the history is told");
    for secret in [bench.tenant.id.as_str(), "owner@example.com", bench.key.id.as_str(), bench.tenant.name.as_str()] {
        assert!(!told.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_fails_costs_nothing_and_is_told_apart_from_one_that_does_not_understand() {
    let bench = Bench::start().await;
    let (standin, owner) = scripted(&bench).await;
    let throttled = || Step::fail(Failure::Throttling);
    let failures: [Vec<Step>; 8] = [
        vec![throttled(), throttled(), throttled()],
        vec![Step::fail(Failure::AccessDenied)],
        vec![Step::Body { content_type: "text/html", body: b"<html>".to_vec() }],
        vec![Step::Body { content_type: "application/json", body: b"{\"output\":".to_vec() }],
        vec![Step::text("late").after(Duration::from_secs(5))],
        vec![Step::CutBefore, Step::CutBefore, Step::CutBefore],
        vec![Step::CutWithin, Step::CutWithin, Step::CutWithin],
        vec![Step::Message { content: Vec::new(), stop_reason: "end_turn" }],
    ];
    for steps in failures {
        standin.script(steps.clone());
        let answer = ask(&owner, PINNING).await;
        let found = (answer.status.as_u16(), answer.text("code"));
        assert_eq!(found, (503, "assistant_unavailable".into()), "{steps:?}: {}", answer.body);
        assert_eq!(standin.steps_left(), 0, "{steps:?}");
        standin.take_requests();
    }
    standin.script([throttled(), Step::text("At last.")]);
    assert_eq!(ask(&owner, PINNING).await.text("response"), "At last.");
    assert_eq!(used(&owner).await, 1);
    assert_eq!(owner.get(HISTORY).await.body["messages"].as_array().map(Vec::len), Some(2));

    let hostile: [(Step, u16); 6] = [
        (Step::text("event_type = 'configuration_change'"), 422),
        (found("country = 'DE'"), 422),
        (found("successful = FALSE; DROP TABLE"), 422),
        (Step::tool("search_log", json!({ "query": "", "usage": { "limit": 9999 } })), 422),
        (Step::tool("set_limit", json!({ "limit": 9999 })), 422),
        (Step::fail(Failure::Validation), 503),
    ];
    for (step, status) in hostile {
        standin.script([step.clone()]);
        let answer = search(&owner).await;
        assert_eq!(answer.status.as_u16(), status, "{step:?}: {}", answer.body);
    }
    standin.script([found("")]);
    assert_eq!(search(&owner).await.body["usage"], json!({ "used": 1, "limit": 100 }));
}

/// What a model says is a text among the fields of an answer, whatever is in it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_says_stays_a_text() {
    let bench = Bench::start().await;
    let (standin, owner) = scripted(&bench).await;
    let said = "\"}], \"messages_used\": 0, \"weekly_limit\": 9999, \"x\": {\"tenant\": \"other\u{0}\u{1b}[2J";
    standin.script([Step::text(said), Step::text("x".repeat(100_000))]);
    let answer = ask(&owner, PINNING).await;
    assert_eq!((&answer.body["messages_used"], &answer.body["weekly_limit"]), (&json!(1), &json!(100)));
    let told = answer.text("response");
    assert!(told.starts_with("\"}], \"messages_used\": 0") && !told.contains(['\u{0}', '\u{1b}']), "{told:?}");
    assert!(ask(&owner, PINNING).await.text("response").chars().count() <= 8000);
}

/// The SDK and the Converse of the local AWS, which answers the same to everything.
#[tokio::test(flavor = "multi_thread")]
async fn the_local_aws_answers_as_a_model() {
    let bench = Bench::start().await;
    let owner = owner_with(&bench, Arc::new(model(&bench, &bench.config)));
    let answer = ask(&owner, PINNING).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(!answer.text("response").is_empty());
    assert_eq!(ask(&owner, "And on iOS?").await.body["messages_used"], 2);
    // What it makes up is no search.
    let searched = search(&owner).await;
    assert_eq!((searched.status.as_u16(), searched.body["code"].clone()), (422, Value::from("not_interpreted")));
}

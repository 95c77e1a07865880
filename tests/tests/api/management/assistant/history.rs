//! What the assistant remembers, for whom, and how it forgets.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::usage::RESERVED_SECONDS;
use serde_json::{Value, json};
use tests::harness::{Answer, Bench, send};
use tests::members::Member;

use super::answerers::{Held, owner_with};
use super::{CHAT, CLEAR, HISTORY, PINNING, ask, used};

const DAY: i64 = 24 * 3600;

async fn messages(member: &Member) -> Vec<Value> {
    member.get(HISTORY).await.body["messages"].as_array().unwrap().clone()
}

/// Exchanges of the tenant that are stored, whoever's they are and whether or not they are shown.
async fn stored(bench: &Bench) -> usize {
    let query = aws_sdk_dynamodb::Client::new(&bench.config).query().table_name(&bench.stack.names.table);
    let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :sk)").consistent_read(true);
    let query = query.expression_attribute_values(":pk", AttributeValue::S(format!("TENANT#{}", bench.tenant.id)));
    let query = query.expression_attribute_values(":sk", AttributeValue::S("EXCHANGE#".into()));
    query.send().await.unwrap().items().len()
}

async fn ask_once(member: &Member, bench: &Bench, message: &str) -> Answer {
    let headers =
        [("authorization", member.bearer.as_str()), ("tenant", member.tenant.as_str()), ("idempotency-key", "k")];
    send(&bench.router, "POST", CHAT, &headers, Some(json!({ "message": message }))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_hundred_messages_of_one_user_in_one_tenant_are_shown() {
    let bench = Bench::start().await;
    let owner = owner_with(&bench, Held::new(100));
    for number in 1..=52 {
        let answer = ask(&owner, &format!("question {number}")).await;
        let before = (number - 1).min(50);
        assert_eq!(answer.text("response"), format!("question {number} after {before}"), "it is told what was said");
    }
    let shown = messages(&owner).await;
    assert_eq!(shown.len(), 100);
    assert_eq!(shown[0], json!({ "role": "user", "content": "question 3" }));
    assert_eq!(shown[99], json!({ "role": "assistant", "content": "question 52 after 50" }));

    let colleague = bench.add_member("developer@example.com", "").await;
    let (token, _) = bench.add_token("").await;
    let (other, _) = bench.another_tenant(7, domain::plan::Plan::Team).await;
    for member in [colleague, token, owner.in_tenant(&other.id)] {
        assert_eq!(messages(&member).await, [json!(null); 0]);
    }
    let addressed = bench.session("Owner@Example.com", json!({}));
    assert_eq!(messages(&addressed).await.len(), 100, "an address is one person");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_shown_for_a_day_though_it_is_still_stored() {
    let bench = Bench::start().await;
    bench.clock.stop();
    ask(&bench.owner(), PINNING).await;
    bench.clock.pass(DAY - 1);
    let owner = bench.owner();
    assert_eq!(messages(&owner).await.len(), 2);
    ask(&owner, "a later one").await;
    bench.clock.pass(1);
    let shown = messages(&bench.owner()).await;
    assert_eq!((shown.len(), &shown[0]["content"]), (2, &json!("a later one")));
    assert_eq!(stored(&bench).await, 2);
    // What is too old is told to no answerer either.
    let told = ask(&owner_with(&bench, Held::new(1)), "how much is left").await;
    assert_eq!(told.text("response"), "how much is left after 1");
    // The table forgets it by itself.
    let query = aws_sdk_dynamodb::Client::new(&bench.config).scan().table_name(&bench.stack.names.table);
    let query = query.filter_expression("begins_with(sk, :sk)");
    let query = query.expression_attribute_values(":sk", AttributeValue::S("EXCHANGE#".into()));
    for item in query.send().await.unwrap().items() {
        let number = |name: &str| item[name].as_n().unwrap().parse::<i64>().unwrap();
        assert_eq!(number("expires_at"), number("asked_at") + DAY);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clearing_removes_at_once_what_was_said_and_what_is_being_said() {
    let bench = Bench::start().await;
    let held = Held::new(3);
    let owner = owner_with(&bench, held.clone());
    let colleague = bench.add_member("developer@example.com", "").await;
    ask(&colleague, PINNING).await;
    for number in 0..3 {
        ask(&owner, &format!("question {number}")).await;
    }
    held.asked.acquire_many(3).await.unwrap().forget();
    let late = tokio::spawn({
        let owner = owner.clone();
        async move { ask(&owner, "a late one").await }
    });
    held.asked.acquire().await.unwrap().forget();
    assert_eq!(owner.done(CLEAR, json!({})).await.body, json!({ "success": true }));
    assert_eq!((messages(&owner).await.len(), stored(&bench).await), (0, 1));
    held.may.add_permits(10);
    let late = late.await.unwrap();
    assert_eq!((late.status.as_u16(), late.text("response")), (200, "a late one after 3".into()));
    assert_eq!((messages(&owner).await.len(), stored(&bench).await), (0, 1), "it was asked before");
    assert_eq!(messages(&colleague).await.len(), 2, "that is somebody else's");
    assert_eq!(used(&owner).await, 5, "what was answered counts");
    let next = ask(&owner, "a new one").await;
    assert_eq!(next.text("response"), "a new one after 0");
    assert_eq!(messages(&owner).await.len(), 2);
    // The page shows no body, and clients send what they like to think of as none.
    owner.done(CLEAR, json!({})).await;
    assert_eq!(owner.call("POST", CLEAR, None).await.status, 200);
    assert_eq!(owner.post(CLEAR, json!([])).await.text("code"), "invalid_body");
    assert_eq!(messages(&owner).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_repeated_is_answered_again_and_counted_once() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let first = ask_once(&owner, &bench, PINNING).await;
    assert!(first.status == 200 && !first.headers.contains_key("idempotent-replayed"));
    let again = ask_once(&owner, &bench, PINNING).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!((used(&owner).await, messages(&owner).await.len()), (json!(1), 2));
    let other = ask_once(&owner, &bench, "Another question?").await;
    assert_eq!((other.status.as_u16(), other.text("code")), (422, "idempotency_key_reused".into()));
    owner.done(CLEAR, json!({})).await;
    let cleared = ask_once(&owner, &bench, PINNING).await;
    assert_eq!((cleared.status.as_u16(), cleared.text("code")), (404, "not_found".into()));
    assert_eq!(used(&owner).await, 1);

    let colleague = bench.add_member("developer@example.com", "").await;
    let answers =
        futures_util::future::join_all((0..8).map(|_| ask_once(&colleague, &bench, "What is a signing key?"))).await;
    let (done, others): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert!(done.iter().all(|answer| answer.body["response"] == done[0].body["response"]));
    let answered = done.iter().filter(|answer| !answer.headers.contains_key("idempotent-replayed")).count();
    assert_eq!((answered, used(&owner).await, messages(&colleague).await.len()), (1, json!(2), 2));
    for other in others {
        assert_eq!((other.status.as_u16(), other.text("code")), (409, "idempotency_in_progress".into()));
    }
    assert_eq!(ask_once(&colleague, &bench, "What is a signing key?").await.headers["idempotent-replayed"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_still_being_answered_is_not_answered_twice() {
    let bench = Bench::start().await;
    let held = Held::new(0);
    let app = api::App { service: bench.service().clone().with_answerer(held.clone()) };
    let router = tests::functions::serve(local::routes(), app);
    let owner = bench.owner();
    let headers =
        [("authorization", owner.bearer.as_str()), ("tenant", owner.tenant.as_str()), ("idempotency-key", "k")];
    let ask = || send(&router, "POST", CHAT, &headers, Some(json!({ "message": PINNING })));
    let (first, second) = futures_util::future::join(ask(), async {
        held.asked.acquire().await.unwrap().forget();
        let second = ask().await;
        held.may.add_permits(1);
        second
    })
    .await;
    assert_eq!((second.status.as_u16(), second.text("code")), (409, "idempotency_in_progress".into()));
    assert_eq!((first.status.as_u16(), used(&owner).await), (200, json!(1)));
    let third = ask().await;
    assert_eq!((third.headers["idempotent-replayed"].to_str().unwrap(), &third.body), ("true", &first.body));
}

/// Whoever answered it is gone: the same request is answered as soon as their time is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_function_was_killed_is_answered_after_two_minutes() {
    let bench = Bench::start().await;
    bench.clock.stop();
    let held = Held::new(0);
    let app = api::App { service: bench.service().clone().with_answerer(held.clone()) };
    let router = tests::functions::serve(local::routes(), app);
    let owner = bench.owner();
    let ask = || {
        let (router, owner) = (router.clone(), owner.clone());
        async move {
            let headers =
                [("authorization", owner.bearer.as_str()), ("tenant", owner.tenant.as_str()), ("idempotency-key", "k")];
            send(&router, "POST", CHAT, &headers, Some(json!({ "message": PINNING }))).await
        }
    };
    let killed = tokio::spawn(ask());
    held.asked.acquire().await.unwrap().forget();
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());
    held.may.add_permits(9);
    bench.clock.pass(RESERVED_SECONDS - 1);
    assert_eq!(ask().await.text("code"), "idempotency_in_progress");
    bench.clock.pass(1);
    assert_eq!((ask().await.status.as_u16(), used(&owner).await), (200, json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_taken_out_of_a_tenant_comes_back_to_a_new_conversation() {
    let bench = Bench::start().await;
    let colleague = bench.add_member("developer@example.com", "").await;
    ask(&colleague, PINNING).await;
    bench.owner().done("/frontend/remove_user_from_tenant", json!({ "user_id": "developer@example.com" })).await;
    bench.owner().done("/frontend/add_user_to_tenant", json!({ "user_id": "developer@example.com" })).await;
    assert_eq!(messages(&colleague).await, [json!(null); 0]);
    ask(&colleague, "a new one").await;
    assert_eq!(messages(&colleague).await.len(), 2);
    bench.owner().done("/frontend/delete_tenant", json!({})).await;
    assert_eq!(ask(&colleague, "one more").await.text("code"), "tenant_pending_deletion");
    colleague.done(CLEAR, json!({})).await;
    assert_eq!(messages(&colleague).await.len(), 0);
}

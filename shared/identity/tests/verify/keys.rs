//! When the issuer is asked for its keys, and what becomes of its answers.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use futures_util::future::join_all;
use identity::Verifier;
use serde_json::{Value, json};

use crate::issuer::{Answer, Issuer, is_internal, is_refused, pool};
use crate::tokens::{KEY, SigningKey, after, now, password_claims, with};

/// A token that is valid for a week.
fn token(key: &SigningKey) -> String {
    key.token(&with(password_claims(), "exp", json!(crate::tokens::NOW + 7 * 24 * 3600)))
}

/// Everything that is no set of keys.
fn rubbish() -> Vec<(&'static str, Answer)> {
    let key = KEY.published();
    let changed = |name: &str, value: Value| Answer::Keys(vec![with(key.clone(), name, value)]);
    let text = |text: &str| Answer::Text(text.to_owned());
    vec![
        ("a failure", Answer::Status(StatusCode::INTERNAL_SERVER_ERROR)),
        ("too many requests", Answer::Status(StatusCode::TOO_MANY_REQUESTS)),
        ("nothing", Answer::Status(StatusCode::NO_CONTENT)),
        ("a redirect to its keys", Answer::Redirect(vec![key.clone()])),
        ("no JSON", text("<html>")),
        ("other JSON", text("[]")),
        ("no list", text(r#"{"keys":{}}"#)),
        ("bytes without end", Answer::Endless),
        ("more than fits", Answer::Keys(vec![key.clone(); 200])),
        ("no keys", Answer::Keys(vec![])),
        ("a key that is no object", Answer::Keys(vec![json!("key")])),
        ("a key of another kind", changed("kty", json!("EC"))),
        ("a key for encryption", changed("use", json!("enc"))),
        ("a key for another algorithm", changed("alg", json!("RS512"))),
        ("a key without a name", changed("kid", json!(""))),
        ("a key with a long name", changed("kid", json!("k".repeat(129)))),
        ("a key that cannot be read", changed("n", json!("ä"))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_first_asks_and_the_others_wait() {
    let issuer = Issuer::start(&[&KEY]).await;
    let token = token(&KEY);
    let outcomes = join_all((0..100).map(|_| issuer.verify(&token, now()))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    let clone = issuer.verifier.clone();
    assert!(clone.verify(&token, after(3600)).await.is_ok());
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_keys_ask_the_issuer_once_a_minute() {
    let issuer = Issuer::start(&[&KEY]).await;
    let stranger = SigningKey::new("made up");
    let tokens: Vec<String> = (0..100)
        .map(|number| {
            stranger.token_of(&json!({ "alg": "RS256", "kid": format!("made up {number}") }).to_string(), "{}")
        })
        .collect();
    let storm = async |seconds| {
        let tasks = tokens.iter().cloned().map(|token| {
            let verifier = issuer.verifier.clone();
            tokio::spawn(async move { verifier.verify(&token, after(seconds)).await })
        });
        let outcomes = join_all(tasks).await;
        assert!(outcomes.into_iter().all(|outcome| is_refused(&outcome.unwrap())));
        issuer.asked()
    };
    assert_eq!(storm(0).await, 1, "before any key is known");
    assert!(issuer.verify(&token(&KEY), now()).await.is_ok());
    assert_eq!(storm(59).await, 1, "within the minute");
    assert_eq!(storm(60).await, 2, "a minute later");
    assert_eq!(storm(61).await, 2);
    assert!(issuer.verify(&token(&KEY), after(62)).await.is_ok());
}

#[tokio::test]
async fn a_new_key_is_found_and_an_old_one_forgotten() {
    let issuer = Issuer::start(&[&KEY]).await;
    let next = SigningKey::new("next");
    assert!(issuer.verify(&token(&KEY), now()).await.is_ok());
    issuer.answers(Answer::of(&[&next, &KEY]));
    assert!(is_refused(&issuer.verify(&token(&next), after(59)).await), "asked a moment ago");
    assert!(issuer.verify(&token(&next), after(60)).await.is_ok());
    assert!(issuer.verify(&token(&KEY), after(60)).await.is_ok());
    assert_eq!(issuer.asked(), 2);

    issuer.answers(Answer::of(&[&next]));
    let day = 24 * 3600;
    assert!(issuer.verify(&token(&KEY), after(60 + day - 1)).await.is_ok(), "not a day old");
    assert_eq!(issuer.asked(), 2);
    assert!(is_refused(&issuer.verify(&token(&KEY), after(60 + day)).await), "taken back");
    assert!(issuer.verify(&token(&next), after(60 + day)).await.is_ok());
    assert_eq!(issuer.asked(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_keys_are_fetched_once_and_count_meanwhile() {
    let issuer = Issuer::start(&[&KEY]).await;
    let token = token(&KEY);
    assert!(issuer.verify(&token, now()).await.is_ok());
    let tomorrow = after(24 * 3600);
    issuer.answers(Answer::Stalled);
    let first = tokio::spawn({
        let (verifier, token) = (issuer.verifier.clone(), token.clone());
        async move { verifier.verify(&token, tomorrow).await }
    });
    while issuer.asked() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let begun = Instant::now();
    let outcomes = join_all((0..100).map(|_| issuer.verify(&token, tomorrow))).await;
    assert!(outcomes.iter().all(Result::is_ok) && begun.elapsed() < Duration::from_secs(2), "they waited");
    assert!(first.await.unwrap().is_ok(), "the old key still counts");
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn an_issuer_that_is_down_takes_no_keys_away() {
    let mut issuer = Issuer::start(&[&KEY]).await;
    let token = token(&KEY);
    assert!(issuer.verify(&token, now()).await.is_ok());
    issuer.stop().await;
    for day in 1..6 {
        let time = after(day * 24 * 3600);
        assert!(issuer.verify(&token, time).await.is_ok(), "day {day}");
        assert!(is_refused(&issuer.verify(&SigningKey::new("unknown").token(&password_claims()), time).await));
    }
}

#[tokio::test]
async fn rubbish_takes_no_keys_away() {
    let issuer = Issuer::start(&[&KEY]).await;
    let token = token(&KEY);
    assert!(issuer.verify(&token, now()).await.is_ok());
    for (days, (what, answer)) in (1..).zip(rubbish()) {
        issuer.answers(answer);
        let (asked, time) = (issuer.asked(), after(days * 24 * 3600 / 4 + 24 * 3600));
        let outcome = issuer.verify(&token, time).await;
        assert!(outcome.is_ok(), "{what}: {outcome:?}");
        assert_eq!(issuer.asked(), asked + 1, "{what}");
        assert!(issuer.verify(&token, time).await.is_ok());
        assert_eq!(issuer.asked(), asked + 1, "{what}: asked again at once");
    }
}

#[tokio::test]
async fn without_any_keys_the_service_is_at_fault_until_there_are_some() {
    let issuer = Issuer::start(&[]).await;
    let token = token(&KEY);
    for (what, answer) in rubbish() {
        issuer.answers(answer);
        let outcome = issuer.verify(&token, now()).await;
        assert!(is_internal(&outcome), "{what}: {outcome:?}");
    }
    let asked = issuer.asked();
    assert_eq!(asked, rubbish().len(), "each one asked, and no redirect was followed");
    let outcomes = join_all((0..20).map(|_| issuer.verify(&token, now()))).await;
    assert!(outcomes.iter().all(is_internal));
    assert_eq!(issuer.asked(), asked + 1, "those who wait share the failure");
    issuer.answers(Answer::of(&[&KEY]));
    assert!(issuer.verify(&token, now()).await.is_ok(), "at once");

    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for url in [format!("http://{closed}/keys"), "no url".to_owned()] {
        assert!(is_internal(&Verifier::new(pool(url)).verify(&token, now()).await));
    }
}

#[tokio::test]
async fn a_slow_issuer_is_given_up() {
    let issuer = Issuer::start(&[&KEY]).await;
    issuer.answers(Answer::Stalled);
    let begun = Instant::now();
    assert!(is_internal(&issuer.verify(&token(&KEY), now()).await));
    let waited = begun.elapsed();
    assert!((Duration::from_secs(3)..Duration::from_secs(6)).contains(&waited), "{waited:?}");
    issuer.answers(Answer::of(&[&KEY]));
    assert!(issuer.verify(&token(&KEY), now()).await.is_ok());
}

#[tokio::test]
async fn a_request_that_is_dropped_leaves_its_turn_to_the_next() {
    let issuer = Issuer::start(&[&KEY]).await;
    issuer.answers(Answer::Stalled);
    let token = token(&KEY);
    let dropped = tokio::time::timeout(Duration::from_millis(300), issuer.verify(&token, now())).await;
    assert!(dropped.is_err());
    issuer.answers(Answer::of(&[&KEY]));
    assert!(issuer.verify(&token, now()).await.is_ok());
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn keys_of_other_kinds_stand_beside_the_right_one() {
    let issuer = Issuer::start(&[]).await;
    let others = [json!({ "kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "other" }), json!(7), json!({})];
    issuer.answers(Answer::Keys(others.into_iter().chain([KEY.published()]).collect()));
    assert!(issuer.verify(&token(&KEY), now()).await.is_ok());
}

#[tokio::test]
async fn a_clock_that_was_set_back_stops_nothing() {
    let issuer = Issuer::start(&[&KEY]).await;
    let next = SigningKey::new("next");
    assert!(issuer.verify(&token(&KEY), after(1_000_000)).await.is_err(), "that token has expired by then");
    issuer.answers(Answer::of(&[&next]));
    assert!(issuer.verify(&token(&next), now()).await.is_ok());
}

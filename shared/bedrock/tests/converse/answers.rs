//! What is taken from the model's answers.

use assistant::NO_ANSWER;
use converse_standin::Step;
use domain::error::Error;
use serde_json::{Value, json};

use crate::setup::{QUESTION, Setup, answer_of, exchange};

const CUT: &str = "\n\n(The answer was longer and is cut here. Ask for a part of it.)";

fn message(content: Value, stop_reason: &'static str) -> Step {
    Step::Message { content: content.as_array().cloned().unwrap_or_default(), stop_reason }
}

#[tokio::test]
async fn an_answer_is_the_text_of_the_model() {
    let text = "Exactly **this**:\n\n\t`a ⇒ b` [here](https://app.example.com/x) 👩‍👩‍👧";
    assert_eq!(answer_of(Step::text(text)).await.unwrap(), text);
}

#[tokio::test]
async fn only_texts_are_read() {
    let content = json!([
        { "reasoningContent": { "reasoningText": { "text": "thinking of something" } } },
        { "text": "One. " },
        { "toolUse": { "toolUseId": "t", "name": "delete_tenant", "input": {} } },
        { "somethingNew": { "text": "new" } },
        { "text": "Two." },
    ]);
    assert_eq!(answer_of(message(content, "end_turn")).await.unwrap(), "One. Two.");
}

#[tokio::test]
async fn what_nobody_sees_is_not_passed_on() {
    let hidden = "\u{0}Yes\u{7}\u{1b}[31m, \u{202e}it\u{2066} does\u{e0041}.\u{200b}\r\n";
    assert_eq!(answer_of(Step::text(hidden)).await.unwrap(), "Yes[31m, it does.");
}

#[tokio::test]
async fn huge_answers_are_cut() {
    let answer = answer_of(Step::text("ä€".repeat(100_000))).await.unwrap();
    assert_eq!(answer.chars().count(), 8000);
    assert!(answer.starts_with("ä€ä€") && answer.ends_with(CUT));
}

#[tokio::test]
async fn an_answer_that_the_model_had_to_end_says_so() {
    for reason in ["max_tokens", "model_context_window_exceeded"] {
        let answer = answer_of(message(json!([{ "text": "First, " }]), reason)).await.unwrap();
        assert_eq!(answer, format!("First,{CUT}"), "{reason}");
        let long = answer_of(message(json!([{ "text": "a".repeat(9000) }]), reason)).await.unwrap();
        assert_eq!((long.chars().count(), long.matches(CUT).count()), (8000, 1));
    }
    for reason in ["end_turn", "stop_sequence", "tool_use", "something_new"] {
        let answer = answer_of(message(json!([{ "text": "All." }]), reason)).await.unwrap();
        assert_eq!(answer, "All.", "{reason}");
    }
}

#[tokio::test]
async fn what_a_guardrail_keeps_back_is_not_shown() {
    for reason in ["guardrail_intervened", "content_filtered"] {
        for content in [json!([{ "text": "something bad" }]), json!([])] {
            let answer = answer_of(message(content, reason)).await.unwrap();
            assert!(answer.starts_with("I cannot answer that."), "{answer}");
        }
    }
}

#[tokio::test]
async fn an_answer_without_a_text_is_none() {
    let blank = "\u{200b} \n\u{0}";
    for content in [json!([]), json!([{ "text": "" }]), json!([{ "text": blank }]), json!([{ "image": {} }])] {
        let error = answer_of(message(content.clone(), "end_turn")).await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{content}: {error:?}");
    }
}

/// Neither is the model asked: it would have nothing but what it makes up.
#[tokio::test]
async fn what_the_guides_say_nothing_of_has_no_answer() {
    let setup = Setup::new([]).await;
    for message in ["What is the capital of France?", "\u{200b}\u{e0041}"] {
        assert_eq!(setup.answer(message, &[]).await.unwrap(), NO_ANSWER);
    }
    let history = [exchange("What is the capital of Spain?", NO_ANSWER)];
    assert_eq!(setup.answer("And of France?", &history).await.unwrap(), NO_ANSWER);
    assert_eq!(setup.standin.take_requests(), []);
}

#[tokio::test]
async fn a_message_that_goes_on_finds_the_passages_of_the_question_before_it() {
    let setup = Setup::new([]).await;
    // The first says nothing by itself, the second something about everything.
    for message in ["Why?", "And what about the other one?"] {
        setup.answer(message, &[exchange(QUESTION, "Like this.")]).await.unwrap();
        let request = setup.request();
        let passages = request.turns().pop().unwrap().1[0];
        assert!(passages.contains("Title: Certificate pinning › Pin the certificates of a server"), "{passages}");
        assert!((1..=5).contains(&passages.matches("⟦passage⟧").count()), "{passages}");
    }
}

/// The stand-in's own answer is made of what the model is given.
#[tokio::test]
async fn the_context_is_the_passages_of_the_guides_with_their_links() {
    let answer = Setup::new([]).await.answer(QUESTION, &[]).await.unwrap();
    let link = "Link: https://app.example.com/documents/guides/certificate-pinning.html#";
    assert!(answer.starts_with("This is what I was given:\n\n[passage]\nTitle: Certificate pinning"), "{answer}");
    assert!(answer.contains(link), "{answer}");
}

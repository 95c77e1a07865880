//! What is said of a token: never a part of it.

use std::io;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use serde_json::json;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::issuer::{Answer, Issuer};
use crate::tokens::{KEY, NOW, SigningKey, after, now, password_claims, with};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Lines {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap()
    }
}

#[tokio::test]
async fn neither_errors_nor_log_lines_quote_a_token() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_env_filter(EnvFilter::new("identity=trace"));
    let _guard = tracing::subscriber::set_default(subscriber.with_writer(lines.clone()).finish());
    let issuer = Issuer::start(&[]).await;
    issuer.answers(Answer::Status(StatusCode::BAD_GATEWAY));
    let odd = with(password_claims(), "exp", json!("secret-claim"));
    let tokens = [
        KEY.token(&password_claims()),
        KEY.token(&with(password_claims(), "email", json!("secret-claim"))),
        KEY.token(&odd),
        KEY.token_of(r#"{"alg":"secret-claim"}"#, "{}"),
        SigningKey::new("secret-claim").token(&password_claims()),
        "secret-claim.secret-claim.secret-claim".to_owned(),
    ];
    let mut said = String::new();
    for time in [now(), after(24 * 3600)] {
        for token in &tokens {
            let error = issuer.verify(token, time).await.unwrap_err();
            said += &format!("{} {error:?}\n", error.with_causes());
        }
        issuer.answers(Answer::of(&[&KEY]));
        assert!(issuer.verify(&tokens[0], now()).await.is_ok());
    }
    said += &lines.take();
    for secret in tokens.iter().flat_map(|token| token.split('.')).chain(["secret-claim", "New.User"]) {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
}

#[tokio::test]
async fn each_try_that_failed_is_a_warning_and_each_refusal_has_its_reason() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().without_time().with_env_filter(EnvFilter::new("identity=debug"));
    let _guard = tracing::subscriber::set_default(subscriber.with_ansi(false).with_writer(lines.clone()).finish());
    let issuer = Issuer::start(&[&KEY]).await;
    let token = KEY.token(&with(password_claims(), "exp", json!(NOW + 7 * 24 * 3600)));
    assert!(issuer.verify(&token, now()).await.is_ok());
    assert_eq!(lines.take(), "");

    issuer.answers(Answer::Status(StatusCode::BAD_GATEWAY));
    for time in [24 * 3600, 24 * 3600 + 1, 24 * 3600 + 59] {
        assert!(issuer.verify(&token, after(time)).await.is_ok());
    }
    let failure = "An internal error occurred: asked for its keys, the issuer answered 502 Bad Gateway";
    let warning = format!(" WARN identity::keys: could not fetch the keys of the user pool error=\"{failure}\"\n");
    assert_eq!(lines.take(), warning, "one for three requests");
    assert!(issuer.verify(&token, after(24 * 3600 + 60)).await.is_ok());
    assert_eq!(lines.take(), warning);

    assert!(issuer.verify(&KEY.token(&with(password_claims(), "aud", json!("other"))), now()).await.is_err());
    assert_eq!(lines.take(), "DEBUG identity::verifier: an ID token was refused reason=another client\n");
}

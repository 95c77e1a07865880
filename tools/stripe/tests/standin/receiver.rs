//! Takes webhooks as billing does: verified, each event once.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use stripe::webhook::{self, Event, Rejection};
use stripe_standin::Webhook;
use tokio::net::TcpListener;

use crate::beginning;

pub(crate) const SECRET: &str = "whsec_standin";

#[derive(Clone, Default)]
pub(crate) struct Receiver {
    pub(crate) taken: Arc<Mutex<Vec<Result<Event, Rejection>>>>,
    /// Bodies and signatures, as they came.
    pub(crate) raw: Arc<Mutex<Vec<(String, String)>>>,
    /// How many are to be turned away first.
    pub(crate) failing: Arc<Mutex<u32>>,
}

impl Receiver {
    pub(crate) async fn start(failing: u32) -> (Self, Webhook) {
        let receiver = Self { failing: Arc::new(Mutex::new(failing)), ..Self::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhook", listener.local_addr().unwrap());
        let router = Router::new().route("/webhook", post(take)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (receiver, Webhook { url, secret: SECRET.into() })
    }

    pub(crate) fn kinds(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap();
        taken.iter().map(|taken| taken.as_ref().map_or_else(ToString::to_string, |event| event.kind.clone())).collect()
    }
}

/// The rotated secret comes second; the clock is that of the signatures, which does not move.
async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let secrets = [SecretString::from("whsec_next"), SecretString::from(SECRET)];
    let header = headers.get(webhook::HEADER).unwrap().to_str().unwrap();
    let event = webhook::verify(&body, header, &secrets, beginning());
    let raw = (String::from_utf8(body.to_vec()).unwrap(), header.to_owned());
    receiver.raw.lock().unwrap().push(raw);
    let mut failing = receiver.failing.lock().unwrap();
    if *failing > 0 {
        *failing -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let status = if event.is_ok() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    receiver.taken.lock().unwrap().push(event);
    status
}

//! Webhooks on their way.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use secrecy::SecretString;
use tokio::time::sleep;

use crate::api::Standing;
use crate::events::Delivery;

/// Tries of one event, each after twice the wait of the one before. Stripe goes on for three days.
const TRIES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// As long as an answer is waited for.
const LIMIT: Duration = Duration::from_secs(10);

/// Sends events by hand or by itself.
#[derive(Clone)]
pub(crate) struct Sender {
    pub(crate) standing: Standing,
    http: reqwest::Client,
}

impl Sender {
    pub(crate) fn new(standing: Standing) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(LIMIT).redirect(Policy::none()).build()?;
        Ok(Self { standing, http })
    }

    /// Tells of everything in order, one after the other.
    pub(crate) async fn run(self) {
        let mut waiting = self.standing.state().events.waiting();
        while waiting.wait_for(|count| *count > 0).await.is_ok() {
            let next = self.standing.state().events.next();
            let Some(id) = next else { continue };
            let mut wait = FIRST_WAIT;
            for _ in 0..TRIES {
                let delivery = self.send(&id).await;
                if delivery.status.is_some_and(|status| (200..300).contains(&status)) {
                    break;
                }
                tracing::debug!(stripe.event = id, stripe.status = delivery.status, "a webhook was not taken");
                sleep(wait).await;
                wait *= 2;
            }
            self.standing.state().events.done(&id);
        }
    }

    /// Sends an event once, with a signature of now.
    pub(crate) async fn send(&self, id: &str) -> Delivery {
        let (webhook, body) = {
            let state = self.standing.state();
            (state.events.webhook(), state.events.body(id))
        };
        let status = match (webhook, body) {
            (Some(webhook), Some(body)) => self.post(&webhook.url, body, &webhook.secret).await,
            _ => None,
        };
        let delivery = Delivery { event: id.to_owned(), status };
        self.standing.state().events.note(delivery.clone());
        delivery
    }

    /// The time of a signature is the clock's: moved time would make every signature one of the future.
    pub(crate) async fn post(&self, url: &str, body: String, secret: &SecretString) -> Option<u16> {
        let at = self.standing.state().clock.now();
        let signature = stripe::webhook::sign(body.as_bytes(), secret, at);
        let request = self.http.post(url).header(CONTENT_TYPE, "application/json; charset=utf-8");
        let answer = request.header(stripe::webhook::HEADER, signature).body(body).send().await;
        answer.ok().map(|answer| answer.status().as_u16())
    }
}

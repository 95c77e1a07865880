//! What happened, and what is still to be told.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::options::Webhook;
use crate::state::State;

/// Events and deliveries that are remembered; the oldest go.
const MAX: usize = 10_000;

/// An event that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The event's id.
    pub event: String,
    /// What was answered; nothing where nobody was there.
    pub status: Option<u16>,
}

pub(crate) struct Event {
    pub(crate) id: String,
    /// As it is signed.
    pub(crate) body: String,
}

/// What happened, and what is still to be told.
pub(crate) struct Events {
    pub(crate) log: VecDeque<Event>,
    /// Events that nobody was told, in order.
    outbox: VecDeque<String>,
    pub(crate) deliveries: VecDeque<Delivery>,
    is_held: bool,
    /// Who is told.
    webhook: Option<Webhook>,
    /// How many can be told now.
    waiting: watch::Sender<usize>,
}

impl Default for Events {
    fn default() -> Self {
        let (log, outbox, deliveries) = (VecDeque::new(), VecDeque::new(), VecDeque::new());
        Self { log, outbox, deliveries, is_held: false, webhook: None, waiting: watch::Sender::new(0) }
    }
}

impl Events {
    fn push(&mut self, event: Event) {
        self.outbox.push_back(event.id.clone());
        self.log.push_back(event);
        if self.log.len() > MAX {
            let gone = self.log.pop_front();
            self.outbox.retain(|id| gone.as_ref().is_none_or(|gone| gone.id != *id));
        }
        self.tell();
    }

    /// Keeps what happens from now on back, or lets it go in order.
    pub(crate) fn hold(&mut self, is_held: bool) {
        self.is_held = is_held;
        self.tell();
    }

    pub(crate) fn waiting(&self) -> watch::Receiver<usize> {
        self.waiting.subscribe()
    }

    pub(crate) fn send_to(&mut self, webhook: Option<Webhook>) {
        self.webhook = webhook;
        self.tell();
    }

    pub(crate) fn webhook(&self) -> Option<Webhook> {
        self.webhook.clone()
    }

    /// The next to be told. It waits until it is done with.
    pub(crate) fn next(&self) -> Option<String> {
        self.outbox.front().filter(|_| self.is_going()).cloned()
    }

    fn is_going(&self) -> bool {
        !self.is_held && self.webhook.is_some()
    }

    /// Nobody need be told of it any more.
    pub(crate) fn done(&mut self, id: &str) {
        self.outbox.retain(|waiting| waiting != id);
        self.tell();
    }

    pub(crate) fn held(&self) -> Vec<String> {
        self.outbox.iter().cloned().collect()
    }

    pub(crate) fn all(&self) -> Vec<Value> {
        self.log.iter().map(|event| serde_json::from_str(&event.body).unwrap_or_default()).collect()
    }

    pub(crate) fn body(&self, id: &str) -> Option<String> {
        self.log.iter().find(|event| event.id == id).map(|event| event.body.clone())
    }

    pub(crate) fn note(&mut self, delivery: Delivery) {
        self.deliveries.push_back(delivery);
        if self.deliveries.len() > MAX {
            self.deliveries.pop_front();
        }
    }

    fn tell(&self) {
        self.waiting.send_replace(if self.is_going() { self.outbox.len() } else { 0 });
    }
}

impl State {
    /// `object` is as it was at that moment.
    pub(crate) fn happen(&mut self, kind: &str, at: Timestamp, object: &Value) {
        let id = self.id("evt");
        let event = json!({
            "id": id, "object": "event", "api_version": stripe::VERSION, "created": at.as_second(), "livemode": false,
            "pending_webhooks": 1, "type": kind, "data": { "object": object },
            "request": { "id": null, "idempotency_key": null },
        });
        self.events.push(Event { id, body: event.to_string() });
    }
}

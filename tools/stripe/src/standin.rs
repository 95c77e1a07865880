//! A running stand-in.

use std::fmt;

use axum::Router;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use wire::{Line, Lines};

use crate::api::{self, Standing};
use crate::delivery::Sender;
use crate::events::Delivery;
use crate::faults::Fault;
use crate::options::{Options, Webhook};
use crate::state::State;
use crate::{control, pages};

/// A running stand-in. It ends when this is dropped.
pub struct Standin {
    base_url: String,
    sender: Sender,
    _tasks: JoinSet<()>,
}

/// Starts one.
pub async fn start(options: Options) -> anyhow::Result<Standin> {
    let listener = TcpListener::bind(options.address).await?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let mut state = State::new(&options, base_url.clone());
    state.events.send_to(options.webhook.clone());
    let standing = Standing::new(state, options.secret_key);
    let sender = Sender::new(standing.clone())?;
    let router: Router = api::router().merge(control::router()).merge(pages::router()).with_state(standing);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let service = router.into_make_service_with_connect_info::<Line>();
        if let Err(error) = axum::serve(Lines(listener), service).await {
            tracing::error!(%error, "the stand-in for Stripe ended");
        }
    });
    tasks.spawn(sender.clone().run());
    Ok(Standin { base_url, sender, _tasks: tasks })
}

impl fmt::Debug for Standin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Standin").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl Standin {
    /// What a client takes as its base URL.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where events go from now on: an address that is known only later.
    pub fn send_events_to(&self, webhook: Webhook) {
        self.standing().state().events.send_to(Some(webhook));
    }

    /// What time it is here.
    pub fn now(&self) -> Timestamp {
        self.standing().state().now()
    }

    /// Moves time on, ten years at most, and lets happen what comes due on the way.
    pub fn advance(&self, seconds: i64) -> Result<(), &'static str> {
        self.standing().state().advance(seconds)
    }

    /// Whether the customer's bank says no from now on. A card that works again pays what is owed.
    pub fn decline_cards(&self, customer: &str, declines: bool) -> Result<(), String> {
        self.standing().state().set_card(customer, declines)
    }

    /// Replaces a price by another of the same product, which takes its lookup key; existing subscriptions keep the old one.
    pub fn replace_price(&self, lookup_key: &str, amount: i64) -> Option<String> {
        let standing = self.standing();
        let mut state = standing.state();
        let product = state.product_of(lookup_key)?;
        Some(state.offer(product, lookup_key, amount))
    }

    /// What the product of a price says of the plan that it gives, as people write it at Stripe; nothing for `None`.
    pub fn name_plan(&self, lookup_key: &str, plan: Option<&str>) {
        let standing = self.standing();
        let mut state = standing.state();
        let id = state.product_of(lookup_key);
        for product in state.products.iter_mut().filter(|product| id.as_ref() == Some(&product.id)) {
            product.metadata = plan.map(|plan| (stripe::PLAN_FIELD.to_owned(), plan.to_owned())).into_iter().collect();
        }
    }

    /// What happens to the next calls, one each.
    pub fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.standing().state().faults.add(faults);
    }

    /// Keeps events back, or lets them go in order.
    pub fn hold_events(&self, hold: bool) {
        self.standing().state().events.hold(hold);
    }

    /// The ids of events that nobody was told, in order.
    pub fn waiting_events(&self) -> Vec<String> {
        self.standing().state().events.held()
    }

    /// Everything that happened, in order, as it is told.
    pub fn events(&self) -> Vec<Value> {
        self.standing().state().events.all()
    }

    /// Tells of events by hand, in this order, as often as they are named, each signed anew.
    pub async fn deliver(&self, events: &[impl AsRef<str>]) -> Vec<Delivery> {
        let mut delivered = Vec::new();
        for id in events {
            delivered.push(self.sender.send(id.as_ref()).await);
            self.standing().state().events.done(id.as_ref());
        }
        delivered
    }

    /// Sends any text, signed with any secret; tells what was answered.
    pub async fn forge(&self, body: String, secret: &SecretString) -> Option<u16> {
        let webhook = self.standing().state().events.webhook()?;
        self.sender.post(&webhook.url, body, secret).await
    }

    /// Waits until nothing is to be told.
    pub async fn told(&self) {
        let mut waiting = self.standing().state().events.waiting();
        // The sender lives as long as this.
        let _ = waiting.wait_for(|count| *count == 0).await;
    }

    /// What was told so far, each try.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.standing().state().events.deliveries.iter().cloned().collect()
    }

    fn standing(&self) -> &Standing {
        &self.sender.standing
    }
}

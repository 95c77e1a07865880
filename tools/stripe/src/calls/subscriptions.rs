//! `GET /v1/subscriptions`, `GET /v1/subscriptions/{id}`, `POST /v1/subscriptions/{id}`

use serde_json::Value;

use super::pages::Part;
use crate::error::Refusal;
use crate::params::Params;
use crate::render;
use crate::state::{State, Subscription, SubscriptionStatus, find, find_mut};

pub(super) fn list(state: &mut State, _: &str, params: &mut Params) -> Result<Value, Refusal> {
    let (part, customer) = (Part::take(params)?, params.take("customer"));
    let status = params.take_word("status", &["all", "ended", "active", "past_due", "canceled"])?;
    params.finish()?;
    if let Some(customer) = &customer {
        find(&state.customers, customer, "customer")?;
    }
    let of_customer = |one: &&Subscription| customer.as_ref().is_none_or(|customer| one.customer == *customer);
    let asked = state.subscriptions.iter().filter(of_customer).filter(|one| match status.as_deref() {
        None => one.status != SubscriptionStatus::Canceled,
        Some("all") => true,
        Some("ended") => one.status == SubscriptionStatus::Canceled,
        Some(status) => one.status.as_str() == status,
    });
    part.of("/v1/subscriptions", asked, |one| render::subscription(state, one))
}

pub(super) fn retrieve(state: &mut State, id: &str, params: &mut Params) -> Result<Value, Refusal> {
    params.finish()?;
    Ok(render::subscription(state, find(&state.subscriptions, id, "id")?))
}

pub(super) fn update(state: &mut State, id: &str, params: &mut Params) -> Result<Value, Refusal> {
    let (item, price) = (params.take("items[0][id]"), params.take("items[0][price]"));
    let words = ["create_prorations", "none", "always_invoice"];
    let proration = params.take_word("proration_behavior", &words)?;
    params.take_word("payment_behavior", &["error_if_incomplete"])?;
    let cancel = params.take_bool("cancel_at_period_end")?;
    params.finish()?;
    let subscription = find(&state.subscriptions, id, "id")?;
    if subscription.status == SubscriptionStatus::Canceled {
        return Err(Refusal::state("A canceled subscription can only update its cancellation_details and metadata."));
    }
    let now = state.now();
    match (item, price) {
        (None, None) => {}
        // Without its id, Stripe would add a second item; the client never means that.
        (None, Some(_)) => return Err(Refusal::missing_param("items[0][id]")),
        (Some(item), _) if item != subscription.item => {
            return Err(Refusal::missing("subscription item", &item, "items[0][id]"));
        }
        (Some(_), None) => {}
        (Some(_), Some(price)) => {
            if !state.price(&price, "items[0][price]")?.is_active {
                return Err(Refusal::state("The price specified is inactive. This field only accepts active prices."));
            }
            state.change(id, &price, proration.as_deref().unwrap_or("create_prorations"), now)?;
        }
    }
    let subscription = find_mut(&mut state.subscriptions, id, "id")?;
    if let Some(cancel) = cancel {
        subscription.cancel_at_period_end = cancel;
        subscription.canceled_at = cancel.then_some(now);
    }
    state.tell_subscription("customer.subscription.updated", id, now);
    Ok(render::subscription(state, find(&state.subscriptions, id, "id")?))
}

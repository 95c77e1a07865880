//! `POST /v1/checkout/sessions`, `GET /v1/checkout/sessions`, `POST /v1/checkout/sessions/{id}/expire`

use jiff::SignedDuration;
use serde_json::Value;

use super::check_url;
use super::pages::Part;
use crate::error::Refusal;
use crate::params::Params;
use crate::render;
use crate::state::{Session, SessionStatus, State, find, room};

/// As long as a session can be paid, where nothing is asked for (Stripe's specification, `expires_at`).
const OPEN: SignedDuration = SignedDuration::from_hours(24);
/// Characters of a reference at most (Stripe's specification, `client_reference_id`).
const MAX_REFERENCE: usize = 200;

pub(super) fn create(state: &mut State, _: &str, params: &mut Params) -> Result<Value, Refusal> {
    params.take_word("mode", &["subscription"])?.ok_or_else(|| Refusal::missing_param("mode"))?;
    let created = state.now();
    let session = Session {
        id: String::new(),
        created,
        expires_at: created + OPEN,
        status: SessionStatus::Open,
        customer: params.need("customer")?,
        price: params.need("line_items[0][price]")?,
        client_reference_id: params.take("client_reference_id"),
        metadata: params.take_metadata("metadata")?,
        subscription_metadata: params.take_metadata("subscription_data[metadata]")?,
        success_url: params.need("success_url")?,
        cancel_url: params.take("cancel_url"),
        subscription: None,
        invoice: None,
    };
    params
        .take_word("line_items[0][quantity]", &["1"])?
        .ok_or_else(|| Refusal::missing_param("line_items[0][quantity]"))?;
    params.finish()?;
    check(state, &session)?;
    room(&state.sessions)?;
    let session = Session { id: state.id("cs_test"), ..session };
    let answer = render::session(state, &session);
    state.sessions.push(session);
    Ok(answer)
}

fn check(state: &State, session: &Session) -> Result<(), Refusal> {
    find(&state.customers, &session.customer, "customer")?;
    if !state.price(&session.price, "line_items[0][price]")?.is_active {
        return Err(Refusal::state("The price specified is inactive. This field only accepts active prices."));
    }
    let reference = session.client_reference_id.as_deref().unwrap_or("-");
    if !(1..=MAX_REFERENCE).contains(&reference.chars().count()) {
        return Err(Refusal::bad_param("client_reference_id", reference));
    }
    check_url("success_url", Some(&session.success_url))?;
    check_url("cancel_url", session.cancel_url.as_ref())
}

pub(super) fn list(state: &mut State, _: &str, params: &mut Params) -> Result<Value, Refusal> {
    let (part, customer) = (Part::take(params)?, params.take("customer"));
    let status = params.take_word("status", &["open", "complete", "expired"])?;
    params.finish()?;
    let of_customer = |session: &&Session| customer.as_ref().is_none_or(|customer| session.customer == *customer);
    let all = state.sessions.iter().filter(of_customer);
    let asked = all.filter(|session| status.as_ref().is_none_or(|status| session.status.as_str() == status));
    part.of("/v1/checkout/sessions", asked, |session| render::session(state, session))
}

pub(super) fn expire(state: &mut State, id: &str, params: &mut Params) -> Result<Value, Refusal> {
    params.finish()?;
    state.expire(id, state.now())?;
    Ok(render::session(state, find(&state.sessions, id, "id")?))
}

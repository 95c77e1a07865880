//! `POST /v1/billing_portal/sessions`

use serde_json::Value;

use super::check_url;
use crate::error::Refusal;
use crate::params::Params;
use crate::render;
use crate::state::{Portal, State, find, room};

pub(super) fn create(state: &mut State, _: &str, params: &mut Params) -> Result<Value, Refusal> {
    let (customer, return_url) = (params.need("customer")?, params.take("return_url"));
    params.finish()?;
    check_url("return_url", return_url.as_ref())?;
    find(&state.customers, &customer, "customer")?;
    room(&state.portals)?;
    let portal = Portal { id: state.id("bps"), created: state.now(), customer, return_url };
    let answer = render::portal(state, &portal);
    state.portals.push(portal);
    Ok(answer)
}

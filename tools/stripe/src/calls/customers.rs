//! `POST /v1/customers`

use serde_json::Value;

use crate::error::Refusal;
use crate::params::Params;
use crate::render;
use crate::state::{Customer, State, room};

pub(super) fn create(state: &mut State, _: &str, params: &mut Params) -> Result<Value, Refusal> {
    let (name, email) = (params.take("name"), params.take("email"));
    let metadata = params.take_metadata("metadata")?;
    params.finish()?;
    room(&state.customers)?;
    let (id, created) = (state.id("cus"), state.now());
    let customer = Customer { id, created, name, email, metadata, declines: false };
    let answer = render::customer(&customer);
    state.customers.push(customer);
    state.happen("customer.created", created, &answer);
    Ok(answer)
}

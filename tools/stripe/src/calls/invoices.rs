//! `GET /v1/invoices`

use serde_json::Value;

use super::pages::Part;
use crate::error::Refusal;
use crate::params::Params;
use crate::render;
use crate::state::{Invoice, State, find};

pub(super) fn list(state: &mut State, _: &str, params: &mut Params) -> Result<Value, Refusal> {
    let (part, customer) = (Part::take(params)?, params.take("customer"));
    params.finish()?;
    if let Some(customer) = &customer {
        find(&state.customers, customer, "customer")?;
    }
    let of_customer = |invoice: &&Invoice| customer.as_ref().is_none_or(|customer| invoice.customer == *customer);
    let asked = state.invoices.iter().filter(of_customer);
    part.of("/v1/invoices", asked, |invoice| render::invoice(state, invoice))
}

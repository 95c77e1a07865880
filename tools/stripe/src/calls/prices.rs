//! `GET /v1/prices`, `GET /v1/products`

use serde_json::Value;

use super::pages::Part;
use crate::error::Refusal;
use crate::params::Params;
use crate::render;
use crate::state::State;

/// Keys in one question (Stripe's specification, `lookup_keys`).
const MAX_KEYS: usize = 10;

pub(super) fn list(state: &mut State, _: &str, params: &mut Params) -> Result<Value, Refusal> {
    let (part, keys) = (Part::take(params)?, params.take_each("lookup_keys"));
    let active = params.take_bool("active")?;
    params.finish()?;
    if keys.len() > MAX_KEYS {
        return Err(Refusal::bad_param("lookup_keys", "more than 10"));
    }
    let all = state.prices.iter().filter(|price| active.is_none_or(|active| price.is_active == active));
    let asked = all.filter(|price| keys.is_empty() || price.lookup_key.as_ref().is_some_and(|key| keys.contains(key)));
    part.of("/v1/prices", asked, render::price)
}

pub(super) fn list_products(state: &mut State, _: &str, params: &mut Params) -> Result<Value, Refusal> {
    let (part, ids) = (Part::take(params)?, params.take_each("ids"));
    params.finish()?;
    let asked = state.products.iter().filter(|product| ids.is_empty() || ids.contains(&product.id));
    part.of("/v1/products", asked, render::product)
}

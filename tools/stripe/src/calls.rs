//! The calls, by method and path.

mod checkout;
mod customers;
mod invoices;
mod pages;
mod portal;
mod prices;
mod subscriptions;

use http::Method;
use serde_json::Value;

use crate::error::Refusal;
use crate::expand::{check_depth, expand};
use crate::params::Params;
use crate::state::State;

/// A call: what its path names, and its parameters.
pub(crate) type Call = fn(&mut State, &str, &mut Params) -> Result<Value, Refusal>;

/// Finds a call, with what stands for `{id}` in its path.
pub(crate) fn find<'a>(method: &Method, path: &'a str) -> Option<(Call, &'a str)> {
    let parts: Vec<&str> = path.strip_prefix("/v1/")?.split('/').collect();
    let is_post = *method == Method::POST;
    if !is_post && *method != Method::GET {
        return None;
    }
    let found: (Call, &str) = match (is_post, parts.as_slice()) {
        (true, ["customers"]) => (customers::create, ""),
        (false, ["prices"]) => (prices::list, ""),
        (false, ["products"]) => (prices::list_products, ""),
        (true, ["checkout", "sessions"]) => (checkout::create, ""),
        (false, ["checkout", "sessions"]) => (checkout::list, ""),
        (true, ["checkout", "sessions", id, "expire"]) => (checkout::expire, id),
        (false, ["subscriptions"]) => (subscriptions::list, ""),
        (false, ["subscriptions", id]) => (subscriptions::retrieve, id),
        (true, ["subscriptions", id]) => (subscriptions::update, id),
        (true, ["billing_portal", "sessions"]) => (portal::create, ""),
        (false, ["invoices"]) => (invoices::list, ""),
        _ => return None,
    };
    Some(found)
}

/// Does what was asked.
pub(crate) fn run(call: Call, state: &mut State, id: &str, params: &mut Params) -> Result<Value, Refusal> {
    let paths = params.take_each("expand");
    check_depth(&paths)?;
    let mut answer = call(state, id, params)?;
    expand(state, &mut answer, &paths)?;
    Ok(answer)
}

/// Pages lead there.
fn check_url(param: &str, url: Option<&String>) -> Result<(), Refusal> {
    match url {
        Some(url) if !url.starts_with("http://") && !url.starts_with("https://") => {
            Err(Refusal::bad_param(param, "Not a valid URL"))
        }
        _ => Ok(()),
    }
}

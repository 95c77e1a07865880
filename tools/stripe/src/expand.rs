//! `expand`: an object in the place of its id.

use serde_json::Value;

use crate::error::Refusal;
use crate::render;
use crate::state::{State, find};

/// Levels at most (Stripe's documentation, expanding responses).
const MAX_DEPTH: usize = 4;

/// Before anything is done.
pub(crate) fn check_depth(paths: &[String]) -> Result<(), Refusal> {
    match paths.iter().find(|path| path.split('.').count() > MAX_DEPTH) {
        Some(path) => Err(Refusal::expansion(format!(
            "You cannot expand more than {MAX_DEPTH} levels of a property. Property: {path}"
        ))),
        None => Ok(()),
    }
}

/// Expands each of `paths` in an answer.
pub(crate) fn expand(state: &State, answer: &mut Value, paths: &[String]) -> Result<(), Refusal> {
    for path in paths {
        let parts: Vec<&str> = path.split('.').collect();
        follow(state, answer, &parts, path)?;
    }
    Ok(())
}

fn follow(state: &State, value: &mut Value, parts: &[&str], path: &str) -> Result<(), Refusal> {
    let Some((part, rest)) = parts.split_first() else { return Ok(()) };
    let kind = value["object"].as_str().unwrap_or_default().to_owned();
    if kind == "list" && *part == "data" {
        let mut items = value["data"].as_array_mut().into_iter().flatten();
        return items.try_for_each(|item| follow(state, item, rest, path));
    }
    let refusal = || Refusal::expansion(format!("This property cannot be expanded ({path})."));
    let field = value.get_mut(*part).ok_or_else(refusal)?;
    if let Some(id) = field.as_str() {
        *field = object(state, &kind, part, id).ok_or_else(refusal)?;
    } else if rest.is_empty() && !field.is_null() {
        return Err(refusal());
    }
    if field.is_null() { Ok(()) } else { follow(state, field, rest, path) }
}

/// What stands behind an id in a field of an object of this kind.
fn object(state: &State, kind: &str, field: &str, id: &str) -> Option<Value> {
    match (kind, field) {
        ("price", "product") => find(&state.products, id, field).ok().map(render::product),
        ("subscription" | "invoice" | "checkout.session", "customer") => {
            find(&state.customers, id, field).ok().map(render::customer)
        }
        ("subscription", "latest_invoice") | ("checkout.session", "invoice") => {
            find(&state.invoices, id, field).ok().map(|invoice| render::invoice(state, invoice))
        }
        ("checkout.session", "subscription") => {
            find(&state.subscriptions, id, field).ok().map(|found| render::subscription(state, found))
        }
        _ => None,
    }
}

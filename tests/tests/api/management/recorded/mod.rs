//! Recorded events of the Management API, each answer compared as a whole.

mod billing;
mod builds;
mod certificates;
mod configuration;
mod credentials;
mod helpbot;
mod libraries;
mod messages;
mod promotion;
mod refusals;
mod settings;
mod signing_keys;
mod support;
mod tenants;
mod uploads;
mod users;

use serde_json::Value;
use tests::harness::{Answer, Bench};
use tests::members::Member;

use crate::events::{recorded, replay, whole};

/// As [`ask`], the whole answer as it is compared.
async fn answer(bench: &Bench, name: &str, caller: &Member, more: &[(&str, &str)]) -> Value {
    whole(&ask(bench, name, caller, more).await)
}

/// Replays an event as `caller` would send it; `more` fills in what its body names.
async fn ask(bench: &Bench, name: &str, caller: &Member, more: &[(&str, &str)]) -> Answer {
    let text = recorded(name);
    let token = caller.bearer.strip_prefix("Bearer ").unwrap();
    let own = [("$TENANT_ID", caller.tenant.as_str()), ("$TOKEN", token)];
    let own = own.into_iter().filter(|(variable, _)| text.contains(&format!("{variable}\"")));
    replay(bench, name, &own.chain(more.iter().copied()).collect::<Vec<_>>()).await
}

//! Recorded events of frontend-users and frontend-config, each answer compared as a whole.

mod certificates;
mod configuration;
mod credentials;
mod messages;
mod promotion;
mod refusals;
mod settings;
mod tenants;
mod users;

use serde_json::Value;
use tests::harness::Bench;
use tests::members::Member;

use crate::events::{recorded, replay, whole};

/// Replays an event as `caller` would send it; `more` fills in what its body names.
async fn answer(bench: &Bench, name: &str, caller: &Member, more: &[(&str, &str)]) -> Value {
    let text = recorded(name);
    let token = caller.bearer.strip_prefix("Bearer ").unwrap();
    let own = [("$TENANT_ID", caller.tenant.as_str()), ("$TOKEN", token)];
    let own = own.into_iter().filter(|(variable, _)| text.contains(&format!("{variable}\"")));
    whole(&replay(bench, name, &own.chain(more.iter().copied()).collect::<Vec<_>>()).await)
}

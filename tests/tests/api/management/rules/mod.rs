//! Rules of pages 001 and 004 that hold one after the other.

mod keys;
mod people;
mod tenants;
mod tokens;

use serde_json::Value;
use tests::harness::Answer;
use tests::members::Member;

const ADMIN: &str = "user_and_api_management";
const UPDATE: &str = "/frontend/update_user_permissions";
const REMOVE: &str = "/frontend/remove_user_from_tenant";

/// Status and code.
fn short(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default())
}

fn said(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["error"].as_str().unwrap_or_default())
}

/// The permissions that the list shows of somebody.
async fn permissions(caller: &Member, user: &str) -> Value {
    let listed = caller.get("/frontend/get_users_permissions").await;
    let found = listed.body["users"].as_array().unwrap().iter().find(|listed| listed["user_id"] == user).cloned();
    found.map_or(Value::Null, |found| found["permissions"].clone())
}

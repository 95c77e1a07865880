//! The client against a server on loopback whose answers the test chooses.
#![expect(clippy::unwrap_used, reason = "a test")]

mod answers;
mod limits;
mod requests;
mod retries;
mod server;

use serde_json::{Value, json};
use stripe::{Client, CustomerId, Error, IdempotencyKey, Metadata, NewCustomer};

/// A call with an effect, whose answer is short.
async fn create(client: &Client) -> Result<CustomerId, Error> {
    create_with(client, &"key-1".parse().unwrap()).await
}

async fn create_with(client: &Client, key: &IdempotencyKey) -> Result<CustomerId, Error> {
    let metadata = Metadata::from([("tenant".to_owned(), "0f".to_owned())]);
    client.create_customer(&NewCustomer { name: "A & B", email: None, metadata: &metadata }, key).await
}

fn customer() -> Value {
    json!({ "id": "cus_1", "object": "customer", "name": null, "something_newer": {} })
}

fn refusal(code: &str) -> Value {
    json!({ "error": { "type": "invalid_request_error", "code": code, "param": "price", "message": "No such price" } })
}

fn subscription(id: &str, items: &Value) -> Value {
    json!({
        "id": id, "object": "subscription", "status": "active", "customer": "cus_1", "cancel_at_period_end": false,
        "created": 1_764_000_000, "ended_at": null, "items": { "object": "list", "data": items, "has_more": false },
    })
}

fn item(id: &str, product: &Value) -> Value {
    json!({
        "id": id, "object": "subscription_item", "current_period_end": 1_766_000_000,
        "price": {
            "id": format!("price_{id}"), "object": "price", "lookup_key": "team", "currency": "usd",
            "unit_amount": 9900, "recurring": { "interval": "month" }, "product": product,
        },
    })
}

fn product(id: &str, plan: Option<&str>) -> Value {
    json!({ "id": id, "object": "product", "name": "P", "metadata": plan.map_or(json!({}), |plan| json!({ "plan": plan })) })
}

fn page(data: &[Value], has_more: bool) -> Value {
    json!({ "object": "list", "data": data, "has_more": has_more, "url": "/v1/x" })
}

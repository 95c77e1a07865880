//! Subscriptions, and what Stripe tells of them.

use domain::plan::Plan;
use insta::assert_json_snapshot;
use serde_json::{Value, json};
use tests::shop::Till;

use super::answer;

/// The answer without the numbers and times of Stripe's.
fn plain(mut answer: Value) -> Value {
    for invoice in answer["body"]["invoices"].as_array_mut().into_iter().flatten() {
        for (name, value) in invoice.as_object_mut().into_iter().flatten() {
            if !matches!(name.as_str(), "amount_due" | "amount_paid" | "currency" | "status") && !value.is_null() {
                *value = json!(format!("[{name}]"));
            }
        }
    }
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_buy_a_plan_and_end_it() {
    let till = Till::open().await;
    let (tenant, _) = till.another_tenant(7, Plan::Free).await;
    let owner = &till.owner().in_tenant(&tenant.id);
    assert_json_snapshot!(answer(&till, "billing/check-subscription", owner, &[]).await);
    assert_json_snapshot!(answer(&till, "billing/update-subscription-none", owner, &[]).await);
    assert_json_snapshot!(answer(&till, "billing/cancel-subscription-none", owner, &[]).await);
    assert_json_snapshot!(answer(&till, "billing/create-portal-session-none", owner, &[]).await);
    assert_json_snapshot!(answer(&till, "billing/create-checkout-session-unknown-plan", owner, &[]).await);
    assert_json_snapshot!(answer(&till, "billing/create-checkout-session", owner, &[]).await);
    till.buy(owner, "team").await;
    assert_json_snapshot!(answer(&till, "billing/update-subscription", owner, &[]).await);
    assert_json_snapshot!(answer(&till, "billing/cancel-subscription", owner, &[]).await);
    assert_json_snapshot!(answer(&till, "billing/create-portal-session", owner, &[]).await);
    assert_json_snapshot!(plain(answer(&till, "billing/list-invoices", owner, &[]).await));
    assert_json_snapshot!(answer(&till, "billing/webhook-forged", owner, &[]).await);
}

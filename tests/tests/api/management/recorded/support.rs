//! Support tickets, documents and sales contact requests.

use domain::plan::Plan;
use domain::tenant::{Tenant, TenantDocument};
use insta::assert_json_snapshot;
use serde_json::{Value, json};
use tests::harness::Bench;

use super::answer;

/// The answer without the ids of tickets, and of what belongs to them.
fn plain(mut answer: Value) -> Value {
    fn visit(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let is_id = name.ends_with("_id") && !matches!(name.as_str(), "tenant_id" | "user_id");
                    match (is_id || name == "attachment_upload", name.as_str(), &value) {
                        (true, _, Value::String(_)) => *value = json!("[id]"),
                        (_, "cooldown_until", Value::Number(_)) => *value = json!("[time]"),
                        _ => visit(value),
                    }
                }
            }
            Value::Array(values) => values.iter_mut().for_each(visit),
            _ => {}
        }
    }
    visit(&mut answer["body"]);
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_go_through_a_ticket() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    assert_json_snapshot!(plain(answer(&bench, "support/create-ticket", &owner, &[]).await));
    let listed = owner.get("/frontend/support/tickets").await;
    let ticket = listed.body["tickets"][0]["ticket_id"].as_str().unwrap().to_owned();
    let named = [("$TICKET", ticket.as_str())];
    assert_json_snapshot!(plain(answer(&bench, "support/add-comment", &owner, &named).await));
    assert_json_snapshot!(plain(answer(&bench, "support/list-tickets", &owner, &[]).await));
    assert_json_snapshot!(plain(answer(&bench, "support/get-ticket", &owner, &named).await));
    let read = owner.get(&format!("/frontend/support/tickets/{ticket}")).await;
    let attachment = read.body["attachments"][0]["attachment_id"].as_str().unwrap().to_owned();
    let named = [("$ATTACHMENT", attachment.as_str())];
    assert_json_snapshot!(plain(answer(&bench, "support/get-attachment", &owner, &named).await));
    assert_json_snapshot!(plain(answer(&bench, "support/request-attachment-upload", &owner, &[]).await));
    assert_json_snapshot!(answer(&bench, "support/create-ticket-without-subject", &owner, &[]).await);
    assert_json_snapshot!(answer(&bench, "support/get-ticket-unknown", &owner, &[]).await);
    assert_json_snapshot!(answer(&bench, "support/add-comment-unknown", &owner, &[]).await);
    assert_json_snapshot!(answer(&bench, "support/get-attachment-unknown", &owner, &[]).await);
    let (free, _) = bench.another_tenant(7, Plan::Free).await;
    assert_json_snapshot!(answer(&bench, "support/create-ticket-on-free", &owner.in_tenant(&free.id), &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_list_documents_and_download_one() {
    let bench = Bench::start().await;
    let document = TenantDocument {
        name: "Security Addendum".into(),
        filename: "security-addendum.pdf".into(),
        description: "Tenant-specific document.".into(),
    };
    bench.store().put_tenant(&Tenant { documents: vec![document], ..bench.tenant.clone() }).await.unwrap();
    assert_json_snapshot!(answer(&bench, "support/list-documents", &bench.owner(), &[]).await);
    assert_json_snapshot!(plain(answer(&bench, "support/download-document", &bench.owner(), &[]).await));
    assert_json_snapshot!(answer(&bench, "support/download-document-escaping", &bench.owner(), &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_reach_sales_once() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    assert_json_snapshot!(answer(&bench, "support/request-sales-contact-free", &owner, &[]).await);
    assert_json_snapshot!(answer(&bench, "support/sales-contact-status", &owner, &[]).await);
    assert_json_snapshot!(plain(answer(&bench, "support/request-sales-contact", &owner, &[]).await));
}

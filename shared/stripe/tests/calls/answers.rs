//! What is read of answers, and what is not.

use serde_json::{Value, json};
use stripe::{Error, InvoiceStatus, Status, Unreadable};

use crate::server::{Server, Step};
use crate::{create, item, page, product, subscription};

async fn retrieved(whole: &Value) -> Result<stripe::Subscription, Error> {
    let server = Server::start([Step::ok(whole)]).await;
    server.client().retrieve_subscription(&"sub_1".parse().unwrap()).await
}

#[tokio::test]
async fn garbage_is_unreadable_and_not_asked_again() {
    for body in ["", "<html>", "[]", "{}", "{\"id\":7}", "{\"id\":\"../x\"}", "{\"id\":\"cus_1\""] {
        let server = Server::start([Step::ok(body)]).await;
        let error = create(&server.client()).await.unwrap_err();
        assert!(matches!(error, Error::Unreadable(Unreadable::Json(_))), "{body}: {error:?}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn garbage_with_a_refusal_leaves_its_status() {
    let server = Server::start([Step::Answer(403, Vec::new(), "<html>no</html>".to_owned())]).await;
    let error = create(&server.client()).await.unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!((refusal.status, &refusal.kind, &refusal.message), (403, &None, &None));
}

#[tokio::test]
async fn the_plan_is_that_of_the_product() {
    let items = json!([item("si_0", &product("prod_0", None)), item("si_1", &product("prod_1", Some("enterprise")))]);
    let read = retrieved(&subscription("sub_1", &items)).await.unwrap();
    assert_eq!(read.product.plan(), Some("enterprise"));
    assert_eq!((read.item.as_str(), read.price.as_str()), ("si_1", "price_si_1"));
    assert_eq!(read.current_period_end.as_second(), 1_766_000_000);
    assert_eq!((read.status, read.cancel_at_period_end, read.ended_at), (Status::Active, false, None));

    let deleted = json!([item("si_1", &json!({ "id": "prod_1", "object": "product", "deleted": true }))]);
    assert_eq!(retrieved(&subscription("sub_1", &deleted)).await.unwrap().product.plan(), None);
}

#[tokio::test]
async fn what_does_not_belong_together_is_unreadable() {
    for items in [json!([]), json!([item("si_1", &json!("prod_1"))])] {
        let error = retrieved(&subscription("sub_1", &items)).await.unwrap_err();
        assert!(matches!(error, Error::Unreadable(Unreadable::Content(_))), "{error:?}");
    }
}

#[tokio::test]
async fn statuses_decide_who_is_served() {
    for (text, status, is_active, is_final) in [
        ("incomplete", Status::Incomplete, false, false),
        ("incomplete_expired", Status::IncompleteExpired, false, true),
        ("trialing", Status::Trialing, true, false),
        ("active", Status::Active, true, false),
        ("past_due", Status::PastDue, true, false),
        ("unpaid", Status::Unpaid, false, false),
        ("paused", Status::Paused, false, false),
        ("canceled", Status::Canceled, false, true),
        ("hibernating", Status::Other, false, false),
    ] {
        let mut whole = subscription("sub_1", &json!([item("si_1", &product("prod_1", Some("team")))]));
        whole["status"] = json!(text);
        let read = retrieved(&whole).await.unwrap().status;
        assert_eq!((read, read.is_active(), read.is_final()), (status, is_active, is_final));
    }
}

#[tokio::test]
async fn an_inactive_key_finds_no_price() {
    let mut other = item("si_1", &product("prod_1", Some("team")))["price"].clone();
    other["lookup_key"] = json!("enterprise");
    let server = Server::start([Step::ok(page(&[other], false))]).await;
    assert!(server.client().find_price("team").await.unwrap().is_none());

    let price = item("si_1", &product("prod_1", Some("team")))["price"].clone();
    let server = Server::start([Step::ok(page(&[price], false))]).await;
    let price = server.client().find_price("team").await.unwrap().unwrap();
    assert_eq!((price.product.plan(), price.interval.as_deref()), (Some("team"), Some("month")));
    assert!((price.unit.unwrap().major() - 99.0).abs() < 1e-9);
}

#[tokio::test]
async fn an_invoice_pays_for_the_period_of_its_last_line() {
    let line = |start: u32, end: u32| json!({ "object": "line_item", "period": { "start": start, "end": end } });
    let invoice = |lines: &[Value]| {
        json!({
            "id": "in_1", "number": "ABCD-0001", "status": "paid", "amount_paid": 9900, "currency": "usd", "created": 1000,
            "period_start": 500, "period_end": 1000, "lines": page(lines, false), "invoice_pdf": "https://x/pdf",
            "hosted_invoice_url": "https://x",
        })
    };
    let invoices = [invoice(&[line(700, 1000), line(1000, 2000)]), invoice(&[])];
    let server = Server::start([Step::ok(page(&invoices, false))]).await;
    let listed = server.client().list_invoices(&"cus_1".parse().unwrap()).await.unwrap().items;
    let periods: Vec<(i64, i64)> =
        listed.iter().map(|invoice| (invoice.period.start.as_second(), invoice.period.end.as_second())).collect();
    assert_eq!(periods, [(1000, 2000), (500, 1000)]);
    assert_eq!((listed[0].status, listed[0].amount_paid.currency.as_str()), (InvoiceStatus::Paid, "USD"));
}

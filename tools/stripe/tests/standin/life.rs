//! Subscriptions from the first click to their end.

use jiff::Timestamp;
use stripe::{CheckoutStatus, InvoiceStatus, NewPortalSession, PriceChange, Proration, Status};

use crate::receiver::Receiver;
use crate::{Bench, DAY, beginning, bench, fresh};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn change(
    bench: &Bench,
    subscription: &stripe::Subscription,
    plan: &str,
    proration: Proration,
) -> Result<stripe::Subscription, stripe::Error> {
    let price = bench.client.find_price(plan).await.unwrap().unwrap();
    let change = PriceChange { item: &subscription.item, price: &price.id, proration };
    bench.client.change_price(&subscription.id, &change, &fresh()).await
}

#[tokio::test]
async fn from_checkout_to_the_end() {
    let bench = bench().await;
    let (receiver, webhook) = Receiver::start(0).await;
    bench.standin.send_events_to(webhook);

    // Bought.
    let customer = bench.customer().await;
    let checkout = bench.checkout(&customer, "team").await;
    assert_eq!((checkout.status, &checkout.subscription), (CheckoutStatus::Open, &None));
    let url = checkout.url.unwrap();
    let page = bench.http.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("AppTego team, $99.00 a month"), "{page}");
    assert!(bench.client.list_subscriptions(&customer).await.unwrap().items.is_empty());
    let paid = bench.click(&format!("{url}/pay"), "card=works").await;
    let target = paid.headers()["location"].to_str().unwrap();
    assert_eq!(target, format!("https://app.example.com/done?session={}", checkout.id));
    let subscription = bench.only(&customer).await;
    assert_eq!((subscription.status, subscription.product.plan()), (Status::Active, Some("team")));
    assert_eq!((&subscription.customer, subscription.created), (&customer, beginning()));
    assert_eq!(subscription.current_period_end, at("2026-02-28T12:00:00Z"));
    bench.standin.told().await;
    let bought = ["customer.created", "customer.subscription.created", "invoice.paid", "checkout.session.completed"];
    assert_eq!(receiver.kinds(), bought);
    let completed = receiver.taken.lock().unwrap()[3].clone().unwrap();
    assert_eq!(
        (&completed.customer, &completed.subscription),
        (&Some(customer.clone()), &Some(subscription.id.clone()))
    );
    assert_eq!((completed.client_reference_id.as_deref(), completed.livemode), (Some("0f"), false));

    // Upgraded in the middle.
    bench.standin.advance(14 * DAY).unwrap();
    let upgraded = change(&bench, &subscription, "enterprise", Proration::Now).await.unwrap();
    assert_eq!((upgraded.id.clone(), upgraded.product.plan()), (subscription.id, Some("enterprise")));

    // Cancelled, kept, cancelled.
    for is_to_end in [true, false, true] {
        let marked = bench.client.cancel_at_period_end(&upgraded.id, is_to_end, &fresh()).await.unwrap();
        assert_eq!((marked.cancel_at_period_end, marked.status), (is_to_end, Status::Active));
    }
    bench.standin.advance(14 * DAY - 1).unwrap();
    assert_eq!(bench.only(&customer).await.status, Status::Active);
    bench.standin.advance(1).unwrap();
    let ended = bench.client.retrieve_subscription(&upgraded.id).await.unwrap();
    assert_eq!((ended.status, ended.ended_at), (Status::Canceled, Some(at("2026-02-28T12:00:00Z"))));
    bench.standin.told().await;
    assert_eq!(receiver.kinds().last().unwrap(), "customer.subscription.deleted");

    // What was paid.
    let invoices = bench.client.list_invoices(&customer).await.unwrap().items;
    let paid: Vec<(i64, InvoiceStatus)> = invoices.iter().map(|one| (one.amount_paid.minor, one.status)).collect();
    assert_eq!(paid, [((49_900 - 9_900) / 2, InvoiceStatus::Paid), (9_900, InvoiceStatus::Paid)]);
    assert_eq!((invoices[1].period.start, invoices[1].period.end), (beginning(), at("2026-02-28T12:00:00Z")));
    assert_eq!(
        (invoices[0].period.start, invoices[0].created),
        (at("2026-02-14T12:00:00Z"), at("2026-02-14T12:00:00Z"))
    );
    assert_ne!(invoices[0].number, invoices[1].number);
    for invoice in &invoices {
        let hosted = bench.http.get(invoice.hosted_invoice_url.as_ref().unwrap()).send().await.unwrap();
        assert_eq!(hosted.status(), 200);
        let pdf = bench.http.get(invoice.invoice_pdf.as_ref().unwrap()).send().await.unwrap();
        assert_eq!(pdf.headers()["content-type"], "application/pdf");
        assert!(pdf.bytes().await.unwrap().starts_with(b"%PDF-1.4\n"));
    }
}

#[tokio::test]
async fn renewals_happen_at_their_own_time() {
    let bench = bench().await;
    let (customer, subscription) = bench.subscribed("team").await;
    bench.standin.advance(95 * DAY).unwrap();
    let renewed = bench.only(&customer).await;
    assert_eq!((renewed.id, renewed.status), (subscription.id, Status::Active));
    assert_eq!(renewed.current_period_end, at("2026-05-31T12:00:00Z"));
    let invoices = bench.client.list_invoices(&customer).await.unwrap().items;
    let periods: Vec<[String; 3]> = invoices
        .iter()
        .map(|one| [one.created, one.period.start, one.period.end].map(|at| at.to_string()[..10].to_owned()))
        .collect();
    let expected = [
        ["2026-04-30", "2026-04-30", "2026-05-31"],
        ["2026-03-31", "2026-03-31", "2026-04-30"],
        ["2026-02-28", "2026-02-28", "2026-03-31"],
        ["2026-01-31", "2026-01-31", "2026-02-28"],
    ];
    assert_eq!(periods, expected);
}

#[tokio::test]
async fn what_is_unpaid_is_tried_again_and_ends() {
    let bench = bench().await;
    let (customer, _) = bench.subscribed("team").await;
    bench.standin.decline_cards(customer.as_str(), true).unwrap();
    bench.standin.advance(28 * DAY).unwrap();
    let unpaid = bench.only(&customer).await;
    assert_eq!((unpaid.status, unpaid.status.is_active()), (Status::PastDue, true));
    bench.standin.advance(15 * DAY - 1).unwrap();
    assert_eq!(bench.only(&customer).await.status, Status::PastDue);
    bench.standin.advance(1).unwrap();
    assert_eq!(bench.only(&customer).await.status, Status::Canceled);
    let invoices = bench.client.list_invoices(&customer).await.unwrap().items;
    assert_eq!(
        (invoices.len(), invoices[0].status, invoices[0].amount_paid.minor),
        (2, InvoiceStatus::Uncollectible, 0)
    );
    let failed = bench.happened().iter().filter(|kind| *kind == "invoice.payment_failed").count();
    assert_eq!(failed, 4);
    assert_eq!(bench.happened().last().unwrap(), "customer.subscription.deleted");
}

#[tokio::test]
async fn a_card_that_works_again_pays_what_is_owed() {
    let bench = bench().await;
    let (customer, _) = bench.subscribed("team").await;
    let portal = NewPortalSession { customer: &customer, return_url: "https://app.example.com" };
    let portal = bench.client.create_portal_session(&portal, &fresh()).await.unwrap();
    bench.click(&format!("{portal}/card-declines"), "").await;
    bench.standin.advance(30 * DAY).unwrap();
    assert_eq!(bench.only(&customer).await.status, Status::PastDue);
    bench.click(&format!("{portal}/card-works"), "").await;
    assert_eq!(bench.only(&customer).await.status, Status::Active);
    bench.standin.advance(30 * DAY).unwrap();
    let paid = bench.client.list_invoices(&customer).await.unwrap().items;
    assert!(paid.len() == 3 && paid.iter().all(|invoice| invoice.status == InvoiceStatus::Paid), "{paid:?}");
    bench.click(&format!("{portal}/cancel"), "").await;
    assert!(bench.only(&customer).await.cancel_at_period_end);
    let page = bench.http.get(&portal).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("A &lt;b&gt; &amp; Ü") && page.contains("ends 2026-04-30"), "{page}");
}

#[tokio::test]
async fn an_upgrade_that_is_not_paid_is_none() {
    let bench = bench().await;
    let (customer, subscription) = bench.subscribed("team").await;
    bench.standin.decline_cards(customer.as_str(), true).unwrap();
    let error = change(&bench, &subscription, "enterprise", Proration::Now).await.unwrap_err();
    assert!(error.is_declined(), "{error}");
    assert_eq!(bench.only(&customer).await, subscription);
    // A downgrade costs nothing.
    bench.standin.decline_cards(customer.as_str(), false).unwrap();
    let upgraded = change(&bench, &subscription, "enterprise", Proration::Never).await.unwrap();
    bench.standin.decline_cards(customer.as_str(), true).unwrap();
    let downgraded = change(&bench, &upgraded, "team", Proration::Now).await.unwrap();
    assert_eq!(downgraded.product.plan(), Some("team"));
}

#[tokio::test]
async fn a_difference_can_wait_for_the_next_invoice() {
    let bench = bench().await;
    let (customer, subscription) = bench.subscribed("enterprise").await;
    bench.client.cancel_at_period_end(&subscription.id, true, &fresh()).await.unwrap();
    bench.standin.advance(14 * DAY).unwrap();
    let changed = change(&bench, &subscription, "team", Proration::NextInvoice).await.unwrap();
    assert!(!changed.cancel_at_period_end, "a changed subscription goes on");
    assert_eq!(bench.client.list_invoices(&customer).await.unwrap().items.len(), 1);
    bench.standin.advance(15 * DAY).unwrap();
    let invoices = bench.client.list_invoices(&customer).await.unwrap().items;
    assert_eq!(invoices[0].amount_paid.minor, 0, "9,900 less a credit of 20,000");
    assert_eq!(invoices[0].period.start, at("2026-02-28T12:00:00Z"));
}

#[tokio::test]
async fn a_replaced_price_leaves_subscriptions_their_plan() {
    let bench = bench().await;
    let (customer, old) = bench.subscribed("team").await;
    let replaced = bench.standin.replace_price("team", 12_900).unwrap();
    let found = bench.client.find_price("team").await.unwrap().unwrap();
    assert_eq!((found.id.as_str(), found.unit.unwrap().minor), (replaced.as_str(), 12_900));
    let kept = bench.only(&customer).await;
    assert_eq!((kept.price, kept.lookup_key, kept.product.plan()), (old.price, None, Some("team")));
    assert!(bench.client.find_price("free").await.unwrap().is_none());
}

#[tokio::test]
async fn sessions_are_paid_once_or_end() {
    let bench = bench().await;
    let customer = bench.customer().await;
    let [first, second, third] = [
        bench.checkout(&customer, "team").await,
        bench.checkout(&customer, "team").await,
        bench.checkout(&customer, "enterprise").await,
    ];
    let ids = |listed: stripe::Listing<stripe::CheckoutSession>| {
        listed.items.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    let open = ids(bench.client.open_checkouts(&customer).await.unwrap());
    assert_eq!(open, [third.id.clone(), second.id.clone(), first.id.clone()]);

    let pay = |session: &stripe::CheckoutSession| format!("{}/pay", session.url.as_ref().unwrap());
    assert_eq!(bench.click(&pay(&first), "card=declines").await.status(), 402);
    assert_eq!(bench.click(&pay(&first), "card=works").await.status(), 303);
    assert_eq!(bench.click(&pay(&first), "card=works").await.status(), 400);
    let expired = bench.client.expire_checkout(&second.id, &fresh()).await.unwrap();
    assert_eq!((expired.status, expired.url), (CheckoutStatus::Expired, None));
    assert_eq!(bench.click(&pay(&second), "card=works").await.status(), 400);
    let again = bench.client.expire_checkout(&first.id, &fresh()).await.unwrap_err();
    assert_eq!(again.refusal().unwrap().status, 400);
    assert_eq!(ids(bench.client.open_checkouts(&customer).await.unwrap()), std::slice::from_ref(&third.id));
    bench.standin.advance(DAY).unwrap();
    assert!(bench.client.open_checkouts(&customer).await.unwrap().items.is_empty());
    assert_eq!(bench.click(&pay(&third), "card=works").await.status(), 400);
    assert_eq!(bench.happened().iter().filter(|kind| *kind == "checkout.session.expired").count(), 2);
    bench.only(&customer).await;
}

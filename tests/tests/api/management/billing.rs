//! Plans that are bought, changed and ended at Stripe: what callers see, and what events do however they come.

use std::time::Duration;

use domain::billing::Billing;
use domain::plan::Plan;
use futures_util::future::{join, join_all};
use http::StatusCode;
use secrecy::SecretString;
use serde_json::{Value, json};
use service::billing::Payments;
use store::Change;
use stripe_standin::Fault;
use tests::harness::{Answer, Bench, send};
use tests::members::Member;
use tests::shop::{Till, pay};

use super::races::{at_once, count, counts};

const CHECK: &str = "/frontend/payment/check-subscription";
const CHECKOUT: &str = "/frontend/payment/create-checkout-session";
const UPDATE: &str = "/frontend/payment/update-subscription";
const CANCEL: &str = "/frontend/payment/cancel-subscription";
const PORTAL: &str = "/frontend/payment/create-portal-session";
const INVOICES: &str = "/frontend/payment/list-invoices";
const MONTH: i64 = 32 * 24 * 3600;

/// The owner of a FREE tenant.
async fn customer(till: &Till) -> Member {
    let (tenant, _) = till.another_tenant(7, Plan::Free).await;
    till.owner().in_tenant(&tenant.id)
}

async fn plan(bench: &Bench, member: &Member) -> Plan {
    bench.store().tenant(&member.tenant).await.unwrap().unwrap().plan
}

async fn billing(bench: &Bench, member: &Member) -> Billing {
    bench.store().billing(&member.tenant).await.unwrap().unwrap()
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_bought_raised_and_ends_with_its_period() {
    let till = Till::open().await;
    let owner = customer(&till).await;
    let mut events = till.events().await;
    assert_eq!(owner.done(CHECK, json!({})).await.body, json!({ "subscription": "inactive" }));
    for (path, code) in [(UPDATE, "no_subscription"), (CANCEL, "no_subscription"), (PORTAL, "no_customer")] {
        let refused = owner.post(path, json!({ "subscription": "team" })).await;
        assert_eq!(said(&refused), (400, code.to_owned()));
    }
    assert_eq!(owner.done(INVOICES, json!({})).await.body, json!({ "invoices": [] }));
    for (key, code) in [
        (json!("gold"), "invalid_subscription"),
        (json!("Team"), "invalid_subscription"),
        (json!(null), "invalid_subscription"),
    ] {
        assert_eq!(said(&owner.post(CHECKOUT, json!({ "subscription": key })).await), (400, code.to_owned()));
    }

    till.buy(&owner, "team").await;
    assert_eq!(plan(&till, &owner).await, Plan::Team);
    assert_eq!(owner.done(CHECK, json!({})).await.body, json!({ "subscription": "active" }));
    assert_eq!(owner.get("/frontend/get_tenant_subscription").await.body["subscription"], "TEAM");
    assert_eq!(
        said(&owner.post(CHECKOUT, json!({ "subscription": "enterprise" })).await),
        (409, "subscription_exists".into())
    );

    let updated = owner.done(UPDATE, json!({ "subscription": "enterprise" })).await;
    assert_eq!(updated.body, json!({ "success": true, "message": "Subscription updated successfully" }));
    assert_eq!(plan(&till, &owner).await, Plan::Enterprise);
    assert!(owner.done(PORTAL, json!({})).await.text("url").starts_with(till.stripe().base_url()));

    let listed = owner.done(INVOICES, json!({})).await;
    let invoice = &listed.body["invoices"][1];
    assert_eq!(
        (&invoice["amount_paid"], &invoice["currency"], &invoice["status"]),
        (&json!(99.0), &json!("USD"), &json!("paid"))
    );
    for field in ["invoice_pdf", "hosted_invoice_url"] {
        assert_eq!(reqwest::get(invoice[field].as_str().unwrap()).await.unwrap().status(), StatusCode::OK, "{field}");
    }

    let cancelled = owner.done(CANCEL, json!({})).await;
    assert_eq!(cancelled.text("message"), "Subscription will be cancelled at the end of the billing period");
    till.stripe().told().await;
    assert_eq!(plan(&till, &owner).await, Plan::Enterprise, "until the period ends");
    till.stripe().advance(MONTH).unwrap();
    till.stripe().told().await;
    assert_eq!(plan(&till, &owner).await, Plan::Free);
    assert_eq!(owner.done(CHECK, json!({})).await.body, json!({ "subscription": "inactive" }));

    let changes = events.unseen().await.into_iter().filter(|logged| logged.event.api_call == "subscription_changed");
    let told: Vec<Value> = changes.map(|logged| logged.event.raw_data["plan"].clone()).collect();
    assert_eq!(told, ["TEAM", "ENTERPRISE", "FREE"]);
    // Another one can be bought.
    till.buy(&owner, "team").await;
    assert_eq!(plan(&till, &owner).await, Plan::Team);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lower_plan_keeps_what_is_there_and_refuses_more() {
    let till = Till::open().await;
    let owner = customer(&till).await;
    till.buy(&owner, "team").await;
    owner.add_member("developer@example.com", "").await;
    let (token, _) = owner.add_token("build_applications").await;
    let ticket = json!({ "subject": "Build question", "description": "Why?" });
    let ticket = owner.done("/frontend/support/tickets", ticket).await.text("ticket_id");
    owner.done(CANCEL, json!({})).await;
    till.stripe().advance(MONTH).unwrap();
    till.stripe().told().await;
    assert_eq!(plan(&till, &owner).await, Plan::Free);
    assert_eq!(owner.get("/frontend/get_users_permissions").await.body["users"].as_array().unwrap().len(), 2);
    let refused = owner.post("/frontend/add_user_to_tenant", json!({ "user_id": "more@example.com" })).await;
    assert_eq!(said(&refused), (403, "plan_required".into()));
    assert_eq!(said(&token.get("/frontend/get_tenants").await), (403, "plan_required".into()));
    till.buy(&owner, "team").await;
    assert_eq!(owner.get(&format!("/frontend/support/tickets/{ticket}")).await.status, StatusCode::OK);
    assert_eq!(token.get("/frontend/get_tenants").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_count_once_and_in_any_order() {
    let till = Till::open().await;
    let owner = customer(&till).await;
    let mut events = till.events().await;
    till.stripe().hold_events(true);
    let url = owner.done(CHECKOUT, json!({ "subscription": "team" })).await.text("url");
    pay(&url).await;
    assert_eq!(plan(&till, &owner).await, Plan::Free);
    // While nobody is told, the price rises: each event, however old, finds what is true now.
    owner.done(UPDATE, json!({ "subscription": "enterprise" })).await;
    let mut held = till.stripe().waiting_events();
    held.reverse();
    let twice: Vec<&String> = held.iter().chain(&held).collect();
    for delivery in till.stripe().deliver(&twice).await {
        assert_eq!(delivery.status, Some(200), "{}", delivery.event);
    }
    let again = join_all((0..8).map(|_| till.stripe().deliver(&held))).await;
    assert!(again.iter().flatten().all(|delivery| delivery.status == Some(200)));
    assert_eq!(plan(&till, &owner).await, Plan::Enterprise);
    let changes = events.unseen().await.into_iter().filter(|logged| logged.event.api_call == "subscription_changed");
    let told: Vec<Value> = changes.map(|logged| logged.event.raw_data["plan"].clone()).collect();
    assert_eq!(told, ["TEAM", "ENTERPRISE"], "the update found that team was paid");

    // An operator's plan is nothing that a repeated event changes.
    let tenant = till.store().tenant(&owner.tenant).await.unwrap().unwrap();
    till.store().put_tenant(&domain::tenant::Tenant { plan: Plan::Team, ..tenant }).await.unwrap();
    till.stripe().deliver(&held).await;
    assert_eq!(plan(&till, &owner).await, Plan::Team);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stripe_did_not_sign_is_not_believed() {
    let till = Till::open().await;
    let owner = customer(&till).await;
    till.buy(&owner, "team").await;
    let paid =
        till.stripe().events().into_iter().find(|event| event["type"] == "customer.subscription.created").unwrap();
    let mut forged = paid.clone();
    forged["id"] = json!("evt_forged");
    let other = SecretString::from("whsec_another");
    let before = billing(&till, &owner).await;
    assert_eq!(till.stripe().forge(forged.to_string(), &other).await, Some(400));
    assert_eq!(till.stripe().forge(forged.to_string(), &SecretString::from("")).await, Some(400));
    assert_eq!(till.stripe().forge("[]".to_owned(), till.shop().webhook_secret()).await, Some(400));
    let (now, secret) = (till.clock.clock().now(), till.shop().webhook_secret());
    let body = forged.to_string();
    let sign = |body: &str, at: i64| stripe::webhook::sign(body.as_bytes(), secret, domain::time::at(at));
    let at = now.as_second();
    for (header, sent) in [
        (None, body.clone()),
        (Some(sign(&body, at - 301)), body.clone()),
        (Some(sign(&body, at + 301)), body.clone()),
        (Some(sign(&body, at)), body.replace("evt_forged", "evt_changed")),
        (Some(sign(&body, at).replace("v1=", "v0=")), body.clone()),
        (Some("t=,v1=".to_owned()), body.clone()),
        (Some("x".repeat(10_000)), body.clone()),
    ] {
        let headers: Vec<_> = header.iter().map(|value| ("stripe-signature", value.as_str())).collect();
        let path = "/frontend/payment/webhook-stripe-445692";
        let answer = tests::harness::send_bytes(&till.router, "POST", path, &headers, sent).await;
        assert_eq!(said(&answer), (400, "invalid_stripe_signature".into()), "{header:?}");
        assert!(!answer.text("error").contains("whsec"), "{}", answer.body);
    }
    assert_eq!(billing(&till, &owner).await, before);
    // Signed, and of nobody here.
    forged["data"]["object"]["customer"] = json!("cus_nobody");
    assert_eq!(till.stripe().forge(forged.to_string(), secret).await, Some(200));
    assert_eq!(plan(&till, &owner).await, Plan::Team);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_checkout_can_be_paid_however_many_are_begun_at_once() {
    let till = Till::open().await;
    let owner = customer(&till).await;
    let answers = at_once(&owner, CHECKOUT, vec![json!({ "subscription": "team" }); 6]).await;
    let urls: Vec<String> =
        answers.iter().filter(|answer| answer.status == 200).map(|answer| answer.text("url")).collect();
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(said(answer), (409, "checkout_superseded".into()));
    }
    let later = owner.done(CHECKOUT, json!({ "subscription": "enterprise" })).await.text("url");
    for url in &urls {
        assert_ne!(pay(url).await, StatusCode::SEE_OTHER, "it was replaced");
    }
    assert_eq!(pay(&later).await, StatusCode::SEE_OTHER);
    till.stripe().told().await;
    assert_eq!(plan(&till, &owner).await, Plan::Enterprise);
    let bought = till.stripe().events().into_iter().filter(|event| event["type"] == "customer.subscription.created");
    assert_eq!(bought.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_and_calls_at_once_end_with_what_is_paid() {
    let till = Till::open().await;
    let owner = customer(&till).await;
    till.buy(&owner, "team").await;
    let ids: Vec<String> =
        till.stripe().events().iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
    let updates = (0..6).map(|number| json!({ "subscription": if number % 2 == 0 { "enterprise" } else { "team" } }));
    let (answers, _) =
        join(at_once(&owner, UPDATE, updates), join_all((0..6).map(|_| till.stripe().deliver(&ids)))).await;
    assert_eq!(count(&answers), counts([("200", 6)]));
    till.stripe().told().await;
    owner.done(CHECK, json!({})).await;
    let current = till.stripe().events().into_iter().filter(|event| event["type"] == "customer.subscription.updated");
    let last = current.last().unwrap();
    let key = last["data"]["object"]["items"]["data"][0]["price"]["lookup_key"].as_str().unwrap().to_owned();
    let paid = if key == "team" { Plan::Team } else { Plan::Enterprise };
    assert_eq!((plan(&till, &owner).await, billing(&till, &owner).await.paid), (paid, Some(paid)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_declined_changes_nothing_and_a_renewal_that_fails_ends_the_plan() {
    let till = Till::open().await;
    let owner = customer(&till).await;
    till.buy(&owner, "team").await;
    let id = billing(&till, &owner).await.customer;
    till.stripe().decline_cards(&id, true).unwrap();
    let refused = owner.post(UPDATE, json!({ "subscription": "enterprise" })).await;
    assert_eq!(said(&refused), (400, "payment_declined".into()), "{}", refused.body);
    assert_eq!(plan(&till, &owner).await, Plan::Team);
    till.stripe().advance(MONTH).unwrap();
    till.stripe().told().await;
    assert_eq!(plan(&till, &owner).await, Plan::Team, "Stripe still tries to be paid");
    till.stripe().advance(2 * MONTH).unwrap();
    till.stripe().told().await;
    assert_eq!(plan(&till, &owner).await, Plan::Free);
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_at_stripe_is_waited_out_and_what_it_tells_comes_again() {
    let till = Till::open().await;
    let owner = customer(&till).await;
    till.stripe().fail([Fault::Status(500), Fault::Status(429), Fault::DropAfter]);
    till.buy(&owner, "team").await;
    assert_eq!(plan(&till, &owner).await, Plan::Team);
    till.stripe().hold_events(true);
    till.stripe().fail([Fault::Status(409)]);
    owner.done(CANCEL, json!({})).await;
    till.stripe().advance(MONTH).unwrap();
    let held = till.stripe().waiting_events();
    till.stripe().fail(vec![Fault::Status(503); 4]);
    let failed = till.stripe().deliver(&held[..1]).await;
    assert_eq!(failed[0].status, Some(500), "so that Stripe sends it again");
    assert_eq!(plan(&till, &owner).await, Plan::Team);
    let again = till.stripe().deliver(&held[..1]).await;
    assert_eq!((again[0].status, plan(&till, &owner).await), (Some(200), Plan::Free));
    till.stripe().fail(vec![Fault::Status(503); 4]);
    let refused = owner.post(CHECKOUT, json!({ "subscription": "team" })).await;
    assert_eq!(said(&refused), (500, "internal".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_paid_while_another_is_begun_leaves_one_subscription() {
    let till = Till::open().await;
    let owner = customer(&till).await;
    let page = owner.done(CHECKOUT, json!({ "subscription": "team" })).await.text("url");
    // Price, subscriptions, the new page: then the list of pages is waited for.
    till.stripe().fail([Fault::Pass, Fault::Pass, Fault::Pass, Fault::Delay(3000)]);
    let paid = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        pay(&page).await
    };
    let (second, paid) = join(owner.post(CHECKOUT, json!({ "subscription": "enterprise" })), paid).await;
    assert_eq!((said(&second), paid), ((409, "subscription_exists".into()), StatusCode::SEE_OTHER));
    till.stripe().told().await;
    assert_eq!(plan(&till, &owner).await, Plan::Team);
    let customer = billing(&till, &owner).await.customer.parse().unwrap();
    let client = &till.shop().payments.client;
    assert_eq!(client.open_checkouts(&customer).await.unwrap().items, [], "nothing else can be paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_says_no_plan_takes_none_away() {
    let till = Till::open().await;
    let owner = customer(&till).await;
    till.buy(&owner, "team").await;
    till.stripe().name_plan("team", Some("Platinum"));
    till.stripe().hold_events(true);
    till.stripe().advance(MONTH).unwrap();
    let event = till.stripe().waiting_events().last().unwrap().clone();
    assert_eq!(till.stripe().deliver(&[&event]).await[0].status, Some(500), "so that Stripe sends it again");
    assert_eq!(owner.done(CHECK, json!({})).await.body, json!({ "subscription": "active" }));
    assert_eq!(plan(&till, &owner).await, Plan::Team);
    let refused = owner.post(UPDATE, json!({ "subscription": "team" })).await;
    assert_eq!(said(&refused), (400, "invalid_subscription".into()));
    till.stripe().name_plan("team", Some("ENTERPRISE"));
    assert_eq!(till.stripe().deliver(&[&event]).await[0].status, Some(200));
    assert_eq!(plan(&till, &owner).await, Plan::Enterprise);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_a_request_asks_of_stripe_shares_one_deadline() {
    let till = Till::open().await;
    let owner = customer(&till).await;
    let mut payments = till.shop().payments.clone();
    payments.time = Duration::from_secs(1);
    let app = api::App { service: till.app.service.clone().with_payments(Some(payments)) };
    let router = tests::functions::serve(local::routes(), app);
    till.stripe().fail(vec![Fault::Delay(600); 3]);
    let headers = [("authorization", owner.bearer.as_str()), ("tenant", owner.tenant.as_str())];
    let answer = send(&router, "POST", CHECKOUT, &headers, Some(json!({ "subscription": "team" }))).await;
    assert_eq!(said(&answer), (500, "internal".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_marked_for_deletion_can_stop_paying_and_a_purge_stops_it() {
    let till = Till::open().await;
    let owner = customer(&till).await;
    till.buy(&owner, "team").await;
    let customer = billing(&till, &owner).await.customer.parse().unwrap();
    let ends = async || {
        let listed = till.shop().payments.client.list_subscriptions(&customer).await.unwrap().items;
        listed.iter().all(|subscription| subscription.cancel_at_period_end || subscription.status.is_final())
    };
    owner.done("/frontend/delete_tenant", json!({})).await;
    let refused = owner.post(CHECKOUT, json!({ "subscription": "team" })).await;
    assert_eq!(said(&refused), (409, "tenant_pending_deletion".into()));
    owner.done(PORTAL, json!({})).await;
    owner.done(CANCEL, json!({})).await;
    assert!(ends().await);

    owner.done("/frontend/restore_tenant", json!({})).await;
    owner.done(UPDATE, json!({ "subscription": "team" })).await;
    assert!(!ends().await);
    owner.done("/frontend/delete_tenant", json!({})).await;
    till.clock.pass(30 * 24 * 3600 + 1);
    for _ in 0..20 {
        assert_eq!(tests::functions::purge(till.service()).await.unwrap().failed, 0);
        till.clock.pass(60);
    }
    assert!(ends().await);
    assert!(till.store().tenant(&owner.tenant).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_changes_nothing_outdates_what_was_asked_before() {
    let till = Till::open().await;
    let owner = customer(&till).await;
    till.buy(&owner, "team").await;
    let (store, now) = (till.store(), till.clock.clock().now());
    let before = billing(&till, &owner).await;
    let note = async |billing: &Billing, event: &str| {
        store.note_stripe_event(&owner.tenant, billing, event, now).await.unwrap()
    };
    assert!(matches!(note(&before, "evt_first").await, Change::Done));
    assert!(matches!(note(&before, "evt_second").await, Change::VersionChanged));
    assert!(matches!(note(&billing(&till, &owner).await, "evt_first").await, Change::Missing));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_says_how_it_is_paid_and_no_error_repeats_it() {
    let bench = Bench::start().await;
    let secrets = aws_sdk_secretsmanager::Client::new(&bench.config);
    let name = format!("{}-stripe", bench.stack.names.table);
    secrets.create_secret().name(&name).secret_string("{}").send().await.unwrap();
    let keys = |key: &str| json!({ "secret_key": key, "webhook_secrets": ["whsec_4711"] }).to_string();
    for (text, found) in [
        (keys("rk_test_4711"), Ok(true)),
        (keys(""), Ok(false)),
        (keys("rk_test_4711\n"), Err(())),
        (r#"{"secret_key": "rk_test_4711", "webhook_secrets": "whsec_4711"}"#.to_owned(), Err(())),
        ("rk_test_4711".to_owned(), Err(())),
    ] {
        secrets.put_secret_value().secret_id(&name).secret_string(&text).send().await.unwrap();
        for function in ["billing", "maintenance"] {
            let read = Payments::of(bench.service().store(), Some(name.clone()), None);
            let read = tests::functions::act(function, read).await;
            let said = read.as_ref().err().map(domain::error::Error::with_causes).unwrap_or_default();
            assert!(!said.contains("4711"), "{said}");
            assert_eq!(read.map(|payments| payments.is_some()).map_err(drop), found, "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_billing_is_not_set_up_nobody_pays() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    assert_eq!(owner.done(CHECK, json!({})).await.body, json!({ "subscription": "inactive" }));
    for path in [CHECKOUT, UPDATE, CANCEL, PORTAL, INVOICES] {
        let refused = owner.post(path, json!({ "subscription": "team" })).await;
        assert_eq!(said(&refused), (400, "billing_disabled".into()), "{path}");
    }
    let path = "/frontend/payment/webhook-stripe-445692";
    let answer = tests::harness::send_bytes(&bench.router, "POST", path, &[], "{}").await;
    assert_eq!(said(&answer), (400, "billing_disabled".into()));
}

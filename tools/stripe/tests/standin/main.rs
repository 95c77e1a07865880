//! The client against the stand-in, whose shapes are those of Stripe's specification.
#![expect(clippy::unwrap_used, reason = "a test")]

mod calls;
mod events;
mod life;
mod official;
mod receiver;
mod shapes;

use std::time::Duration;

use jiff::Timestamp;
use stripe::{
    CheckoutSession, Client, Config, CustomerId, IdempotencyKey, Metadata, NewCheckout, NewCustomer, Subscription,
};
use stripe_standin::{Clock, Options, Standin, start};

const KEY: &str = "sk_test_standin";
const DAY: i64 = 86_400;

struct Bench {
    standin: Standin,
    client: Client,
    http: reqwest::Client,
}

/// Months that begin on a 31st are the hard ones.
fn beginning() -> Timestamp {
    "2026-01-31T12:00:00Z".parse().unwrap()
}

fn fresh() -> IdempotencyKey {
    IdempotencyKey::fresh()
}

fn tenant() -> Metadata {
    Metadata::from([("tenant".to_owned(), "0f".to_owned())])
}

async fn bench() -> Bench {
    let standin = start(Options::new(KEY.into(), Clock::fixed(beginning()))).await.unwrap();
    let config = Config { base_url: standin.base_url().to_owned(), ..Config::new(KEY.into()) };
    let config = Config { try_limit: Duration::from_millis(500), tries: 6, ..config };
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    Bench { standin, client: Client::new(&config).unwrap(), http }
}

impl Bench {
    async fn customer(&self) -> CustomerId {
        let customer = NewCustomer { name: "A <b> & Ü", email: Some("a@example.com"), metadata: &tenant() };
        self.client.create_customer(&customer, &fresh()).await.unwrap()
    }

    async fn checkout(&self, customer: &CustomerId, plan: &str) -> CheckoutSession {
        let price = self.client.find_price(plan).await.unwrap().unwrap();
        let checkout = NewCheckout {
            customer,
            price: &price.id,
            client_reference_id: "0f",
            metadata: &tenant(),
            success_url: "https://app.example.com/done?session={CHECKOUT_SESSION_ID}",
            cancel_url: "https://app.example.com/back",
        };
        self.client.create_checkout(&checkout, &fresh()).await.unwrap()
    }

    /// Clicks on the hosted page.
    async fn click(&self, url: &str, body: &'static str) -> reqwest::Response {
        self.http.post(url).body(body).send().await.unwrap()
    }

    /// A customer with a paid subscription.
    async fn subscribed(&self, plan: &str) -> (CustomerId, Subscription) {
        let customer = self.customer().await;
        let checkout = self.checkout(&customer, plan).await;
        let paid = self.click(&format!("{}/pay", checkout.url.unwrap()), "card=works").await;
        assert_eq!(paid.status(), 303);
        let subscription = self.only(&customer).await;
        (customer, subscription)
    }

    async fn only(&self, customer: &CustomerId) -> Subscription {
        let mut listed = self.client.list_subscriptions(customer).await.unwrap();
        assert!(listed.is_complete && listed.items.len() == 1, "{listed:?}");
        listed.items.remove(0)
    }

    /// What happened, in order.
    fn happened(&self) -> Vec<String> {
        self.standin.events().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    }
}

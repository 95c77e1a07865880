//! A bench whose tenants can buy plans.

use std::ops::Deref;

use api::App;
use http::StatusCode;
use local::server::Server;
use local::shop::Shop;
use serde_json::json;
use stripe_standin::Standin;
use tokio::net::TcpListener;

use crate::functions;
use crate::harness::Bench;
use crate::members::Member;

/// A bench with a stand-in for Stripe, whose events arrive over HTTP.
pub struct Till {
    bench: Bench,
    shop: Shop,
    _server: Server,
}

impl Till {
    /// By the clock of the bench.
    pub async fn open() -> Self {
        let mut bench = Bench::start().await;
        let clock = bench.clock.clock();
        let shop = Shop::open(move || clock.now()).await.expect("a stand-in");
        let service = bench.app.service.clone().with_payments(Some(shop.payments.clone()));
        bench.app = App { service };
        bench.router = functions::serve(local::routes(), bench.app.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        shop.tell(&format!("http://{}", listener.local_addr().expect("an address")));
        let mut server = Server::default();
        server.serve(listener, bench.router.clone());
        Self { bench, shop, _server: server }
    }

    /// Buys a plan for a tenant: asks for the page, pays there, and waits until the plan is told of.
    ///
    /// # Panics
    /// Where a plan cannot be bought.
    pub async fn buy(&self, member: &Member, plan: &str) {
        let url = member.done("/frontend/payment/create-checkout-session", json!({ "subscription": plan })).await;
        assert_eq!(pay(&url.text("url")).await, StatusCode::SEE_OTHER);
        self.stripe().told().await;
    }

    /// The stand-in.
    pub const fn stripe(&self) -> &Standin {
        &self.shop.standin
    }

    /// How it is paid at, and what events are signed with.
    pub const fn shop(&self) -> &Shop {
        &self.shop
    }
}

/// Clicks through the page of a checkout, and says what it answers.
///
/// # Panics
/// Without an answer.
pub async fn pay(url: &str) -> StatusCode {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let request = client.post(format!("{url}/pay")).header("content-type", "application/x-www-form-urlencoded");
    request.body("card=works").send().await.expect("an answer").status()
}

impl Deref for Till {
    type Target = Bench;

    fn deref(&self) -> &Bench {
        &self.bench
    }
}

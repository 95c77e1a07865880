//! A bench whose tenants can buy plans.

use std::ops::Deref;

use api::App;
use local::server::Server;
use local::shop::Shop;
use stripe_standin::Standin;
use tokio::net::TcpListener;

use crate::functions;
use crate::harness::Bench;

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

    /// The stand-in.
    pub const fn stripe(&self) -> &Standin {
        &self.shop.standin
    }

    /// How it is paid at, and what events are signed with.
    pub const fn shop(&self) -> &Shop {
        &self.shop
    }
}

impl Deref for Till {
    type Target = Bench;

    fn deref(&self) -> &Bench {
        &self.bench
    }
}

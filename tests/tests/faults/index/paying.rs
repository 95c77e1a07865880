//! The fault-index table of what Stripe tells: whatever fails, Stripe tells it again, and the plan is what is paid for.

use api::App;
use axum::Router;
use domain::id::TenantId;
use domain::plan::Plan;
use domain::tenant::Tenant;
use http::StatusCode;
use local::shop::Shop;
use serde_json::json;
use tests::functions;
use tests::harness::send_bytes;
use tests::shop::pay;
use uuid::Uuid;

use crate::table::{UseCase, tabulate};
use crate::world::{Entry, World, short};

const WEBHOOK: &str = "/frontend/payment/webhook-stripe-445692";

/// An event that tells of a subscription.
struct Told(Shop);

/// A tenant that has bought TEAM, and what is told of it.
struct Paid {
    tenant: TenantId,
    event: String,
}

impl Told {
    fn router(&self, entry: &Entry) -> Router {
        let service = entry.service.clone().with_payments(Some(self.0.payments.clone()));
        functions::serve(local::routes(), App { service })
    }

    async fn plan(world: &World, paid: &Paid) -> Plan {
        world.bench.store().tenant(&paid.tenant).await.unwrap().unwrap().plan
    }

    /// How often the tenant's log tells of a plan.
    async fn changes(world: &World, paid: &Paid) -> usize {
        let log = format!("TENANT#{}", paid.tenant);
        world.bench.events_of("stripe").await.iter().filter(|logged| logged.log == log).count()
    }
}

impl UseCase for Told {
    type Subject = Paid;

    fn name(&self) -> String {
        "stripe webhook".to_owned()
    }

    async fn prepare(&self, world: &World) -> Paid {
        let tenant = TenantId::from_bits(Uuid::now_v7().as_u128());
        let email = format!("owner@{tenant}.example.com");
        let owner = world.bench.person(&email).in_tenant(&tenant);
        let new = Tenant::new(tenant.clone(), "Paying".parse().unwrap(), Plan::Free);
        world.bench.own().found_tenant(&new, &email.parse().unwrap()).await.unwrap();
        let entry = Entry { router: self.router(&world.direct()), ..world.direct() };
        let call = ("POST", "/frontend/payment/create-checkout-session");
        let page = entry.call_as(&owner, call, &[], Some(json!({ "subscription": "team" }))).await.text("url");
        assert_eq!(pay(&page).await, StatusCode::SEE_OTHER);
        let events = self.0.standin.events();
        let event = events.iter().rfind(|event| event["type"] == "customer.subscription.created").unwrap();
        Paid { tenant, event: event.to_string() }
    }

    async fn act(&self, world: &World, entry: &Entry, paid: &Paid) -> String {
        let now = world.service().clock().now();
        let signature = stripe::webhook::sign(paid.event.as_bytes(), self.0.webhook_secret(), now);
        let headers = [("stripe-signature", signature.as_str())];
        short(&send_bytes(&self.router(entry), "POST", WEBHOOK, &headers, paid.event.clone()).await)
    }

    async fn recover(&self, world: &World, paid: Paid, first: Option<&str>) -> String {
        let done = Self::plan(world, &paid).await == Plan::Team;
        assert!(done || first != Some("200"), "a success that changed nothing");
        assert_eq!(Self::changes(world, &paid).await, usize::from(done), "after {first:?}");
        for _ in 0..2 {
            assert_eq!(self.act(world, &world.direct(), &paid).await, "200", "told again after {first:?}");
            assert_eq!((Self::plan(world, &paid).await, Self::changes(world, &paid).await), (Plan::Team, 1));
        }
        (if done { "done" } else { "not done" }).to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stripe_tells_survives_every_fault() {
    let world = World::start().await;
    let clock = world.bench.clock.clock();
    let shop = Shop::open(move || clock.now()).await.unwrap();
    insta::assert_snapshot!(tabulate(&world, &Told(shop)).await, @"
    GetItem, TransactWriteItems
    undisturbed: 200 → done
    throttled: 500 internal → not done
    503 once: 200 → done
    done, then 500: 500 internal → done | 500 internal → not done
    done, then cut once: 200 → done
    conflict: 200 → done
    killed before: not done
    killed after: done | not done
    ");
}

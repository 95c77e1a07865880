//! Subscriptions of tenants at Stripe (page 003, "Billing Helpers"). What is paid for is asked of Stripe each time and never taken from
//! an event: events come twice, late and in any order.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use domain::audit::Log;
use domain::billing::{Billing, plan_of_product, unknown_plan};
use domain::error::Error;
use domain::id::TenantId;
use domain::plan::Plan;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use store::{Change, Record, Store};
use stripe::webhook::{self, Event};
use stripe::{
    CheckoutSessionId, Client, Config, CustomerId, IdempotencyKey, Invoice, Metadata, NewCheckout, NewCustomer,
    NewPortalSession, Price, PriceChange, Product, Proration, Subscription,
};
use tokio::time::Instant;

use crate::Service;
use crate::access::Caller;
use crate::audit::Trail;
use crate::changing::{Attempt, TRIES, Tried};

/// The gateway answers after 29 seconds, whatever is still going on.
const TIME: Duration = Duration::from_secs(24);
/// As the audit log names Stripe.
pub const STRIPE: &str = "stripe";
/// The field of a customer's and a subscription's metadata that names the tenant.
const TENANT: &str = "tenant";

/// Stripe, and what its webhooks are signed with.
#[derive(Clone, Debug)]
pub struct Payments {
    /// Makes the calls.
    pub client: Client,
    /// Two while one replaces the other.
    pub webhook_secrets: Arc<[SecretString]>,
    /// What a request to us may take at Stripe altogether.
    pub time: Duration,
}

/// What the secret of Stripe holds, as JSON.
#[derive(Deserialize)]
struct PaymentSecrets {
    /// `sk_…` or `rk_…`; empty where billing is not set up.
    secret_key: SecretString,
    /// `whsec_…`.
    webhook_secrets: Vec<SecretString>,
}

impl Payments {
    /// As the secret called `secret_id` says, read once: another value of it counts where a function starts anew. `None` without one,
    /// and with an empty key.
    pub async fn of(store: &Store, secret_id: Option<String>, url: Option<String>) -> Result<Option<Self>, Error> {
        match secret_id.filter(|id| !id.is_empty()) {
            Some(id) => Self::read(&store.secret(&id).await?, url.as_deref()),
            None => Ok(None),
        }
    }

    /// Reads `{"secret_key":"sk_…","webhook_secrets":["whsec_…"]}`; `None` with an empty key. `url` is another Stripe than the real one.
    fn read(json: &str, url: Option<&str>) -> Result<Option<Self>, Error> {
        // What serde says of it could repeat a secret.
        let secrets: PaymentSecrets = serde_json::from_str(json)
            .map_err(|_| Error::internal("the secret of Stripe is not {\"secret_key\", \"webhook_secrets\"}"))?;
        if secrets.secret_key.expose_secret().is_empty() {
            return Ok(None);
        }
        Self::at(secrets.secret_key, secrets.webhook_secrets, url.filter(|url| !url.is_empty())).map(Some)
    }

    /// Pays with `secret_key`, at the real Stripe or at `url`.
    pub fn at(secret_key: SecretString, webhook_secrets: Vec<SecretString>, url: Option<&str>) -> Result<Self, Error> {
        let mut config = Config::new(secret_key);
        if let Some(url) = url {
            url.clone_into(&mut config.base_url);
        }
        let client = Client::new(&config).map_err(Error::internal)?;
        Ok(Self { client, webhook_secrets: webhook_secrets.into(), time: TIME })
    }
}

/// How a tenant stands at Stripe.
#[derive(Debug, Default)]
struct Standing {
    /// Those that are served, the one with the highest plan first; of several with that, the newest.
    served: Vec<Subscription>,
    /// Whether there is one that has not ended, served or not.
    is_open: bool,
    /// Whether Stripe no longer knows the customer.
    is_gone: bool,
}

impl Service {
    /// Whether the caller's tenant pays for something.
    pub async fn has_subscription(&self, caller: &Caller) -> Result<bool, Error> {
        if self.payments.is_none() {
            return Ok(false);
        }
        Ok(!self.sync(&self.stripe()?, &caller.tenant.id, None).await?.served.is_empty())
    }

    /// The page at Stripe where a plan can be bought. One page at a time can be paid: a tenant has one subscription.
    pub async fn create_checkout(&self, caller: &Caller, key: &str) -> Result<String, Error> {
        let stripe = self.stripe()?;
        let price = price(&stripe, key).await?;
        let standing = self.sync(&stripe, &caller.tenant.id, None).await?;
        if standing.is_open {
            return Err(subscription_exists());
        }
        let customer = self.customer(&stripe, caller, standing.is_gone).await?;
        let metadata = metadata(&caller.tenant.id);
        let checkout = NewCheckout {
            customer: &customer,
            price: &price.id,
            client_reference_id: caller.tenant.id.as_str(),
            metadata: &metadata,
            success_url: &self.billing_page("success"),
            cancel_url: &self.billing_page("cancelled"),
        };
        let made = stripe.create_checkout(&checkout, &IdempotencyKey::fresh()).await.map_err(refused)?;
        // The newest of those that were begun at once stays, whoever looks.
        let open = stripe.open_checkouts(&customer).await.map_err(refused)?.items;
        for older in open.iter().skip(1) {
            expire(&stripe, &older.id).await?;
        }
        if open.first().is_none_or(|newest| newest.id != made.id) {
            let message = "Another checkout was begun at the same time";
            return Err(Error::Conflict { code: "checkout_superseded", message });
        }
        // One that was paid while this one was made: none is left that could still be.
        if Standing::of(&stripe, &customer).await?.is_open {
            expire(&stripe, &made.id).await?;
            return Err(subscription_exists());
        }
        made.url.ok_or_else(|| Error::internal("an open checkout has no page"))
    }

    /// Changes what the tenant pays for, from now on.
    pub async fn update_subscription(&self, caller: &Caller, key: &str) -> Result<(), Error> {
        let (stripe, tenant) = (self.stripe()?, &caller.tenant.id);
        let price = price(&stripe, key).await?;
        let served = self.sync(&stripe, tenant, None).await?.served;
        let subscription = served.first().ok_or_else(no_subscription)?;
        if subscription.price != price.id || subscription.cancel_at_period_end {
            let change = PriceChange { item: &subscription.item, price: &price.id, proration: Proration::Now };
            let changed = stripe.change_price(&subscription.id, &change, &IdempotencyKey::fresh()).await;
            changed.map_err(refused)?;
        }
        self.sync(&stripe, tenant, None).await.map(drop)
    }

    /// Lets the subscription end with what is paid.
    pub async fn cancel_subscription(&self, caller: &Caller) -> Result<(), Error> {
        let stripe = self.stripe()?;
        let served = self.sync(&stripe, &caller.tenant.id, None).await?.served;
        if served.is_empty() { Err(no_subscription()) } else { end_all(&stripe, &served).await }
    }

    /// Lets a tenant that is purged pay no more than it has.
    pub(crate) async fn end_subscriptions(&self, tenant: &TenantId, until: Instant) -> Result<(), Error> {
        let Some(billing) = self.store.billing(tenant).await? else { return Ok(()) };
        let Some(payments) = &self.payments else {
            tracing::error!(tenant.id = %tenant, stripe.customer = billing.customer, "billing is not set up: cancel by hand");
            return Ok(());
        };
        let stripe = payments.client.until(until);
        end_all(&stripe, &Standing::of(&stripe, &customer_id(&billing)?).await?.served).await
    }

    /// The page at Stripe where the tenant sees and changes how it pays.
    pub async fn create_portal_session(&self, caller: &Caller) -> Result<String, Error> {
        let stripe = self.stripe()?;
        let billing = self.store.billing(&caller.tenant.id).await?.ok_or_else(no_customer)?;
        let (customer, return_url) = (customer_id(&billing)?, self.billing_page("returned"));
        let session = NewPortalSession { customer: &customer, return_url: &return_url };
        stripe.create_portal_session(&session, &IdempotencyKey::fresh()).await.map_err(refused)
    }

    /// What the tenant was asked to pay, the latest first.
    pub async fn invoices(&self, caller: &Caller) -> Result<Vec<Invoice>, Error> {
        let stripe = self.stripe()?;
        match self.store.billing(&caller.tenant.id).await? {
            None => Ok(Vec::new()),
            Some(billing) => Ok(stripe.list_invoices(&customer_id(&billing)?).await.map_err(refused)?.items),
        }
    }

    /// Takes an event that Stripe sent and signed; each once, however often it comes.
    pub async fn take_stripe_event(&self, body: &[u8], signature: Option<&str>) -> Result<(), Error> {
        let secrets = &self.payments()?.webhook_secrets;
        let signature = signature.ok_or_else(|| Error::invalid("stripe_signature", "Stripe-Signature is missing"))?;
        let event = webhook::verify(body, signature, secrets, self.clock.now()).map_err(|rejection| {
            Error::invalid("stripe_signature", format!("The event is not believed: {rejection}"))
        })?;
        let Some(tenant) = self.tenant_of(&event).await? else {
            tracing::info!(stripe.event = %event.id, stripe.kind = event.kind, "an event of no customer of ours");
            return Ok(());
        };
        if !self.store.has_stripe_event(event.id.as_str()).await? {
            self.sync(&self.stripe()?, &tenant, Some(event.id.as_str())).await?;
        }
        Ok(())
    }

    async fn tenant_of(&self, event: &Event) -> Result<Option<TenantId>, Error> {
        match &event.customer {
            Some(customer) => self.store.tenant_of_customer(customer.as_str()).await,
            None => Ok(None),
        }
    }

    /// Asks Stripe what a tenant pays for, and gives it that plan. Whoever writes has asked after everybody who wrote before, so that
    /// the last to write knows the latest; an event that changes nothing is written for that, too.
    async fn sync(&self, stripe: &Client, id: &TenantId, event: Option<&str>) -> Result<Standing, Error> {
        for _ in 0..TRIES {
            let (tenant, billing) = tokio::try_join!(self.store.tenant(id), self.store.billing(id))?;
            let (Some(mut tenant), Some(mut billing)) = (tenant, billing) else { return Ok(Standing::default()) };
            let standing = Standing::of(stripe, &customer_id(&billing)?).await?;
            let paid = match standing.paid() {
                Ok(paid) => paid,
                // The tenant keeps its plan until people have said at Stripe what the product is; events come again until then.
                Err(error) if event.is_some() => return Err(error),
                Err(_) => return Ok(standing),
            };
            let change = if paid != billing.paid {
                billing.settle(paid, &mut tenant);
                let (log, entry) = entry(id, paid).event(self.clock.now(), true);
                let record = Record { log: &log, event: &entry, replay: None };
                self.store.settle_billing(&tenant, &billing, event, record).await?
            } else if let Some(event) = event {
                self.store.note_stripe_event(id, &billing, event, self.clock.now()).await?
            } else {
                Change::Done
            };
            match change {
                // The same event may have been taken meanwhile.
                Change::Done | Change::Missing => return Ok(standing),
                _ => {}
            }
        }
        Err(Error::internal("what a tenant pays for was changed by others too often"))
    }

    /// The tenant's customer at Stripe, which is made where there is none, or where it is gone.
    async fn customer(&self, stripe: &Client, caller: &Caller, is_gone: bool) -> Result<CustomerId, Error> {
        let tenant = &caller.tenant;
        let before = self.store.billing(&tenant.id).await?;
        if let Some(billing) = before.as_ref().filter(|_| !is_gone) {
            return customer_id(billing);
        }
        let (metadata, email) = (metadata(&tenant.id), Some(caller.user_id.as_str()).filter(|id| id.contains('@')));
        let new = NewCustomer { name: tenant.name.as_str(), email, metadata: &metadata };
        let made = stripe.create_customer(&new, &IdempotencyKey::fresh()).await.map_err(refused)?;
        let (before, customer) = (before.as_ref(), made.as_str());
        let attempt = |attempt: Attempt| async move {
            let now = self.store.billing(&attempt.tenant.id).await?;
            if now.as_ref() != before {
                // Somebody else was faster; nothing is ever bought as this one.
                return Ok(Tried::Settled(()));
            }
            let billing = Billing::new(customer.to_owned(), before);
            let change = self.store.put_billing(&attempt.tenant, &billing, before, attempt.record()).await?;
            Ok(Tried::Written(change, ()))
        };
        self.settle(caller, attempt).await?;
        customer_id(&self.store.billing(&tenant.id).await?.ok_or_else(no_customer)?)
    }

    /// For one request to us.
    fn stripe(&self) -> Result<Client, Error> {
        let payments = self.payments()?;
        Ok(payments.client.until(Instant::now() + payments.time))
    }

    fn payments(&self) -> Result<&Payments, Error> {
        self.payments
            .as_ref()
            .ok_or(Error::NotReady { code: "billing_disabled", message: "Billing is not set up here".into() })
    }

    fn billing_page(&self, outcome: &str) -> String {
        format!("{}/billing?checkout={outcome}", self.portal_url)
    }
}

impl Standing {
    async fn of(stripe: &Client, customer: &CustomerId) -> Result<Self, Error> {
        let listed = match stripe.list_subscriptions(customer).await {
            Ok(listed) => listed,
            // Whom Stripe no longer knows pays for nothing.
            Err(error) if error.is_missing() => return Ok(Self { is_gone: true, ..Self::default() }),
            Err(error) => return Err(refused(error)),
        };
        if !listed.is_complete {
            return Err(Error::internal("a customer with more subscriptions than are read"));
        }
        let is_open = listed.items.iter().any(|subscription| !subscription.status.is_final());
        let mut served = listed.items;
        served.retain(|subscription| subscription.status.is_active());
        served.sort_by_key(|subscription| Reverse((plan_of(&subscription.product), subscription.created)));
        Ok(Self { served, is_open, is_gone: false })
    }

    /// What is paid for; an error where something is, and no product says which plan it gives.
    fn paid(&self) -> Result<Option<Plan>, Error> {
        let Some(best) = self.served.first() else { return Ok(None) };
        let Some(plan) = plan_of(&best.product) else {
            tracing::error!(stripe.product = %best.product.id, "a product gives no plan: its metadata.plan has to say which");
            return Err(Error::internal("a product gives no plan"));
        };
        Ok(Some(plan))
    }
}

fn plan_of(product: &Product) -> Option<Plan> {
    product.plan().and_then(plan_of_product)
}

/// What is sold under a key.
async fn price(stripe: &Client, key: &str) -> Result<Price, Error> {
    let found = stripe.find_price(key).await.map_err(refused)?;
    found.filter(|price| plan_of(&price.product).is_some()).ok_or_else(unknown_plan)
}

/// Lets them end with what is paid.
async fn end_all(stripe: &Client, subscriptions: &[Subscription]) -> Result<(), Error> {
    for subscription in subscriptions.iter().filter(|subscription| !subscription.cancel_at_period_end) {
        stripe.cancel_at_period_end(&subscription.id, true, &IdempotencyKey::fresh()).await.map_err(refused)?;
    }
    Ok(())
}

/// Ends a page, unless it has ended already: paid, or by somebody else.
async fn expire(stripe: &Client, id: &CheckoutSessionId) -> Result<(), Error> {
    match stripe.expire_checkout(id, &IdempotencyKey::fresh()).await {
        Ok(_) | Err(stripe::Error::Refused(_)) => Ok(()),
        Err(error) => Err(refused(error)),
    }
}

fn customer_id(billing: &Billing) -> Result<CustomerId, Error> {
    billing.customer.parse().map_err(Error::internal)
}

fn metadata(tenant: &TenantId) -> Metadata {
    Metadata::from([(TENANT.to_owned(), tenant.to_string())])
}

/// What the tenant's log tells of another plan.
fn entry(tenant: &TenantId, paid: Option<Plan>) -> Trail {
    let trail = Trail::begin(Log::Tenant(tenant.clone()), STRIPE, "subscription_changed", "");
    trail.note([("plan".to_owned(), paid.unwrap_or(Plan::Free).label().into())]);
    trail
}

fn subscription_exists() -> Error {
    let message = "The tenant has a subscription already: update it, or pay it in the billing portal";
    Error::Conflict { code: "subscription_exists", message }
}

fn no_subscription() -> Error {
    Error::NotReady { code: "no_subscription", message: "The tenant has no active subscription".into() }
}

fn no_customer() -> Error {
    Error::NotReady { code: "no_customer", message: "The tenant has never had a subscription".into() }
}

/// What callers are told of a call that Stripe refused: only what their bank said is theirs to mend.
fn refused(error: stripe::Error) -> Error {
    let declined = error.refusal().filter(|_| error.is_declined()).and_then(|refusal| refusal.message.clone());
    match declined {
        Some(message) => Error::NotReady { code: "payment_declined", message: message.into() },
        None => Error::internal(error),
    }
}

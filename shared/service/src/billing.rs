//! Subscriptions of tenants at Stripe (page 003, "Billing Helpers"). What is paid for is asked of Stripe each time and never taken from
//! an event: events come twice, late and in any order.

use std::sync::Arc;

use domain::audit::Log;
use domain::billing::{Billing, plan_of_product, unknown_plan};
use domain::error::Error;
use domain::id::TenantId;
use domain::plan::Plan;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use store::{Change, Record};
use stripe::webhook::{self, Event};
use stripe::{
    Client, Config, CustomerId, IdempotencyKey, Invoice, Metadata, NewCheckout, NewCustomer, NewPortalSession, Price,
    PriceChange, Proration, Subscription,
};

use crate::Service;
use crate::access::Caller;
use crate::audit::Trail;
use crate::changing::{Attempt, TRIES, Tried};

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
    /// Reads `{"secret_key":"sk_…","webhook_secrets":["whsec_…"]}`; `None` with an empty key. `url` is another Stripe than the real one.
    pub fn read(json: &str, url: Option<&str>) -> Result<Option<Self>, Error> {
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
        Ok(Self { client, webhook_secrets: webhook_secrets.into() })
    }
}

/// How a tenant stands at Stripe.
#[derive(Debug, Default)]
struct Standing {
    /// Of the subscriptions that are served the one with the highest plan; of several with that, the newest.
    current: Option<Subscription>,
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
        Ok(self.sync(&caller.tenant.id, None).await?.current.is_some())
    }

    /// The page at Stripe where a plan can be bought. One page at a time can be paid: a tenant has one subscription.
    pub async fn create_checkout(&self, caller: &Caller, key: &str) -> Result<String, Error> {
        let payments = self.payments()?;
        let price = self.price(key).await?;
        let standing = self.sync(&caller.tenant.id, None).await?;
        if standing.is_open {
            let message = "The tenant has a subscription already: update it, or pay it in the billing portal";
            return Err(Error::Conflict { code: "subscription_exists", message });
        }
        let customer = self.customer(caller, standing.is_gone).await?;
        let metadata = metadata(&caller.tenant.id);
        let checkout = NewCheckout {
            customer: &customer,
            price: &price.id,
            client_reference_id: caller.tenant.id.as_str(),
            metadata: &metadata,
            success_url: &self.billing_page("success"),
            cancel_url: &self.billing_page("cancelled"),
        };
        let made = payments.client.create_checkout(&checkout, &IdempotencyKey::fresh()).await.map_err(refused)?;
        // The newest of those that were begun at once stays, whoever looks.
        let open = payments.client.open_checkouts(&customer).await.map_err(refused)?.items;
        for older in open.iter().skip(1) {
            match payments.client.expire_checkout(&older.id, &IdempotencyKey::fresh()).await {
                // Somebody else ended it, or it was paid just now: the webhook tells.
                Ok(_) | Err(stripe::Error::Refused(_)) => {}
                Err(error) => return Err(refused(error)),
            }
        }
        match (open.first(), made.url) {
            (Some(newest), Some(url)) if newest.id == made.id => Ok(url),
            _ => Err(Error::Conflict {
                code: "checkout_superseded",
                message: "Another checkout was begun at the same time",
            }),
        }
    }

    /// Changes what the tenant pays for, from now on.
    pub async fn update_subscription(&self, caller: &Caller, key: &str) -> Result<(), Error> {
        let payments = self.payments()?;
        let price = self.price(key).await?;
        let subscription = self.sync(&caller.tenant.id, None).await?.current.ok_or_else(no_subscription)?;
        if subscription.price != price.id || subscription.cancel_at_period_end {
            let change = PriceChange { item: &subscription.item, price: &price.id, proration: Proration::Now };
            let changed = payments.client.change_price(&subscription.id, &change, &IdempotencyKey::fresh()).await;
            changed.map_err(refused)?;
        }
        self.sync(&caller.tenant.id, None).await.map(drop)
    }

    /// Lets the subscription end with what is paid.
    pub async fn cancel_subscription(&self, caller: &Caller) -> Result<(), Error> {
        let payments = self.payments()?;
        let subscription = self.sync(&caller.tenant.id, None).await?.current.ok_or_else(no_subscription)?;
        let ended = payments.client.cancel_at_period_end(&subscription.id, true, &IdempotencyKey::fresh()).await;
        ended.map(drop).map_err(refused)
    }

    /// The page at Stripe where the tenant sees and changes how it pays.
    pub async fn create_portal_session(&self, caller: &Caller) -> Result<String, Error> {
        let payments = self.payments()?;
        let billing = self.store.billing(&caller.tenant.id).await?.ok_or_else(no_customer)?;
        let (customer, return_url) = (customer_id(&billing)?, self.billing_page("returned"));
        let session = NewPortalSession { customer: &customer, return_url: &return_url };
        payments.client.create_portal_session(&session, &IdempotencyKey::fresh()).await.map_err(refused)
    }

    /// What the tenant was asked to pay, the latest first.
    pub async fn invoices(&self, caller: &Caller) -> Result<Vec<Invoice>, Error> {
        let payments = self.payments()?;
        match self.store.billing(&caller.tenant.id).await? {
            None => Ok(Vec::new()),
            Some(billing) => Ok(payments.client.list_invoices(&customer_id(&billing)?).await.map_err(refused)?.items),
        }
    }

    /// Takes an event that Stripe sent and signed; each once, however often it comes.
    pub async fn take_stripe_event(&self, body: &[u8], signature: Option<&str>) -> Result<(), Error> {
        let payments = self.payments()?;
        let signature = signature.ok_or_else(|| Error::invalid("stripe_signature", "Stripe-Signature is missing"))?;
        let event =
            webhook::verify(body, signature, &payments.webhook_secrets, self.clock.now()).map_err(|rejection| {
                Error::invalid("stripe_signature", format!("The event is not believed: {rejection}"))
            })?;
        let Some(tenant) = self.tenant_of(&event).await? else {
            tracing::info!(stripe.event = %event.id, stripe.kind = event.kind, "an event of no customer of ours");
            return Ok(());
        };
        if !self.store.has_stripe_event(event.id.as_str()).await? {
            self.sync(&tenant, Some(event.id.as_str())).await?;
        }
        Ok(())
    }

    async fn tenant_of(&self, event: &Event) -> Result<Option<TenantId>, Error> {
        match &event.customer {
            Some(customer) => self.store.tenant_of_customer(customer.as_str()).await,
            None => Ok(None),
        }
    }

    /// Asks Stripe what a tenant pays for, and gives it that plan. Whoever writes has asked after everybody
    /// who wrote before, so that the last to write knows the latest.
    async fn sync(&self, id: &TenantId, event: Option<&str>) -> Result<Standing, Error> {
        let payments = self.payments()?;
        for _ in 0..TRIES {
            let (tenant, billing) = tokio::try_join!(self.store.tenant(id), self.store.billing(id))?;
            let (Some(mut tenant), Some(mut billing)) = (tenant, billing) else { return Ok(Standing::default()) };
            let standing = match payments.client.list_subscriptions(&customer_id(&billing)?).await {
                Ok(listed) => Standing::of(listed.items),
                // Whom Stripe no longer knows pays for nothing.
                Err(error) if error.is_missing() => Standing { is_gone: true, ..Standing::default() },
                Err(error) => return Err(refused(error)),
            };
            let paid = standing.current.as_ref().and_then(plan_of);
            if paid == billing.paid {
                if let Some(event) = event {
                    self.store.note_stripe_event(event, self.clock.now()).await?;
                }
                return Ok(standing);
            }
            billing.settle(paid, &mut tenant);
            let (log, entry) = entry(id, paid).event(self.clock.now(), true);
            let record = Record { log: &log, event: &entry, replay: None };
            match self.store.settle_billing(&tenant, &billing, event, record).await? {
                // The same event may have been taken meanwhile.
                Change::Done | Change::Missing => return Ok(standing),
                _ => {}
            }
        }
        Err(Error::internal("what a tenant pays for was changed by others too often"))
    }

    /// The tenant's customer at Stripe, which is made where there is none, or where it is gone.
    async fn customer(&self, caller: &Caller, is_gone: bool) -> Result<CustomerId, Error> {
        let tenant = &caller.tenant;
        let before = self.store.billing(&tenant.id).await?;
        if let Some(billing) = before.as_ref().filter(|_| !is_gone) {
            return customer_id(billing);
        }
        let (metadata, email) = (metadata(&tenant.id), Some(caller.user_id.as_str()).filter(|id| id.contains('@')));
        let new = NewCustomer { name: tenant.name.as_str(), email, metadata: &metadata };
        let made = self.payments()?.client.create_customer(&new, &IdempotencyKey::fresh()).await.map_err(refused)?;
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

    async fn price(&self, key: &str) -> Result<Price, Error> {
        let found = self.payments()?.client.find_price(key).await.map_err(refused)?;
        found.filter(|price| price.product.plan().and_then(plan_of_product).is_some()).ok_or_else(unknown_plan)
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
    fn of(subscriptions: Vec<Subscription>) -> Self {
        let is_open = subscriptions.iter().any(|subscription| !subscription.status.is_final());
        let served = subscriptions.into_iter().filter(|subscription| subscription.status.is_active());
        let current = served.max_by_key(|subscription| (plan_of(subscription), subscription.created));
        Self { current, is_open, is_gone: false }
    }
}

fn plan_of(subscription: &Subscription) -> Option<Plan> {
    let plan = subscription.product.plan().and_then(plan_of_product);
    if plan.is_none() {
        tracing::error!(stripe.product = %subscription.product.id, "a product gives no plan: its metadata.plan has to say which");
    }
    plan
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

//! Subscriptions: what a customer pays for, again and again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;

use crate::client::Client;
use crate::error::Error;
use crate::form::Form;
use crate::id::{CustomerId, IdempotencyKey, PriceId, ProductId, SubscriptionId, SubscriptionItemId};
use crate::list::{Bounds, Listing, Page};
use crate::prices::{Expandable, Product, WirePrice};
use crate::transport::Request;

/// Two hundred of one customer, ended ones included.
const BOUNDS: Bounds = Bounds { page: 50, pages: 4 };
/// Four levels, the most that Stripe expands.
const PRODUCT: &str = "items.data.price.product";

/// Where a subscription is in its life (Stripe's documentation, subscription statuses).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The first payment is awaited, for 23 hours.
    Incomplete,
    /// It never came. Final.
    IncompleteExpired,
    /// Not to be paid yet.
    Trialing,
    /// Paid.
    Active,
    /// A renewal could not be paid; Stripe tries again for the days that the account's settings say.
    PastDue,
    /// Those days are over, and the account's settings keep the subscription.
    Unpaid,
    /// A trial ended without a way to pay.
    Paused,
    /// Final.
    Canceled,
    /// Newer than this client.
    #[serde(other)]
    Other,
}

/// A customer's subscription. It has one price: with several, it is the first whose product gives a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Names it.
    pub id: SubscriptionId,
    /// Where it is in its life.
    pub status: Status,
    /// Who pays.
    pub customer: CustomerId,
    /// The line that has the price: what a change of price names.
    pub item: SubscriptionItemId,
    /// What is paid.
    pub price: PriceId,
    /// What callers know the price by; a replaced one has lost it to its successor.
    pub lookup_key: Option<String>,
    /// What is paid for.
    pub product: Product,
    /// Whether it ends with the current period.
    pub cancel_at_period_end: bool,
    /// Paid up to then; the next renewal or the end.
    pub current_period_end: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
}

/// Another price for a subscription.
#[derive(Clone, Copy, Debug)]
pub struct PriceChange<'a> {
    /// The line whose price changes.
    pub item: &'a SubscriptionItemId,
    /// From now on.
    pub price: &'a PriceId,
    /// What becomes of the period that is paid already.
    pub proration: Proration,
}

/// What becomes of a period that is paid already when the price changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proration {
    /// The difference is paid at once. An unpaid difference is refused, and the price stays.
    Now,
    /// The difference goes on the next invoice.
    NextInvoice,
    /// None: the new price counts from the next period on.
    Never,
}

#[derive(Deserialize)]
#[serde(rename = "subscription")]
pub(crate) struct Wire {
    id: SubscriptionId,
    status: Status,
    customer: CustomerId,
    items: Page<WireItem>,
    cancel_at_period_end: bool,
    #[serde(with = "jiff::fmt::serde::timestamp::second::optional", default)]
    ended_at: Option<Timestamp>,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    created: Timestamp,
}

/// Since 2025-03-31 the period is the item's, no more the subscription's.
#[derive(Deserialize)]
#[serde(rename = "subscription_item")]
pub(crate) struct WireItem {
    id: SubscriptionItemId,
    price: WirePrice,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    current_period_end: Timestamp,
}

impl Status {
    /// Whether the customer is served. `PastDue` counts: Stripe still tries to be paid, and a card that has just expired
    /// should not stop builds; what comes after, `Unpaid` or `Canceled`, does.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Active | Self::Trialing | Self::PastDue)
    }

    /// Whether nothing can come of it any more; with any other status a second subscription would be one too many.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Canceled | Self::IncompleteExpired)
    }
}

impl Client {
    /// All subscriptions of a customer, newest first, ended ones included.
    pub async fn list_subscriptions(&self, customer: &CustomerId) -> Result<Listing<Subscription>, Error> {
        let client = self.started();
        let form = Form::default().with("customer", customer.as_str()).with("status", "all");
        let listed = client.pages("subscriptions", form, BOUNDS, |wire: &Wire| wire.id.as_str()).await?;
        let ids: BTreeSet<&ProductId> = listed.items.iter().flat_map(Wire::unread_products).collect();
        let ids: Vec<ProductId> = ids.into_iter().cloned().collect();
        let products = client.products(&ids).await?;
        listed.try_map(|wire| wire.read(&products))
    }

    /// One subscription, also once it has ended.
    pub async fn retrieve_subscription(&self, id: &SubscriptionId) -> Result<Subscription, Error> {
        let form = Form::default().with_each("expand", [PRODUCT]);
        let wire: Wire = self.call(&Request::get(format!("subscriptions/{id}"), form)).await?;
        wire.read(&BTreeMap::new())
    }

    /// Changes the price, and keeps a subscription that was to end.
    pub async fn change_price(
        &self,
        id: &SubscriptionId,
        change: &PriceChange<'_>,
        key: &IdempotencyKey,
    ) -> Result<Subscription, Error> {
        let form = Form::default()
            .with("items[0][id]", change.item.as_str())
            .with("items[0][price]", change.price.as_str())
            .with("proration_behavior", change.proration.as_str())
            .with("payment_behavior", "error_if_incomplete")
            .with("cancel_at_period_end", "false");
        self.update(id, form, key).await
    }

    /// Ends a subscription with its current period, or, with `is_to_end` false, keeps one that was to end.
    pub async fn cancel_at_period_end(
        &self,
        id: &SubscriptionId,
        is_to_end: bool,
        key: &IdempotencyKey,
    ) -> Result<Subscription, Error> {
        self.update(id, Form::default().with("cancel_at_period_end", is_to_end.to_string()), key).await
    }

    async fn update(&self, id: &SubscriptionId, form: Form, key: &IdempotencyKey) -> Result<Subscription, Error> {
        let form = form.with_each("expand", [PRODUCT]);
        let wire: Wire = self.call(&Request::post(format!("subscriptions/{id}"), form, key)).await?;
        wire.read(&BTreeMap::new())
    }
}

impl Proration {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Now => "always_invoice",
            Self::NextInvoice => "create_prorations",
            Self::Never => "none",
        }
    }
}

impl Wire {
    fn unread_products(&self) -> impl Iterator<Item = &ProductId> {
        self.items.data.iter().filter_map(|item| match &item.price.product {
            Expandable::Id(id) => Some(id),
            Expandable::Whole(_) => None,
        })
    }

    fn read(self, products: &BTreeMap<ProductId, Product>) -> Result<Subscription, Error> {
        let mut chosen: Option<(WireItem, Product)> = None;
        for item in self.items.data {
            let product = match &item.price.product {
                Expandable::Whole(product) => Some(product),
                Expandable::Id(id) => products.get(id),
            };
            let product = product.ok_or(Error::content("a subscription without its product"))?.clone();
            if chosen.as_ref().is_none_or(|(_, chosen)| chosen.plan().is_none() && product.plan().is_some()) {
                chosen = Some((item, product));
            }
        }
        let (item, product) = chosen.ok_or(Error::content("a subscription without an item"))?;
        Ok(Subscription {
            id: self.id,
            status: self.status,
            customer: self.customer,
            item: item.id,
            price: item.price.id,
            lookup_key: item.price.lookup_key,
            product,
            cancel_at_period_end: self.cancel_at_period_end,
            current_period_end: item.current_period_end,
            ended_at: self.ended_at,
            created: self.created,
        })
    }
}

//! What there is, in memory and bounded.

use jiff::{SignedDuration, Timestamp};

use crate::error::Refusal;
use crate::events::Events;
use crate::faults::Faults;
use crate::idempotency::Keys;
use crate::options::{Clock, Options, Plan};
use crate::params::Metadata;

/// Objects of one kind at most.
const MAX: usize = 10_000;

pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) metadata: Metadata,
    /// Whether the bank says no.
    pub(crate) declines: bool,
}

pub(crate) struct Product {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) name: String,
    pub(crate) metadata: Metadata,
}

#[derive(Clone)]
pub(crate) struct Price {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) product: String,
    pub(crate) lookup_key: Option<String>,
    /// Cents a month.
    pub(crate) amount: i64,
    pub(crate) is_active: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubscriptionStatus {
    Active,
    PastDue,
    Canceled,
}

/// A renewal that could not be paid.
#[derive(Clone)]
pub(crate) struct Dunning {
    pub(crate) invoice: String,
    /// Tries so far, the first included.
    pub(crate) tries: u32,
    pub(crate) next: Timestamp,
}

#[derive(Clone)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) item: String,
    pub(crate) created: Timestamp,
    pub(crate) customer: String,
    pub(crate) price: String,
    pub(crate) status: SubscriptionStatus,
    pub(crate) metadata: Metadata,
    pub(crate) period: (Timestamp, Timestamp),
    /// Months since it was made, at the current period's end.
    pub(crate) months: i32,
    pub(crate) cancel_at_period_end: bool,
    pub(crate) canceled_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) latest_invoice: Option<String>,
    /// Lines for the next invoice.
    pub(crate) pending: Vec<Line>,
    pub(crate) dunning: Option<Dunning>,
}

#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) amount: i64,
    pub(crate) description: String,
    pub(crate) period: (Timestamp, Timestamp),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvoiceStatus {
    Open,
    Paid,
    Uncollectible,
}

#[derive(Clone)]
pub(crate) struct Invoice {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) created: Timestamp,
    pub(crate) customer: String,
    pub(crate) subscription: String,
    pub(crate) status: InvoiceStatus,
    pub(crate) reason: &'static str,
    pub(crate) lines: Vec<Line>,
    /// When lines could be added, which for a subscription is the period before.
    pub(crate) period: (Timestamp, Timestamp),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionStatus {
    Open,
    Complete,
    Expired,
}

#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) status: SessionStatus,
    pub(crate) customer: String,
    pub(crate) price: String,
    pub(crate) client_reference_id: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) subscription_metadata: Metadata,
    pub(crate) success_url: String,
    pub(crate) cancel_url: Option<String>,
    pub(crate) subscription: Option<String>,
    pub(crate) invoice: Option<String>,
}

pub(crate) struct Portal {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) customer: String,
    pub(crate) return_url: Option<String>,
}

/// Each kind in the order in which it was made.
pub(crate) struct State {
    pub(crate) base_url: String,
    pub(crate) clock: Clock,
    /// How far time is ahead of the clock.
    pub(crate) moved: SignedDuration,
    tag: String,
    serial: u64,
    pub(crate) customers: Vec<Customer>,
    pub(crate) products: Vec<Product>,
    pub(crate) prices: Vec<Price>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) invoices: Vec<Invoice>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) portals: Vec<Portal>,
    pub(crate) events: Events,
    pub(crate) keys: Keys,
    pub(crate) faults: Faults,
}

/// What can be found by its id.
pub(crate) trait Named {
    /// As refusals call it.
    const WHAT: &'static str;

    fn id(&self) -> &str;
}

macro_rules! named {
    ($($kind:ident $what:literal)+) => { $(
        impl Named for $kind {
            const WHAT: &'static str = $what;

            fn id(&self) -> &str {
                &self.id
            }
        }
    )+ };
}

named! {
    Customer "customer"
    Product "product"
    Price "price"
    Subscription "subscription"
    Invoice "invoice"
    Session "checkout.session"
    Portal "billing_portal.session"
}

impl State {
    pub(crate) fn new(options: &Options, base_url: String) -> Self {
        let mut state = Self {
            base_url,
            clock: options.clock.clone(),
            moved: SignedDuration::ZERO,
            tag: options.tag.clone(),
            serial: 0,
            customers: Vec::new(),
            products: Vec::new(),
            prices: Vec::new(),
            subscriptions: Vec::new(),
            invoices: Vec::new(),
            sessions: Vec::new(),
            portals: Vec::new(),
            events: Events::default(),
            keys: Keys::default(),
            faults: Faults::default(),
        };
        for plan in &options.plans {
            state.sell(plan);
        }
        state
    }

    fn sell(&mut self, plan: &Plan) {
        let (product, created) = (self.id("prod"), self.now());
        let metadata = Metadata::from([(stripe::PLAN_FIELD.to_owned(), plan.plan.clone())]);
        let name = format!("AppTego {}", plan.plan);
        self.products.push(Product { id: product.clone(), created, name, metadata });
        self.offer(product, &plan.lookup_key, plan.amount);
    }

    /// The product of the price that has the key.
    pub(crate) fn product_of(&self, lookup_key: &str) -> Option<String> {
        let price = self.prices.iter().find(|price| price.lookup_key.as_deref() == Some(lookup_key));
        price.map(|price| price.product.clone())
    }

    /// A price that takes the key from whichever had it.
    pub(crate) fn offer(&mut self, product: String, lookup_key: &str, amount: i64) -> String {
        for price in self.prices.iter_mut().filter(|price| price.lookup_key.as_deref() == Some(lookup_key)) {
            price.lookup_key = None;
            price.is_active = false;
        }
        let (id, created) = (self.id("price"), self.now());
        let lookup_key = Some(lookup_key.to_owned());
        self.prices.push(Price { id: id.clone(), created, product, lookup_key, amount, is_active: true });
        id
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now().saturating_add(self.moved).unwrap_or(Timestamp::MAX)
    }

    /// Counts on, so that the same calls in the same order give the same ids.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        self.serial += 1;
        format!("{prefix}_{}{:06}", self.tag, self.serial)
    }

    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }

    pub(crate) fn price(&self, id: &str, param: &str) -> Result<&Price, Refusal> {
        find(&self.prices, id, param)
    }
}

/// `param` is where the id came from.
pub(crate) fn find<'a, T: Named>(all: &'a [T], id: &str, param: &str) -> Result<&'a T, Refusal> {
    all.iter().find(|one| one.id() == id).ok_or_else(|| Refusal::missing(T::WHAT, id, param))
}

pub(crate) fn find_mut<'a, T: Named>(all: &'a mut [T], id: &str, param: &str) -> Result<&'a mut T, Refusal> {
    all.iter_mut().find(|one| one.id() == id).ok_or_else(|| Refusal::missing(T::WHAT, id, param))
}

/// Whether one more has room.
pub(crate) fn room<T: Named>(all: &[T]) -> Result<(), Refusal> {
    if all.len() < MAX { Ok(()) } else { Err(Refusal::full(T::WHAT)) }
}

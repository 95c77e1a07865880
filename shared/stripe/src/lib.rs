//! Stripe by its HTTP API: the calls that billing needs, and webhooks with their signatures. No AWS SDK, no environment; it
//! waits between tries and knows no other time.
//!
//! What is sold: a product whose metadata names the plan (`plan`), with an active price whose lookup key is what callers name
//! (`team`). A price can so be replaced by another of the same product, and existing subscriptions keep their plan.

mod checkout;
mod client;
mod config;
mod customers;
mod error;
mod form;
mod id;
mod invoices;
mod list;
mod money;
mod portal;
mod prices;
mod retry;
mod subscriptions;
mod transport;
pub mod webhook;

pub use checkout::{CheckoutSession, CheckoutStatus, NewCheckout};
pub use client::Client;
pub use config::{BadConfig, Config};
pub use customers::NewCustomer;
pub use error::{Error, Refusal, Trouble, Unreadable};
pub use form::Metadata;
pub use id::{
    BadId, BadKey, CheckoutSessionId, CustomerId, EventId, IdempotencyKey, InvoiceId, PriceId, ProductId,
    SubscriptionId, SubscriptionItemId,
};
pub use invoices::{Invoice, InvoiceStatus, Period};
pub use list::Listing;
pub use money::Money;
pub use portal::NewPortalSession;
pub use prices::{PLAN_FIELD, Price, Product};
pub use subscriptions::{PriceChange, Proration, Status, Subscription};

/// The version of the API whose shapes are read here, whatever the account's default is. Raising it: tests/specification.
pub const VERSION: &str = "2026-09-30.endive";

#[cfg(test)]
mod fields;

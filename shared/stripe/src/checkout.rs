//! Checkout: Stripe's own page where a subscription is bought.

use jiff::Timestamp;
use serde::Deserialize;

use crate::client::Client;
use crate::error::Error;
use crate::form::{Form, Metadata};
use crate::id::{CheckoutSessionId, CustomerId, IdempotencyKey, PriceId, SubscriptionId};
use crate::list::{Bounds, Listing};
use crate::transport::Request;

/// Open ones end after a day; nobody opens more.
const BOUNDS: Bounds = Bounds { page: 50, pages: 2 };

/// A subscription to be bought.
#[derive(Clone, Copy, Debug)]
pub struct NewCheckout<'a> {
    /// Who buys.
    pub customer: &'a CustomerId,
    /// What, one of it.
    pub price: &'a PriceId,
    /// What we know the buyer by, 200 characters at most.
    pub client_reference_id: &'a str,
    /// For the session and for the subscription that comes of it.
    pub metadata: &'a Metadata,
    /// Where the page leads once it is paid; `{CHECKOUT_SESSION_ID}` in it is replaced.
    pub success_url: &'a str,
    /// Where the page's way back leads.
    pub cancel_url: &'a str,
}

/// Where a session is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutStatus {
    /// Can still be paid.
    Open,
    /// Paid, or being paid.
    Complete,
    /// Nobody paid in time.
    Expired,
    /// Newer than this client.
    #[serde(other)]
    Other,
}

/// A checkout session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutSession {
    /// Names it.
    pub id: CheckoutSessionId,
    /// Where it is in its life.
    pub status: CheckoutStatus,
    /// Stripe's page; only an open session has one.
    pub url: Option<String>,
    /// What came of it.
    pub subscription: Option<SubscriptionId>,
    /// What we know the buyer by.
    pub client_reference_id: Option<String>,
    /// When it ends unpaid.
    pub expires_at: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename = "checkout.session")]
pub(crate) struct Wire {
    id: CheckoutSessionId,
    status: Option<CheckoutStatus>,
    url: Option<String>,
    subscription: Option<SubscriptionId>,
    client_reference_id: Option<String>,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    expires_at: Timestamp,
}

impl Client {
    /// Makes a session.
    pub async fn create_checkout(
        &self,
        checkout: &NewCheckout<'_>,
        key: &IdempotencyKey,
    ) -> Result<CheckoutSession, Error> {
        let form = Form::default()
            .with("mode", "subscription")
            .with("customer", checkout.customer.as_str())
            .with("line_items[0][price]", checkout.price.as_str())
            .with("line_items[0][quantity]", "1")
            .with("client_reference_id", checkout.client_reference_id)
            .with("success_url", checkout.success_url)
            .with("cancel_url", checkout.cancel_url)
            .with_metadata("metadata", checkout.metadata)
            .with_metadata("subscription_data[metadata]", checkout.metadata);
        Ok(self.call::<Wire>(&Request::post("checkout/sessions", form, key)).await?.into())
    }

    /// A customer's sessions that can still be paid: each could become a subscription.
    pub async fn open_checkouts(&self, customer: &CustomerId) -> Result<Listing<CheckoutSession>, Error> {
        let form = Form::default().with("customer", customer.as_str()).with("status", "open");
        let listed = self.started().pages("checkout/sessions", form, BOUNDS, |wire: &Wire| wire.id.as_str()).await?;
        listed.try_map(|wire| Ok(wire.into()))
    }

    /// Ends a session, so that nobody can pay it any more. Refused where it is no longer open.
    pub async fn expire_checkout(
        &self,
        id: &CheckoutSessionId,
        key: &IdempotencyKey,
    ) -> Result<CheckoutSession, Error> {
        let request = Request::post(format!("checkout/sessions/{id}/expire"), Form::default(), key);
        Ok(self.call::<Wire>(&request).await?.into())
    }
}

impl From<Wire> for CheckoutSession {
    fn from(Wire { id, status, url, subscription, client_reference_id, expires_at }: Wire) -> Self {
        let status = status.unwrap_or(CheckoutStatus::Other);
        Self { id, status, url, subscription, client_reference_id, expires_at }
    }
}

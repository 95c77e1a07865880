//! Invoices.

use jiff::Timestamp;
use serde::Deserialize;

use crate::client::Client;
use crate::error::Error;
use crate::form::Form;
use crate::id::{CustomerId, InvoiceId};
use crate::list::{Bounds, Listing, Page};
use crate::money::Money;

/// Two hundred: sixteen years of months.
const BOUNDS: Bounds = Bounds { page: 25, pages: 8 };

/// Where an invoice is in its life (Stripe's documentation, invoice workflow).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceStatus {
    /// Can still change, and has no number and no page.
    Draft,
    /// To be paid.
    Open,
    /// Paid.
    Paid,
    /// Nobody will pay it.
    Uncollectible,
    /// Withdrawn.
    Void,
    /// Newer than this client.
    #[serde(other)]
    Other,
}

/// From one moment to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first second.
    pub start: Timestamp,
    /// Where the next begins.
    pub end: Timestamp,
}

/// An invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// Names it.
    pub id: InvoiceId,
    /// As people name it; drafts have none.
    pub number: Option<String>,
    /// Where it is in its life.
    pub status: InvoiceStatus,
    /// What was paid.
    pub amount_paid: Money,
    /// When it was made.
    pub created: Timestamp,
    /// What it pays for: of its lines, the one that ends last. What Stripe calls the invoice's own period is when lines
    /// could be added, for a subscription the period before.
    pub period: Period,
    /// The PDF; drafts have none.
    pub invoice_pdf: Option<String>,
    /// The page where it can be seen and paid; drafts have none.
    pub hosted_invoice_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename = "invoice")]
pub(crate) struct Wire {
    id: InvoiceId,
    number: Option<String>,
    status: Option<InvoiceStatus>,
    amount_paid: i64,
    currency: String,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    created: Timestamp,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    period_start: Timestamp,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    period_end: Timestamp,
    lines: Page<WireLine>,
    invoice_pdf: Option<String>,
    hosted_invoice_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename = "line_item")]
pub(crate) struct WireLine {
    period: WirePeriod,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename = "line_item.period")]
pub(crate) struct WirePeriod {
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    start: Timestamp,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    end: Timestamp,
}

impl Client {
    /// A customer's invoices, newest first.
    pub async fn list_invoices(&self, customer: &CustomerId) -> Result<Listing<Invoice>, Error> {
        let form = Form::default().with("customer", customer.as_str());
        let listed = self.started().pages("invoices", form, BOUNDS, |wire: &Wire| wire.id.as_str()).await?;
        listed.try_map(|wire| Ok(wire.into()))
    }
}

impl From<Wire> for Invoice {
    fn from(wire: Wire) -> Self {
        let lines = wire.lines.data.iter().map(|line| Period { start: line.period.start, end: line.period.end });
        let own = Period { start: wire.period_start, end: wire.period_end };
        Self {
            id: wire.id,
            number: wire.number,
            status: wire.status.unwrap_or(InvoiceStatus::Other),
            amount_paid: Money::new(wire.amount_paid, &wire.currency),
            created: wire.created,
            period: lines.max_by_key(|period| (period.end, period.start)).unwrap_or(own),
            invoice_pdf: wire.invoice_pdf,
            hosted_invoice_url: wire.hosted_invoice_url,
        }
    }
}

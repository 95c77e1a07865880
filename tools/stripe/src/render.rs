//! Objects as Stripe writes them: of their fields those that anybody here reads, and those without which they would not be
//! themselves. Each is in Stripe's specification.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::state::{
    Customer, Invoice, InvoiceStatus, Line, Portal, Price, Product, Session, SessionStatus, State, Subscription,
    SubscriptionStatus,
};

/// Everything is sold in it.
pub(crate) const CURRENCY: &str = "usd";

fn seconds(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_second)
}

/// One page of a list.
pub(crate) fn list(url: &str, data: Vec<Value>, has_more: bool) -> Value {
    json!({ "object": "list", "url": url, "has_more": has_more, "data": data })
}

pub(crate) fn customer(customer: &Customer) -> Value {
    json!({
        "id": customer.id, "object": "customer", "created": customer.created.as_second(), "livemode": false,
        "name": customer.name, "email": customer.email, "metadata": customer.metadata, "delinquent": customer.declines,
    })
}

pub(crate) fn product(product: &Product) -> Value {
    json!({
        "id": product.id, "object": "product", "created": product.created.as_second(), "livemode": false, "active": true,
        "name": product.name, "metadata": product.metadata, "type": "service", "description": null,
    })
}

pub(crate) fn price(price: &Price) -> Value {
    json!({
        "id": price.id, "object": "price", "created": price.created.as_second(), "livemode": false,
        "active": price.is_active, "lookup_key": price.lookup_key, "product": price.product, "currency": CURRENCY,
        "unit_amount": price.amount, "type": "recurring", "billing_scheme": "per_unit", "metadata": {},
        "recurring": { "interval": "month", "interval_count": 1, "usage_type": "licensed" },
    })
}

pub(crate) fn subscription(state: &State, subscription: &Subscription) -> Value {
    let Subscription { id, item, period: (start, end), .. } = subscription;
    let priced = state.price(&subscription.price, "price").map(price).unwrap_or_default();
    let item = json!({
        "id": item, "object": "subscription_item", "subscription": id, "created": subscription.created.as_second(),
        "price": priced, "quantity": 1, "metadata": {},
        "current_period_start": start.as_second(), "current_period_end": end.as_second(),
    });
    let cancel_at = subscription.cancel_at_period_end.then_some(*end);
    json!({
        "id": id, "object": "subscription", "created": subscription.created.as_second(), "livemode": false,
        "customer": subscription.customer, "status": subscription.status.as_str(), "metadata": subscription.metadata,
        "start_date": subscription.created.as_second(), "billing_cycle_anchor": subscription.created.as_second(),
        "collection_method": "charge_automatically", "currency": CURRENCY, "cancel_at": seconds(cancel_at),
        "cancel_at_period_end": subscription.cancel_at_period_end, "canceled_at": seconds(subscription.canceled_at),
        "ended_at": seconds(subscription.ended_at), "latest_invoice": subscription.latest_invoice,
        "items": list(&format!("/v1/subscription_items?subscription={id}"), vec![item], false),
    })
}

pub(crate) fn invoice(state: &State, invoice: &Invoice) -> Value {
    let Invoice { id, lines, .. } = invoice;
    let url = format!("{}/invoice/{id}", state.base_url);
    let parent = json!({
        "type": "subscription_details", "subscription_details": { "subscription": invoice.subscription, "metadata": {} },
    });
    let written = lines.iter().enumerate().map(|(place, each)| line(invoice, place, each)).collect();
    json!({
        "id": id, "object": "invoice", "created": invoice.created.as_second(), "livemode": false, "number": invoice.number,
        "customer": invoice.customer, "status": invoice.status.as_str(), "billing_reason": invoice.reason,
        "currency": CURRENCY, "total": invoice.total(), "amount_due": invoice.due(), "amount_paid": invoice.paid(),
        "amount_remaining": invoice.due() - invoice.paid(), "collection_method": "charge_automatically",
        "period_start": invoice.period.0.as_second(), "period_end": invoice.period.1.as_second(), "parent": parent,
        "lines": list(&format!("/v1/invoices/{id}/lines"), written, false), "metadata": {},
        "invoice_pdf": format!("{url}/pdf"), "hosted_invoice_url": url,
    })
}

fn line(invoice: &Invoice, place: usize, line: &Line) -> Value {
    json!({
        "id": format!("{}_{place}", invoice.id.replacen("in_", "il_", 1)), "object": "line_item", "livemode": false,
        "invoice": invoice.id, "amount": line.amount, "currency": CURRENCY, "description": line.description,
        "period": { "start": line.period.0.as_second(), "end": line.period.1.as_second() }, "quantity": 1, "metadata": {},
    })
}

pub(crate) fn session(state: &State, session: &Session) -> Value {
    let is_open = session.status == SessionStatus::Open;
    let amount = state.price(&session.price, "price").map(|price| price.amount).unwrap_or_default();
    json!({
        "id": session.id, "object": "checkout.session", "created": session.created.as_second(), "livemode": false,
        "mode": "subscription", "status": session.status.as_str(), "customer": session.customer, "currency": CURRENCY,
        "payment_status": if session.status == SessionStatus::Complete { "paid" } else { "unpaid" },
        "amount_total": amount, "client_reference_id": session.client_reference_id, "metadata": session.metadata,
        "expires_at": session.expires_at.as_second(), "success_url": session.success_url, "cancel_url": session.cancel_url,
        "subscription": session.subscription, "invoice": session.invoice, "ui_mode": "hosted_page",
        "url": is_open.then(|| format!("{}/pay/{}", state.base_url, session.id)),
    })
}

pub(crate) fn portal(state: &State, portal: &Portal) -> Value {
    json!({
        "id": portal.id, "object": "billing_portal.session", "created": portal.created.as_second(), "livemode": false,
        "customer": portal.customer, "return_url": portal.return_url, "configuration": "bpc_standin",
        "url": format!("{}/portal/{}", state.base_url, portal.id),
    })
}

impl SubscriptionStatus {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Canceled => "canceled",
        }
    }
}

impl InvoiceStatus {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Uncollectible => "uncollectible",
        }
    }
}

impl SessionStatus {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Complete => "complete",
            Self::Expired => "expired",
        }
    }
}

impl Invoice {
    /// Below zero it is a credit.
    pub(crate) fn total(&self) -> i64 {
        self.lines.iter().map(|line| line.amount).sum()
    }

    pub(crate) fn due(&self) -> i64 {
        self.total().max(0)
    }

    fn paid(&self) -> i64 {
        if self.status == InvoiceStatus::Paid { self.due() } else { 0 }
    }
}

//! What becomes of subscriptions: bought, renewed, changed, unpaid, ended. Everything happens at its own time, however far
//! the clock is moved at once.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use crate::error::Refusal;
use crate::render;
use crate::state::{
    Dunning, Invoice, InvoiceStatus, Line, Session, SessionStatus, State, Subscription, SubscriptionStatus, find,
    find_mut, room,
};

/// Between tries to be paid for a renewal; after the last the subscription ends, as accounts are set at first.
const RETRIES: [SignedDuration; 3] =
    [SignedDuration::from_hours(3 * 24), SignedDuration::from_hours(5 * 24), SignedDuration::from_hours(7 * 24)];
/// Things that happen in one go at most: a hundred subscriptions in a hundred months.
const MAX_STEPS: usize = 10_000;

enum Due {
    Session(String),
    Retry(String),
    PeriodEnd(String),
}

impl State {
    /// Lets happen what is due.
    pub(crate) fn settle(&mut self) {
        let now = self.now();
        for _ in 0..MAX_STEPS {
            match self.first_due() {
                Some((at, due)) if at <= now => self.come_due(at, due),
                _ => return,
            }
        }
    }

    fn first_due(&self) -> Option<(Timestamp, Due)> {
        let open = self.sessions.iter().filter(|session| session.status == SessionStatus::Open);
        let sessions = open.map(|session| (session.expires_at, Due::Session(session.id.clone())));
        let going = self.subscriptions.iter().filter(|one| one.status != SubscriptionStatus::Canceled);
        let subscriptions = going.map(|one| match &one.dunning {
            Some(dunning) if dunning.next < one.period.1 => (dunning.next, Due::Retry(one.id.clone())),
            _ => (one.period.1, Due::PeriodEnd(one.id.clone())),
        });
        sessions.chain(subscriptions).min_by_key(|(at, _)| *at)
    }

    fn come_due(&mut self, at: Timestamp, due: Due) {
        match due {
            Due::Session(id) => drop(self.expire(&id, at)),
            Due::Retry(id) => self.retry(&id, at),
            Due::PeriodEnd(id) => self.end_period(&id, at),
        }
    }

    /// Nobody can pay it any more.
    pub(crate) fn expire(&mut self, id: &str, at: Timestamp) -> Result<(), Refusal> {
        let session = find_mut(&mut self.sessions, id, "id")?;
        if session.status != SessionStatus::Open {
            let status = session.status.as_str();
            return Err(Refusal::state(format!(
                "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of \
                 {status}."
            )));
        }
        session.status = SessionStatus::Expired;
        let session = session.clone();
        self.happen("checkout.session.expired", at, &render::session(self, &session));
        Ok(())
    }

    /// Somebody pays on the hosted page.
    pub(crate) fn pay(&mut self, session: &str, at: Timestamp) -> Result<Session, Refusal> {
        let session = find(&self.sessions, session, "id")?.clone();
        if session.status != SessionStatus::Open {
            return Err(Refusal::state("This Checkout Session is no longer open"));
        }
        if find(&self.customers, &session.customer, "customer")?.declines {
            return Err(Refusal::declined());
        }
        room(&self.subscriptions)?;
        let (id, item) = (self.id("sub"), self.id("si"));
        let subscription = Subscription {
            id: id.clone(),
            item,
            created: at,
            customer: session.customer.clone(),
            price: session.price.clone(),
            status: SubscriptionStatus::Active,
            metadata: session.subscription_metadata.clone(),
            period: (at, months_after(at, 1)),
            months: 1,
            cancel_at_period_end: false,
            canceled_at: None,
            ended_at: None,
            latest_invoice: None,
            pending: Vec::new(),
            dunning: None,
        };
        let line = self.line(&subscription, subscription.period)?;
        self.subscriptions.push(subscription);
        let invoice = self.bill(&id, at, "subscription_create", vec![line], (at, at))?;
        let paid = find_mut(&mut self.sessions, &session.id, "id")?;
        (paid.status, paid.subscription, paid.invoice) =
            (SessionStatus::Complete, Some(id.clone()), Some(invoice.clone()));
        let paid = paid.clone();
        self.tell_subscription("customer.subscription.created", &id, at);
        self.settle_invoice(&invoice, InvoiceStatus::Paid, at);
        self.happen("checkout.session.completed", at, &render::session(self, &paid));
        Ok(paid)
    }

    fn end_period(&mut self, id: &str, at: Timestamp) {
        let Ok(subscription) = find_mut(&mut self.subscriptions, id, "id") else { return };
        if subscription.cancel_at_period_end {
            return self.end(id, at);
        }
        let before = subscription.period;
        subscription.months += 1;
        subscription.period = (before.1, months_after(subscription.created, subscription.months));
        let (renewed, mut lines) = (subscription.clone(), std::mem::take(&mut subscription.pending));
        let Ok(line) = self.line(&renewed, renewed.period) else { return };
        lines.push(line);
        let Ok(invoice) = self.bill(id, at, "subscription_cycle", lines, before) else { return self.end(id, at) };
        if self.declines(&renewed.customer) {
            let dunning = Dunning { invoice: invoice.clone(), tries: 1, next: at + RETRIES[0] };
            self.unpaid(id, dunning, at);
        } else {
            self.settle_invoice(&invoice, InvoiceStatus::Paid, at);
            self.tell_subscription("customer.subscription.updated", id, at);
        }
    }

    fn unpaid(&mut self, id: &str, dunning: Dunning, at: Timestamp) {
        if let Ok(invoice) = find(&self.invoices, &dunning.invoice, "id") {
            self.happen("invoice.payment_failed", at, &render::invoice(self, &invoice.clone()));
        }
        let Ok(subscription) = find_mut(&mut self.subscriptions, id, "id") else { return };
        let was = std::mem::replace(&mut subscription.status, SubscriptionStatus::PastDue);
        subscription.dunning = Some(dunning);
        if was != SubscriptionStatus::PastDue {
            self.tell_subscription("customer.subscription.updated", id, at);
        }
    }

    /// Tries again to be paid, in vain: a card that works again has paid by then.
    fn retry(&mut self, id: &str, at: Timestamp) {
        let Ok(subscription) = find(&self.subscriptions, id, "id") else { return };
        let Some(Dunning { invoice, tries, .. }) = subscription.dunning.clone() else { return };
        match RETRIES.get(usize::try_from(tries).unwrap_or(usize::MAX)) {
            Some(wait) => self.unpaid(id, Dunning { invoice, tries: tries + 1, next: at + *wait }, at),
            None => {
                self.unpaid(id, Dunning { invoice: invoice.clone(), tries: tries + 1, next: Timestamp::MAX }, at);
                self.settle_invoice(&invoice, InvoiceStatus::Uncollectible, at);
                self.end(id, at);
            }
        }
    }

    /// What was unpaid is paid.
    pub(crate) fn recover(&mut self, id: &str, at: Timestamp) {
        let Ok(subscription) = find_mut(&mut self.subscriptions, id, "id") else { return };
        let Some(dunning) = subscription.dunning.take() else { return };
        subscription.status = SubscriptionStatus::Active;
        self.settle_invoice(&dunning.invoice, InvoiceStatus::Paid, at);
        self.tell_subscription("customer.subscription.updated", id, at);
    }

    fn end(&mut self, id: &str, at: Timestamp) {
        let Ok(subscription) = find_mut(&mut self.subscriptions, id, "id") else { return };
        subscription.status = SubscriptionStatus::Canceled;
        subscription.canceled_at.get_or_insert(at);
        (subscription.ended_at, subscription.dunning) = (Some(at), None);
        self.tell_subscription("customer.subscription.deleted", id, at);
    }

    /// Another price, from now on.
    pub(crate) fn change(&mut self, id: &str, price: &str, proration: &str, at: Timestamp) -> Result<(), Refusal> {
        let before = find(&self.subscriptions, id, "id")?.clone();
        if before.price == price {
            return Ok(());
        }
        let after = Subscription { price: price.to_owned(), ..before.clone() };
        let (start, end) = before.period;
        let lines = [(-1, "Unused time", &before), (1, "Remaining time", &after)];
        let lines = lines.into_iter().map(|(sign, what, one)| {
            let amount = self.price(&one.price, "items[0][price]")?.amount;
            let left = end.as_second() - at.as_second();
            let part = amount * left / (end.as_second() - start.as_second()).max(1);
            Ok(Line { amount: sign * part, description: format!("{what} on {}", one.price), period: (at, end) })
        });
        let lines = lines.collect::<Result<Vec<_>, Refusal>>()?;
        if proration == "always_invoice" {
            let is_due = lines.iter().map(|line| line.amount).sum::<i64>() > 0;
            if is_due && self.declines(&before.customer) {
                return Err(Refusal::declined());
            }
            let invoice = self.bill(id, at, "subscription_update", lines, (start, at))?;
            self.settle_invoice(&invoice, InvoiceStatus::Paid, at);
        } else if proration == "create_prorations" {
            find_mut(&mut self.subscriptions, id, "id")?.pending.extend(lines);
        }
        find_mut(&mut self.subscriptions, id, "id")?.price = price.to_owned();
        Ok(())
    }

    fn bill(
        &mut self,
        subscription: &str,
        at: Timestamp,
        reason: &'static str,
        lines: Vec<Line>,
        period: (Timestamp, Timestamp),
    ) -> Result<String, Refusal> {
        room(&self.invoices)?;
        let (id, serial) = (self.id("in"), self.serial());
        let subscribed = find_mut(&mut self.subscriptions, subscription, "id")?;
        subscribed.latest_invoice = Some(id.clone());
        self.invoices.push(Invoice {
            id: id.clone(),
            number: format!("STANDIN-{serial:06}"),
            created: at,
            customer: subscribed.customer.clone(),
            subscription: subscription.to_owned(),
            status: InvoiceStatus::Open,
            reason,
            lines,
            period,
        });
        Ok(id)
    }

    fn settle_invoice(&mut self, id: &str, status: InvoiceStatus, at: Timestamp) {
        let Ok(invoice) = find_mut(&mut self.invoices, id, "id") else { return };
        invoice.status = status;
        let invoice = invoice.clone();
        let kind = if status == InvoiceStatus::Paid { "invoice.paid" } else { "invoice.marked_uncollectible" };
        self.happen(kind, at, &render::invoice(self, &invoice));
    }

    pub(crate) fn tell_subscription(&mut self, kind: &str, id: &str, at: Timestamp) {
        let Ok(subscription) = find(&self.subscriptions, id, "id") else { return };
        let object = render::subscription(self, subscription);
        self.happen(kind, at, &object);
    }

    fn line(&self, subscription: &Subscription, period: (Timestamp, Timestamp)) -> Result<Line, Refusal> {
        let price = self.price(&subscription.price, "price")?;
        let product = find(&self.products, &price.product, "product")?;
        Ok(Line { amount: price.amount, description: format!("1 × {}", product.name), period })
    }

    fn declines(&self, customer: &str) -> bool {
        find(&self.customers, customer, "customer").is_ok_and(|customer| customer.declines)
    }
}

/// Counted from the beginning: what starts on the 31st ends months on their last day, and comes back to the 31st.
fn months_after(at: Timestamp, months: i32) -> Timestamp {
    let zoned = at.to_zoned(TimeZone::UTC);
    zoned.checked_add(Span::new().months(months)).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_on_their_last_day() {
        let start: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        assert_eq!(months_after(start, 1).to_string(), "2026-02-28T12:00:00Z");
        assert_eq!(months_after(start, 2).to_string(), "2026-03-31T12:00:00Z");
        assert_eq!(months_after(Timestamp::MAX, 1), Timestamp::MAX);
    }
}

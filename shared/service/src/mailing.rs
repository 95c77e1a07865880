//! Sends the mail that waits: at least once each, and one that cannot be sent stops no other.

use std::fmt;
use std::pin::Pin;

use domain::error::Error;
use domain::id::TenantId;
use domain::mail::{Delivery, Mail, MailId, TRIED_FOR_SECONDS, pause_after};
use domain::time;
use store::mail::WaitingMail;
use store::ses::Ses;
use tokio::time::Instant;

use crate::Service;

/// Mails that one run tries.
const BATCH: i32 = 100;

/// What [`Mailer::send`] comes to.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Delivery> + Send + 'a>>;

/// Takes mail and sees to it that it arrives.
pub trait Mailer: fmt::Debug + Send + Sync {
    /// Hands a mail over, perhaps not for the first time: `id` stays the same.
    fn send<'a>(&'a self, id: &'a MailId, mail: &'a Mail) -> Sending<'a>;
}

impl Mailer for Ses {
    fn send<'a>(&'a self, _: &'a MailId, mail: &'a Mail) -> Sending<'a> {
        Box::pin(Self::send(self, mail))
    }
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mailed {
    /// Mails that are on their way.
    pub sent: u32,
    /// Mails that wait for another try.
    pub postponed: u32,
    /// Mails that nobody would take, or not within a day. They are gone.
    pub dropped: u32,
    /// Mails at which something failed; they are tried again.
    pub failed: u32,
}

impl Service {
    /// Tries every mail that is due, until it is `until`. The index only says where to look: whoever takes a mail with a
    /// conditional write sends it.
    pub async fn deliver_mail(&self, mailer: &dyn Mailer, until: Instant) -> Result<Mailed, Error> {
        let mut done = Mailed::default();
        for hint in self.store.due_mail(self.clock.now(), BATCH).await? {
            if Instant::now() >= until {
                break;
            }
            let (tenant, id) = hint.into_key();
            if let Err(error) = self.deliver(mailer, &tenant, &id, &mut done).await {
                done.failed += 1;
                tracing::warn!(tenant.id = %tenant, mail.id = %id, error = error.with_causes(), "could not deliver");
            }
        }
        Ok(done)
    }

    /// Takes a mail, which makes it due again later, sends it and removes it. Whoever dies in between leaves it due.
    async fn deliver(
        &self,
        mailer: &dyn Mailer,
        tenant: &TenantId,
        id: &MailId,
        done: &mut Mailed,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let waiting = self.store.mail(tenant, id).await?.filter(|waiting| waiting.due_at <= now.as_second());
        let Some(waiting) = waiting else { return Ok(()) };
        let next = time::after(now, pause_after(waiting.tries)).as_second();
        if !self.store.take_mail(tenant, id, &waiting, next).await? {
            return Ok(());
        }
        match mailer.send(id, &waiting.mail).await {
            Delivery::Sent => done.sent += 1,
            Delivery::Postponed(reason) if !is_over(&waiting, now.as_second()) => {
                done.postponed += 1;
                tracing::info!(tenant.id = %tenant, mail.id = %id, mail.tries = waiting.tries + 1, reason, "a mail waits");
                return Ok(());
            }
            Delivery::Postponed(reason) | Delivery::Refused(reason) => {
                done.dropped += 1;
                tracing::error!(tenant.id = %tenant, mail.id = %id, mail.tries = waiting.tries + 1, reason, "a mail is given up");
            }
        }
        self.store.remove_mail(tenant, id).await
    }
}

const fn is_over(waiting: &WaitingMail, now: i64) -> bool {
    now - waiting.created_at >= TRIED_FOR_SECONDS
}

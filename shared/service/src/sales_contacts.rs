//! Requests to be called by sales (page 003, "Sales Contact Requests").

use domain::error::Error;
use domain::mail::Mail;
use domain::member::MemberId;
use domain::plan::Plan;
use domain::sales_contact::{Asker, SalesContact};
use domain::session::SignIn;
use store::ReplayOwner;
use store::idempotency::Created;

use crate::Service;
use crate::access::Caller;
use crate::changing::{Answered, Attempt, IdempotentRequest};
use crate::support::letter;

impl Service {
    /// When the caller may ask to be called by sales again, if that is not now.
    pub async fn sales_cooldown(&self, caller: &Caller) -> Result<Option<i64>, Error> {
        let contact = self.store.sales_contact(&asker(caller)?).await?;
        Ok(contact.and_then(|contact| contact.cooldown(self.clock.now())))
    }

    /// Asks for a call by sales, which is told by mail; when the caller may ask again.
    pub async fn request_sales_contact(
        &self,
        caller: &Caller,
        tier: Plan,
        request: Option<IdempotentRequest>,
    ) -> Result<Answered<i64>, Error> {
        let owner = ReplayOwner::Tenant(&caller.tenant.id);
        if let Some(Created::SalesContact { cooldown_until }) = self.earlier(owner, request.as_ref()).await? {
            return Ok(Answered { value: cooldown_until, replayed: true });
        }
        let contact = SalesContact::new(tier, self.clock.now());
        let mail = |to| Mail::sales_request(to, &caller.tenant, &caller.user_id, tier);
        let letter = letter(self.desk.sales.as_ref().map(mail))?;
        let (asker, contact, letter) = (&asker(caller)?, &contact, letter.as_ref());
        let attempt = |attempt: Attempt| async move {
            if let Some(last) = self.store.sales_contact(asker).await? {
                last.check(attempt.now)?;
            }
            self.store.note_sales_contact(&attempt.tenant, asker, contact, letter, attempt.record()).await
        };
        let until = contact.cooldown_until;
        let request = request.as_ref().map(|request| (request, Created::SalesContact { cooldown_until: until }));
        match self.change(caller, request, attempt).await? {
            Some(Created::SalesContact { cooldown_until }) => Ok(Answered { value: cooldown_until, replayed: true }),
            Some(_) => Err(Error::IdempotencyKeyReused),
            None => Ok(Answered { value: until, replayed: false }),
        }
    }
}

/// Whose last request counts for a caller.
fn asker(caller: &Caller) -> Result<Asker, Error> {
    Ok(match (caller.user_id.parse()?, &caller.sign_in) {
        (MemberId::Person(person), Some(SignIn::Password | SignIn::Provider(_))) => Asker::Person(person),
        (member, _) => Asker::Member(caller.tenant.id.clone(), member),
    })
}

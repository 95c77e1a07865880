//! The assistant and AI Search (page 003). A question is reserved before it is answered; it counts, and is remembered, in one
//! transaction with its audit event; where it is not answered, it is given back.

use std::sync::Arc;
use std::time::Duration;

use ::assistant::Answerer;
use domain::conversation::{Conversation, Exchange, ExchangeId, Message};
use domain::error::Error;
use domain::member::MemberId;
use domain::usage::{Allowance, Meter};
use jiff::Timestamp;
use search::column::Log;
use search::question::{Answer, Question};
use store::conversations::Ended;
use store::idempotency::Created;
use store::{Change, ReplayOwner};
use uuid::Uuid;

use crate::Service;
use crate::access::Caller;
use crate::changing::{Answered, Attempt, IdempotentRequest, TRIES, Tried};

/// What the assistant said.
#[derive(Clone, Debug)]
pub struct Said {
    /// The answer.
    pub answer: String,
    /// What is left after it.
    pub allowance: Allowance,
}

/// What became of a question that was answered.
enum Outcome {
    Counted(Allowance),
    /// The same request was carried out meanwhile.
    Before(Created),
}

impl Service {
    /// Asks the assistant.
    pub async fn ask(
        &self,
        caller: &Caller,
        message: &Message,
        request: Option<IdempotentRequest>,
    ) -> Result<Answered<Said>, Error> {
        let owner = ReplayOwner::Tenant(&caller.tenant.id);
        if let Some(created) = self.earlier(owner, request.as_ref()).await? {
            return self.said_before(caller, created).await;
        }
        let member: MemberId = caller.user_id.parse()?;
        let now = self.clock.now();
        let (conversation, history) = self.store.conversation(&caller.tenant.id, &member, now).await?;
        let id = new_id()?;
        let answered = async {
            self.reserve(caller, Meter::Messages, &id).await?;
            let answer = self.answerer()?.answer(message, &history).await?;
            let question = message.as_str().to_owned();
            let asked_at = now.as_second();
            let exchange = Exchange { id: id.clone(), conversation, question, answer, asked_at };
            let outcome =
                self.count(caller, Meter::Messages, &id, Some((&member, &exchange)), request.as_ref()).await?;
            Ok((exchange.answer, outcome))
        };
        match self.or_give_back(caller, Meter::Messages, &id, answered.await).await? {
            (answer, Outcome::Counted(allowance)) => {
                Ok(Answered { value: Said { answer, allowance }, replayed: false })
            }
            (_, Outcome::Before(created)) => {
                self.give_back(caller, Meter::Messages, &id).await;
                self.said_before(caller, created).await
            }
        }
    }

    /// Turns a question into a search of `log`; and what is left after it.
    pub async fn interpret(
        &self,
        caller: &Caller,
        log: Log,
        question: &Question,
    ) -> Result<(Answer, Allowance), Error> {
        let id = new_id()?;
        let interpreted = async {
            self.reserve(caller, Meter::Searches, &id).await?;
            let interpreted = self.answerer()?.interpret(question, log, self.clock.now()).await?;
            let answer = interpreted.map_err(|refusal| Error::NotInterpreted(refusal.to_string()))?;
            match self.count(caller, Meter::Searches, &id, None, None).await? {
                Outcome::Counted(allowance) => Ok((answer, allowance)),
                Outcome::Before(_) => Err(Error::internal("a search that has no key was made before")),
            }
        };
        self.or_give_back(caller, Meter::Searches, &id, interpreted.await).await
    }

    /// What the caller said and was told lately, the oldest first.
    pub async fn conversation(&self, caller: &Caller) -> Result<Vec<Exchange>, Error> {
        let member = caller.user_id.parse()?;
        Ok(self.store.conversation(&caller.tenant.id, &member, self.clock.now()).await?.1)
    }

    /// Forgets it, also what is being answered at the moment.
    pub async fn clear_conversation(&self, caller: &Caller) -> Result<(), Error> {
        let member = &caller.user_id.parse()?;
        let attempt = |attempt: Attempt| async move {
            let before = self.store.conversation_head(&attempt.tenant.id, member).await?;
            let change = self.store.end_conversation(&attempt.tenant, member, before, attempt.record()).await?;
            Ok(Tried::Written(change, Conversation { revision: before.revision + 1 }))
        };
        let now = self.settle(caller, attempt).await?;
        self.store.remove_ended(&caller.tenant.id, member, now).await
    }

    /// How many questions the caller's tenant has left.
    pub async fn allowance(&self, caller: &Caller, meter: Meter) -> Result<Allowance, Error> {
        let usage = self.store.usage(&caller.tenant.id, meter).await?;
        Ok(usage.allowance(meter, &caller.tenant, self.clock.now()))
    }

    fn answerer(&self) -> Result<&Arc<dyn Answerer>, Error> {
        self.answerer.as_ref().ok_or_else(|| Error::internal("there is nothing that answers questions"))
    }

    /// Reserves a question, if one is left.
    async fn reserve(&self, caller: &Caller, meter: Meter, id: &ExchangeId) -> Result<(), Error> {
        let mut tenant = caller.tenant.clone();
        for attempt in 0..TRIES {
            let mut usage = self.store.usage(&tenant.id, meter).await?;
            usage.reserve(id.clone(), meter, &tenant, self.clock.now())?;
            match self.store.write_reservation(&tenant, meter, &usage).await? {
                Change::Done => return Ok(()),
                Change::TenantChanged => tenant = self.readmit(caller).await?,
                _ => pause(attempt).await,
            }
        }
        Err(too_often())
    }

    /// Counts a question that was answered.
    async fn count(
        &self,
        caller: &Caller,
        meter: Meter,
        id: &ExchangeId,
        exchange: Option<(&MemberId, &Exchange)>,
        request: Option<&IdempotentRequest>,
    ) -> Result<Outcome, Error> {
        let attempt = |attempt: Attempt| async move {
            let attempt = attempt.creating(request, Created::Exchange(id.clone()));
            let tenant = &attempt.tenant;
            let mut usage = self.store.usage(&tenant.id, meter).await?;
            usage.count(id);
            let exchange = self.unless_cleared(caller, exchange).await?;
            let ended = Ended { meter, usage: &usage, exchange };
            Ok(match (self.store.end_question(tenant, ended, attempt.record()).await?, request) {
                (Change::Repeated(earlier), Some(request)) => Tried::Settled(Outcome::Before(request.repeat(earlier)?)),
                (change, _) => Tried::Written(change, Outcome::Counted(usage.allowance(meter, tenant, attempt.now))),
            })
        };
        self.settle(caller, attempt).await
    }

    /// The exchange, if its conversation is still the one that goes on.
    async fn unless_cleared<'e>(
        &self,
        caller: &Caller,
        exchange: Option<(&'e MemberId, &'e Exchange)>,
    ) -> Result<Option<(&'e MemberId, &'e Exchange)>, Error> {
        let Some((member, exchange)) = exchange else { return Ok(None) };
        let head = self.store.conversation_head(&caller.tenant.id, member).await?;
        Ok((head == exchange.conversation).then_some((member, exchange)))
    }

    /// What came of a question; where that is an error, it is given back first.
    async fn or_give_back<T>(
        &self,
        caller: &Caller,
        meter: Meter,
        id: &ExchangeId,
        outcome: Result<T, Error>,
    ) -> Result<T, Error> {
        // Where none was left, nothing was reserved; after any other failure it may have been, also where it seems not.
        if outcome.as_ref().is_err_and(|error| !matches!(error, Error::AllowanceUsedUp(_))) {
            self.give_back(caller, meter, id).await;
        }
        outcome
    }

    /// Gives a question back. Where that fails, it counts until its reservation ends.
    async fn give_back(&self, caller: &Caller, meter: Meter, id: &ExchangeId) {
        if let Err(error) = self.try_to_give_back(caller, meter, id).await {
            tracing::warn!(error = error.with_causes(), "could not give a question back");
        }
    }

    async fn try_to_give_back(&self, caller: &Caller, meter: Meter, id: &ExchangeId) -> Result<(), Error> {
        for attempt in 0..TRIES {
            let mut usage = self.store.usage(&caller.tenant.id, meter).await?;
            if !usage.give_back(id) || self.store.update_usage(&caller.tenant.id, meter, &usage).await? {
                return Ok(());
            }
            pause(attempt).await;
        }
        Err(too_often())
    }

    /// The answer to an earlier request with the same key.
    async fn said_before(&self, caller: &Caller, created: Created) -> Result<Answered<Said>, Error> {
        let Created::Exchange(id) = created else { return Err(Error::IdempotencyKeyReused) };
        let member = caller.user_id.parse()?;
        let (head, exchange) = tokio::try_join!(
            self.store.conversation_head(&caller.tenant.id, &member),
            self.store.exchange(&caller.tenant.id, &member, &id),
        )?;
        let now: Timestamp = self.clock.now();
        let exchange = exchange.filter(|exchange| exchange.conversation == head && exchange.is_kept(now));
        let answer = exchange.ok_or(Error::NotFound("This message was answered before and is cleared"))?.answer;
        let allowance = self.allowance(caller, Meter::Messages).await?;
        Ok(Answered { value: Said { answer, allowance }, replayed: true })
    }
}

/// Names a question. Later ones sort behind earlier ones.
fn new_id() -> Result<ExchangeId, Error> {
    Uuid::now_v7().to_string().parse()
}

/// Before the next try at what others write at the same time.
async fn pause(attempt: u32) {
    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=1 << attempt.min(6)))).await;
}

fn too_often() -> Error {
    Error::internal("what a tenant has used was changed by others too often")
}

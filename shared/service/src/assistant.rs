//! The assistant and AI Search (page 003). A question is reserved before it is answered; it counts, and is remembered, in one
//! transaction with its audit event; where it is not answered, it is given back.

use std::str::FromStr;
use std::sync::Arc;

use ::assistant::Answerer;
use domain::conversation::{Exchange, Message};
use domain::error::Error;
use domain::id::Sha256Hex;
use domain::member::MemberId;
use domain::usage::{Allowance, Meter, ReservationId, Step};
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

/// A question that counts while it is being answered.
struct Reserved<'c> {
    caller: &'c Caller,
    meter: Meter,
    id: ReservationId,
}

impl Service {
    /// Asks the assistant.
    pub async fn ask(
        &self,
        caller: &Caller,
        message: &Message,
        request: Option<IdempotentRequest>,
    ) -> Result<Answered<Said>, Error> {
        if let Some(said) = self.said_before(caller, request.as_ref()).await? {
            return Ok(said);
        }
        let id = request.as_ref().map_or_else(new_id, |request| of_request(&request.scope))?;
        let reserved = Reserved { caller, meter: Meter::Messages, id };
        self.reserve(&reserved).await?;
        let said = self.answer(&reserved, message, request.as_ref()).await;
        self.or_give_back(&reserved, said).await
    }

    /// Answers a message that is reserved.
    async fn answer(
        &self,
        reserved: &Reserved<'_>,
        message: &Message,
        request: Option<&IdempotentRequest>,
    ) -> Result<Answered<Said>, Error> {
        let caller = reserved.caller;
        // The same request may have been answered since it was looked for.
        if let Some(said) = self.said_before(caller, request).await? {
            self.give_back(reserved).await;
            return Ok(said);
        }
        let member: MemberId = caller.user_id.parse()?;
        let now = self.clock.now();
        let (conversation, history) = self.store.conversation(&caller.tenant.id, &member, now).await?;
        let answer = self.answerer()?.answer(message, &history).await?;
        let (question, asked_at) = (message.as_str().to_owned(), now.as_second());
        let exchange = Exchange { id: new_id()?, conversation, question, answer, asked_at };
        let allowance = self.count(reserved, Some((&member, &exchange)), request).await?;
        Ok(Answered { value: Said { answer: exchange.answer, allowance }, replayed: false })
    }

    /// Turns a question into a search of `log`; and what is left after it.
    pub async fn interpret(
        &self,
        caller: &Caller,
        log: Log,
        question: &Question,
    ) -> Result<(Answer, Allowance), Error> {
        let reserved = Reserved { caller, meter: Meter::Searches, id: new_id()? };
        self.reserve(&reserved).await?;
        let interpreted = async {
            let interpreted = self.answerer()?.interpret(question, log, self.clock.now()).await?;
            let answer = interpreted.map_err(|refusal| Error::NotInterpreted(refusal.to_string()))?;
            Ok((answer, self.count(&reserved, None, None).await?))
        };
        self.or_give_back(&reserved, interpreted.await).await
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
            self.store.end_conversation(&attempt.tenant, member, attempt.record()).await
        };
        self.change(caller, None, attempt).await?;
        self.store.remove_ended(&caller.tenant.id, member).await
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
    async fn reserve(&self, reserved: &Reserved<'_>) -> Result<(), Error> {
        let tried = self.try_to_reserve(reserved).await;
        // It may be there although it seems not.
        if matches!(tried, Err(Error::Internal(_))) {
            self.give_back(reserved).await;
        }
        tried
    }

    async fn try_to_reserve(&self, Reserved { caller, meter, id }: &Reserved<'_>) -> Result<(), Error> {
        let mut tenant = caller.tenant.clone();
        for _ in 0..TRIES {
            let usage = self.store.usage(&tenant.id, *meter).await?;
            let change = match usage.reserve(id, *meter, &tenant, self.clock.now())? {
                Step::Begin(reservation) => self.store.begin_usage(&tenant, *meter, &reservation).await?,
                Step::Add(reservation, limit) => self.store.add_usage(&tenant, *meter, &reservation, limit).await?,
                Step::Prune(stale) => {
                    for id in &stale {
                        self.store.give_back(&tenant.id, *meter, id).await?;
                    }
                    continue;
                }
            };
            match change {
                Change::Done => return Ok(()),
                Change::TenantChanged => tenant = self.readmit(caller).await?,
                _ => {}
            }
        }
        Err(Error::internal("what a tenant has used was changed by others too often"))
    }

    /// Counts a question that was answered; what is left after it.
    async fn count(
        &self,
        Reserved { caller, meter, id }: &Reserved<'_>,
        exchange: Option<(&MemberId, &Exchange)>,
        request: Option<&IdempotentRequest>,
    ) -> Result<Allowance, Error> {
        let attempt = |attempt: Attempt| async move {
            let created = exchange.map(|(_, exchange)| Created::Exchange(exchange.id.clone()));
            let attempt = attempt.creating(request, created.unwrap_or(Created::Nothing));
            let tenant = &attempt.tenant;
            let usage = self.store.usage(&tenant.id, *meter).await?;
            let reserved = usage.pending.contains_key(id).then_some((*meter, id));
            let ended = Ended { reserved, exchange: self.unless_cleared(caller, exchange).await? };
            let change = self.store.end_question(tenant, ended, attempt.record()).await?;
            Ok(Tried::Written(change, usage.allowance(*meter, tenant, attempt.now)))
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
    async fn or_give_back<T>(&self, reserved: &Reserved<'_>, outcome: Result<T, Error>) -> Result<T, Error> {
        if outcome.is_err() {
            self.give_back(reserved).await;
        }
        outcome
    }

    /// Gives a question back. Where that fails, it counts until its reservation ends.
    async fn give_back(&self, Reserved { caller, meter, id }: &Reserved<'_>) {
        if let Err(error) = self.store.give_back(&caller.tenant.id, *meter, id).await {
            tracing::warn!(error = error.with_causes(), "could not give a question back");
        }
    }

    /// The answer to an earlier request with the same key.
    async fn said_before(
        &self,
        caller: &Caller,
        request: Option<&IdempotentRequest>,
    ) -> Result<Option<Answered<Said>>, Error> {
        let tenant = &caller.tenant.id;
        let id = match self.earlier(ReplayOwner::Tenant(tenant), request).await? {
            None => return Ok(None),
            Some(Created::Exchange(id)) => id,
            Some(_) => return Err(Error::IdempotencyKeyReused),
        };
        let member = caller.user_id.parse()?;
        let (head, exchange) = tokio::try_join!(
            self.store.conversation_head(tenant, &member),
            self.store.exchange(tenant, &member, &id),
        )?;
        let now = self.clock.now();
        let exchange = exchange.filter(|exchange| exchange.is_shown(head, now));
        let answer = exchange.ok_or(Error::NotFound("This message was answered before and is cleared"))?.answer;
        let allowance = self.allowance(caller, Meter::Messages).await?;
        Ok(Some(Answered { value: Said { answer, allowance }, replayed: true }))
    }
}

/// Names something that is new. Later ones sort behind earlier ones.
fn new_id<Id: FromStr<Err = Error>>() -> Result<Id, Error> {
    Uuid::now_v7().to_string().parse()
}

/// The same for the same request, so that it is answered once at a time.
fn of_request(scope: &Sha256Hex) -> Result<ReservationId, Error> {
    let bits = scope.as_str().get(..32).and_then(|digits| u128::from_str_radix(digits, 16).ok());
    Uuid::from_u128(bits.unwrap_or_default()).to_string().parse()
}

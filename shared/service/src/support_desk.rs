//! Support tickets, as AppTego reads and answers them.

use domain::error::Error;
use domain::id::TenantId;
use domain::mail::Mail;
use domain::member::{EmailAddress, MemberId};
use domain::ticket::{Comment, Side, Ticket, TicketId, TicketStatus};
use serde::Serialize;
use store::tickets::TicketUpdate;
use uuid::Uuid;

use crate::Service;
use crate::access::Caller;
use crate::changing::{Attempt, Tried};
use crate::support::{TicketView, letter};

/// As customers see whoever answers a ticket.
pub const SUPPORT: &str = "AppTego Support";

/// What AppTego does to a ticket: an answer, another status, or both.
#[derive(Clone, Debug)]
pub struct SupportAnswer {
    /// As [`domain::ticket::comment_text`] reads it.
    pub text: Option<String>,
    /// After the answer, where there is one.
    pub status: Option<TicketStatus>,
}

/// A ticket that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnsweredTicket {
    /// As it is then.
    #[serde(flatten)]
    pub ticket: Ticket,
    /// Who is told by mail; `None` where whoever reported it is no member of the tenant any more, or an API token.
    pub mailed_to: Option<EmailAddress>,
}

impl Service {
    /// The tickets of a tenant for an operator, the latest first.
    pub async fn list_tickets(&self, tenant: &TenantId) -> Result<Vec<Ticket>, Error> {
        let caller = self.operator(tenant, "operator_list_tickets").await?;
        self.ending_trail(&caller, self.tickets(&caller)).await
    }

    /// One of them, with its comments.
    pub async fn read_ticket(&self, tenant: &TenantId, id: &TicketId) -> Result<TicketView, Error> {
        let caller = self.operator(tenant, "operator_read_ticket").await?;
        caller.trail.note([("ticket_id".to_owned(), id.to_string().into())]);
        self.ending_trail(&caller, self.ticket(&caller, id)).await
    }

    /// Answers a ticket for AppTego, and tells whoever reported it by mail.
    pub async fn answer_ticket(
        &self,
        tenant: &TenantId,
        id: &TicketId,
        answer: &SupportAnswer,
    ) -> Result<AnsweredTicket, Error> {
        let caller = self.operator(tenant, "operator_answer_ticket").await?;
        caller.trail.note([("ticket_id".to_owned(), id.to_string().into())]);
        if let Some(status) = answer.status {
            caller.trail.note([("status".to_owned(), status.label().into())]);
        }
        let mailed_to = self.ending_trail(&caller, self.write_answer(&caller, id, answer)).await?;
        Ok(AnsweredTicket { ticket: self.found_ticket(tenant, id).await?, mailed_to })
    }

    /// Writes an answer; who is told of it.
    async fn write_answer(
        &self,
        caller: &Caller,
        id: &TicketId,
        answer: &SupportAnswer,
    ) -> Result<Option<EmailAddress>, Error> {
        let comment = match &answer.text {
            None => None,
            Some(text) => Some(Comment {
                comment_id: Uuid::now_v7().to_string().parse()?,
                user_id: SUPPORT.to_owned(),
                comment_text: text.clone(),
                attachment: None,
                created_at: self.clock.now().as_second(),
            }),
        };
        let comment = comment.as_ref();
        let attempt = |attempt: Attempt| async move {
            let mut ticket = self.found_ticket(&attempt.tenant.id, id).await?;
            if comment.is_some() {
                ticket.add_comment(Side::Support, attempt.now)?;
            }
            match answer.status {
                Some(status) if comment.is_none() || status != ticket.status => {
                    ticket.become_status(status, attempt.now)?;
                }
                _ => {}
            }
            let reporter = self.present_reporter(&attempt.tenant.id, &ticket).await?;
            let mail = |to| Mail::support_reply(to, &attempt.tenant, &ticket, comment, &self.portal_url);
            let letter = letter(reporter.as_ref().map(mail))?;
            let reader = reporter.clone().map(MemberId::Person);
            let update = TicketUpdate { ticket: &ticket, comment, letter: letter.as_ref(), reader: reader.as_ref() };
            let change = self.store.update_ticket(&attempt.tenant, update, attempt.record()).await?;
            Ok(Tried::Written(change, reporter))
        };
        self.settle(caller, attempt).await
    }

    /// Whoever reported a ticket, while they belong to the tenant. An API token has no address.
    async fn present_reporter(&self, tenant: &TenantId, ticket: &Ticket) -> Result<Option<EmailAddress>, Error> {
        let Ok(reporter) = ticket.user_id.parse::<EmailAddress>() else { return Ok(None) };
        let member = self.store.member(tenant, &MemberId::Person(reporter.clone())).await?;
        Ok(member.map(|_| reporter))
    }
}

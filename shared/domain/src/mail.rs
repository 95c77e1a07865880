//! Mail that the service sends.

use serde::{Deserialize, Serialize};

use crate::id::uuid_id;
use crate::member::EmailAddress;
use crate::plan::Plan;
use crate::tenant::Tenant;
use crate::tenant_name::TenantName;
use crate::ticket::{Comment, Ticket};

uuid_id!(
    /// Names a mail that waits to be sent.
    MailId,
    "mail_id",
    "Invalid mail id"
);

/// Seconds for which a mail is tried again: 24 hours.
pub const TRIED_FOR_SECONDS: i64 = 24 * 3600;

/// Seconds from one try to the next, by how many were made before it.
pub const fn pause_after(tries: u32) -> i64 {
    match tries {
        0 => 60,
        1 => 5 * 60,
        2 => 15 * 60,
        _ => 3600,
    }
}

/// What came of handing a mail over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is on its way.
    Sent,
    /// Nobody will ever take it. Why, without anything of the mail.
    Refused(String),
    /// It may be taken later. Why, without anything of the mail.
    Postponed(String),
}

/// A mail, as plain text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// To whom.
    pub to: EmailAddress,
    /// One line.
    pub subject: String,
    /// What it says.
    pub text: String,
}

impl Mail {
    /// Tells somebody that they were added to a tenant. Its name has neither line breaks nor markup in it.
    pub fn invitation(to: &EmailAddress, tenant: &TenantName, by: &str, portal_url: &str) -> Self {
        Self {
            to: to.clone(),
            subject: format!("You were added to {tenant} on AppTego"),
            text: format!(
                "{by} added you to the tenant \"{tenant}\" on AppTego.\n\n\
                 Sign in with this e-mail address, or sign up with it first:\n{portal_url}\n\n\
                 You have no permissions yet; an administrator of the tenant assigns them.\n\
                 If you did not expect this, you need not do anything.\n"
            ),
        }
    }

    /// Tells AppTego of a ticket.
    pub fn new_ticket(to: &EmailAddress, tenant: &Tenant, ticket: &Ticket) -> Self {
        let Ticket { ticket_id, user_id, subject, description, .. } = ticket;
        let attached = if ticket.attachment.is_some() { "\n(with an attachment)" } else { "" };
        Self {
            to: to.clone(),
            subject: format!("[{}] {subject}", tenant.name),
            text: format!("{}Ticket: {ticket_id}\nFrom: {user_id}\n\n{description}\n{attached}", from(tenant)),
        }
    }

    /// Tells AppTego of a customer's comment.
    pub fn customer_comment(to: &EmailAddress, tenant: &Tenant, ticket: &Ticket, comment: &Comment) -> Self {
        let attached = if comment.attachment.is_some() { "\n(with an attachment)" } else { "" };
        Self {
            to: to.clone(),
            subject: format!("Re: [{}] {}", tenant.name, ticket.subject),
            text: format!(
                "{}Ticket: {} ({})\nFrom: {}\n\n{}\n{attached}",
                from(tenant),
                ticket.ticket_id,
                ticket.status.label(),
                comment.user_id,
                comment.comment_text
            ),
        }
    }

    /// Tells whoever reported a ticket what AppTego answered, or that it is resolved.
    pub fn support_reply(
        to: &EmailAddress,
        tenant: &Tenant,
        ticket: &Ticket,
        comment: Option<&Comment>,
        portal_url: &str,
    ) -> Self {
        let answer = comment.map(|comment| format!("{}\n\n", comment.comment_text)).unwrap_or_default();
        Self {
            to: to.clone(),
            subject: format!("Re: {}", ticket.subject),
            text: format!(
                "{answer}Your ticket in the tenant \"{}\" on AppTego is now \"{}\".\nSee it in the portal: {portal_url}\n",
                tenant.name,
                ticket.status.label()
            ),
        }
    }

    /// Tells sales that somebody asks to be called.
    pub fn sales_request(to: &EmailAddress, tenant: &Tenant, by: &str, tier: Plan) -> Self {
        Self {
            to: to.clone(),
            subject: format!("[{}] asks about {}", tenant.name, tier.label()),
            text: format!("{}From: {by}\nAsks about: {}\n", from(tenant), tier.label()),
        }
    }
}

/// Which tenant a mail to AppTego is about.
fn from(tenant: &Tenant) -> String {
    format!("Tenant: {} ({}, {})\n", tenant.name, tenant.plan.label(), tenant.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_says_who_where_and_what_to_do() {
        let name = "Example Tenant".parse().unwrap();
        let to = "new@example.com".parse().unwrap();
        let mail = Mail::invitation(&to, &name, "owner@example.com", "https://app.apptego.com");
        assert_eq!(mail.subject, "You were added to Example Tenant on AppTego");
        assert!(mail.text.starts_with("owner@example.com added you to the tenant \"Example Tenant\""));
        assert!(mail.text.contains("\nhttps://app.apptego.com\n"));
    }

    #[test]
    fn a_mail_is_tried_less_often_each_time_and_for_a_day() {
        let (mut at, mut tried_at) = (0, vec![0]);
        for tries in 0.. {
            at += pause_after(tries);
            tried_at.push(at);
            if at >= TRIED_FOR_SECONDS {
                break;
            }
        }
        assert_eq!(tried_at[..5], [0, 60, 360, 1260, 4860]);
        assert_eq!(tried_at.len(), 28);
    }
}

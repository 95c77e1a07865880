//! Support tickets: what they hold, how many there may be and how their status changes (page 003, "Support Tickets").

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attachment::Attachment;
use crate::error::Error;
use crate::id::uuid_id;
use crate::text::{is_unseen, lines};

/// Tickets of a tenant that are not resolved.
pub const MOST_OPEN: u32 = 10;
/// Comments of a ticket. AppTego answers beyond them.
pub const MOST_COMMENTS: u32 = 20;
/// Characters of a subject.
const SUBJECT_CHARACTERS: usize = 200;
/// Characters of a description and of a comment.
const TEXT_CHARACTERS: usize = 5000;

uuid_id!(
    /// Names a ticket within its tenant.
    TicketId,
    "ticket_id",
    "Invalid ticket ID"
);

uuid_id!(
    /// Names a comment of a ticket.
    CommentId,
    "comment_id",
    "Invalid comment ID"
);

/// How far a ticket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TicketStatus {
    /// Nobody of AppTego has taken it yet.
    #[serde(rename = "Reported")]
    Reported,
    /// AppTego is to act.
    #[serde(rename = "With Support")]
    WithSupport,
    /// The customer is to act.
    #[serde(rename = "For Customer Response")]
    ForCustomerResponse,
    /// It is over, for good.
    #[serde(rename = "Resolved")]
    Resolved,
}

/// Who writes in a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Somebody of the tenant.
    Customer,
    /// AppTego.
    Support,
}

/// What somebody reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Names it.
    pub ticket_id: TicketId,
    /// Who reported it.
    pub user_id: String,
    /// One line.
    pub subject: String,
    /// What it is about.
    pub description: String,
    /// How far it is.
    pub status: TicketStatus,
    /// How many comments it has.
    pub comments: u32,
    /// A picture that came with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<Attachment>,
    /// Unix seconds.
    pub created_at: i64,
    /// When it was commented on or its status changed, Unix seconds.
    pub updated_at: i64,
    /// Counts changes: each is made on the condition that none came in between.
    pub revision: u64,
}

/// A comment on a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Names it.
    pub comment_id: CommentId,
    /// Who wrote it.
    pub user_id: String,
    /// What it says.
    pub comment_text: String,
    /// A picture that came with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<Attachment>,
    /// Unix seconds.
    pub created_at: i64,
}

impl TicketStatus {
    /// Every status, in the order of page 003.
    pub const ALL: [Self; 4] = [Self::Reported, Self::WithSupport, Self::ForCustomerResponse, Self::Resolved];

    /// As it is written.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Reported => "Reported",
            Self::WithSupport => "With Support",
            Self::ForCustomerResponse => "For Customer Response",
            Self::Resolved => "Resolved",
        }
    }

    /// Whether a ticket may go from here to `next`: never back to the beginning, and never on from the end.
    pub fn may_become(self, next: Self) -> bool {
        self != next && self != Self::Resolved && next != Self::Reported
    }
}

impl Ticket {
    /// Sets another status.
    pub fn become_status(&mut self, next: TicketStatus, now: Timestamp) -> Result<(), Error> {
        if self.status == TicketStatus::Resolved {
            return Err(resolved());
        }
        if !self.status.may_become(next) {
            let message = format!("The ticket is \"{}\": it cannot become \"{}\"", self.status.label(), next.label());
            return Err(Error::NotReady { code: "ticket_status", message: message.into() });
        }
        self.status = next;
        self.updated_at = now.as_second();
        Ok(())
    }

    /// Counts a comment. A customer's answer to a question brings the ticket back to AppTego; AppTego's comment asks for one.
    pub fn add_comment(&mut self, by: Side, now: Timestamp) -> Result<(), Error> {
        if self.status == TicketStatus::Resolved {
            return Err(resolved());
        }
        if by == Side::Customer && self.comments >= MOST_COMMENTS {
            let message = format!("A ticket can have up to {MOST_COMMENTS} comments");
            return Err(Error::NotReady { code: "comment_limit", message: message.into() });
        }
        self.comments += 1;
        self.updated_at = now.as_second();
        match by {
            Side::Customer if self.status == TicketStatus::ForCustomerResponse => {
                self.status = TicketStatus::WithSupport;
            }
            Side::Support => self.status = TicketStatus::ForCustomerResponse,
            Side::Customer => {}
        }
        Ok(())
    }
}

/// Refuses one more open ticket than [`MOST_OPEN`].
pub fn too_many_open() -> Error {
    let message = format!("A tenant can have up to {MOST_OPEN} open tickets");
    Error::NotReady { code: "open_ticket_limit", message: message.into() }
}

/// A subject: one line of at most 200 characters, without white space around it.
pub fn subject(text: Option<String>) -> Result<String, Error> {
    let text = filled(text, "subject", "Subject is missing")?;
    if text.chars().count() > SUBJECT_CHARACTERS {
        return Err(Error::invalid("subject", "Subject must be up to 200 characters"));
    }
    if text.chars().any(is_unseen) {
        return Err(Error::invalid("subject", "Subject must be one line without control characters"));
    }
    Ok(text)
}

/// A description: at most 5000 characters, in lines.
pub fn description(text: Option<String>) -> Result<String, Error> {
    let text = filled(text, "description", "Description is missing")?;
    let text = in_lines(&text, "description", "Description must be without control characters")?;
    within(text, "description", "Description must be up to 5000 characters")
}

/// The text of a comment: at most 5000 characters, in lines.
pub fn comment_text(text: Option<String>) -> Result<String, Error> {
    let text = filled(text, "comment_text", "Comment text is missing")?;
    let text = in_lines(&text, "comment_text", "Comment text must be without control characters")?;
    within(text, "comment_text", "Comment text must be up to 5000 characters")
}

fn filled(text: Option<String>, field: &'static str, missing: &'static str) -> Result<String, Error> {
    let text = text.unwrap_or_default();
    let trimmed = text.trim();
    if trimmed.is_empty() { Err(Error::invalid(field, missing)) } else { Ok(trimmed.to_owned()) }
}

fn in_lines(text: &str, field: &'static str, message: &'static str) -> Result<String, Error> {
    lines(text).ok_or_else(|| Error::invalid(field, message))
}

fn within(text: String, field: &'static str, message: &'static str) -> Result<String, Error> {
    if text.chars().count() > TEXT_CHARACTERS { Err(Error::invalid(field, message)) } else { Ok(text) }
}

const fn resolved() -> Error {
    Error::NotReady {
        code: "ticket_resolved",
        message: std::borrow::Cow::Borrowed("The ticket is resolved: open another one"),
    }
}

#[cfg(test)]
mod tests {
    use super::TicketStatus::{ForCustomerResponse, Reported, Resolved, WithSupport};
    use super::*;
    use crate::time::at;

    fn ticket(status: TicketStatus) -> Ticket {
        Ticket {
            ticket_id: "01970000-0000-7000-8000-000000000000".parse().unwrap(),
            user_id: "owner@example.com".to_owned(),
            subject: "Build question".to_owned(),
            description: "Why?".to_owned(),
            status,
            comments: 0,
            attachment: None,
            created_at: 1000,
            updated_at: 1000,
            revision: 1,
        }
    }

    #[test]
    fn a_status_goes_forward_and_between_the_two_sides() {
        for from in TicketStatus::ALL {
            for to in TicketStatus::ALL {
                let allowed = matches!(
                    (from, to),
                    (Reported | ForCustomerResponse, WithSupport)
                        | (Reported | WithSupport, ForCustomerResponse)
                        | (Reported | WithSupport | ForCustomerResponse, Resolved)
                );
                let mut ticket = ticket(from);
                assert_eq!(ticket.become_status(to, at(2000)).is_ok(), allowed, "{from:?} {to:?}");
                assert_eq!((ticket.status, ticket.updated_at), if allowed { (to, 2000) } else { (from, 1000) });
            }
        }
    }

    #[test]
    fn a_comment_hands_the_ticket_over() {
        for (before, by, after) in [
            (Reported, Side::Customer, Reported),
            (WithSupport, Side::Customer, WithSupport),
            (ForCustomerResponse, Side::Customer, WithSupport),
            (Reported, Side::Support, ForCustomerResponse),
            (ForCustomerResponse, Side::Support, ForCustomerResponse),
        ] {
            let mut ticket = ticket(before);
            ticket.add_comment(by, at(2000)).unwrap();
            assert_eq!((ticket.status, ticket.comments, ticket.updated_at), (after, 1, 2000));
        }
        for by in [Side::Customer, Side::Support] {
            let refused = ticket(Resolved).add_comment(by, at(2000));
            assert!(matches!(refused, Err(Error::NotReady { code: "ticket_resolved", .. })));
        }
    }

    #[test]
    fn the_twenty_first_comment_is_refused_but_to_support() {
        let mut ticket = Ticket { comments: 20, ..ticket(Reported) };
        assert!(matches!(
            ticket.add_comment(Side::Customer, at(1)),
            Err(Error::NotReady { code: "comment_limit", .. })
        ));
        ticket.add_comment(Side::Support, at(1)).unwrap();
        assert_eq!(ticket.comments, 21);
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        let of = |character: &str, count| Some(character.repeat(count));
        assert_eq!(subject(of("é", 200)).unwrap().len(), 400);
        assert_eq!(subject(Some(" Build question\n".to_owned())).unwrap(), "Build question");
        assert_eq!(description(of("語", 5000)).unwrap().len(), 15_000);
        assert_eq!(comment_text(Some("two\nlines".to_owned())).unwrap(), "two\nlines");
        for refused in [subject(of("é", 201)), subject(of(" ", 3)), subject(Some("a\nb".to_owned())), subject(None)] {
            assert!(matches!(refused, Err(Error::Invalid { field: "subject", .. })));
        }
        assert!(matches!(description(of("語", 5001)), Err(Error::Invalid { field: "description", .. })));
        assert!(matches!(comment_text(of("x", 5001)), Err(Error::Invalid { field: "comment_text", .. })));
        assert!(comment_text(Some("\u{a0}\n".to_owned())).is_err());
    }

    #[test]
    fn texts_have_lines_and_nothing_that_nobody_sees() {
        assert_eq!(description(Some("two\r\n\tlines\r\n".to_owned())).unwrap(), "two\n\tlines");
        assert_eq!(description(Some("\r\n".repeat(4999) + "x\r\ny")).unwrap(), "x\ny");
        assert_eq!(comment_text(Some("x\r\n".repeat(2500))).unwrap().len(), 4999, "a line end is one character");
        for unseen in ["a\0b", "a\u{1b}[2Jb", "a\rb", "gnp.\u{202e}exe"] {
            let refused = description(Some(unseen.to_owned())).unwrap_err();
            assert_eq!(refused.to_string(), "Description must be without control characters", "{unseen:?}");
            let refused = comment_text(Some(unseen.to_owned()));
            assert!(matches!(refused, Err(Error::Invalid { field: "comment_text", .. })), "{unseen:?}");
        }
    }

    #[test]
    fn statuses_are_written_as_the_page_has_them() {
        for status in TicketStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.label());
        }
    }
}

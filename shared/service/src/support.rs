//! Support tickets, as their tenants open, read and comment on them (page 003, "Support Tickets").

use domain::attachment::{self, Attachment, AttachmentId, AttachmentName, AttachmentUploadId, INLINE_BYTES, ImageType};
use domain::error::Error;
use domain::id::{Sha256Hex, TenantId};
use domain::mail::Mail;
use domain::member::EmailAddress;
use domain::ticket::{Comment, CommentId, Side, Ticket, TicketId, TicketStatus};
use store::artifacts::Handed;
use store::idempotency::Created;
use store::mail::Letter;
use store::tickets::TicketUpdate;
use store::{Change, ReplayOwner};
use uuid::Uuid;

use crate::Service;
use crate::access::Caller;
use crate::changing::{Answered, Attempt, IdempotentRequest, NOTHING_UPLOADED};

/// The answer for a ticket that the tenant does not have.
const NO_TICKET: &str = "Ticket not found";
/// The answer for an attachment that the tenant does not have.
const NO_ATTACHMENT: &str = "Attachment not found";

/// Whom AppTego's mail about customers goes to. Without an address none is sent.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    /// Reads tickets.
    pub support: Option<EmailAddress>,
    /// Calls back.
    pub sales: Option<EmailAddress>,
}

/// A ticket to be opened.
#[derive(Debug)]
pub struct NewTicket {
    /// As [`domain::ticket::subject`] reads it.
    pub subject: String,
    /// As [`domain::ticket::description`] reads it.
    pub description: String,
    /// A picture.
    pub attachment: Option<NewAttachment>,
}

/// A comment to be made.
#[derive(Debug)]
pub struct NewComment {
    /// As [`domain::ticket::comment_text`] reads it.
    pub text: String,
    /// A picture.
    pub attachment: Option<NewAttachment>,
}

/// A picture that comes with a ticket or a comment.
#[derive(Debug)]
pub struct NewAttachment {
    /// As it is called.
    pub name: Option<AttachmentName>,
    /// Where it is.
    pub picture: Picture,
}

/// Where a picture is.
#[derive(Debug)]
pub enum Picture {
    /// In the request.
    Sent(Vec<u8>),
    /// It was put to the URL of an upload.
    Uploaded(AttachmentUploadId),
}

/// A ticket as its tenant sees it.
#[derive(Debug)]
pub struct TicketView {
    /// The ticket.
    pub ticket: Ticket,
    /// The oldest first.
    pub comments: Vec<Comment>,
}

/// An attachment as it is downloaded.
#[derive(Debug)]
pub struct AttachmentView {
    /// What is known of it.
    pub attachment: Attachment,
    /// Its bytes, where they fit an answer.
    pub content: Option<Vec<u8>>,
    /// Downloads it for an hour.
    pub url: String,
}

/// Where a picture may be put.
#[derive(Debug)]
pub struct AttachmentUpload {
    /// Names the upload.
    pub id: AttachmentUploadId,
    /// Takes the picture with one PUT.
    pub url: String,
}

impl Service {
    /// The tickets of the caller's tenant, the latest first.
    pub async fn tickets(&self, caller: &Caller) -> Result<Vec<Ticket>, Error> {
        self.store.tickets(&caller.tenant.id).await
    }

    /// One of them, with its comments.
    pub async fn ticket(&self, caller: &Caller, id: &TicketId) -> Result<TicketView, Error> {
        let tenant = &caller.tenant.id;
        let (ticket, comments) = tokio::try_join!(self.found_ticket(tenant, id), self.store.comments(tenant, id))?;
        Ok(TicketView { ticket, comments })
    }

    /// Opens a ticket, and tells AppTego by mail.
    pub async fn open_ticket(
        &self,
        caller: &Caller,
        new: NewTicket,
        request: Option<IdempotentRequest>,
    ) -> Result<Answered<TicketId>, Error> {
        let tenant = &caller.tenant.id;
        if let Some(earlier) = self.earlier(ReplayOwner::Tenant(tenant), request.as_ref()).await? {
            return opened_before(earlier);
        }
        // Before anything is stored for it.
        self.store.roster(tenant).await?.check_ticket()?;
        let now = self.clock.now().as_second();
        let ticket = Ticket {
            ticket_id: Uuid::now_v7().to_string().parse()?,
            user_id: caller.user_id.clone(),
            subject: new.subject,
            description: new.description,
            status: TicketStatus::Reported,
            comments: 0,
            attachment: self.attach(caller, new.attachment).await?,
            created_at: now,
            updated_at: now,
            revision: 1,
        };
        let id = &ticket.ticket_id;
        caller.trail.note([("ticket_id".to_owned(), id.to_string().into())]);
        let letter = letter(self.desk.support.as_ref().map(|to| Mail::new_ticket(to, &caller.tenant, &ticket)))?;
        let (ticket, letter) = (&ticket, letter.as_ref());
        let attempt = |attempt: Attempt| async move {
            let change = self.store.create_ticket(&attempt.tenant, ticket, letter, attempt.record()).await?;
            if let Change::Refused(roster) = &change {
                roster.check_ticket()?;
            }
            Ok(change)
        };
        let request = request.as_ref().map(|request| (request, Created::Ticket(id.clone())));
        match self.change(caller, request, attempt).await? {
            Some(earlier) => opened_before(earlier),
            None => Ok(Answered { value: id.clone(), replayed: false }),
        }
    }

    /// Comments on a ticket, and tells AppTego by mail.
    pub async fn comment(
        &self,
        caller: &Caller,
        id: &TicketId,
        new: NewComment,
        request: Option<IdempotentRequest>,
    ) -> Result<Answered<CommentId>, Error> {
        let tenant = &caller.tenant.id;
        if let Some(earlier) = self.earlier(ReplayOwner::Tenant(tenant), request.as_ref()).await? {
            return commented_before(earlier);
        }
        caller.trail.note([("ticket_id".to_owned(), id.to_string().into())]);
        // Before anything is stored for it.
        self.found_ticket(tenant, id).await?.add_comment(Side::Customer, self.clock.now())?;
        let comment = Comment {
            comment_id: Uuid::now_v7().to_string().parse()?,
            user_id: caller.user_id.clone(),
            comment_text: new.text,
            attachment: self.attach(caller, new.attachment).await?,
            created_at: self.clock.now().as_second(),
        };
        let comment = &comment;
        let attempt = |attempt: Attempt| async move {
            let mut ticket = self.found_ticket(&attempt.tenant.id, id).await?;
            ticket.add_comment(Side::Customer, attempt.now)?;
            let mail = |to| Mail::customer_comment(to, &attempt.tenant, &ticket, comment);
            let letter = letter(self.desk.support.as_ref().map(mail))?;
            let update =
                TicketUpdate { ticket: &ticket, comment: Some(comment), letter: letter.as_ref(), reader: None };
            self.store.update_ticket(&attempt.tenant, update, attempt.record()).await
        };
        let request = request.as_ref().map(|request| (request, Created::Comment(comment.comment_id.clone())));
        match self.change(caller, request, attempt).await? {
            Some(earlier) => commented_before(earlier),
            None => Ok(Answered { value: comment.comment_id.clone(), replayed: false }),
        }
    }

    /// An attachment of a ticket or a comment.
    pub async fn attachment(&self, caller: &Caller, id: &AttachmentId) -> Result<AttachmentView, Error> {
        let tenant = &caller.tenant.id;
        let attachment = self.store.attachment(tenant, id).await?.ok_or(Error::NotFound(NO_ATTACHMENT))?;
        let url = self.store.presign_attachment(tenant, &attachment).await?;
        let content = match attachment.size <= INLINE_BYTES {
            true => Some(self.store.attachment_content(tenant, &attachment).await?),
            false => None,
        };
        Ok(AttachmentView { attachment, content, url })
    }

    /// Where a picture may be put that fits no request.
    pub async fn request_attachment_upload(&self, caller: &Caller) -> Result<AttachmentUpload, Error> {
        let id: AttachmentUploadId = Uuid::now_v7().to_string().parse()?;
        let url = self.store.presign_attachment_upload(&caller.tenant.id, &id).await?;
        Ok(AttachmentUpload { id, url })
    }

    pub(crate) async fn found_ticket(&self, tenant: &TenantId, id: &TicketId) -> Result<Ticket, Error> {
        self.store.ticket(tenant, id).await?.ok_or(Error::NotFound(NO_TICKET))
    }

    /// Stores a picture. One that nothing refers to in the end is never shown, and goes with its tenant.
    async fn attach(&self, caller: &Caller, new: Option<NewAttachment>) -> Result<Option<Attachment>, Error> {
        let Some(new) = new else { return Ok(None) };
        let tenant = &caller.tenant.id;
        let content = match new.picture {
            Picture::Sent(content) => content,
            Picture::Uploaded(upload) => match self.store.uploaded_attachment(tenant, &upload).await? {
                Handed::Content(content) => content,
                Handed::TooLarge => return Err(attachment::too_large()),
                Handed::Missing => return Err(Error::NotFound(NOTHING_UPLOADED)),
            },
        };
        let file_type = ImageType::of(&content)?;
        let attachment = Attachment {
            attachment_id: Uuid::now_v7().to_string().parse()?,
            file_name: AttachmentName::fitting(new.name, file_type),
            file_type,
            size: u32::try_from(content.len()).map_err(Error::internal)?,
            digest: Sha256Hex::of(&content),
            uploaded_by: caller.user_id.clone(),
            created_at: self.clock.now().as_second(),
        };
        self.store.put_attachment(tenant, &attachment, content).await?;
        Ok(Some(attachment))
    }
}

/// The mail with an id of its own.
pub(crate) fn letter(mail: Option<Mail>) -> Result<Option<Letter>, Error> {
    mail.map(|mail| Ok((Uuid::now_v7().to_string().parse()?, mail))).transpose()
}

fn opened_before(created: Created) -> Result<Answered<TicketId>, Error> {
    let Created::Ticket(value) = created else { return Err(Error::IdempotencyKeyReused) };
    Ok(Answered { value, replayed: true })
}

fn commented_before(created: Created) -> Result<Answered<CommentId>, Error> {
    let Created::Comment(value) = created else { return Err(Error::IdempotencyKeyReused) };
    Ok(Answered { value, replayed: true })
}

//! Support tickets, their comments and attachments. A tenant's open tickets are a set in its roster, which limits them.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::attachment::{Attachment, AttachmentId, AttachmentUploadId, MAX_BYTES};
use domain::error::Error;
use domain::id::TenantId;
use domain::member::MemberId;
use domain::tenant::Tenant;
use domain::ticket::{Comment, MOST_OPEN, Ticket, TicketId, TicketStatus};

use crate::Store;
use crate::artifacts::{Handed, as_file};
use crate::changes::{Change, Part, Record, only, updated};
use crate::keys::{ArtifactKey, ItemKey, TICKETS, ticket_comments};
use crate::mail::Letter;
use crate::table::number;

/// What is written over a ticket.
#[derive(Clone, Copy, Debug)]
pub struct TicketUpdate<'a> {
    /// As it is to be, with the revision that it had.
    pub ticket: &'a Ticket,
    /// A new comment.
    pub comment: Option<&'a Comment>,
    /// Who is told of it.
    pub letter: Option<&'a Letter>,
    /// Who has to be a member of the tenant then.
    pub reader: Option<&'a MemberId>,
}

impl Store {
    /// A ticket, if the tenant has it.
    pub async fn ticket(&self, tenant: &TenantId, id: &TicketId) -> Result<Option<Ticket>, Error> {
        self.read(ItemKey::Ticket(tenant, id)).await
    }

    /// All tickets of a tenant, the latest first.
    pub async fn tickets(&self, tenant: &TenantId) -> Result<Vec<Ticket>, Error> {
        let mut tickets: Vec<Ticket> = self.under(tenant, TICKETS).await?;
        tickets.sort_by(|a, b| (b.created_at, &b.ticket_id).cmp(&(a.created_at, &a.ticket_id)));
        Ok(tickets)
    }

    /// The comments of a ticket, the oldest first.
    pub async fn comments(&self, tenant: &TenantId, ticket: &TicketId) -> Result<Vec<Comment>, Error> {
        let mut comments: Vec<Comment> = self.under(tenant, &ticket_comments(ticket)).await?;
        comments.sort_by(|a, b| (a.created_at, &a.comment_id).cmp(&(b.created_at, &b.comment_id)));
        Ok(comments)
    }

    /// An attachment, if the tenant has it.
    pub async fn attachment(&self, tenant: &TenantId, id: &AttachmentId) -> Result<Option<Attachment>, Error> {
        self.read(ItemKey::Attachment(tenant, id)).await
    }

    /// Makes a ticket, if the tenant has fewer than [`MOST_OPEN`] that are open.
    pub async fn create_ticket(
        &self,
        tenant: &Tenant,
        ticket: &Ticket,
        letter: Option<&Letter>,
        record: Record<'_>,
    ) -> Result<Change, Error> {
        let roster = self
            .update(&ItemKey::Roster(&tenant.id))
            .update_expression("ADD open_tickets :ids")
            .condition_expression("attribute_not_exists(open_tickets) OR size(open_tickets) < :most")
            .expression_attribute_values(":ids", only(&ticket.ticket_id))
            .expression_attribute_values(":most", number(MOST_OPEN));
        let mut actions = vec![
            self.tenant_unchanged(tenant)?,
            (Part::Roster, updated(roster)?),
            (Part::Subject, self.create(&ItemKey::Ticket(&tenant.id, &ticket.ticket_id), ticket, [])?),
        ];
        actions.extend(self.attachment_put(&tenant.id, ticket.attachment.as_ref())?);
        actions.extend(self.letter_put(&tenant.id, letter, record)?);
        self.change(actions, record).await
    }

    /// Writes a ticket over the one of its revision, which has to be there, with what belongs to it. It bears the next revision then.
    pub async fn update_ticket(
        &self,
        tenant: &Tenant,
        TicketUpdate { ticket, comment, letter, reader }: TicketUpdate<'_>,
        record: Record<'_>,
    ) -> Result<Change, Error> {
        let after = Ticket { revision: ticket.revision + 1, ..ticket.clone() };
        let key = ItemKey::Ticket(&tenant.id, &ticket.ticket_id);
        let put = self.put_over(&key, &after, [], Some(ticket.revision))?;
        let mut actions = vec![self.tenant_unchanged(tenant)?, (Part::Version, put)];
        if let Some(comment) = comment {
            let key = ItemKey::TicketComment(&tenant.id, &ticket.ticket_id, &comment.comment_id);
            actions.push((Part::Subject, self.create(&key, comment, [])?));
        }
        if ticket.status == TicketStatus::Resolved {
            let roster = self.update(&ItemKey::Roster(&tenant.id)).update_expression("DELETE open_tickets :ids");
            let roster = roster.expression_attribute_values(":ids", only(&ticket.ticket_id));
            actions.push((Part::Roster, updated(roster)?));
        }
        let attachment = comment.and_then(|comment| comment.attachment.as_ref());
        actions.extend(self.attachment_put(&tenant.id, attachment)?);
        actions.extend(self.letter_put(&tenant.id, letter, record)?);
        if let Some(reader) = reader {
            actions.push((Part::Person, self.exists(&ItemKey::Member(&tenant.id, reader))?));
        }
        self.change(actions, record).await
    }

    fn attachment_put(
        &self,
        tenant: &TenantId,
        attachment: Option<&Attachment>,
    ) -> Result<Option<(Part, TransactWriteItem)>, Error> {
        let put = |attachment: &Attachment| {
            self.create(&ItemKey::Attachment(tenant, &attachment.attachment_id), attachment, [])
        };
        Ok(attachment.map(put).transpose()?.map(|put| (Part::Subject, put)))
    }

    /// Stores the content of an attachment under its digest.
    pub async fn put_attachment(
        &self,
        tenant: &TenantId,
        attachment: &Attachment,
        content: Vec<u8>,
    ) -> Result<(), Error> {
        let key = ArtifactKey::Attachment(tenant, &attachment.digest).key();
        self.put_object(key, attachment.file_type.media_type(), content.into(), None).await
    }

    /// The content of an attachment.
    pub async fn attachment_content(&self, tenant: &TenantId, attachment: &Attachment) -> Result<Vec<u8>, Error> {
        self.named_object(ArtifactKey::Attachment(tenant, &attachment.digest).key(), &attachment.digest).await
    }

    /// A URL that downloads the content of an attachment under its name.
    pub async fn presign_attachment(&self, tenant: &TenantId, attachment: &Attachment) -> Result<String, Error> {
        let key = ArtifactKey::Attachment(tenant, &attachment.digest);
        self.presign_artifact(&key, Some(as_file(attachment.file_name.as_str()))).await
    }

    /// A URL that takes a picture with one PUT. What is not used within a day expires.
    pub async fn presign_attachment_upload(&self, tenant: &TenantId, id: &AttachmentUploadId) -> Result<String, Error> {
        self.presign_put(&ArtifactKey::AttachmentUpload(tenant, id)).await
    }

    /// The picture that was uploaded.
    pub async fn uploaded_attachment(&self, tenant: &TenantId, id: &AttachmentUploadId) -> Result<Handed, Error> {
        self.handed(&ArtifactKey::AttachmentUpload(tenant, id), MAX_BYTES).await
    }
}

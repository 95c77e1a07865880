//! Support tickets (page 003, "Support Tickets").

use api::access::{AddTicketComment, CreateTicket, GetAttachment, GetTicket, GetTickets, RequestAttachmentUpload};
use api::fields::NoFields;
use api::{ApiResult, App, Caller, ErrorBody, IdPath, IdempotencyKey, JsonBody, Problem, replayable};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::attachment::{self, Attachment, ImageType};
use domain::error::Error;
use domain::id::TenantId;
use domain::plan::Plan;
use domain::tenant::Tenant;
use domain::ticket::{Comment, Ticket, TicketStatus, comment_text, description, subject};
use domain::upload::URL_SECONDS;
use serde::{Deserialize, Serialize};
use service::support::{NewAttachment, NewComment, NewTicket, Picture, TicketView};
use utoipa::ToSchema;

/// What to do where an attachment makes a body too large.
const HINT: &str =
    "Put the attachment to the URL of /frontend/support/attachments and send its attachment_upload instead";

/// The tickets of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketList {
    /// The latest first.
    tickets: Vec<ListedTicket>,
}

/// A ticket in the list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedTicket {
    /// Names it.
    #[schema(example = "01970000-0000-7000-8000-000000000000")]
    ticket_id: String,
    /// Whose it is.
    #[schema(value_type = String, example = "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11")]
    tenant_id: TenantId,
    /// As the tenant is called now.
    #[schema(example = "Example Tenant")]
    tenant_name: String,
    /// The plan that the tenant has now.
    #[schema(value_type = String, example = "TEAM")]
    tenant_plan: Plan,
    /// Who reported it.
    #[schema(example = "owner@example.com")]
    user_id: String,
    /// One line.
    #[schema(example = "Build question")]
    subject: String,
    /// `Reported`, `With Support`, `For Customer Response` or `Resolved`.
    #[schema(value_type = String, example = "Reported")]
    status: TicketStatus,
    /// Unix seconds.
    #[schema(example = 1_732_740_000)]
    created_at: i64,
    /// When it was commented on or its status changed, Unix seconds.
    #[schema(example = 1_732_740_000)]
    updated_at: i64,
}

/// A ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketAnswer {
    #[serde(flatten)]
    ticket: ListedTicket,
    /// What it is about.
    #[schema(example = "Can you help us understand this build failure?")]
    description: String,
    /// The oldest first.
    comments: Vec<ListedComment>,
    /// Of the ticket itself and of its comments.
    attachments: Vec<ListedAttachment>,
}

/// A comment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedComment {
    /// Names it.
    #[schema(example = "01970000-0000-7000-8000-000000000001")]
    comment_id: String,
    /// Who wrote it; `AppTego Support` for AppTego.
    #[schema(example = "owner@example.com")]
    user_id: String,
    /// What it says.
    #[schema(example = "Here is more context.")]
    comment_text: String,
    /// Unix seconds.
    #[schema(example = 1_732_740_600)]
    created_at: i64,
}

/// An attachment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedAttachment {
    /// Names it.
    #[schema(example = "01970000-0000-7000-8000-000000000002")]
    attachment_id: String,
    /// The comment that it came with; null where it came with the ticket itself.
    #[schema(required = true)]
    comment_id: Option<String>,
    /// As it was called, with the extension of what it is.
    #[schema(example = "screenshot.png")]
    file_name: String,
    /// `image/png` or `image/jpeg`, by its content.
    #[schema(value_type = String, example = "image/png")]
    file_type: ImageType,
    /// Who sent it.
    #[schema(example = "owner@example.com")]
    uploaded_by: String,
    /// Unix seconds.
    #[schema(example = 1_732_740_000)]
    created_at: i64,
}

impl ListedTicket {
    fn new(ticket: &Ticket, tenant: &Tenant) -> Self {
        Self {
            ticket_id: ticket.ticket_id.to_string(),
            tenant_id: tenant.id.clone(),
            tenant_name: tenant.name.to_string(),
            tenant_plan: tenant.plan,
            user_id: ticket.user_id.clone(),
            subject: ticket.subject.clone(),
            status: ticket.status,
            created_at: ticket.created_at,
            updated_at: ticket.updated_at,
        }
    }
}

impl TicketAnswer {
    fn new(view: TicketView, tenant: &Tenant) -> Self {
        let TicketView { ticket, comments } = view;
        let own = ticket.attachment.as_ref().map(|attachment| ListedAttachment::new(attachment, None));
        let of_comment = |comment: &Comment| {
            let attachment = comment.attachment.as_ref()?;
            Some(ListedAttachment::new(attachment, Some(comment.comment_id.to_string())))
        };
        let attachments = own.into_iter().chain(comments.iter().filter_map(of_comment)).collect();
        Self {
            ticket: ListedTicket::new(&ticket, tenant),
            description: ticket.description,
            comments: comments.into_iter().map(ListedComment::from).collect(),
            attachments,
        }
    }
}

impl From<Comment> for ListedComment {
    fn from(comment: Comment) -> Self {
        let Comment { comment_id, user_id, comment_text, created_at, .. } = comment;
        Self { comment_id: comment_id.into(), user_id, comment_text, created_at }
    }
}

impl ListedAttachment {
    fn new(attachment: &Attachment, comment_id: Option<String>) -> Self {
        Self {
            attachment_id: attachment.attachment_id.to_string(),
            comment_id,
            file_name: attachment.file_name.to_string(),
            file_type: attachment.file_type,
            uploaded_by: attachment.uploaded_by.clone(),
            created_at: attachment.created_at,
        }
    }
}

/// List tickets
#[utoipa::path(
    get, path = "/frontend/support/tickets", tag = "support",
    responses((status = 200, description = "The tickets of the tenant", body = TicketList))
)]
pub(crate) async fn list_tickets(State(app): State<App>, caller: Caller<GetTickets>) -> ApiResult<Json<TicketList>> {
    let tickets = app.service.tickets(&caller).await?;
    Ok(Json(TicketList { tickets: tickets.iter().map(|ticket| ListedTicket::new(ticket, &caller.tenant)).collect() }))
}

/// The ticket to be opened.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct TicketFields {
    /// One line, at most 200 characters.
    #[schema(required = true, nullable = false, example = "Build question")]
    subject: Option<String>,
    /// At most 5000 characters, in lines.
    #[schema(required = true, nullable = false, example = "Can you help us understand this build failure?")]
    description: Option<String>,
    #[serde(flatten)]
    attachment: AttachmentFields,
}

/// A picture that comes with a ticket or a comment.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct AttachmentFields {
    /// Base64 of a PNG or JPEG image, at most 5 MB decoded and 16384 pixels wide and high. What does not fit a request (5.5 MB) goes by `attachment_upload`.
    attachment: Option<String>,
    /// Instead of `attachment`: takes the image that was put to the URL of `/frontend/support/attachments`.
    #[schema(example = "01970000-0000-7000-8000-000000000003")]
    attachment_upload: Option<String>,
    /// As the image is called; at most 255 bytes. The content decides on its extension.
    #[schema(example = "screenshot.png")]
    attachment_name: Option<String>,
    /// Not relied on: the content says what the image is.
    #[schema(example = "image/png")]
    #[expect(dead_code, reason = "documented, and overruled by the content")]
    attachment_type: Option<String>,
}

impl AttachmentFields {
    fn read(self) -> Result<Option<NewAttachment>, Error> {
        let picture = match (self.attachment, self.attachment_upload) {
            (Some(_), Some(_)) => {
                let message = "Send attachment or attachment_upload, not both";
                return Err(Error::invalid("attachment_upload", message));
            }
            (Some(text), None) => Picture::Sent(attachment::decode(&text)?),
            (None, Some(upload)) => Picture::Uploaded(upload.parse()?),
            (None, None) => return Ok(None),
        };
        let name = self.attachment_name.map(|name| name.parse()).transpose()?;
        Ok(Some(NewAttachment { name, picture }))
    }
}

/// A ticket that was opened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedTicket {
    /// Always true.
    success: bool,
    /// Names it.
    #[schema(example = "01970000-0000-7000-8000-000000000000")]
    ticket_id: String,
}

/// Open a ticket
///
/// It begins as `Reported`. AppTego is told by mail, and answers in the ticket.
#[utoipa::path(
    post, path = "/frontend/support/tickets", tag = "support", request_body = TicketFields,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters", min_length = 1, max_length = 255)),
    responses(
        (
            status = 200, description = "The ticket", body = CreatedTicket,
            headers(("Idempotent-Replayed" = String, description = "`true` where an earlier request opened it; else absent"))
        ),
        (status = 400, description = "A field is missing or invalid, or 10 tickets are open", body = ErrorBody),
        (status = 404, description = "Nothing was uploaded under this id", body = ErrorBody),
        (status = 413, description = "The body is larger than 5.5 MB: upload the attachment instead", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used with another request", body = ErrorBody),
    )
)]
pub(crate) async fn create_ticket(
    State(app): State<App>,
    caller: Caller<CreateTicket>,
    key: IdempotencyKey,
    body: ApiResult<JsonBody<TicketFields>>,
) -> ApiResult<Response> {
    let JsonBody { value: fields, digest } = body.map_err(|problem| problem.or_instead(HINT))?;
    let new = NewTicket {
        subject: subject(fields.subject)?,
        description: description(fields.description)?,
        attachment: fields.attachment.read()?,
    };
    let request = key.bind(caller.tenant.id.as_str(), &caller.user_id, digest);
    let opened = app.service.open_ticket(&caller, new, request).await?;
    let answer = CreatedTicket { success: true, ticket_id: opened.value.to_string() };
    Ok(replayable(Json(answer), opened.replayed))
}

/// Read a ticket
#[utoipa::path(
    get, path = "/frontend/support/tickets/{ticket_id}", tag = "support",
    params(("ticket_id" = String, Path, description = "Names it", example = "01970000-0000-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The ticket", body = TicketAnswer),
        (status = 404, description = "The tenant has no such ticket", body = ErrorBody),
    )
)]
pub(crate) async fn ticket(
    State(app): State<App>,
    caller: Caller<GetTicket>,
    path: IdPath,
) -> ApiResult<Json<TicketAnswer>> {
    let view = app.service.ticket(&caller, &path.parse("Ticket not found")?).await?;
    Ok(Json(TicketAnswer::new(view, &caller.tenant)))
}

/// The comment to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CommentFields {
    /// At most 5000 characters, in lines.
    #[schema(required = true, nullable = false, example = "Here is more context.")]
    comment_text: Option<String>,
    #[serde(flatten)]
    attachment: AttachmentFields,
}

/// A comment that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedComment {
    /// Always true.
    success: bool,
    /// Names it.
    #[schema(example = "01970000-0000-7000-8000-000000000001")]
    comment_id: String,
}

/// Comment on a ticket
///
/// A ticket that is `For Customer Response` is `With Support` then. A ticket that is `Resolved` takes no comment.
#[utoipa::path(
    post, path = "/frontend/support/tickets/{ticket_id}/comments", tag = "support", request_body = CommentFields,
    params(
        ("ticket_id" = String, Path, description = "Names the ticket", example = "01970000-0000-7000-8000-000000000000"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters", min_length = 1, max_length = 255)
    ),
    responses(
        (
            status = 200, description = "The comment", body = CreatedComment,
            headers(("Idempotent-Replayed" = String, description = "`true` where an earlier request made it; else absent"))
        ),
        (status = 400, description = "A field is missing or invalid, the ticket has 20 comments or is resolved", body = ErrorBody),
        (status = 404, description = "The tenant has no such ticket, or nothing was uploaded under this id", body = ErrorBody),
        (status = 413, description = "The body is larger than 5.5 MB: upload the attachment instead", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used with another request", body = ErrorBody),
    )
)]
pub(crate) async fn add_comment(
    State(app): State<App>,
    caller: Caller<AddTicketComment>,
    path: IdPath,
    key: IdempotencyKey,
    body: ApiResult<JsonBody<CommentFields>>,
) -> ApiResult<Response> {
    let ticket = path.parse("Ticket not found")?;
    let JsonBody { value: fields, digest } = body.map_err(|problem: Problem| problem.or_instead(HINT))?;
    let new = NewComment { text: comment_text(fields.comment_text)?, attachment: fields.attachment.read()? };
    let request = key.bind(caller.tenant.id.as_str(), &caller.user_id, digest);
    let made = app.service.comment(&caller, &ticket, new, request).await?;
    let answer = CreatedComment { success: true, comment_id: made.value.to_string() };
    Ok(replayable(Json(answer), made.replayed))
}

/// Where an image may be put.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttachmentUploadAnswer {
    /// Always true.
    success: bool,
    /// Takes the image with one PUT.
    upload_url: String,
    /// Names it in a ticket or a comment.
    #[schema(example = "01970000-0000-7000-8000-000000000003")]
    attachment_upload: String,
    /// Seconds.
    #[schema(example = 3600)]
    expires_in: u32,
}

/// Request an upload URL for an attachment
///
/// For an image that fits no request: put it to `upload_url`, then send `attachment_upload` with a ticket or a comment within a day.
#[utoipa::path(
    post, path = "/frontend/support/attachments", tag = "support", request_body = NoFields,
    responses((status = 200, description = "Where the image may be put", body = AttachmentUploadAnswer))
)]
pub(crate) async fn request_attachment_upload(
    State(app): State<App>,
    caller: Caller<RequestAttachmentUpload>,
    _: JsonBody<NoFields>,
) -> ApiResult<Json<AttachmentUploadAnswer>> {
    let upload = app.service.request_attachment_upload(&caller).await?;
    let (upload_url, attachment_upload) = (upload.url, upload.id.to_string());
    Ok(Json(AttachmentUploadAnswer { success: true, upload_url, attachment_upload, expires_in: URL_SECONDS }))
}

/// An attachment as it is downloaded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttachmentAnswer {
    /// As it was called, with the extension of what it is.
    #[schema(example = "screenshot.png")]
    file_name: String,
    /// `image/png` or `image/jpeg`, by its content.
    #[schema(value_type = String, example = "image/png")]
    file_type: ImageType,
    /// Base64 of the content; empty for an image that fits no answer.
    file_data: String,
    /// Downloads the content for an hour.
    download_url: String,
}

/// Download an attachment
///
/// An image of more than 4,400,000 bytes fits no answer: `file_data` is empty, and `download_url` has it.
#[utoipa::path(
    get, path = "/frontend/support/attachments/{attachment_id}", tag = "support",
    params(("attachment_id" = String, Path, description = "Names it", example = "01970000-0000-7000-8000-000000000002")),
    responses(
        (status = 200, description = "The attachment", body = AttachmentAnswer),
        (status = 404, description = "The tenant has no such attachment", body = ErrorBody),
    )
)]
pub(crate) async fn attachment(
    State(app): State<App>,
    caller: Caller<GetAttachment>,
    path: IdPath,
) -> ApiResult<Json<AttachmentAnswer>> {
    let view = app.service.attachment(&caller, &path.parse("Attachment not found")?).await?;
    Ok(Json(AttachmentAnswer {
        file_name: view.attachment.file_name.into(),
        file_type: view.attachment.file_type,
        file_data: view.content.map(|content| STANDARD.encode(content)).unwrap_or_default(),
        download_url: view.url,
    }))
}

//! The assistant (page 003, "Tego Assistant").

use api::access::{ClearHistory, GetHistory, GetUsageStatus, SendMessage};
use api::{ApiResult, App, Caller, ErrorBody, IdempotencyKey, JsonBody, NoBody, Success, replayable};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::conversation::{Exchange, Message};
use domain::time::at;
use domain::usage::{Allowance, Meter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody asks.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChatFields {
    /// Up to 2000 characters.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 2000,
        example = "How do I configure Certificate Pinning?"
    )]
    message: Option<String>,
}

/// What was done for an answer, in the order in which a client shows it.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct ChatPhase {
    /// Who did it.
    #[schema(example = "Tego")]
    expert: &'static str,
    /// What was done.
    #[schema(example = "Analysing your question...")]
    status: &'static str,
}

/// Every answer is made in these (page 003).
const PHASES: [ChatPhase; 2] = [
    ChatPhase { expert: "Tego", status: "Analysing your question..." },
    ChatPhase { expert: "Tego", status: "Preparing your answer..." },
];

/// What the assistant says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatAnswer {
    /// Markdown.
    #[schema(example = "Certificate Pinning is configured from the configuration controls...")]
    response: String,
    /// What was done for it.
    phases: [ChatPhase; 2],
    /// Messages of the tenant in this week, those among them that are being answered.
    #[schema(example = 4)]
    messages_used: u32,
    /// Messages that the tenant may send in a week.
    #[schema(example = 100)]
    weekly_limit: u32,
    /// The same as `weekly_limit`.
    #[schema(example = 100)]
    monthly_limit: u32,
    /// When the next week begins, Unix seconds: Monday, UTC.
    #[schema(example = 1_733_097_600)]
    allowed_again_at: i64,
    /// The same as a date and time.
    #[schema(example = "2024-12-02T00:00:00Z", format = DateTime)]
    allowed_again_at_utc: String,
}

/// A message beyond the weekly limit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatLimitError {
    /// What went wrong, for people.
    error: String,
    /// Always `weekly_message_limit`.
    code: String,
    /// Names the request in the service's log.
    request_id: String,
    /// Messages that the tenant may send in a week.
    weekly_limit: u32,
    /// The same as `weekly_limit`.
    monthly_limit: u32,
    /// Messages of the tenant in this week.
    messages_used: u32,
    /// When the next week begins, Unix seconds.
    allowed_again_at: i64,
    /// The same as a date and time.
    #[schema(format = DateTime)]
    allowed_again_at_utc: String,
}

/// Send a message
///
/// Answers questions about AppTego. A message counts when it is answered, also where the documentation has no answer.
#[utoipa::path(
    post, path = "/frontend/helpbot/chat", tag = "assistant", request_body = ChatFields,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters", min_length = 1, max_length = 255)),
    responses(
        (
            status = 200, description = "The answer", body = ChatAnswer,
            headers(("Idempotent-Replayed" = String, description = "`true` where an earlier request asked; else absent"))
        ),
        (status = 400, description = "The message is missing or too long", body = ErrorBody),
        (status = 404, description = "The Idempotency-Key belongs to a message that was cleared", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used with another request", body = ErrorBody),
        (status = 429, description = "The weekly limit is reached", body = ChatLimitError),
        (status = 503, description = "The assistant cannot answer at the moment; the message does not count", body = ErrorBody),
    )
)]
pub(crate) async fn send_message(
    State(app): State<App>,
    caller: Caller<SendMessage>,
    key: IdempotencyKey,
    JsonBody { value: fields, digest }: JsonBody<ChatFields>,
) -> ApiResult<Response> {
    let message = Message::parse(&fields.message.unwrap_or_default())?;
    let request = key.bind(caller.tenant.id.as_str(), &caller.user_id, digest);
    let said = app.service.ask(&caller, &message, request).await?;
    let Allowance { limit, used, allowed_again_at, .. } = said.value.allowance;
    let answer = ChatAnswer {
        response: said.value.answer,
        phases: PHASES,
        messages_used: used,
        weekly_limit: limit,
        monthly_limit: limit,
        allowed_again_at,
        allowed_again_at_utc: at(allowed_again_at).to_string(),
    };
    Ok(replayable(Json(answer), said.replayed))
}

/// Who says something.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ChatRole {
    /// The caller.
    User,
    /// The assistant.
    Assistant,
}

/// Something that was said.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatMessage {
    /// Who said it.
    role: ChatRole,
    /// What was said.
    #[schema(example = "How do I configure Certificate Pinning?")]
    content: String,
}

/// What was said lately.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatHistory {
    /// At most 100, the oldest first.
    messages: Vec<ChatMessage>,
}

/// Get the conversation history
///
/// The caller's own messages in this tenant and their answers: at most the newest 100 of the last 24 hours.
#[utoipa::path(
    get, path = "/frontend/helpbot/history", tag = "assistant",
    responses((status = 200, description = "What was said lately", body = ChatHistory))
)]
pub(crate) async fn history(State(app): State<App>, caller: Caller<GetHistory>) -> ApiResult<Json<ChatHistory>> {
    let exchanges = app.service.conversation(&caller).await?;
    Ok(Json(ChatHistory { messages: exchanges.into_iter().flat_map(messages).collect() }))
}

fn messages(exchange: Exchange) -> [ChatMessage; 2] {
    let (user, assistant) = (ChatRole::User, ChatRole::Assistant);
    [(user, exchange.question), (assistant, exchange.answer)].map(|(role, content)| ChatMessage { role, content })
}

/// Clear the conversation history
///
/// It is gone at once, with what is being answered at the moment.
#[utoipa::path(
    post, path = "/frontend/helpbot/clear", tag = "assistant",
    responses(
        (status = 200, description = "It is cleared", body = Success),
        (status = 413, description = "The body is larger than 5.5 MB; none is needed", body = ErrorBody),
    )
)]
pub(crate) async fn clear_history(
    State(app): State<App>,
    caller: Caller<ClearHistory>,
    _: NoBody,
) -> ApiResult<Json<Success>> {
    app.service.clear_conversation(&caller).await?;
    Ok(Json(Success::DONE))
}

/// How many messages are left.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatStatus {
    /// Messages that the tenant may send in a week.
    #[schema(example = 100)]
    weekly_limit: u32,
    /// The same as `weekly_limit`.
    #[schema(example = 100)]
    monthly_limit: u32,
    /// Messages of the tenant in this week, those among them that are being answered.
    #[schema(example = 4)]
    messages_used: u32,
    /// Messages that are left.
    #[schema(example = 96)]
    messages_remaining: u32,
    /// When the next week begins, Unix seconds: Monday, UTC.
    #[schema(example = 1_733_097_600)]
    allowed_again_at: i64,
    /// The same as a date and time.
    #[schema(example = "2024-12-02T00:00:00Z", format = DateTime)]
    allowed_again_at_utc: String,
}

/// Get the usage status
///
/// Of the whole tenant, in this week.
#[utoipa::path(
    get, path = "/frontend/helpbot/status", tag = "assistant",
    responses((status = 200, description = "How many messages are left", body = ChatStatus))
)]
pub(crate) async fn usage_status(
    State(app): State<App>,
    caller: Caller<GetUsageStatus>,
) -> ApiResult<Json<ChatStatus>> {
    let allowance = app.service.allowance(&caller, Meter::Messages).await?;
    Ok(Json(ChatStatus {
        weekly_limit: allowance.limit,
        monthly_limit: allowance.limit,
        messages_used: allowance.used,
        messages_remaining: allowance.remaining(),
        allowed_again_at: allowance.allowed_again_at,
        allowed_again_at_utc: at(allowance.allowed_again_at).to_string(),
    }))
}

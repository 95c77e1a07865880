//! AI Search (page 003, "AI Search").

use ::search::column::Log;
use ::search::question::{Answer, Question};
use api::access::InterpretSearch;
use api::{ApiResult, App, Caller, ErrorBody, JsonBody};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is searched for, in plain words.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SearchFields {
    /// `audit` or `device`.
    #[schema(required = true, nullable = false, pattern = "^(audit|device)$", example = "audit")]
    mode: Option<String>,
    /// Up to 500 characters.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 500,
        example = "configuration changes from last week"
    )]
    query: Option<String>,
}

/// A search of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchAnswer {
    /// In the query language of the logs; empty for everything.
    #[schema(example = "event_type = 'configuration_change'")]
    query: String,
    /// The first moment.
    #[schema(example = "2024-11-18T00:00:00Z", format = DateTime)]
    from_iso: String,
    /// The moment after the last.
    #[schema(example = "2024-11-25T00:00:00Z", format = DateTime)]
    to_iso: String,
    /// Of this month, UTC.
    usage: SearchUsage,
}

/// Questions of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchUsage {
    /// In this month, those among them that are being answered.
    #[schema(example = 12)]
    used: u32,
    /// That it may ask in a month.
    #[schema(example = 100)]
    limit: u32,
}

/// A question beyond the monthly limit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchLimitError {
    /// What went wrong, for people.
    error: String,
    /// Always `monthly_search_limit`.
    code: String,
    /// Names the request in the service's log.
    request_id: String,
    /// Of this month, UTC.
    usage: SearchUsage,
    /// When the next month begins, Unix seconds.
    allowed_again_at: i64,
}

/// Convert a natural language query
///
/// Answers a query and a window of time for the search of a log, never its rows. A question that is not answered does not count.
#[utoipa::path(
    post, path = "/frontend/nl_search_query", tag = "assistant", request_body = SearchFields,
    responses(
        (status = 200, description = "The search", body = SearchAnswer),
        (status = 400, description = "The mode is wrong, or the query is missing or too long", body = ErrorBody),
        (status = 422, description = "The question is not understood; it says why", body = ErrorBody),
        (status = 429, description = "The monthly limit is reached", body = SearchLimitError),
        (status = 503, description = "AI Search cannot answer at the moment; the question does not count", body = ErrorBody),
    )
)]
pub(crate) async fn interpret(
    State(app): State<App>,
    caller: Caller<InterpretSearch>,
    JsonBody { value: fields, .. }: JsonBody<SearchFields>,
) -> ApiResult<Json<SearchAnswer>> {
    let log: Log = fields.mode.unwrap_or_default().parse()?;
    let question = Question::parse(&fields.query.unwrap_or_default())?;
    let (answer, allowance) = app.service.interpret(&caller, log, &question).await?;
    let usage = SearchUsage { used: allowance.used, limit: allowance.limit };
    Ok(Json(SearchAnswer::of(&answer, usage)))
}

impl SearchAnswer {
    fn of(answer: &Answer, usage: SearchUsage) -> Self {
        let (query, from, to) = (answer.query(), answer.from(), answer.to());
        Self { query: query.to_string(), from_iso: from.to_string(), to_iso: to.to_string(), usage }
    }
}

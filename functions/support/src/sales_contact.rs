//! Sales contact requests (page 003, "Sales Contact Requests").

use api::access::{GetSalesContactStatus, RequestSalesContact};
use api::{ApiResult, App, Caller, ErrorBody, IdempotencyKey, JsonBody, replayable};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::sales_contact::tier;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether the caller may ask now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CooldownAnswer {
    /// Whether the caller has asked within the last seven days.
    on_cooldown: bool,
    /// When the caller may ask again, Unix seconds; null where that is now.
    #[schema(required = true, example = 1_733_344_800)]
    cooldown_until: Option<i64>,
}

/// Check the sales contact cooldown
///
/// Each user may ask once in seven days, in whichever of their tenants.
#[utoipa::path(
    get, path = "/frontend/sales_contact/status", tag = "support",
    responses((status = 200, description = "Whether the caller may ask now", body = CooldownAnswer))
)]
pub(crate) async fn sales_contact_status(
    State(app): State<App>,
    caller: Caller<GetSalesContactStatus>,
) -> ApiResult<Json<CooldownAnswer>> {
    let cooldown_until = app.service.sales_cooldown(&caller).await?;
    Ok(Json(CooldownAnswer { on_cooldown: cooldown_until.is_some(), cooldown_until }))
}

/// What sales is asked about.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SalesContactFields {
    /// `TEAM` or `ENTERPRISE`.
    #[schema(required = true, nullable = false, example = "ENTERPRISE", pattern = "^(TEAM|ENTERPRISE)$")]
    tier: Option<String>,
}

/// Sales is told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SalesContactAnswer {
    /// For people.
    #[schema(example = "We'll contact you shortly.")]
    message: &'static str,
    /// Always true.
    on_cooldown: bool,
    /// When the caller may ask again, Unix seconds.
    #[schema(example = 1_733_344_800)]
    cooldown_until: i64,
}

/// A request within seven days of the last one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CooldownError {
    /// What went wrong, for people.
    error: String,
    /// Always `sales_contact_cooldown`.
    code: String,
    /// Names the request in the service's log.
    request_id: String,
    /// Always true.
    on_cooldown: bool,
    /// When the caller may ask again, Unix seconds.
    cooldown_until: i64,
}

/// Request sales contact
///
/// By mail, once in seven days for each user, in whichever of their tenants. Tokens, and whom a tenant's own provider names, count there alone.
#[utoipa::path(
    post, path = "/frontend/sales_contact/request", tag = "support", request_body = SalesContactFields,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters", min_length = 1, max_length = 255)),
    responses(
        (
            status = 200, description = "Sales is told", body = SalesContactAnswer,
            headers(("Idempotent-Replayed" = String, description = "`true` where an earlier request asked; else absent"))
        ),
        (status = 400, description = "The tier is missing or invalid", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used with another request", body = ErrorBody),
        (status = 429, description = "The caller has asked within the last seven days", body = CooldownError),
    )
)]
pub(crate) async fn request_sales_contact(
    State(app): State<App>,
    caller: Caller<RequestSalesContact>,
    key: IdempotencyKey,
    JsonBody { value: fields, digest }: JsonBody<SalesContactFields>,
) -> ApiResult<Response> {
    let tier = tier(fields.tier.as_deref())?;
    let request = key.bind(caller.tenant.id.as_str(), &caller.user_id, digest);
    let asked = app.service.request_sales_contact(&caller, tier, request).await?;
    let message = "We'll contact you shortly.";
    let answer = SalesContactAnswer { message, on_cooldown: true, cooldown_until: asked.value };
    Ok(replayable(Json(answer), asked.replayed))
}

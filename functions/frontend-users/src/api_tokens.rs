//! API tokens of a tenant (page 004, "API Tokens").

use api::access::{CreateApiToken, DeleteApiToken, GetApiTokensPermissions};
use api::{ApiResult, App, Caller, ErrorBody, IdempotencyKey, JsonBody, Success, replayable};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use api::fields::{NoFields, parsed};

/// A token that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedToken {
    /// Names it.
    #[schema(example = "atk_abc123", pattern = "^atk_[A-Za-z0-9]{1,16}$")]
    token_key: String,
    /// Opens with it, and is shown this once.
    #[schema(example = "secret-value-shown-once")]
    token_secret: String,
}

/// Create an API token
///
/// Without permissions: `update_user_permissions` gives them, with the token's key as `user_id`. The secret is shown once;
/// the same request with the same `Idempotency-Key` shows it again within 24 hours.
#[utoipa::path(
    post, path = "/frontend/create_api_token", tag = "users", request_body = NoFields,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters", min_length = 1, max_length = 255)),
    responses(
        (
            status = 200, description = "The token", body = CreatedToken,
            headers(("Idempotent-Replayed" = String, description = "`true` where an earlier request made the token; else absent"))
        ),
        (status = 422, description = "The Idempotency-Key was used with another request", body = ErrorBody),
        (status = 429, description = "The tenant has 20 API tokens", body = ErrorBody),
    )
)]
pub(crate) async fn create_api_token(
    State(app): State<App>,
    caller: Caller<CreateApiToken>,
    key: IdempotencyKey,
    JsonBody { digest, .. }: JsonBody<NoFields>,
) -> ApiResult<Response> {
    let request = key.bind(caller.tenant.id.as_str(), &caller.user_id, digest);
    let created = app.service.create_api_token(&caller, request).await?;
    let token_secret = created.value.expose_secret().to_owned();
    Ok(replayable(Json(CreatedToken { token_key: created.value.id, token_secret }), created.replayed))
}

/// The API tokens of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenList {
    /// In the order of their keys.
    tokens: Vec<ListedToken>,
}

/// An API token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedToken {
    /// Names it.
    #[schema(example = "atk_abc123")]
    token_key: String,
    /// Permission keys.
    #[schema(example = json!(["build_applications"]))]
    permissions: Vec<&'static str>,
    /// Who made it.
    #[schema(example = "owner@example.com")]
    created_by: String,
}

/// List API tokens
#[utoipa::path(
    get, path = "/frontend/get_api_tokens_permissions", tag = "users",
    responses((status = 200, description = "The API tokens of the tenant", body = TokenList))
)]
pub(crate) async fn list_api_tokens(
    State(app): State<App>,
    caller: Caller<GetApiTokensPermissions>,
) -> ApiResult<Json<TokenList>> {
    let tokens = app.service.api_tokens(&caller).await?.into_iter();
    let tokens = tokens.map(|token| ListedToken {
        token_key: token.user_id.into(),
        permissions: token.permissions.keys(),
        created_by: token.created_by,
    });
    Ok(Json(TokenList { tokens: tokens.collect() }))
}

/// The token to be deleted.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct TokenFields {
    /// Names it.
    #[schema(required = true, nullable = false, example = "atk_abc123", pattern = "^atk_[A-Za-z0-9]{1,16}$")]
    token_key: Option<String>,
}

/// Delete an API token
///
/// It is refused from the next request on.
#[utoipa::path(
    post, path = "/frontend/delete_api_token", tag = "users", request_body = TokenFields,
    responses(
        (status = 200, description = "The token is gone", body = Success),
        (status = 400, description = "The token key is missing or invalid", body = ErrorBody),
        (status = 404, description = "The tenant has no such token", body = ErrorBody),
    )
)]
pub(crate) async fn delete_api_token(
    State(app): State<App>,
    caller: Caller<DeleteApiToken>,
    JsonBody { value: fields, .. }: JsonBody<TokenFields>,
) -> ApiResult<Json<Success>> {
    let id = parsed(fields.token_key, "token_key", "Token key is missing")?;
    app.service.delete_api_token(&caller, &id).await?;
    Ok(Json(Success::DONE))
}

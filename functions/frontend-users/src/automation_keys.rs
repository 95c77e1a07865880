//! Automation keys of a tenant (page 004, "Automation Keys").

use api::access::{CreateAutomationKey, DeleteAutomationKey, GetAutomationKeys, ToggleAutomationKey};
use api::{ApiResult, App, Caller, ErrorBody, IdempotencyKey, JsonBody, Success, replayable};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use store::automation_keys::AutomationKeyRecord;
use utoipa::ToSchema;

use api::fields::{parsed, required};

/// The automation keys of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyList {
    /// In the order of their ids.
    keys: Vec<ListedKey>,
}

/// An automation key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedKey {
    /// Names it.
    #[schema(example = "auto_abc123")]
    key_id: String,
    /// For people.
    #[schema(example = "GitHub Actions")]
    name: String,
    /// Whether it opens anything.
    enabled: bool,
    /// Unix seconds.
    #[schema(example = 1_732_740_000)]
    created_at: i64,
    /// When it was last used, to about a minute; null before its first use. Unix seconds.
    #[schema(required = true)]
    last_used: Option<i64>,
    /// Who made it.
    #[schema(example = "owner@example.com")]
    created_by: String,
}

/// List automation keys
#[utoipa::path(
    get, path = "/frontend/automation/keys", tag = "users",
    responses((status = 200, description = "The automation keys of the tenant", body = KeyList))
)]
pub(crate) async fn list_automation_keys(
    State(app): State<App>,
    caller: Caller<GetAutomationKeys>,
) -> ApiResult<Json<KeyList>> {
    let keys = app.service.automation_keys(&caller).await?.into_iter().map(ListedKey::from).collect();
    Ok(Json(KeyList { keys }))
}

impl From<AutomationKeyRecord> for ListedKey {
    fn from(record: AutomationKeyRecord) -> Self {
        let AutomationKeyRecord { key_id, name, enabled, created_at, last_used, created_by, .. } = record;
        Self { key_id: key_id.into(), name, enabled, created_at, last_used, created_by }
    }
}

/// The key to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateKeyFields {
    /// 2 to 50 characters, for people.
    #[schema(required = true, nullable = false, example = "GitHub Actions", min_length = 2)]
    name: Option<String>,
}

/// A key that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedKey {
    /// Names it.
    #[schema(example = "auto_abc123", pattern = "^auto_[A-Za-z0-9]{1,16}$")]
    key_id: String,
    /// Opens with it, and is shown this once.
    #[schema(example = "secret-value-shown-once")]
    key_secret: String,
}

/// Create an automation key
///
/// The secret is shown once; the same request with the same `Idempotency-Key` shows it again within 24 hours.
#[utoipa::path(
    post, path = "/frontend/automation/keys", tag = "users", request_body = CreateKeyFields,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters", min_length = 1, max_length = 255)),
    responses(
        (
            status = 200, description = "The key", body = CreatedKey,
            headers(("Idempotent-Replayed" = String, description = "`true` where an earlier request made the key; else absent"))
        ),
        (status = 400, description = "The name is missing or invalid", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used with another request", body = ErrorBody),
        (status = 429, description = "The tenant has 10 automation keys", body = ErrorBody),
    )
)]
pub(crate) async fn create_automation_key(
    State(app): State<App>,
    caller: Caller<CreateAutomationKey>,
    key: IdempotencyKey,
    JsonBody { value: fields, digest }: JsonBody<CreateKeyFields>,
) -> ApiResult<Response> {
    let name = parsed(fields.name, "name", "Name is missing")?;
    let request = key.bind(caller.tenant.id.as_str(), &caller.user_id, digest);
    let created = app.service.create_automation_key(&caller, &name, request).await?;
    let key_secret = created.value.expose_secret().to_owned();
    Ok(replayable(Json(CreatedKey { key_id: created.value.id, key_secret }), created.replayed))
}

/// A key, and whether it opens anything from now on.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ToggleKeyFields {
    /// Names it.
    #[schema(required = true, nullable = false, example = "auto_abc123", pattern = "^auto_[A-Za-z0-9]{1,16}$")]
    key_id: Option<String>,
    /// Whether it opens anything.
    #[schema(required = true, nullable = false, example = false)]
    enabled: Option<bool>,
}

/// Enable or disable an automation key
///
/// A disabled key is refused from the next request on.
#[utoipa::path(
    post, path = "/frontend/automation/keys/toggle", tag = "users", request_body = ToggleKeyFields,
    responses(
        (status = 200, description = "It is done", body = Success),
        (status = 400, description = "A field is missing or invalid", body = ErrorBody),
        (status = 404, description = "The tenant has no such key", body = ErrorBody),
    )
)]
pub(crate) async fn toggle_automation_key(
    State(app): State<App>,
    caller: Caller<ToggleAutomationKey>,
    JsonBody { value: fields, .. }: JsonBody<ToggleKeyFields>,
) -> ApiResult<Json<Success>> {
    let id = parsed(fields.key_id, "key_id", "Key ID is missing")?;
    let enabled = required(fields.enabled, "enabled", "Enabled is missing")?;
    app.service.toggle_automation_key(&caller, &id, enabled).await?;
    Ok(Json(Success::DONE))
}

/// The key to be deleted.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct KeyFields {
    /// Names it.
    #[schema(required = true, nullable = false, example = "auto_abc123", pattern = "^auto_[A-Za-z0-9]{1,16}$")]
    key_id: Option<String>,
}

/// Delete an automation key
///
/// It is refused from the next request on.
#[utoipa::path(
    post, path = "/frontend/automation/keys/delete", tag = "users", request_body = KeyFields,
    responses(
        (status = 200, description = "The key is gone", body = Success),
        (status = 400, description = "The key id is missing or invalid", body = ErrorBody),
        (status = 404, description = "The tenant has no such key", body = ErrorBody),
    )
)]
pub(crate) async fn delete_automation_key(
    State(app): State<App>,
    caller: Caller<DeleteAutomationKey>,
    JsonBody { value: fields, .. }: JsonBody<KeyFields>,
) -> ApiResult<Json<Success>> {
    let id = parsed(fields.key_id, "key_id", "Key ID is missing")?;
    app.service.delete_automation_key(&caller, &id).await?;
    Ok(Json(Success::DONE))
}

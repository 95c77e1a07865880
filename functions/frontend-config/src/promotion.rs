//! Promotion and live policies.

use api::access::{PromoteConfig, PushLiveConfig};
use api::fields::required;
use api::{ApiResult, App, Caller, ErrorBody, IdempotencyKey, JsonBody, replayable};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::control::ControlId;
use domain::error::Error;
use domain::platform::ConfigVersion;
use domain::promotion::Difference;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::config::version;

/// What is to be promoted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PromotionFields {
    /// `development` or `staging`.
    #[schema(required = true, nullable = false, example = "development")]
    from: Option<String>,
    /// The version above it.
    #[schema(required = true, nullable = false, example = "staging")]
    to: Option<String>,
    /// Whether to tell the changes and make none. Default: false.
    #[schema(example = false)]
    dry_run: Option<bool>,
    /// The revision of `from` that is to be promoted, as a dry run answered it. Without it, whatever `from` says.
    #[schema(example = 3)]
    revision: Option<u64>,
}

/// What came of a promotion.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PromotionAnswer {
    /// Always true.
    success: bool,
    /// Of a dry run, the revision of `from`; else the revision that `to` has now.
    #[schema(example = 4)]
    revision: u64,
    /// What changes in `to`; nothing where both say the same already.
    changes: Vec<PromotedChange>,
}

/// A difference between two versions.
#[derive(Debug, Serialize, ToSchema)]
struct PromotedChange {
    /// `control`, `certificate`, `use_builtin_cas` or `custom_message`.
    #[schema(value_type = String, example = "control")]
    kind: domain::promotion::Subject,
    /// The control's id or the certificate's name; empty for what there is once, and for the order of certificates.
    #[schema(example = "BackupPrevention")]
    name: String,
    /// The difference, for people.
    #[schema(example = "Disable Android Backup: protection false → true")]
    summary: String,
    /// As it was; null where it was not there.
    #[schema(required = true, example = json!({"protection": false}))]
    before: Option<Value>,
    /// As it is then; null where it goes.
    #[schema(required = true, example = json!({"protection": true}))]
    after: Option<Value>,
}

/// Promote a configuration version
///
/// `to` says what `from` says: controls, certificates and custom message together.
#[utoipa::path(
    post, path = "/frontend/promote_config", tag = "configuration", request_body = PromotionFields,
    responses(
        (status = 200, description = "The version is promoted, or what that would change", body = PromotionAnswer),
        (
            status = 400,
            description = "A version is missing, unknown, not one step up, or was never configured, or deployment environments are disabled",
            body = ErrorBody
        ),
        (status = 409, description = "`from` has another revision, or the tenant is pending deletion", body = ErrorBody),
    )
)]
pub(crate) async fn promote_config(
    State(app): State<App>,
    caller: Caller<PromoteConfig>,
    JsonBody { value: fields, .. }: JsonBody<PromotionFields>,
) -> ApiResult<Json<PromotionAnswer>> {
    let from = step(fields.from, "from", "From is missing")?;
    let to = step(fields.to, "to", "To is missing")?;
    let dry_run = fields.dry_run.unwrap_or(false);
    let promotion = app.service.promote(&caller, (from, to), fields.revision, dry_run).await?;
    let changes = promotion.changes.into_iter().map(PromotedChange::from).collect();
    Ok(Json(PromotionAnswer { success: true, revision: promotion.revision, changes }))
}

/// As [`version`], of one of two.
fn step(text: Option<String>, field: &'static str, missing: &'static str) -> Result<ConfigVersion, Error> {
    let invalid = |_| Error::invalid(field, format!("Invalid configuration version in {field}"));
    required(text, field, missing)?.parse().map_err(invalid)
}

impl From<Difference> for PromotedChange {
    fn from(difference: Difference) -> Self {
        let Difference { kind, name, summary, before, after } = difference;
        Self { kind, name, summary, before, after }
    }
}

/// What is to be published.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LiveFields {
    /// `development`, `staging` or `production`; `dev`, `stg` and `prod` in any case.
    #[schema(required = true, nullable = false, example = "production")]
    version: Option<String>,
    /// Publishes again what was published under this number: a rollback. The last 50 are kept.
    #[schema(example = 7)]
    policy_version: Option<u64>,
}

/// What was published.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveAnswer {
    /// Always true.
    success: bool,
    /// Its number, larger than each before.
    #[schema(example = 8)]
    policy_version: u64,
    /// Unix seconds.
    #[schema(example = 1_732_740_000)]
    published_at: i64,
    /// Enabled controls that come with the next build only.
    #[schema(value_type = Vec<String>, example = json!(["BackupPrevention"]))]
    skipped: Vec<ControlId>,
}

/// Publish a configuration version to apps
///
/// Signs what needs no build (Ed25519 over canonical JSON, RFC 8785) and publishes it for apps that were protected with the version.
#[utoipa::path(
    post, path = "/frontend/push_live_config", tag = "configuration", request_body = LiveFields,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters", min_length = 1, max_length = 255)),
    responses(
        (
            status = 200, description = "The policy is published", body = LiveAnswer,
            headers(("Idempotent-Replayed" = String, description = "`true` where an earlier request published it; else absent"))
        ),
        (status = 400, description = "The version is missing or unknown, or was never configured", body = ErrorBody),
        (status = 404, description = "There is no publication with this number", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used with another request", body = ErrorBody),
    )
)]
pub(crate) async fn push_live_config(
    State(app): State<App>,
    caller: Caller<PushLiveConfig>,
    key: IdempotencyKey,
    JsonBody { value: fields, digest }: JsonBody<LiveFields>,
) -> ApiResult<Response> {
    let version = version(fields.version)?;
    let request = key.bind(caller.tenant.id.as_str(), &caller.user_id, digest);
    let published = app.service.publish(&caller, version, fields.policy_version, request).await?;
    let service::live_policies::Published { policy_version, published_at, skipped } = published.value;
    Ok(replayable(Json(LiveAnswer { success: true, policy_version, published_at, skipped }), published.replayed))
}

//! Tenants of a caller (page 004, "Tenant Selection").

use api::access::{CreateTenant, GetTenantSubscription, GetTenants};
use api::{ApiResult, App, Caller, ErrorBody, IdempotencyKey, JsonBody, Visitor, replayable};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::plan::{CustomLimits, Plan};
use domain::tenant::{Pricing, Tenant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use api::fields::parsed;

/// The tenants of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantList {
    /// In the order of their names.
    tenants: Vec<ListedTenant>,
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedTenant {
    /// Its id, for the `tenant` header.
    #[schema(example = "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11", pattern = "^[0-9a-f]{32}$")]
    tenant_id: String,
    /// Its name.
    #[schema(example = "Example Tenant")]
    name: String,
    /// `FREE`, `TEAM` or `ENTERPRISE`.
    #[schema(value_type = String, pattern = "^(FREE|TEAM|ENTERPRISE)$", example = "TEAM")]
    plan: Plan,
}

/// List tenants
///
/// Those that the caller belongs to, also while they are pending deletion. An API token sees its own.
#[utoipa::path(
    get, path = "/frontend/get_tenants", tag = "users",
    responses((status = 200, description = "The tenants of the caller", body = TenantList))
)]
pub(crate) async fn list_tenants(State(app): State<App>, visitor: Visitor<GetTenants>) -> ApiResult<Json<TenantList>> {
    let listed =
        |tenant: Tenant| ListedTenant { tenant_id: tenant.id.into(), name: tenant.name.into(), plan: tenant.plan };
    let tenants = app.service.tenants_of(&visitor).await?.into_iter().map(listed).collect();
    Ok(Json(TenantList { tenants }))
}

/// The tenant to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateTenantFields {
    /// 5 to 30 letters of any script, digits and spaces.
    #[schema(required = true, nullable = false, example = "Example Tenant", min_length = 5)]
    tenant_name: Option<String>,
}

/// A tenant that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedTenant {
    /// Always true.
    success: bool,
    /// Its id, for the `tenant` header.
    #[schema(example = "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11", pattern = "^[0-9a-f]{32}$")]
    tenant_id: String,
    /// Its name, without spaces around it.
    #[schema(example = "Example Tenant")]
    tenant_name: String,
}

/// Create a tenant
///
/// A FREE one, which the caller owns with every permission.
#[utoipa::path(
    post, path = "/frontend/create_tenant", tag = "users", request_body = CreateTenantFields,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters", min_length = 1, max_length = 255)),
    responses(
        (
            status = 200, description = "The tenant", body = CreatedTenant,
            headers(("Idempotent-Replayed" = String, description = "`true` where an earlier request made the tenant; else absent"))
        ),
        (status = 400, description = "The name is missing or invalid", body = ErrorBody),
        (status = 409, description = "The caller is in a trial tenant, or has only a FREE one", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used with another request", body = ErrorBody),
        (status = 429, description = "The caller belongs to too many tenants", body = ErrorBody),
    )
)]
pub(crate) async fn create_tenant(
    State(app): State<App>,
    visitor: Visitor<CreateTenant>,
    key: IdempotencyKey,
    JsonBody { value: fields, digest }: JsonBody<CreateTenantFields>,
) -> ApiResult<Response> {
    let name = parsed(fields.tenant_name, "tenant_name", "Tenant name is missing")?;
    let request = key.bind("", &visitor.credentials.member(), digest);
    let created = app.service.create_tenant(&visitor, &name, request).await?;
    let tenant = created.value;
    let answer = CreatedTenant { success: true, tenant_id: tenant.id.into(), tenant_name: tenant.name.into() };
    Ok(replayable(Json(answer), created.replayed))
}

/// What a tenant subscribed to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Subscription {
    /// `FREE`, `TEAM` or `ENTERPRISE`.
    #[schema(value_type = String, pattern = "^(FREE|TEAM|ENTERPRISE)$", example = "TEAM")]
    subscription: Plan,
    /// Whether the tenant is pending deletion.
    deletion: bool,
    /// When a tenant that is pending deletion goes for good, Unix seconds; null otherwise.
    #[schema(required = true)]
    purge_at: Option<i64>,
    /// The price of ENTERPRISE; null where none was agreed.
    #[schema(required = true)]
    enterprise_pricing: Option<PricingAnswer>,
    /// The price of TEAM; null where none was agreed.
    #[schema(required = true)]
    team_pricing: Option<PricingAnswer>,
    /// Those that replace the plan's; empty without any.
    custom_limits: CustomLimitsAnswer,
    /// Whether deployment environments are on.
    deployment_environments: bool,
    /// Whether the plan is on trial.
    is_trial: bool,
}

/// An agreed price.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PricingAnswer {
    /// Its number in the price list.
    #[schema(example = 3)]
    pricing_id: u32,
    /// For people.
    #[schema(example = "Enterprise Annual")]
    display_name: String,
    /// Hundredths of the currency.
    #[schema(example = 120_000)]
    amount_cents: u64,
    /// ISO 4217, lowercase.
    #[schema(example = "usd")]
    currency: String,
    /// `month` or `year`.
    #[schema(example = "year")]
    interval: String,
}

/// Limits of the tenant's own.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomLimitsAnswer {
    /// Builds at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 2)]
    concurrent_builds: Option<u32>,
    /// Builds in seven days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    weekly_builds: Option<u32>,
    /// People.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 20)]
    max_users: Option<u32>,
    /// Messages to the assistant in a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    helpbot_weekly_messages: Option<u32>,
    /// AI Search queries in a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ai_search_monthly_queries: Option<u32>,
    /// Identifiers of the custom library.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    custom_library_identifiers: Option<u32>,
}

/// Get the tenant's subscription
///
/// Also while the tenant is pending deletion.
#[utoipa::path(
    get, path = "/frontend/get_tenant_subscription", tag = "users",
    responses((status = 200, description = "The subscription", body = Subscription))
)]
pub(crate) async fn tenant_subscription(caller: Caller<GetTenantSubscription>) -> Json<Subscription> {
    let tenant = caller.tenant.clone();
    Json(Subscription {
        subscription: tenant.plan,
        deletion: tenant.deletion.is_some(),
        purge_at: tenant.deletion.map(|deletion| deletion.purge_at),
        enterprise_pricing: tenant.enterprise_pricing.map(Into::into),
        team_pricing: tenant.team_pricing.map(Into::into),
        custom_limits: tenant.custom_limits.into(),
        deployment_environments: tenant.deployment_environments,
        is_trial: tenant.is_trial,
    })
}

impl From<Pricing> for PricingAnswer {
    fn from(pricing: Pricing) -> Self {
        let Pricing { pricing_id, display_name, amount_cents, currency, interval } = pricing;
        Self { pricing_id, display_name, amount_cents, currency, interval }
    }
}

impl From<CustomLimits> for CustomLimitsAnswer {
    fn from(limits: CustomLimits) -> Self {
        Self {
            concurrent_builds: limits.concurrent_builds,
            weekly_builds: limits.weekly_builds,
            max_users: limits.max_users,
            helpbot_weekly_messages: limits.helpbot_weekly_messages,
            ai_search_monthly_queries: limits.ai_search_monthly_queries,
            custom_library_identifiers: limits.custom_library_identifiers,
        }
    }
}

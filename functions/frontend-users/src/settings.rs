//! Settings of a tenant, its deletion and its restoring (page 004, "Tenant Settings").

use api::access::{DeleteTenant, ModifyTenantDetails, RestoreTenant, UpdateDeploymentEnvironments};
use api::{ApiResult, App, Caller, ErrorBody, JsonBody, Success};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use api::fields::{NoFields, parsed, required};

/// The tenant's new name.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct RenameFields {
    /// 5 to 30 letters of any script, digits and spaces.
    #[schema(required = true, nullable = false, example = "Updated Tenant Name", min_length = 5)]
    tenant_name: Option<String>,
}

/// Rename the tenant
///
/// Up to five times within 24 hours; the name that it has already is no rename.
#[utoipa::path(
    post, path = "/frontend/modify_tenant_details", tag = "users", request_body = RenameFields,
    responses(
        (status = 200, description = "The tenant has the name", body = Success),
        (status = 400, description = "The name is missing or invalid", body = ErrorBody),
        (status = 429, description = "The tenant was renamed five times within 24 hours", body = ErrorBody),
    )
)]
pub(crate) async fn rename_tenant(
    State(app): State<App>,
    caller: Caller<ModifyTenantDetails>,
    JsonBody { value: fields, .. }: JsonBody<RenameFields>,
) -> ApiResult<Json<Success>> {
    let name = parsed(fields.tenant_name, "tenant_name", "Tenant name is missing")?;
    app.service.rename_tenant(&caller, &name).await?;
    Ok(Json(Success::DONE))
}

/// Whether deployment environments are on from now on.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct EnvironmentsFields {
    /// Whether they are on.
    #[schema(required = true, nullable = false, example = true)]
    enabled: Option<bool>,
}

/// Whether deployment environments are on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Environments {
    /// Always true.
    success: bool,
    /// Whether they are on.
    deployment_environments: bool,
}

/// Enable or disable deployment environments
#[utoipa::path(
    post, path = "/frontend/update_deployment_environments", tag = "users", request_body = EnvironmentsFields,
    responses(
        (status = 200, description = "It is done", body = Environments),
        (status = 400, description = "A field is missing or invalid", body = ErrorBody),
    )
)]
pub(crate) async fn update_deployment_environments(
    State(app): State<App>,
    caller: Caller<UpdateDeploymentEnvironments>,
    JsonBody { value: fields, .. }: JsonBody<EnvironmentsFields>,
) -> ApiResult<Json<Environments>> {
    let enabled = required(fields.enabled, "enabled", "Enabled is missing")?;
    app.service.set_deployment_environments(&caller, enabled).await?;
    Ok(Json(Environments { success: true, deployment_environments: enabled }))
}

/// Mark the tenant for deletion
///
/// It can be restored for 30 days, in which it answers only reads. Then everything of it goes.
#[utoipa::path(
    post, path = "/frontend/delete_tenant", tag = "users", request_body = NoFields,
    responses((status = 200, description = "The tenant is pending deletion", body = Success))
)]
pub(crate) async fn delete_tenant(
    State(app): State<App>,
    caller: Caller<DeleteTenant>,
    _: JsonBody<NoFields>,
) -> ApiResult<Json<Success>> {
    app.service.delete_tenant(&caller).await?;
    Ok(Json(Success::DONE))
}

/// Restore the tenant
#[utoipa::path(
    post, path = "/frontend/restore_tenant", tag = "users", request_body = NoFields,
    responses(
        (status = 200, description = "The tenant is no longer pending deletion", body = Success),
        (status = 409, description = "The tenant is not pending deletion, or is being deleted already", body = ErrorBody),
    )
)]
pub(crate) async fn restore_tenant(
    State(app): State<App>,
    caller: Caller<RestoreTenant>,
    _: JsonBody<NoFields>,
) -> ApiResult<Json<Success>> {
    app.service.restore_tenant(&caller).await?;
    Ok(Json(Success::DONE))
}

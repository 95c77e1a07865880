//! People of a tenant and what they may do (page 004, "User Management").

use api::access::{AddUserToTenant, GetUsersPermissions, RemoveUserFromTenant, UpdateUserPermissions};
use api::{ApiResult, App, Caller, ErrorBody, IdempotencyKey, JsonBody, Success, replayable};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::member::MemberId;
use domain::permission::Permissions;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use api::fields::parsed;

/// The people of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserList {
    /// In the order of their addresses.
    users: Vec<ListedUser>,
}

/// A person of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedUser {
    /// E-mail address, lowercase.
    #[schema(example = "owner@example.com")]
    user_id: String,
    /// Permission keys.
    #[schema(example = json!(["modify_configuration", "build_applications", "user_and_api_management"]))]
    permissions: Vec<&'static str>,
}

/// List users and permissions
///
/// Without API tokens.
#[utoipa::path(
    get, path = "/frontend/get_users_permissions", tag = "users",
    responses((status = 200, description = "The people of the tenant", body = UserList))
)]
pub(crate) async fn list_users(
    State(app): State<App>,
    caller: Caller<GetUsersPermissions>,
) -> ApiResult<Json<UserList>> {
    let people = app.service.people(&caller).await?.into_iter();
    let users =
        people.map(|person| ListedUser { user_id: person.user_id.into(), permissions: person.permissions.keys() });
    Ok(Json(UserList { users: users.collect() }))
}

/// Somebody of the tenant.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UserFields {
    /// E-mail address, in any case.
    #[schema(required = true, nullable = false, example = "newuser@example.com")]
    user_id: Option<String>,
}

/// Add a user to the tenant
///
/// Without permissions. The user is told by mail.
#[utoipa::path(
    post, path = "/frontend/add_user_to_tenant", tag = "users", request_body = UserFields,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters", min_length = 1, max_length = 255)),
    responses(
        (
            status = 200, description = "The user belongs to the tenant", body = Success,
            headers(("Idempotent-Replayed" = String, description = "`true` where an earlier request added the user; else absent"))
        ),
        (status = 400, description = "The address is missing or invalid", body = ErrorBody),
        (status = 409, description = "The user is a member already, or the tenant is pending deletion", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used with another request", body = ErrorBody),
        (status = 429, description = "The user limit is reached", body = ErrorBody),
    )
)]
pub(crate) async fn add_user(
    State(app): State<App>,
    caller: Caller<AddUserToTenant>,
    key: IdempotencyKey,
    JsonBody { value: fields, digest }: JsonBody<UserFields>,
) -> ApiResult<Response> {
    let person = parsed(fields.user_id, "user_id", "User ID is missing")?;
    let request = key.bind(caller.tenant.id.as_str(), &caller.user_id, digest);
    let added = app.service.add_person(&caller, &person, request).await?;
    Ok(replayable(Json(Success::DONE), added.replayed))
}

/// A member, and what it may do from now on.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PermissionFields {
    /// E-mail address of a user, or the key of an API token.
    #[schema(required = true, nullable = false, example = "developer@example.com")]
    user_id: Option<String>,
    /// Permission keys with commas between them; empty takes all away.
    #[schema(required = true, nullable = false, example = "build_applications,modify_configuration")]
    permissions: Option<String>,
}

/// Update a user's or a token's permissions
///
/// Replaces the whole set.
#[utoipa::path(
    post, path = "/frontend/update_user_permissions", tag = "users", request_body = PermissionFields,
    responses(
        (status = 200, description = "The permissions are replaced", body = Success),
        (status = 400, description = "A field is missing or invalid", body = ErrorBody),
        (status = 404, description = "The tenant has no such user or token", body = ErrorBody),
        (status = 409, description = "Nobody else would hold Users & API Management, or the tenant is pending deletion", body = ErrorBody),
    )
)]
pub(crate) async fn update_permissions(
    State(app): State<App>,
    caller: Caller<UpdateUserPermissions>,
    JsonBody { value: fields, .. }: JsonBody<PermissionFields>,
) -> ApiResult<Json<Success>> {
    let member: MemberId = parsed(fields.user_id, "user_id", "User ID is missing")?;
    let permissions: Permissions = parsed(fields.permissions, "permissions", "Permissions are missing")?;
    app.service.set_permissions(&caller, &member, &permissions).await?;
    Ok(Json(Success::DONE))
}

/// Remove a user from the tenant
///
/// Nobody removes themselves, the last user with Users & API Management, or the break-glass account.
#[utoipa::path(
    post, path = "/frontend/remove_user_from_tenant", tag = "users", request_body = UserFields,
    responses(
        (status = 200, description = "The user no longer belongs to the tenant", body = Success),
        (status = 400, description = "The user is missing or invalid", body = ErrorBody),
        (status = 404, description = "The tenant has no such user", body = ErrorBody),
        (status = 409, description = "The user has to stay, or the tenant is pending deletion", body = ErrorBody),
    )
)]
pub(crate) async fn remove_user(
    State(app): State<App>,
    caller: Caller<RemoveUserFromTenant>,
    JsonBody { value: fields, .. }: JsonBody<UserFields>,
) -> ApiResult<Json<Success>> {
    let member: MemberId = parsed(fields.user_id, "user_id", "User ID is missing")?;
    app.service.remove_person(&caller, &member).await?;
    Ok(Json(Success::DONE))
}

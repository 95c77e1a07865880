//! SAML SSO of a tenant (page 004, "SAML SSO").

use api::access::{
    DeleteSamlSettings, GetSamlGroups, GetSamlSettings, ParseSamlMetadata, SaveSamlGroup, UpdateSamlSettings,
};
use api::{ApiResult, App, Caller, ErrorBody, IdempotencyKey, JsonBody, replayable};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::saml::groups::{GroupMapping, GroupRequest};
use domain::saml::{SamlRequest, SamlView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use api::fields::required;

/// SAML settings. Without any, texts are empty and nothing is on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SamlSettingsAnswer {
    /// The identity provider's name.
    #[schema(example = "https://idp.example.com/saml")]
    entity_id: String,
    /// Where it signs people in.
    #[schema(example = "https://idp.example.com/sso")]
    sso_url: String,
    /// The tenant's name at the provider.
    #[schema(example = "https://app.apptego.com/frontend/saml/metadata/9f1c0a4e7b8d4a4db52e6a6d5c5c1f11")]
    sp_entity_id: String,
    /// Takes the provider's answers.
    #[schema(example = "https://app.apptego.com/frontend/saml/acs/9f1c0a4e7b8d4a4db52e6a6d5c5c1f11")]
    acs_url: String,
    /// Takes the end of sessions.
    #[schema(example = "https://app.apptego.com/frontend/saml/sls/9f1c0a4e7b8d4a4db52e6a6d5c5c1f11")]
    sls_url: String,
    /// Whether groups give permissions.
    use_group_authorization: bool,
    /// The attribute that names them.
    #[schema(example = "groups")]
    group_attribute_name: String,
    /// Whether people may sign in this way.
    enabled: bool,
    /// Whether they have to.
    enforce_sso_only: bool,
    /// Who need not.
    #[schema(required = true, example = "owner@example.com")]
    breakglass_account: Option<String>,
}

/// Get the SAML settings
#[utoipa::path(
    get, path = "/frontend/saml_settings", tag = "users",
    responses((status = 200, description = "The settings", body = SamlSettingsAnswer))
)]
pub(crate) async fn saml_settings(
    State(app): State<App>,
    caller: Caller<GetSamlSettings>,
) -> ApiResult<Json<SamlSettingsAnswer>> {
    Ok(Json(app.service.saml_settings(&caller).await?.into()))
}

impl From<SamlView> for SamlSettingsAnswer {
    fn from(view: SamlView) -> Self {
        Self {
            entity_id: view.entity_id,
            sso_url: view.sso_url,
            sp_entity_id: view.sp_entity_id,
            acs_url: view.acs_url,
            sls_url: view.sls_url,
            use_group_authorization: view.use_group_authorization,
            group_attribute_name: view.group_attribute_name,
            enabled: view.enabled,
            enforce_sso_only: view.enforce_sso_only,
            breakglass_account: view.breakglass_account,
        }
    }
}

/// The settings from now on.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SamlFields {
    /// The identity provider's name, an HTTPS URL.
    #[schema(required = true, nullable = false, example = "https://idp.example.com/saml")]
    entity_id: Option<String>,
    /// Where it signs people in, an HTTPS URL.
    #[schema(required = true, nullable = false, example = "https://idp.example.com/sso")]
    sso_url: Option<String>,
    /// PEM of the certificate it signs with; several for a change of keys.
    #[schema(
        required = true,
        nullable = false,
        example = "-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----"
    )]
    x509_cert: Option<String>,
    /// The tenant's own: `…/frontend/saml/metadata/{tenant}`.
    #[schema(
        required = true,
        nullable = false,
        example = "https://app.apptego.com/frontend/saml/metadata/9f1c0a4e7b8d4a4db52e6a6d5c5c1f11"
    )]
    sp_entity_id: Option<String>,
    /// The tenant's own: `…/frontend/saml/acs/{tenant}`.
    #[schema(
        required = true,
        nullable = false,
        example = "https://app.apptego.com/frontend/saml/acs/9f1c0a4e7b8d4a4db52e6a6d5c5c1f11"
    )]
    acs_url: Option<String>,
    /// The tenant's own: `…/frontend/saml/sls/{tenant}`.
    #[schema(
        required = true,
        nullable = false,
        example = "https://app.apptego.com/frontend/saml/sls/9f1c0a4e7b8d4a4db52e6a6d5c5c1f11"
    )]
    sls_url: Option<String>,
    /// Whether groups give permissions. Default: false.
    use_group_authorization: Option<bool>,
    /// The attribute that names them. Default: `groups`.
    #[schema(example = "groups")]
    group_attribute_name: Option<String>,
    /// Whether people may sign in this way. Default: false.
    enabled: Option<bool>,
    /// Whether they have to. Default: false.
    enforce_sso_only: Option<bool>,
    /// Who need not: a user with Users & API Management.
    #[schema(example = "owner@example.com")]
    breakglass_account: Option<String>,
}

impl From<SamlFields> for SamlRequest {
    fn from(fields: SamlFields) -> Self {
        Self {
            entity_id: fields.entity_id,
            sso_url: fields.sso_url,
            x509_cert: fields.x509_cert,
            sp_entity_id: fields.sp_entity_id,
            acs_url: fields.acs_url,
            sls_url: fields.sls_url,
            use_group_authorization: fields.use_group_authorization,
            group_attribute_name: fields.group_attribute_name,
            enabled: fields.enabled,
            enforce_sso_only: fields.enforce_sso_only,
            breakglass_account: fields.breakglass_account,
        }
    }
}

/// It is done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Done {
    /// Always true.
    success: bool,
    /// What was done, for people.
    #[schema(example = "SAML configuration updated")]
    message: &'static str,
}

/// Update the SAML settings
///
/// Replaces all of them.
#[utoipa::path(
    post, path = "/frontend/saml_settings", tag = "users", request_body = SamlFields,
    responses(
        (status = 200, description = "The settings are replaced", body = Done),
        (status = 400, description = "A field is missing or invalid", body = ErrorBody),
    )
)]
pub(crate) async fn update_saml_settings(
    State(app): State<App>,
    caller: Caller<UpdateSamlSettings>,
    JsonBody { value: fields, .. }: JsonBody<SamlFields>,
) -> ApiResult<Json<Done>> {
    app.service.save_saml_settings(&caller, &fields.into()).await?;
    Ok(Json(Done { success: true, message: "SAML configuration updated" }))
}

/// Delete the SAML settings
///
/// And the group mappings.
#[utoipa::path(
    delete, path = "/frontend/saml_settings", tag = "users",
    responses(
        (status = 200, description = "Settings and group mappings are gone", body = Done),
        (status = 404, description = "There are no settings", body = ErrorBody),
    )
)]
pub(crate) async fn delete_saml_settings(
    State(app): State<App>,
    caller: Caller<DeleteSamlSettings>,
) -> ApiResult<Json<Done>> {
    app.service.delete_saml_settings(&caller).await?;
    Ok(Json(Done { success: true, message: "SAML configuration deleted" }))
}

/// Metadata of an identity provider.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct MetadataFields {
    /// SAML 2.0 metadata, at most 256 KB.
    #[schema(required = true, nullable = false, example = "<EntityDescriptor ...>...</EntityDescriptor>")]
    metadata_xml: Option<String>,
}

/// What the settings need of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MetadataAnswer {
    /// The identity provider's name.
    #[schema(example = "https://idp.example.com/saml")]
    entity_id: String,
    /// Where it signs people in.
    #[schema(example = "https://idp.example.com/sso")]
    sso_url: String,
    /// PEM of the certificates it signs with.
    #[schema(example = "-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----")]
    x509_cert: String,
}

/// Parse an identity provider's metadata
///
/// Changes nothing.
#[utoipa::path(
    post, path = "/frontend/saml_parse_metadata", tag = "users", request_body = MetadataFields,
    responses(
        (status = 200, description = "What the settings need of it", body = MetadataAnswer),
        (status = 400, description = "The metadata is missing or cannot be used", body = ErrorBody),
    )
)]
pub(crate) async fn parse_saml_metadata(
    State(app): State<App>,
    _: Caller<ParseSamlMetadata>,
    JsonBody { value: fields, .. }: JsonBody<MetadataFields>,
) -> ApiResult<Json<MetadataAnswer>> {
    let xml = required(fields.metadata_xml, "metadata_xml", "Metadata XML is missing")?;
    let found = app.service.parse_saml_metadata(&xml)?;
    let x509_cert = found.x509_cert.as_str().to_owned();
    Ok(Json(MetadataAnswer { entity_id: found.entity_id, sso_url: found.sso_url.into(), x509_cert }))
}

/// The group mappings of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupList {
    /// In the order of their ids.
    groups: Vec<ListedGroup>,
}

/// What the members of a group may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedGroup {
    /// Names the mapping.
    #[schema(example = 42)]
    id: u64,
    /// The group, exactly as the provider names it.
    #[schema(example = "AppTego-Admins")]
    group_name: String,
    /// Permission keys.
    #[schema(example = json!(["modify_configuration", "user_and_api_management"]))]
    permissions: Vec<&'static str>,
    /// For people.
    #[schema(example = "Administrators from the IdP")]
    description: String,
    /// Whether the mapping counts.
    enabled: bool,
    /// Unix seconds.
    #[schema(example = 1_732_740_000)]
    created_at: i64,
    /// Unix seconds.
    #[schema(example = 1_732_741_200)]
    updated_at: i64,
}

/// List the SAML group mappings
#[utoipa::path(
    get, path = "/frontend/saml_groups", tag = "users",
    responses((status = 200, description = "The group mappings", body = GroupList))
)]
pub(crate) async fn saml_groups(State(app): State<App>, caller: Caller<GetSamlGroups>) -> ApiResult<Json<GroupList>> {
    let groups = app.service.saml_groups(&caller).await?.groups.into_iter().map(ListedGroup::from).collect();
    Ok(Json(GroupList { groups }))
}

impl From<GroupMapping> for ListedGroup {
    fn from(mapping: GroupMapping) -> Self {
        let GroupMapping { id, group_name, permissions, description, enabled, created_at, updated_at } = mapping;
        Self { id, group_name, permissions: permissions.keys(), description, enabled, created_at, updated_at }
    }
}

/// A group mapping from now on.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct GroupFields {
    /// The mapping to be updated; absent for a new one.
    #[schema(example = 42)]
    id: Option<u64>,
    /// The group, exactly as the provider names it: 1 to 256 characters.
    #[schema(required = true, nullable = false, example = "AppTego-Admins")]
    group_name: Option<String>,
    /// Permission keys.
    #[schema(required = true, nullable = false, example = json!(["modify_configuration", "user_and_api_management"]))]
    permissions: Option<Vec<String>>,
    /// For people: at most 500 characters. Absent keeps what an existing one has.
    #[schema(example = "Administrators from the IdP")]
    description: Option<String>,
    /// Whether the mapping counts. Absent keeps what an existing one has, and is true for a new one.
    enabled: Option<bool>,
}

/// Create or update a SAML group mapping
#[utoipa::path(
    post, path = "/frontend/saml_groups", tag = "users", request_body = GroupFields,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters", min_length = 1, max_length = 255)),
    responses(
        (
            status = 200, description = "The mapping is saved", body = Done,
            headers(("Idempotent-Replayed" = String, description = "`true` where an earlier request saved it; else absent"))
        ),
        (status = 400, description = "A field is missing or invalid", body = ErrorBody),
        (status = 404, description = "There is no mapping with this id", body = ErrorBody),
        (status = 409, description = "Another mapping has this group, or the tenant is pending deletion", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used with another request", body = ErrorBody),
        (status = 429, description = "The tenant has 100 group mappings", body = ErrorBody),
    )
)]
pub(crate) async fn save_saml_group(
    State(app): State<App>,
    caller: Caller<SaveSamlGroup>,
    key: IdempotencyKey,
    JsonBody { value: fields, digest }: JsonBody<GroupFields>,
) -> ApiResult<Response> {
    let GroupFields { id, group_name, permissions, description, enabled } = fields;
    let group = GroupRequest { id, group_name, permissions, description, enabled };
    let request = key.bind(caller.tenant.id.as_str(), &caller.user_id, digest);
    let saved = app.service.save_saml_group(&caller, &group, request).await?;
    Ok(replayable(Json(Done { success: true, message: "SAML group mapping saved" }), saved.replayed))
}

//! Tenants, users, API tokens, automation keys and tenant settings of the Management API (page 004).

mod api_tokens;
mod automation_keys;
mod saml;
mod settings;
mod tenants;
mod users;

use api::App;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(tenants::list_tenants))
        .routes(routes!(tenants::create_tenant))
        .routes(routes!(tenants::tenant_subscription))
        .routes(routes!(users::list_users))
        .routes(routes!(users::add_user))
        .routes(routes!(users::update_permissions))
        .routes(routes!(users::remove_user))
        .routes(routes!(api_tokens::create_api_token))
        .routes(routes!(api_tokens::list_api_tokens))
        .routes(routes!(api_tokens::delete_api_token))
        .routes(routes!(automation_keys::list_automation_keys, automation_keys::create_automation_key))
        .routes(routes!(automation_keys::toggle_automation_key))
        .routes(routes!(automation_keys::delete_automation_key))
        .routes(routes!(saml::saml_settings, saml::update_saml_settings, saml::delete_saml_settings))
        .routes(routes!(saml::parse_saml_metadata))
        .routes(routes!(saml::saml_groups, saml::save_saml_group))
        .routes(routes!(settings::rename_tenant))
        .routes(routes!(settings::update_deployment_environments))
        .routes(routes!(settings::delete_tenant))
        .routes(routes!(settings::restore_tenant))
}

//! Controls, certificates, custom messages, promotion and live policies of the Management API (page 003; contracts,
//! "Configuration").

mod certificates;
mod config;
mod messages;
mod options;
mod promotion;
mod shapes;

use api::App;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(config::config))
        .routes(routes!(config::update_config))
        .routes(routes!(options::prevention_options))
        .routes(routes!(options::detection_options))
        .routes(routes!(options::connection_options))
        .routes(routes!(options::device_settings_options))
        .routes(routes!(options::obfuscation_options))
        .routes(routes!(options::build_options))
        .routes(routes!(promotion::promote_config))
        .routes(routes!(promotion::push_live_config))
        .routes(routes!(certificates::trusted_root_cas))
        .routes(routes!(certificates::update_certificates))
        .routes(routes!(certificates::delete_certificate))
        .routes(routes!(messages::custom_message))
        .routes(routes!(messages::update_custom_message))
        .routes(routes!(messages::request_custom_message_upload))
        .routes(routes!(messages::set_custom_message_active))
}

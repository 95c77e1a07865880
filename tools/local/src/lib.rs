//! The local server: starts the local AWS, makes the resources of template.yaml, serves every router, polls the queues.

pub mod aws;
pub mod calls;
pub mod commands;
pub mod documents;
mod operate;
pub mod outbox;
pub mod provision;
pub mod queues;
mod running;
pub mod runtime;
pub mod seed;
pub mod server;
pub mod shop;
mod sign_in;
pub mod signals;
pub mod user_pool;

pub use running::PREFIX;
use utoipa_axum::router::OpenApiRouter;

/// The routes of every HTTP function.
pub fn routes() -> OpenApiRouter<api::App> {
    automate_upload::routes()
        .merge(automate_status::routes())
        .merge(frontend_builds::routes())
        .merge(frontend_config::routes())
        .merge(frontend_users::routes())
        .merge(support::routes())
        .merge(billing::routes())
        .merge(helpbot::routes())
}

/// The OpenAPI document, as it stands in docs/openapi.json.
pub fn openapi() -> anyhow::Result<String> {
    Ok(api::openapi::document([routes()]).to_pretty_json()? + "\n")
}

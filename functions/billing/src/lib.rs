//! Subscriptions of the Management API (page 003, "Billing Helpers"), and the webhook of Stripe.

mod payment;
mod webhook;

use api::App;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(payment::check_subscription))
        .routes(routes!(payment::create_checkout_session))
        .routes(routes!(payment::update_subscription))
        .routes(routes!(payment::cancel_subscription))
        .routes(routes!(payment::create_portal_session))
        .routes(routes!(payment::list_invoices))
        .routes(routes!(webhook::take_event))
}

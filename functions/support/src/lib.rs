//! Support tickets, tenant documents and sales contact requests of the Management API (page 003).

mod documents;
mod sales_contact;
mod tickets;

use api::App;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(tickets::list_tickets, tickets::create_ticket))
        .routes(routes!(tickets::ticket))
        .routes(routes!(tickets::add_comment))
        .routes(routes!(tickets::request_attachment_upload))
        .routes(routes!(tickets::attachment))
        .routes(routes!(documents::list_documents))
        .routes(routes!(documents::download_document))
        .routes(routes!(sales_contact::sales_contact_status))
        .routes(routes!(sales_contact::request_sales_contact))
}

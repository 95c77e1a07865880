//! What Stripe tells.

use api::{ApiResult, App, ErrorBody, RawBody};
use axum::Json;
use axum::extract::State;
use http::HeaderMap;
use serde::Serialize;
use stripe::webhook::HEADER;
use utoipa::ToSchema;

/// The event is taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Received {
    /// Always true.
    received: bool,
}

/// Take an event of Stripe
///
/// Signed by Stripe over the body as it is sent (`Stripe-Signature`, within 300 seconds). The same event again changes nothing. Events say
/// only that something happened: what, is asked of Stripe.
#[utoipa::path(
    post, path = "/frontend/payment/webhook-stripe-445692", tag = "billing",
    request_body(content = String, description = "An event, as Stripe writes it", content_type = "application/json"),
    params(("Stripe-Signature" = String, Header, description = "`t=…,v1=…`")),
    responses(
        (status = 200, description = "The event is taken", body = Received),
        (status = 400, description = "The signature is missing, does not fit or is of another time", body = ErrorBody),
    )
)]
pub(crate) async fn take_event(State(app): State<App>, headers: HeaderMap, body: RawBody) -> ApiResult<Json<Received>> {
    let mut signatures = headers.get_all(HEADER).iter();
    let signature = signatures.next().filter(|_| signatures.next().is_none()).and_then(|value| value.to_str().ok());
    app.service.take_stripe_event(&body.0, signature).await?;
    Ok(Json(Received { received: true }))
}

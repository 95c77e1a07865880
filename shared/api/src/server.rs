//! Makes a served router of a function's routes. Lambda, the local server and the tests all use this one.

use std::any::Any;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;

use crate::App;
use crate::problem::Problem;
use crate::rendering::render;

/// Lambda takes 6 MB with the event around the body; what is larger than this never reaches a function.
pub const MAX_BODY_BYTES: usize = 5_500_000;

/// The routes with everything around them: limits, request ids and JSON for every error.
pub fn serve(routes: OpenApiRouter<App>, app: App) -> Router {
    let (router, _) = routes.split_for_parts();
    router
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(axum::middleware::from_fn_with_state(app.clone(), render))
        .with_state(app)
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "An internal error occurred").into_response()
}

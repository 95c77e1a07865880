//! The functions as tests call them: each call is known to be that function's, so that the rights it uses are recorded.

use std::sync::LazyLock;
use std::time::Duration;

use api::App;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use domain::error::Error;
use protection_worker::Worker;
use service::Service;
use service::mailing::{Mailed, Mailer};
use service::purging::Purged;
use service::reconciliation::Reconciled;
use tokio::time::Instant;
use utoipa_axum::router::OpenApiRouter;

use crate::conformance::fits;

/// The function that has the routes that no other one has.
const DEFAULT: &str = "automate-status";

tokio::task_local! { static FUNCTION: &'static str; }

/// Each HTTP function with the paths of its routes.
static PATHS: LazyLock<Vec<(&'static str, Vec<String>)>> = LazyLock::new(|| {
    let paths = |router| api::openapi::document([router]).paths.paths.into_keys().collect();
    routers().into_iter().map(|(name, router)| (name, paths(router))).collect()
});

/// Each function with routes, and its router.
pub fn routers() -> Vec<(&'static str, OpenApiRouter<App>)> {
    vec![
        ("automate-upload", automate_upload::routes()),
        (DEFAULT, automate_status::routes()),
        ("frontend-builds", frontend_builds::routes()),
        ("frontend-config", frontend_config::routes()),
        ("frontend-users", frontend_users::routes()),
        ("support", support::routes()),
        ("billing", billing::routes()),
        ("helpbot", helpbot::routes()),
    ]
}

/// Routes as they are served, each request as the work of the function that has its route.
pub fn serve(routes: OpenApiRouter<App>, app: App) -> Router {
    api::serve(routes, app).layer(from_fn(answer))
}

async fn answer(request: Request, next: Next) -> Response {
    act(answering(request.uri().path()), next.run(request)).await
}

/// The function that answers a path.
fn answering(path: &str) -> &'static str {
    let has = |paths: &[String]| paths.iter().any(|template| fits(template, path));
    PATHS.iter().find(|(_, paths)| has(paths)).map_or(DEFAULT, |(name, _)| name)
}

/// The function at work in this task.
pub fn acting() -> Option<&'static str> {
    FUNCTION.try_with(|function| *function).ok()
}

/// Does `work` as `function`. Work that nobody is named for is refused by [`crate::privileges`].
pub fn act<T>(function: &'static str, work: impl Future<Output = T>) -> impl Future<Output = T> {
    // What a whole function does would not fit on a test's stack within the futures of the test.
    FUNCTION.scope(function, Box::pin(work))
}

/// upload-arrival.
pub async fn arrive(service: &Service, event: SqsEvent) -> SqsBatchResponse {
    act("upload-arrival", upload_arrival::handle(service, event)).await
}

/// protection-worker, with an hour until it is ended from outside.
pub async fn build(worker: &Worker, event: SqsEvent) -> SqsBatchResponse {
    working(worker.handle(event, Duration::from_secs(3600))).await
}

/// Part of a build, as protection-worker.
pub fn working<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    act("protection-worker", work)
}

/// maintenance, as the schedule calls it.
pub async fn maintain(service: &Service, mailer: &dyn Mailer) -> Result<maintenance::Answer, lambda_runtime::Error> {
    act("maintenance", maintenance::handle(service, mailer, maintenance::TIME)).await
}

/// The reconciler of maintenance.
pub async fn reconcile(service: &Service) -> Result<Reconciled, Error> {
    act("maintenance", service.reconcile(in_a_minute())).await
}

/// The mail of maintenance.
pub async fn deliver_mail(service: &Service, mailer: &dyn Mailer) -> Result<Mailed, Error> {
    act("maintenance", service.deliver_mail(mailer, in_a_minute())).await
}

/// The purge of maintenance.
pub async fn purge(service: &Service) -> Result<Purged, Error> {
    act("maintenance", service.purge(in_a_minute())).await
}

fn in_a_minute() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

//! The calls to AWS behind a router.

use axum::Router;
use local::calls::Recorder;
use tests::functions;
use tests::harness::Bench;

/// A router over the stack of `bench` whose calls are recorded, with connections and credentials made already.
pub(crate) async fn watch(bench: &Bench) -> (Recorder, Router) {
    let recorder = Recorder::default();
    let app = bench.intercepted(&[recorder.interceptor()]);
    let _ = functions::act("automate-status", app.service.store().tenant(&bench.tenant.id)).await;
    let router = functions::serve(local::routes(), app);
    recorder.rounds();
    (recorder, router)
}

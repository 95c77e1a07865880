//! Everything that runs on AWS, in one process: API, arrival, workers, reconciler.

use std::time::Duration;

use api::App;
use aws_config::SdkConfig;
use identity::Verifier;
use protection_worker::{Lease, Worker};
use service::{Clock, Service};
use store::{Clients, Store};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::provision::Stack;
use crate::queues::Poller;
use crate::routes;

/// Builds that run at the same time, where nothing else is asked for.
pub const WORKERS: usize = 2;
/// The reconciler's schedule.
const MAINTENANCE_PERIOD: Duration = Duration::from_secs(60);

/// A running server. It ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    tasks: JoinSet<()>,
}

/// The use cases over a stack.
pub fn connect(config: &SdkConfig, stack: &Stack) -> anyhow::Result<Service> {
    let store = Store::new(Clients::connect(config, &[]), stack.names.clone());
    let verifier = Verifier::new(stack.user_pool(config)?);
    Ok(Service::new(store, Clock::system()).with_sessions(Some(verifier)))
}

/// Serves the API at `listener` and does the work behind it; without `workers`, somebody else builds.
pub fn start(config: &SdkConfig, stack: &Stack, app: App, listener: TcpListener, workers: usize) -> Server {
    let mut tasks = JoinSet::new();
    let service = app.service.clone();
    let router = api::serve(routes(), app);
    tasks.spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the API ended");
        }
    });
    let arrivals = Poller::new(config, &stack.arrival_queue_url, 10);
    let arrived = service.clone();
    tasks.spawn(arrivals.run(move |event| {
        let service = arrived.clone();
        async move { upload_arrival::handle(&service, event).await }
    }));
    let worker = Worker::new(service.clone(), Lease::default());
    for _ in 0..workers {
        let (worker, wakeups) = (worker.clone(), Poller::new(config, &stack.names.build_queue_url, 1));
        tasks.spawn(wakeups.run(move |event| {
            let worker = worker.clone();
            async move { worker.handle(event, Duration::MAX).await }
        }));
    }
    tasks.spawn(async move {
        let mut minutes = tokio::time::interval(MAINTENANCE_PERIOD);
        loop {
            minutes.tick().await;
            if let Err(error) = maintenance::handle(&service).await {
                tracing::warn!(%error, "could not reconcile");
            }
        }
    });
    Server { tasks }
}

impl Server {
    /// Ends every part of it.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

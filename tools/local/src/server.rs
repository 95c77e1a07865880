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

use crate::outbox::Outbox;
use crate::provision::Stack;
use crate::queues::Poller;
use crate::routes;

/// Builds that run at the same time, where nothing else is asked for.
pub const WORKERS: usize = 2;
/// Between two runs of maintenance, where nothing else is asked for.
pub const MAINTENANCE_PERIOD: Duration = Duration::from_secs(60);
/// Between two looks for mail: nobody should wait for it where there is no mail server.
const MAIL_PERIOD: Duration = Duration::from_secs(1);

/// What is done behind the API.
#[derive(Clone, Debug)]
pub struct Behind {
    /// Builds that run at the same time; with none, somebody else builds.
    pub workers: usize,
    /// Between two runs of maintenance.
    pub maintenance: Duration,
    /// Where mail goes.
    pub outbox: Outbox,
}

impl Behind {
    /// As nobody asks for anything else.
    pub const fn usual(outbox: Outbox) -> Self {
        Self { workers: WORKERS, maintenance: MAINTENANCE_PERIOD, outbox }
    }
}

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

/// Serves the API at `listener` and does the work behind it.
pub fn start(config: &SdkConfig, stack: &Stack, app: App, listener: TcpListener, behind: Behind) -> Server {
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
    for _ in 0..behind.workers {
        let (worker, wakeups) = (worker.clone(), Poller::new(config, &stack.names.build_queue_url, 1));
        tasks.spawn(wakeups.run(move |event| {
            let worker = worker.clone();
            async move { worker.handle(event, Duration::MAX).await }
        }));
    }
    tasks.spawn(send_mail(service.clone(), behind.outbox.clone()));
    tasks.spawn(maintain(service, behind.outbox, behind.maintenance));
    Server { tasks }
}

async fn send_mail(service: Service, outbox: Outbox) {
    let mut seconds = tokio::time::interval(MAIL_PERIOD);
    loop {
        let until = seconds.tick().await + MAIL_PERIOD;
        if let Err(error) = service.deliver_mail(&outbox, until).await {
            tracing::warn!(%error, "could not look for mail");
        }
    }
}

async fn maintain(service: Service, outbox: Outbox, period: Duration) {
    let mut runs = tokio::time::interval(period);
    loop {
        runs.tick().await;
        if let Err(error) = maintenance::handle(&service, &outbox, maintenance::TIME).await {
            tracing::warn!(%error, "maintenance failed");
        }
    }
}

impl Server {
    /// Ends every part of it.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

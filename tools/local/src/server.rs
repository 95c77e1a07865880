//! Everything that runs on AWS, in one process: API, arrival, workers, reconciler.

use std::time::Duration;

use api::App;
use aws_config::SdkConfig;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use axum::Router;
use identity::Verifier;
use protection_worker::{Lease, Worker};
use service::support::Desk;
use service::{Clock, Service};
use store::{Clients, Store};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::documents;
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
#[derive(Debug, Default)]
pub struct Server {
    tasks: JoinSet<()>,
}

/// The use cases over a stack.
pub fn connect(config: &SdkConfig, stack: &Stack) -> anyhow::Result<Service> {
    let store = Store::new(Clients::connect(config, &[]), stack.names.clone());
    let verifier = Verifier::new(stack.user_pool(config)?);
    Ok(Service::new(store, Clock::system()).with_sessions(Some(verifier)).with_desk(desk()?))
}

/// Whom mail about customers goes to on this machine: the outbox has it.
pub fn desk() -> anyhow::Result<Desk> {
    let address = |name: &str| format!("{name}@apptego.localhost").parse().map(Some);
    Ok(Desk { support: address("support")?, sales: address("sales")? })
}

/// Serves the API at `listener` and does the work behind it.
pub fn start(config: &SdkConfig, stack: &Stack, app: App, listener: TcpListener, behind: Behind) -> Server {
    let mut server = Server::default();
    let service = app.service.clone();
    server.serve(listener, api::serve(routes(), app).merge(documents::router()));
    let arrived = service.clone();
    server.feed(Poller::new(config, &stack.arrival_queue_url, 10), move |event| {
        let service = arrived.clone();
        async move { upload_arrival::handle(&service, event).await }
    });
    let worker = Worker::new(service.clone(), Lease::default());
    let builds = std::iter::repeat_n(&stack.names.build_queue_url, behind.workers);
    for queue in builds.chain((behind.workers > 0).then_some(&stack.names.library_queue_url)) {
        let worker = worker.clone();
        server.feed(Poller::new(config, queue, 1), move |event| {
            let worker = worker.clone();
            async move { worker.handle(event, Duration::MAX).await }
        });
    }
    let (sender, outbox) = (service.clone(), behind.outbox.clone());
    server.every(MAIL_PERIOD, move || {
        let (service, outbox) = (sender.clone(), outbox.clone());
        async move { service.deliver_mail(&outbox, Instant::now() + MAIL_PERIOD).await.map(drop) }
    });
    server.every(behind.maintenance, move || {
        let (service, outbox) = (service.clone(), behind.outbox.clone());
        async move { maintenance::handle(&service, &outbox, maintenance::TIME).await.map(drop) }
    });
    server
}

impl Server {
    /// Answers with `router` at `listener`.
    pub fn serve(&mut self, listener: TcpListener, router: Router) {
        self.tasks.spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the API ended");
            }
        });
    }

    /// Gives the messages of a queue to `function`.
    pub fn feed<Answer>(&mut self, messages: Poller, function: impl Fn(SqsEvent) -> Answer + Send + Sync + 'static)
    where
        Answer: Future<Output = SqsBatchResponse> + Send + 'static,
    {
        self.tasks.spawn(messages.run(function));
    }

    /// Calls `function` at once, and again each `period` after.
    pub fn every<Done, Failure>(&mut self, period: Duration, function: impl Fn() -> Done + Send + Sync + 'static)
    where
        Done: Future<Output = Result<(), Failure>> + Send + 'static,
        Failure: std::fmt::Display + Send,
    {
        self.tasks.spawn(async move {
            let mut periods = tokio::time::interval(period);
            loop {
                periods.tick().await;
                if let Err(error) = function().await {
                    tracing::warn!(%error, "what is done again and again failed");
                }
            }
        });
    }

    /// Ends every part of it.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

//! Wires the function: clients once, the environment here and nowhere else.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use protection_worker::{Lease, Worker};
use service::{Clock, Service};
use store::{Names, Store};

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "main reads the environment")]
async fn main() -> Result<(), Error> {
    let variable = |name: &str| std::env::var(name).ok();
    logging::init(variable);
    let store = Store::connect(Names::read(variable)?).await;
    let lease =
        variable("WORKER_TIMEOUT_SECONDS").and_then(|text| text.parse().ok()).map_or_else(Lease::default, Lease::of);
    let worker = &Worker::new(Service::new(store, Clock::system()), lease);
    let handler = |event: LambdaEvent<SqsEvent>| async move {
        let left = event.context.deadline().duration_since(std::time::SystemTime::now()).unwrap_or_default();
        Ok::<_, Error>(worker.handle(event.payload, left).await)
    };
    run(service_fn(handler)).await
}

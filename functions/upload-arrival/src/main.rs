//! Wires the function: clients once, the environment here and nowhere else.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use service::{Clock, Service};
use store::{Names, Store};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "main reads the environment")]
async fn main() -> Result<(), Error> {
    let variable = |name: &str| std::env::var(name).ok();
    logging::init(variable);
    let store = Store::connect(Names::read(variable)?).await;
    let service = &Service::new(store, Clock::system());
    let handler = |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(upload_arrival::handle(service, event.payload).await)
    };
    run(service_fn(handler)).await
}

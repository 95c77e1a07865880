//! Wires the function: clients once, the environment here and nowhere else.

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
    let handler = |_: LambdaEvent<serde_json::Value>| async move { maintenance::handle(service).await };
    run(service_fn(handler)).await
}

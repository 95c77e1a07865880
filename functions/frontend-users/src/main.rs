//! Wires the function: clients once, the environment here and nowhere else.

use api::App;
use lambda_http::{Error, run, tracing};
use service::{Clock, Service};
use store::{Names, Store};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "main reads the environment")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let store = Store::connect(Names::read(|name| std::env::var(name).ok())?).await;
    run(api::serve(frontend_users::routes(), App { service: Service::new(store, Clock::system()) })).await
}

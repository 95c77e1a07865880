//! Wires the function: clients once, the environment here and nowhere else.

use api::App;
use lambda_http::{Error, run};
use service::{Clock, Service};
use store::{Names, Store};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "main reads the environment")]
async fn main() -> Result<(), Error> {
    let variable = |name: &str| std::env::var(name).ok();
    logging::init(variable);
    let store = Store::connect(Names::read(variable)?).await;
    run(api::serve(automate_upload::routes(), App { service: Service::new(store, Clock::system()) })).await
}

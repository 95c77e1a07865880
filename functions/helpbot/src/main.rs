//! Wires the function: clients once, the environment here and nowhere else.

use std::sync::Arc;

use api::App;
use identity::{Pool, Verifier};
use lambda_http::{Error, run};
use service::{Clock, Service};
use store::{Names, Store};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "main reads the environment")]
async fn main() -> Result<(), Error> {
    let variable = |name: &str| std::env::var(name).ok();
    logging::init(variable);
    let portal_url = variable("PORTAL_URL").unwrap_or_else(|| service::PORTAL_URL.to_owned());
    let store = Store::connect(Names::read(variable)?).await;
    let service = Service::new(store, Clock::system()).with_sessions(Pool::read(variable)?.map(Verifier::new));
    let service = service.with_answerer(Arc::new(helpbot::embedded(&portal_url)));
    run(api::serve(helpbot::routes(), App { service })).await
}

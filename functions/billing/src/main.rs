//! Wires the function: clients once, the environment here and nowhere else.

use api::App;
use identity::{Pool, Verifier};
use lambda_http::{Error, run};
use service::billing::Payments;
use service::{Clock, Service};
use store::{Names, Store};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "main reads the environment")]
async fn main() -> Result<(), Error> {
    let variable = |name: &str| std::env::var(name).ok();
    logging::init(variable);
    let store = Store::connect(Names::read(variable)?).await;
    let payments = Payments::of(&store, variable("STRIPE_SECRET_ID"), variable("STRIPE_URL")).await?;
    let service = Service::new(store, Clock::system()).with_sessions(Pool::read(variable)?.map(Verifier::new));
    let service = service.with_portal(&variable("PORTAL_URL").unwrap_or_else(|| service::PORTAL_URL.to_owned()));
    run(api::serve(billing::routes(), App { service: service.with_payments(payments) })).await
}

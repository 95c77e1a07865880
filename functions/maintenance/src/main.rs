//! Wires the function: clients once, the environment here and nowhere else.

use domain::member::EmailAddress;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use service::billing::Payments;
use service::{Clock, Service};
use store::ses::Ses;
use store::{Names, Store};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "main reads the environment")]
async fn main() -> Result<(), Error> {
    let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    logging::init(variable);
    let store = Store::connect(Names::read(variable)?).await;
    let from = variable("MAIL_FROM").map(|text| text.parse::<EmailAddress>()).transpose()?;
    let payments = Payments::of(&store, variable("STRIPE_SECRET_ID"), variable("STRIPE_URL")).await?;
    let service = &Service::new(store, Clock::system()).with_payments(payments);
    let mailer = &Ses::connect(from).await;
    let handler = |_: LambdaEvent<serde_json::Value>| async move {
        maintenance::handle(service, mailer, maintenance::TIME).await
    };
    run(service_fn(handler)).await
}

//! Wires the function: clients once, the environment here and nowhere else.

use api::App;
use domain::member::EmailAddress;
use identity::{Pool, Verifier};
use lambda_http::{Error, run};
use service::support::Desk;
use service::{Clock, Service};
use store::{Names, Store};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "main reads the environment")]
async fn main() -> Result<(), Error> {
    let variable = |name: &str| std::env::var(name).ok();
    logging::init(variable);
    let address = |name: &str| -> Result<Option<EmailAddress>, domain::error::Error> {
        variable(name).filter(|text| !text.is_empty()).map(|text| text.parse()).transpose()
    };
    let desk = Desk { support: address("SUPPORT_ADDRESS")?, sales: address("SALES_ADDRESS")? };
    let store = Store::connect(Names::read(variable)?).await;
    let service = Service::new(store, Clock::system()).with_sessions(Pool::read(variable)?.map(Verifier::new));
    run(api::serve(support::routes(), App { service: service.with_desk(desk) })).await
}

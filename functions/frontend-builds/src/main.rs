//! Wires the function: clients once, the environment here and nowhere else.

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
    let store = Store::connect(Names::read(variable)?).await;
    let service = Service::new(store, Clock::system()).with_sessions(Pool::read(variable)?.map(Verifier::new));
    run(api::serve(frontend_builds::routes(), App { service })).await
}

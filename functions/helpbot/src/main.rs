//! Wires the function: clients once, the environment here and nowhere else.

use std::sync::Arc;

use api::App;
use assistant::Answerer;
use bedrock::Bedrock;
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
    let answerer: Arc<dyn Answerer> = match variable("ASSISTANT_MODEL").filter(|model| !model.is_empty()) {
        Some(model) => {
            Arc::new(Bedrock::connect(model.parse()?, helpbot::guides(&portal_url), &helpbot::calls()).await)
        }
        None => Arc::new(helpbot::embedded(&portal_url)),
    };
    run(api::serve(helpbot::routes(), App { service: service.with_answerer(answerer) })).await
}

//! The least that a function can be: the Rust runtime for Lambda and a handler that does nothing.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(async |_: LambdaEvent<serde_json::Value>| Ok::<_, Error>(serde_json::Value::Null))).await
}

//! How well a model turns questions into searches, beside the grammar: both tables of phrases of `search`, asked of Bedrock one by one.
//!
//! ```sh
//! cargo run -p bedrock --example accuracy -- eu.anthropic.claude-sonnet-4-20250514-v1:0
//! ```
//! Credentials, region and endpoint come from the SDK's own variables. It takes some minutes, and some 3000 input tokens for each of the
//! phrases. What is not right is listed.
#![expect(clippy::print_stdout, reason = "what it is for")]

#[path = "../../search/tests/table/mod.rs"]
mod table;

use anyhow::Context as _;
use assistant::{Answerer, Embedded, Guides};
use aws_config::BehaviorVersion;
use bedrock::{Bedrock, Limits};
use table::{Row, Tally, calls, held_out, now, rows};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let model = std::env::args().nth(1).context("name a model")?.parse()?;
    let guides = Guides::at("https://app.example.com/documents/guides");
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let grammar = Embedded::new(guides.clone(), &calls());
    let bedrock = Bedrock::new(&config, model, Limits::default(), guides, &calls());
    for (table, rows) in [("phrases", rows()), ("held out", held_out())] {
        let (grammar, bedrock) = (measure(&grammar, &rows).await, measure(&bedrock, &rows).await);
        println!("{table}, grammar: {grammar}\n{table}, Bedrock: {bedrock}");
    }
    Ok(())
}

async fn measure(answerer: &dyn Answerer, rows: &[Row]) -> Tally {
    let mut tally = Tally::default();
    for row in rows {
        match answerer.interpret(&row.question(), row.log, now()).await {
            Ok(outcome) => {
                if let Some(told) = tally.count(row, &outcome) {
                    println!("{told}");
                }
            }
            Err(error) => {
                tally.failed += 1;
                println!("failed:          {} | {}", row.phrase, error.with_causes());
            }
        }
    }
    tally
}

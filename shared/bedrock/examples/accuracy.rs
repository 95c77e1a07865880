//! How well a model turns questions into searches, beside the grammar: the table of phrases of `search`, asked of Bedrock one by one.
//!
//! ```sh
//! cargo run -p bedrock --example accuracy -- eu.anthropic.claude-sonnet-4-20250514-v1:0
//! ```
//! Credentials, region and endpoint come from the SDK's own variables. It takes some minutes, and some 3000 input tokens for each of the
//! 308 phrases. What is not right is listed.
#![expect(clippy::print_stdout, reason = "what it is for")]

#[path = "../../search/tests/table/mod.rs"]
mod table;

use std::fmt;

use anyhow::Context as _;
use assistant::{Answerer, Embedded, Guides, Interpretation};
use aws_config::BehaviorVersion;
use bedrock::{Bedrock, Limits};
use search::query::{Condition, Query};
use table::{CALLS, Expected, Row, now};

/// How often what came of a phrase.
#[derive(Default)]
struct Tally {
    /// The search that was expected; conditions in another order are the same.
    right: usize,
    /// Another search, or one where none was expected.
    wrong: usize,
    refused_rightly: usize,
    refused_wrongly: usize,
    /// No answer at all.
    failed: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let model = std::env::args().nth(1).context("name a model")?.parse()?;
    let guides = Guides::at("https://app.example.com/documents/guides");
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let grammar = measure(&Embedded::new(guides.clone(), CALLS)).await;
    let bedrock = measure(&Bedrock::new(&config, model, Limits::default(), guides, CALLS)).await;
    println!("grammar: {grammar}\nBedrock: {bedrock}");
    Ok(())
}

async fn measure(answerer: &dyn Answerer) -> Tally {
    let mut tally = Tally::default();
    for row in table::rows() {
        match answerer.interpret(&row.question(), row.log, now()).await {
            Ok(outcome) => tally.count(&row, outcome),
            Err(error) => {
                tally.failed += 1;
                println!("failed:          {} | {}", row.phrase, error.with_causes());
            }
        }
    }
    tally
}

impl Tally {
    fn count(&mut self, row: &Row, outcome: Interpretation) {
        let (count, name) = match (&outcome, &row.expected) {
            (Ok(answer), Expected::Search(query, from, to)) => {
                let expected = Query::parse(row.log, query).map(|query| normal(&query)).unwrap_or_default();
                let is_right = (normal(answer.query()), answer.from(), answer.to()) == (expected, *from, *to);
                if is_right { (&mut self.right, "") } else { (&mut self.wrong, "wrong") }
            }
            (Ok(_), Expected::Refusal(_)) => (&mut self.wrong, "not refused"),
            (Err(_), Expected::Refusal(_)) => (&mut self.refused_rightly, ""),
            (Err(_), Expected::Search(..)) => (&mut self.refused_wrongly, "refused wrongly"),
        };
        *count += 1;
        if !name.is_empty() {
            println!("{name:16} {} | expected {} | found {outcome:?}", row.phrase, row.expected);
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { right, wrong, refused_rightly, refused_wrongly, failed } = self;
        let (good, all) = (right + refused_rightly, right + wrong + refused_rightly + refused_wrongly + failed);
        write!(
            f,
            "{good} of {all} as expected: {right} right, {wrong} wrong, {refused_rightly} refused rightly, {refused_wrongly} refused wrongly, \
             {failed} failed"
        )
    }
}

/// A text that is the same for queries that differ in the order of their conditions only.
fn normal(query: &Query) -> String {
    query.condition().map(sorted).unwrap_or_default()
}

fn sorted(condition: &Condition) -> String {
    let list = |parts: &[Condition], name: &str| {
        let mut parts: Vec<_> = parts.iter().map(sorted).collect();
        parts.sort();
        format!("{name}({})", parts.join(", "))
    };
    match condition {
        Condition::And(parts) => list(parts, "all"),
        Condition::Or(parts) => list(parts, "any"),
        Condition::Not(inner) => format!("not({})", sorted(inner)),
        Condition::In(column, values) => {
            let mut values: Vec<_> = values.iter().map(|value| format!("{value:?}")).collect();
            values.sort();
            format!("{} in {values:?}", column.name)
        }
        other => format!("{other:?}"),
    }
}

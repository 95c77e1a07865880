//! How often what came of the phrases of a table.

use std::fmt;

use search::query::{Condition, Query};
use search::question::{Answer, Refusal};

use super::{Expected, Row, told};

/// How often what came of a phrase.
#[derive(Default)]
pub(crate) struct Tally {
    /// The search that was expected; conditions in another order are the same.
    pub(crate) right: usize,
    /// Another search, or one where none was expected.
    pub(crate) wrong: usize,
    /// A refusal, as expected; for whatever reason.
    pub(crate) refused_rightly: usize,
    /// A refusal where a search was expected.
    pub(crate) refused_wrongly: usize,
    /// No answer at all.
    pub(crate) failed: usize,
}

impl Tally {
    /// Counts what came of a phrase; returns what is not right.
    pub(crate) fn count(&mut self, row: &Row, outcome: &Result<Answer, Refusal>) -> Option<String> {
        let (count, name) = match (outcome, &row.expected) {
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
        (!name.is_empty())
            .then(|| format!("{name:16} {} | expected {} | found {}", row.phrase, row.expected, told(outcome)))
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

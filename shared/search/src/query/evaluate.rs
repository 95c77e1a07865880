//! What a query means for a row.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Condition, Literal, Operator};
use crate::column::{Column, Kind};

/// Something that a log holds.
pub trait Row {
    /// The value in a column of the row's log; nothing where it is null.
    fn value(&self, column: Column) -> Option<Value<'_>>;
}

/// A value of a row, of its column's kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'r> {
    /// A whole number.
    Integer(i64),
    /// True or false.
    Boolean(bool),
    /// A text, or a version.
    Text(Cow<'r, str>),
}

impl Condition {
    /// Whether the row meets it: nothing where a null leaves that open (the three-valued logic of SQL).
    pub(super) fn evaluate(&self, row: &impl Row) -> Option<bool> {
        match self {
            Self::Compare(column, operator, literal) => {
                let order = compare(*column, &row.value(*column)?, literal)?;
                Some(operator.accepts(order))
            }
            Self::Like(column, pattern) => match row.value(*column)? {
                Value::Text(text) => Some(pattern.matches(&text)),
                Value::Integer(_) | Value::Boolean(_) => None,
            },
            Self::In(column, literals) => {
                let value = row.value(*column)?;
                Some(literals.iter().any(|literal| compare(*column, &value, literal) == Some(Ordering::Equal)))
            }
            Self::IsNull(column) => Some(row.value(*column).is_none()),
            Self::Not(inner) => inner.evaluate(row).map(|met| !met),
            Self::And(parts) => decided(parts, row, false),
            Self::Or(parts) => decided(parts, row, true),
        }
    }
}

/// One part of this outcome decides; without it, an open part leaves the whole open.
fn decided(parts: &[Condition], row: &impl Row, deciding: bool) -> Option<bool> {
    let mut whole = Some(!deciding);
    for part in parts {
        match part.evaluate(row) {
            Some(met) if met == deciding => return Some(deciding),
            Some(_) => {}
            None => whole = None,
        }
    }
    whole
}

impl Operator {
    const fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

fn compare(column: Column, value: &Value<'_>, literal: &Literal) -> Option<Ordering> {
    match (value, literal) {
        (Value::Integer(value), Literal::Integer(literal)) => Some(value.cmp(literal)),
        (Value::Boolean(value), Literal::Boolean(literal)) => Some(value.cmp(literal)),
        (Value::Text(value), Literal::Text(literal)) if column.kind == Kind::Version => {
            Some(compare_versions(value, literal))
        }
        (Value::Text(value), Literal::Text(literal)) => Some(value.as_ref().cmp(literal.as_str())),
        _ => None,
    }
}

/// Part by part between the dots, each by its leading number and then by what follows it. A part that is missing is 0.
fn compare_versions(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let (first, second) = (left.next(), right.next());
        if first.is_none() && second.is_none() {
            return Ordering::Equal;
        }
        let order = version_part(first.unwrap_or_default()).cmp(&version_part(second.unwrap_or_default()));
        if order.is_ne() {
            return order;
        }
    }
}

/// The number without leading zeros, the longer one being larger, and the rest.
fn version_part(part: &str) -> (usize, &str, &str) {
    let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
    let (number, rest) = part.split_at_checked(end).unwrap_or((part, ""));
    let number = number.trim_start_matches('0');
    (number.len(), number, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_part_by_part() {
        for ascending in [
            ["9.1", "10"],
            ["1.2", "1.10"],
            ["14", "14.0.1"],
            ["1.0", "1.0-beta"],
            ["", "1"],
            ["8", "99999999999999999999999"],
        ] {
            assert_eq!(compare_versions(ascending[0], ascending[1]), Ordering::Less, "{ascending:?}");
            assert_eq!(compare_versions(ascending[1], ascending[0]), Ordering::Greater, "{ascending:?}");
        }
        for same in [["14", "14.0"], ["1.02", "1.2"], ["", "0.0"]] {
            assert_eq!(compare_versions(same[0], same[1]), Ordering::Equal, "{same:?}");
        }
    }
}

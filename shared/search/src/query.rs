//! The query language of the logs (contracts, "Query language").
//!
//! A query is a condition on a row, or nothing, which every row meets:
//! ```text
//! query      = [ or ]
//! or         = and { OR and }
//! and        = not { AND not }
//! not        = NOT not | ( or ) | comparison
//! comparison = column ( = | != | < | <= | > | >= ) literal
//!            | column [NOT] LIKE string
//!            | column [NOT] IN ( literal { , literal } )
//!            | column IS [NOT] NULL
//! literal    = 'text, with '' for a quote' | whole number | TRUE | FALSE
//! ```
//! Words are read in any case. Of each column, literals of its own kind only; a boolean has no order; LIKE is for texts. As in SQL, a
//! comparison with a value that is null is neither true nor false, and a row is found where the whole is true.

mod error;
mod evaluate;
mod lexer;
mod parser;
mod pattern;
mod print;

pub use error::{Error, ErrorKind};
pub use evaluate::{Row, Value};
pub use pattern::Pattern;

use crate::column::{Column, Log};

/// Characters of a query at most.
pub const MAX_LENGTH: usize = 4000;
/// Parentheses and NOTs within each other at most.
pub const MAX_DEPTH: usize = 32;
/// Comparisons of a query at most, each value of an IN counted as one.
pub const MAX_TERMS: usize = 200;

/// A query of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    condition: Option<Condition>,
}

impl Query {
    /// Reads a query of `log`. An empty text asks for every row.
    ///
    /// # Errors
    /// What is wrong and at which character.
    pub fn parse(log: Log, text: &str) -> Result<Self, Error> {
        parser::parse(log, text).map(|condition| Self { condition })
    }

    /// What it asks of a row; nothing where it asks for every row.
    pub const fn condition(&self) -> Option<&Condition> {
        self.condition.as_ref()
    }

    /// Whether it finds the row.
    pub fn matches(&self, row: &impl Row) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition.evaluate(row) == Some(true))
    }
}

impl From<Option<Condition>> for Query {
    fn from(condition: Option<Condition>) -> Self {
        Self { condition }
    }
}

/// What is asked of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The column's value compared with a literal of its kind.
    Compare(Column, Operator, Literal),
    /// The column's text has the pattern's form.
    Like(Column, Pattern),
    /// The column's value is one of these.
    In(Column, Vec<Literal>),
    /// The column has no value.
    IsNull(Column),
    /// Not so.
    Not(Box<Self>),
    /// All of these: two or more, none of them of this variant.
    And(Vec<Self>),
    /// One of these: two or more, none of them of this variant.
    Or(Vec<Self>),
}

impl Condition {
    /// The column's value is this.
    pub fn equals(column: Column, value: impl Into<Literal>) -> Self {
        Self::Compare(column, Operator::Equal, value.into())
    }

    /// Not so.
    pub fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// All of these; nothing where there are none.
    pub fn all(conditions: impl IntoIterator<Item = Self>) -> Option<Self> {
        let parts = conditions.into_iter().flat_map(|condition| match condition {
            Self::And(parts) => parts,
            other => vec![other],
        });
        one_or(parts.collect(), Self::And)
    }

    /// One of these; nothing where there are none.
    pub fn any(conditions: impl IntoIterator<Item = Self>) -> Option<Self> {
        let parts = conditions.into_iter().flat_map(|condition| match condition {
            Self::Or(parts) => parts,
            other => vec![other],
        });
        one_or(parts.collect(), Self::Or)
    }
}

fn one_or(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Option<Condition> {
    if parts.len() > 1 { Some(join(parts)) } else { parts.pop() }
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Operator {
    /// Every operator, none before one that it begins.
    pub const ALL: [Self; 6] = [Self::Equal, Self::NotEqual, Self::AtMost, Self::Less, Self::AtLeast, Self::Greater];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }

    /// Whether it asks for an order.
    pub const fn is_ordering(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}

/// A value that a query names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A whole number.
    Integer(i64),
    /// True or false.
    Boolean(bool),
    /// A text, or a version.
    Text(String),
}

impl From<i64> for Literal {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<&str> for Literal {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

//! Why a text is no query.

use std::fmt;

use super::{MAX_DEPTH, MAX_LENGTH, MAX_TERMS};
use crate::column::{Column, Kind, Log};

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at character {position}")]
pub struct Error {
    /// The character at fault, counted from 1. One after the last where something is missing at the end.
    pub position: usize,
    /// What is wrong with it.
    pub kind: ErrorKind,
}

/// What is wrong with a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// More than [`MAX_LENGTH`] characters.
    #[error("a query has at most {MAX_LENGTH} characters: too long")]
    TooLong,
    /// More than [`MAX_DEPTH`] levels.
    #[error("a query has at most {MAX_DEPTH} levels of parentheses and NOT: too deep")]
    TooDeep,
    /// More than [`MAX_TERMS`] comparisons.
    #[error("a query has at most {MAX_TERMS} comparisons and values: one too many")]
    TooManyTerms,
    /// A character that begins nothing.
    #[error("unexpected {0:?}")]
    UnexpectedCharacter(char),
    /// A string without its closing quote.
    #[error("unterminated string")]
    UnterminatedString,
    /// A number that is not whole, or does not fit 64 bits.
    #[error("not a whole number of 64 bits")]
    InvalidNumber,
    /// A column that the log does not have.
    #[error("the {log} log has no column {name:?}: unknown column")]
    UnknownColumn {
        /// The log.
        log: Log,
        /// The name, cut to 64 characters.
        name: String,
    },
    /// A literal of another kind than the column's.
    #[error("{} is compared with {}: type mismatch", .0.name, expected(.0.kind))]
    WrongType(Column),
    /// An operator that the column's kind does not have.
    #[error("{} has no {operator}: type mismatch", column.name)]
    WrongOperator {
        /// The column.
        column: Column,
        /// The operator, as it is written.
        operator: &'static str,
    },
    /// A comparison with NULL, which no row would meet.
    #[error("write IS NULL or IS NOT NULL: nothing equals NULL")]
    ComparedWithNull,
    /// Something else would have to stand here.
    #[error("expected {0}")]
    Expected(Expected),
}

/// What would have to stand somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The beginning of a condition.
    Condition,
    /// What follows a column.
    Operator,
    /// A literal.
    Literal,
    /// The pattern of LIKE.
    Pattern,
    /// LIKE or IN, after NOT.
    LikeOrIn,
    /// NULL, after IS.
    Null,
    /// The list of IN.
    Open,
    /// The end of what is in parentheses.
    Close,
    /// More of a list, or its end.
    CommaOrClose,
    /// AND, OR, or nothing more.
    End,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Condition => "a column, NOT or (",
            Self::Operator => "=, !=, <, <=, >, >=, LIKE, IN, NOT or IS",
            Self::Literal => "a string in single quotes, a whole number, TRUE or FALSE",
            Self::Pattern => "a pattern in single quotes",
            Self::LikeOrIn => "LIKE or IN",
            Self::Null => "NULL",
            Self::Open => "(",
            Self::Close => "AND, OR or )",
            Self::CommaOrClose => "a comma or )",
            Self::End => "AND, OR or the end",
        })
    }
}

const fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "a whole number",
        Kind::Boolean => "TRUE or FALSE",
        Kind::Text | Kind::Version => "a string in single quotes",
    }
}

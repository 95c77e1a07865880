//! A query's canonical text, which reads back as the same query.

use std::fmt::{self, Display, Formatter};

use super::{Condition, Literal, Query};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.condition().map_or(Ok(()), |condition| condition.fmt(f))
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare(column, operator, value) => write!(f, "{} {} {value}", column.name, operator.as_str()),
            Self::Like(column, pattern) => write!(f, "{} LIKE {}", column.name, Quoted(pattern.as_str())),
            Self::In(column, values) => write!(f, "{} IN ({})", column.name, Joined(values, ", ")),
            Self::IsNull(column) => write!(f, "{} IS NULL", column.name),
            Self::Not(inner) => match &**inner {
                Self::Like(column, pattern) => write!(f, "{} NOT LIKE {}", column.name, Quoted(pattern.as_str())),
                Self::In(column, values) => write!(f, "{} NOT IN ({})", column.name, Joined(values, ", ")),
                Self::IsNull(column) => write!(f, "{} IS NOT NULL", column.name),
                Self::And(_) | Self::Or(_) => write!(f, "NOT ({inner})"),
                Self::Compare(..) | Self::Not(_) => write!(f, "NOT {inner}"),
            },
            Self::And(parts) => {
                let parts: Vec<Part<'_>> = parts.iter().map(Part).collect();
                Joined(&parts, " AND ").fmt(f)
            }
            Self::Or(parts) => Joined(parts, " OR ").fmt(f),
        }
    }
}

/// A part of an AND.
struct Part<'c>(&'c Condition);

impl Display for Part<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Condition::Or(_) => write!(f, "({})", self.0),
            other => other.fmt(f),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => number.fmt(f),
            Self::Boolean(value) => f.write_str(if *value { "TRUE" } else { "FALSE" }),
            Self::Text(text) => Quoted(text).fmt(f),
        }
    }
}

struct Quoted<'t>(&'t str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.replace('\'', "''"))
    }
}

struct Joined<'p, T>(&'p [T], &'static str);

impl<T: Display> Display for Joined<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(self.1)?;
            }
            part.fmt(f)?;
        }
        Ok(())
    }
}

//! Fields of bodies.

use std::str::FromStr;

use domain::error::Error;
use serde::Deserialize;
use utoipa::ToSchema;

/// A body without fields.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub struct NoFields {}

/// The value of a field, or an error that names it.
pub fn required<T>(value: Option<T>, field: &'static str, missing: &'static str) -> Result<T, Error> {
    value.ok_or_else(|| Error::invalid(field, missing))
}

/// As [`required`], of a field that reads as `T`.
pub fn parsed<T>(value: Option<String>, field: &'static str, missing: &'static str) -> Result<T, Error>
where
    T: FromStr<Err = Error>,
{
    required(value, field, missing)?.parse()
}

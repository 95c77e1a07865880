//! Looking up a key whose type is known.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::error::Error;
use super::{Date, Dictionary, Value};

/// A type that a value can be asked for.
pub trait Field<'a>: Sized {
    /// What it is called in messages.
    const NAME: &'static str;
    /// What an array of such is called.
    const LIST: &'static str = "an array of one type";

    /// The value, when it is of this type.
    fn of(value: &'a Value) -> Option<Self>;
}

impl<'a> Field<'a> for &'a str {
    const NAME: &'static str = "text";
    const LIST: &'static str = "an array of text";

    fn of(value: &'a Value) -> Option<Self> {
        value.as_string()
    }
}

impl<'a> Field<'a> for &'a [u8] {
    const NAME: &'static str = "data";
    const LIST: &'static str = "an array of data";

    fn of(value: &'a Value) -> Option<Self> {
        value.as_data()
    }
}

impl<'a> Field<'a> for &'a [Value] {
    const NAME: &'static str = "an array";

    fn of(value: &'a Value) -> Option<Self> {
        value.as_array().map(Vec::as_slice)
    }
}

impl<'a> Field<'a> for &'a Dictionary {
    const NAME: &'static str = "a dictionary";
    const LIST: &'static str = "an array of dictionaries";

    fn of(value: &'a Value) -> Option<Self> {
        value.as_dictionary()
    }
}

impl Field<'_> for bool {
    const NAME: &'static str = "true or false";

    fn of(value: &Value) -> Option<Self> {
        value.as_boolean()
    }
}

impl Field<'_> for i64 {
    const NAME: &'static str = "a whole number";

    fn of(value: &Value) -> Option<Self> {
        value.as_signed_integer()
    }
}

impl Field<'_> for Date {
    const NAME: &'static str = "a date";

    fn of(value: &Value) -> Option<Self> {
        value.as_date()
    }
}

/// An array of values that are all of one type.
impl<'a, T: Field<'a>> Field<'a> for Vec<T> {
    const NAME: &'static str = T::LIST;

    fn of(value: &'a Value) -> Option<Self> {
        value.as_array()?.iter().map(T::of).collect()
    }
}

/// What stands under `key`, if anything does.
///
/// # Errors
/// [`Error::Type`] when it is of another type.
pub fn optional<'a, T: Field<'a>>(dictionary: &'a Dictionary, key: &'static str) -> Result<Option<T>, Error> {
    let Some(value) = dictionary.get(key) else { return Ok(None) };
    let typed = T::of(value).ok_or_else(|| Error::Type { key, found: kind(value), wanted: T::NAME })?;
    Ok(Some(typed))
}

/// What stands under `key`.
///
/// # Errors
/// [`Error::Missing`] when nothing does, [`Error::Type`] when it is of another type.
pub fn required<'a, T: Field<'a>>(dictionary: &'a Dictionary, key: &'static str) -> Result<T, Error> {
    optional(dictionary, key)?.ok_or(Error::Missing { key })
}

/// A date in Unix seconds; what is less than a second is left out.
pub fn unix_seconds(date: Date) -> i64 {
    let whole = |length: Duration| i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
    match SystemTime::from(date).duration_since(UNIX_EPOCH) {
        Ok(after) => whole(after),
        Err(before) => whole(before.duration()).saturating_neg(),
    }
}

/// What a value is called in messages.
pub(super) const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "an array",
        Value::Dictionary(_) => "a dictionary",
        Value::Boolean(_) => "true or false",
        Value::Data(_) => "data",
        Value::Date(_) => "a date",
        Value::Real(_) => "a real number",
        Value::Integer(_) => "a whole number",
        Value::String(_) => "text",
        Value::Uid(_) => "a UID",
        _ => "of an unknown type",
    }
}

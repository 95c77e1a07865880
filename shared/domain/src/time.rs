//! Moments as Unix seconds, the unit of every time on the wire and in the table.

use jiff::Timestamp;

/// The moment `seconds` after the epoch, held to what a timestamp can express.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// The moment `seconds` after `moment`.
pub fn after(moment: Timestamp, seconds: i64) -> Timestamp {
    at(moment.as_second().saturating_add(seconds))
}

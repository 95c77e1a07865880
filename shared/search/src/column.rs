//! The logs and their columns (contracts, "Monitoring and logs").

use std::fmt;
use std::str::FromStr;

use domain::error::Error;

/// A log that is searched: the `mode` of AI Search (page 003).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Log {
    /// Who called what.
    Audit,
    /// What protected apps reported.
    Device,
}

impl Log {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Device => "device",
        }
    }

    /// Its columns, in the order in which they are shown.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Audit => AUDIT,
            Self::Device => DEVICE,
        }
    }

    /// The column of this name, whatever its letters' case.
    pub fn column(self, name: &str) -> Option<Column> {
        self.columns().iter().find(|column| column.name.eq_ignore_ascii_case(name)).copied()
    }

    /// Days for which its events are kept (contracts).
    pub const fn retention_days(self) -> i64 {
        match self {
            Self::Audit => domain::audit::RETENTION_DAYS,
            Self::Device => 90,
        }
    }
}

impl FromStr for Log {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        match word {
            "audit" => Ok(Self::Audit),
            "device" => Ok(Self::Device),
            _ => Err(Error::invalid("mode", "Invalid mode: use audit or device")),
        }
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a column holds, and so which literals it is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
    /// A text, compared letter by letter.
    Text,
    /// A version as apps and systems have it, compared part by part: `9.1` is before `10`, and `10` is `10.0`.
    Version,
}

/// A column of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    /// Its name in queries and answers.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind }
}

/// `event_type` is not among the columns of the contracts, but page 003 searches by it: [`EventType`](crate::audit::EventType).
/// `raw_data` is the event's JSON in its compact form, with sorted names.
const AUDIT: &[Column] = &[
    column("event", Kind::Integer),
    column("user_id", Kind::Text),
    column("api_call", Kind::Text),
    column("event_type", Kind::Text),
    column("creation_time", Kind::Integer),
    column("successful", Kind::Boolean),
    column("raw_data", Kind::Text),
];

const DEVICE: &[Column] = &[
    column("event", Kind::Integer),
    column("device_id", Kind::Text),
    column("event_type", Kind::Text),
    column("platform", Kind::Text),
    column("os_version", Kind::Version),
    column("app_identifier", Kind::Text),
    column("app_version", Kind::Version),
    column("version", Kind::Text),
    column("action", Kind::Text),
    column("ip_address", Kind::Text),
    column("country", Kind::Text),
    column("creation_time", Kind::Integer),
    column("raw_data", Kind::Text),
];

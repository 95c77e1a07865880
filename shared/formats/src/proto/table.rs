//! Resource tables in protobuf form: `resources.pb`.
//!
//! [`Table::parse`] checks the whole table, so that what is asked later cannot fail, and keeps the bytes; an edit makes new ones, in which
//! all that it does not touch is as it was.

mod check;
mod edit;
mod names;
mod query;
mod same;

use std::borrow::Cow;

use super::error::Error;
use super::wire::Message;
use crate::limits::Limits;
use crate::reader::widen;

pub use names::visit_references;
pub use same::{Same, adds_nothing_unknown, same_but_attributes, same_document, same_values};

/// The package of the app itself; those of feature modules have other ids.
const APP_PACKAGE: u32 = 0x7f;

/// A parsed table. Reading never changes it; every edit that fails leaves it as it was.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    bytes: Cow<'a, [u8]>,
    limits: Limits,
}

impl<'a> Table<'a> {
    /// Reads and checks a table.
    ///
    /// # Errors
    /// Bytes that are no sound table, are longer than [`Limits::table_bytes`], or have more than [`Limits::table_entries`].
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        Self::checked(Cow::Borrowed(bytes), limits)
    }

    /// A table without packages.
    pub const fn empty(limits: &Limits) -> Self {
        Self { bytes: Cow::Borrowed(&[]), limits: *limits }
    }

    /// The table's bytes; those that were parsed where nothing was edited.
    pub fn to_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn checked(bytes: Cow<'a, [u8]>, limits: &Limits) -> Result<Self, Error> {
        let (length, limit) = (widen(bytes.len()), limits.table_bytes);
        if length > limit {
            return Err(Error::TooLarge { length, limit });
        }
        check::table(Message::new(&bytes), limits)?;
        Ok(Self { bytes, limits: *limits })
    }

    const fn message(&self) -> Message<'_> {
        Message::new(match &self.bytes {
            Cow::Borrowed(bytes) => bytes,
            Cow::Owned(bytes) => bytes.as_slice(),
        })
    }
}

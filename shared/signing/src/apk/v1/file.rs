//! A file of META-INF with its name, for errors that say where.

use crate::apk::{Problem, SignatureError};
use crate::cms::Rejected;

/// A file of META-INF.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) content: &'a [u8],
}

impl File<'_> {
    /// An error about the field at `offset` in the file.
    pub(super) fn reject(&self, field: &'static str, offset: usize, problem: Problem) -> SignatureError {
        let offset = u64::try_from(offset).unwrap_or(u64::MAX);
        self.rejected(Rejected { field, offset, problem })
    }

    /// An error about the signed data that the file is.
    pub(super) fn rejected(&self, rejected: Rejected) -> SignatureError {
        let Rejected { field, offset, problem } = rejected;
        SignatureError::File { name: self.name.to_owned(), field, offset, problem }
    }
}

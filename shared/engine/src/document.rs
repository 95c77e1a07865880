//! XML documents in both forms, which controls see as one.

use formats::axml::{self, Document};
use formats::limits::Limits;
use formats::proto::{self, xml};

use crate::module::Form;

/// Why a document cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// It is no binary XML, or an edit of it is not possible.
    #[error(transparent)]
    Compiled(#[from] axml::Error),
    /// It is no XML in protobuf form.
    #[error(transparent)]
    Bundle(#[from] proto::Error),
}

/// Reads a document.
pub(crate) fn read(bytes: &[u8], form: Form, limits: &Limits) -> Result<Document, Error> {
    Ok(match form {
        Form::Apk => Document::parse(bytes, limits)?,
        Form::Bundle => Document::of_tree(&xml::read(bytes, limits)?)?,
    })
}

/// The bytes of a document that was read from `original`, where it was not made anew.
pub(crate) fn write(
    document: &Document,
    original: Option<&[u8]>,
    form: Form,
    limits: &Limits,
) -> Result<Vec<u8>, Error> {
    if form == Form::Apk {
        return Ok(document.to_bytes());
    }
    // Twice as much as was read: what controls add is little.
    let tree = document.to_tree(limits.document_bytes.saturating_mul(2))?;
    Ok(match original {
        Some(original) => xml::rewrite(original, &tree, limits)?,
        None => xml::write(&tree)?,
    })
}

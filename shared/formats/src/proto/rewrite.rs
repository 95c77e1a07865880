//! Edits deep inside a message: all else is copied as it stands, and only the lengths around an edit are others.

use super::error::Error;
use super::schema::Kind;
use super::wire::{Field, Message, head_of_bytes};

/// What is to be changed.
pub(super) trait Edit<'a> {
    /// A message begins.
    fn enter(&mut self, _kind: Kind, _message: Message<'a>) -> Result<(), Error> {
        Ok(())
    }

    /// The new content of a field with text or bytes; `None` where it stays.
    fn replace(&mut self, kind: Kind, field: &Field<'a>) -> Result<Option<Vec<u8>>, Error>;

    /// Fields that come behind those of a message; `None` for none.
    fn append(&mut self, _kind: Kind, _message: Message<'a>) -> Option<Vec<u8>> {
        None
    }
}

/// Edits a message and what stands in it; `None` where nothing changed. The depth is bounded by the schema or was checked before.
pub(super) fn rewrite<'a>(kind: Kind, message: Message<'a>, edit: &mut dyn Edit<'a>) -> Result<Option<Vec<u8>>, Error> {
    let mut rewriting = Rewriting { edit, out: Vec::with_capacity(message.bytes().len()) };
    let changed = rewriting.message(kind, message)?;
    Ok(changed.then_some(rewriting.out))
}

struct Rewriting<'e, 'a> {
    edit: &'e mut dyn Edit<'a>,
    out: Vec<u8>,
}

impl<'a> Rewriting<'_, 'a> {
    /// Writes a message and says whether it changed.
    fn message(&mut self, kind: Kind, message: Message<'a>) -> Result<bool, Error> {
        self.edit.enter(kind, message)?;
        let mut changed = false;
        for field in message.fields() {
            let field = field?;
            changed |= match kind.child(field.number) {
                Some(child) => self.nested(child, &field)?,
                None => self.leaf(kind, &field)?,
            };
        }
        if let Some(added) = self.edit.append(kind, message) {
            self.out.extend_from_slice(&added);
            changed = true;
        }
        Ok(changed)
    }

    fn nested(&mut self, kind: Kind, field: &Field<'a>) -> Result<bool, Error> {
        let start = self.out.len();
        let changed = self.message(kind, field.message(kind.name())?)?;
        if changed {
            let length = self.out.len().saturating_sub(start);
            self.out.splice(start..start, head_of_bytes(field.number, length));
        } else {
            self.out.truncate(start);
            self.out.extend_from_slice(field.bytes);
        }
        Ok(changed)
    }

    fn leaf(&mut self, kind: Kind, field: &Field<'a>) -> Result<bool, Error> {
        match self.edit.replace(kind, field)? {
            Some(content) => {
                self.out.extend(head_of_bytes(field.number, content.len()));
                self.out.extend(content);
                Ok(true)
            }
            None => {
                self.out.extend_from_slice(field.bytes);
                Ok(false)
            }
        }
    }
}

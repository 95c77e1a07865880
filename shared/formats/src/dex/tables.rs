//! The tables at the beginning of the file: strings, types, prototypes, fields, methods, classes, call sites, method handles.

use super::error::Error;
use super::map::Kind;
use crate::reader::Reader;

/// `NO_INDEX`.
pub(super) const NO_INDEX: u32 = u32::MAX;

/// Rows of each table as they stand in the file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tables<'a> {
    /// Offset of each string's data.
    pub(super) strings: &'a [[u8; 4]],
    /// Descriptor of each type.
    pub(super) types: &'a [[u8; 4]],
    pub(super) protos: &'a [[u8; 12]],
    pub(super) fields: &'a [[u8; 8]],
    pub(super) methods: &'a [[u8; 8]],
    pub(super) classes: &'a [[u8; 32]],
    /// Offset of each call site's array.
    pub(super) call_sites: &'a [[u8; 4]],
    pub(super) handles: &'a [[u8; 8]],
}

/// `proto_id_item`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proto {
    pub(super) shorty: u32,
    pub(super) returns: u32,
    pub(super) parameters: u32,
}

/// `field_id_item`, or `method_id_item`, where the type is a prototype.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) class: u32,
    pub(super) of: u32,
    pub(super) name: u32,
}

/// `class_def_item`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class {
    pub(super) class: u32,
    pub(super) access: u32,
    pub(super) superclass: u32,
    pub(super) interfaces: u32,
    pub(super) source_file: u32,
    pub(super) annotations: u32,
    pub(super) data: u32,
    pub(super) static_values: u32,
}

impl<'a> Tables<'a> {
    /// Takes over the table of this kind, if it is one. Returns its length in bytes.
    pub(super) fn take(&mut self, kind: Kind, count: u32, mut reader: Reader<'a>) -> Result<Option<usize>, Error> {
        fn rows<'a, const N: usize>(reader: &mut Reader<'a>, kind: Kind, count: u32) -> Result<&'a [[u8; N]], Error> {
            let length = usize::try_from(count).ok().and_then(|count| count.checked_mul(N)).unwrap_or(usize::MAX);
            Ok(reader.take(length, kind.name())?.as_chunks().0)
        }
        let before = reader.remaining();
        match kind {
            Kind::StringId => self.strings = rows(&mut reader, kind, count)?,
            Kind::TypeId => self.types = rows(&mut reader, kind, count)?,
            Kind::ProtoId => self.protos = rows(&mut reader, kind, count)?,
            Kind::FieldId => self.fields = rows(&mut reader, kind, count)?,
            Kind::MethodId => self.methods = rows(&mut reader, kind, count)?,
            Kind::ClassDef => self.classes = rows(&mut reader, kind, count)?,
            Kind::CallSiteId => self.call_sites = rows(&mut reader, kind, count)?,
            Kind::MethodHandle => self.handles = rows(&mut reader, kind, count)?,
            _ => return Ok(None),
        }
        Ok(Some(before.saturating_sub(reader.remaining())))
    }

    pub(super) fn string(&self, index: u32) -> Option<u32> {
        row(self.strings, index).map(|row| u32::from_le_bytes(*row))
    }

    /// The string that is a type's descriptor.
    pub(super) fn descriptor(&self, index: u32) -> Option<u32> {
        row(self.types, index).map(|row| u32::from_le_bytes(*row))
    }

    pub(super) fn proto(&self, index: u32) -> Option<Proto> {
        row(self.protos, index).map(Proto::of)
    }

    pub(super) fn field(&self, index: u32) -> Option<Member> {
        row(self.fields, index).map(Member::of)
    }

    pub(super) fn method(&self, index: u32) -> Option<Member> {
        row(self.methods, index).map(Member::of)
    }
}

/// A row of a table.
pub(super) fn row<const N: usize>(table: &[[u8; N]], index: u32) -> Option<&[u8; N]> {
    usize::try_from(index).ok().and_then(|index| table.get(index))
}

/// Number of rows. A file has at most four billion bytes.
pub(super) fn count<T>(table: &[T]) -> u32 {
    u32::try_from(table.len()).unwrap_or(u32::MAX)
}

impl Proto {
    pub(super) fn of(row: &[u8; 12]) -> Self {
        let [shorty, returns, parameters] = words(row);
        Self { shorty, returns, parameters }
    }
}

impl Member {
    pub(super) fn of(row: &[u8; 8]) -> Self {
        let [[a, b], [c, d], [e, f], [g, h]] = *row.as_chunks().0 else { return Self { class: 0, of: 0, name: 0 } };
        let (class, of) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        Self { class: u32::from(class), of: u32::from(of), name: u32::from_le_bytes([e, f, g, h]) }
    }
}

impl Class {
    pub(super) fn of(row: &[u8; 32]) -> Self {
        let [class, access, superclass, interfaces, source_file, annotations, data, static_values] = words(row);
        Self { class, access, superclass, interfaces, source_file, annotations, data, static_values }
    }

    pub(super) fn source_file(&self) -> Option<u32> {
        (self.source_file != NO_INDEX).then_some(self.source_file)
    }

    pub(super) fn superclass(&self) -> Option<u32> {
        (self.superclass != NO_INDEX).then_some(self.superclass)
    }
}

/// A row as numbers of four bytes.
fn words<const N: usize>(row: &[u8]) -> [u32; N] {
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(row.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    words
}

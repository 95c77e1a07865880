//! Annotation directories: which annotations a class and its members have.

use super::error::Error;
use crate::reader::Reader;

/// An `annotations_directory_item`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Directory<'a> {
    /// Offset of the set of the class itself, 0 for none.
    pub(super) class: u32,
    /// Rows for fields, methods, and parameters of methods.
    pub(super) fields: &'a [[u8; 8]],
    pub(super) methods: &'a [[u8; 8]],
    pub(super) parameters: &'a [[u8; 8]],
}

/// A row of a directory: a field or method, and the offset of its set or list of sets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Annotated {
    pub(super) member: u32,
    pub(super) annotations: u32,
}

impl<'a> Directory<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let class = reader.u32("class annotations")?;
        let mut counts = [0; 3];
        for count in &mut counts {
            *count = reader.u32("number of annotated members")?;
        }
        let [fields, methods, parameters] = counts;
        let mut table = |count: u32| {
            let length = usize::try_from(count).ok().and_then(|count| count.checked_mul(8)).unwrap_or(usize::MAX);
            reader.take(length, "annotated members").map(|bytes| bytes.as_chunks().0)
        };
        Ok(Self { class, fields: table(fields)?, methods: table(methods)?, parameters: table(parameters)? })
    }
}

/// The rows of a table of a directory.
pub(super) fn rows(table: &[[u8; 8]]) -> impl ExactSizeIterator<Item = Annotated> {
    table.iter().map(|[a, b, c, d, e, f, g, h]| Annotated {
        member: u32::from_le_bytes([*a, *b, *c, *d]),
        annotations: u32::from_le_bytes([*e, *f, *g, *h]),
    })
}

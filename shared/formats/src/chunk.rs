//! What all formats of the platform's `ResourceTypes.h` are made of: chunks, each with a type, a header and a body.

use crate::reader::{Reader, Truncated, widen};

/// The chunk type of a string pool, which stands in all of these formats.
pub(crate) const STRING_POOL: u16 = 0x0001;
/// Length of the header that every chunk begins with.
pub(crate) const HEADER_LENGTH: u16 = 8;

/// Bytes that make no sound chunk. The formats turn it into their own errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    Truncated(Truncated),
    Invalid { field: &'static str, offset: u64, found: u64, rule: &'static str },
    StringOutOfRange { field: &'static str, offset: u64, index: u32, count: u32 },
    Full { what: &'static str },
}

impl From<Truncated> for Error {
    fn from(truncated: Truncated) -> Self {
        Self::Truncated(truncated)
    }
}

/// Gives the error of a format the four variants of [`Error`].
macro_rules! from_chunk_error {
    ($format:ty) => {
        impl From<$crate::chunk::Error> for $format {
            fn from(error: $crate::chunk::Error) -> Self {
                use $crate::chunk::Error;
                match error {
                    Error::Truncated(truncated) => Self::Truncated(truncated),
                    Error::Invalid { field, offset, found, rule } => Self::Invalid { field, offset, found, rule },
                    Error::StringOutOfRange { field, offset, index, count } => {
                        Self::StringOutOfRange { field, offset, index, count }
                    }
                    Error::Full { what } => Self::Full { what },
                }
            }
        }
    };
}
pub(crate) use from_chunk_error;

/// An [`Error::Invalid`].
pub(crate) fn invalid(field: &'static str, offset: u64, found: impl Into<u64>, rule: &'static str) -> Error {
    Error::Invalid { field, offset, found: found.into(), rule }
}

/// A chunk whose header was checked.
#[derive(Clone, Copy)]
pub(crate) struct RawChunk<'a> {
    pub(crate) kind: u16,
    pub(crate) offset: u64,
    /// The header behind its first eight bytes.
    pub(crate) header: Reader<'a>,
    pub(crate) body: Reader<'a>,
    pub(crate) whole: &'a [u8],
}

impl<'a> RawChunk<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let offset = reader.offset();
        let mut peek = *reader;
        let kind = peek.u16("chunk type")?;
        let header_size = peek.u16("chunk header size")?;
        let size = peek.u32("chunk size")?;
        let rule = "sizes are multiples of 4, the header at least 8 bytes and within the chunk";
        let within = header_size >= HEADER_LENGTH && u32::from(header_size) <= size;
        if !within || !header_size.is_multiple_of(4) {
            return Err(invalid("chunk header size", offset, header_size, rule));
        }
        if !size.is_multiple_of(4) {
            return Err(invalid("chunk size", offset, size, rule));
        }
        let mut chunk = reader.part(usize::try_from(size).unwrap_or(usize::MAX), "chunk")?;
        let whole = chunk.rest();
        let mut header = chunk.part(usize::from(header_size), "chunk header")?;
        header.take(usize::from(HEADER_LENGTH), "chunk header")?;
        Ok(Self { kind, offset, header, body: chunk, whole })
    }
}

/// A chunk of a header's further bytes and a body.
pub(crate) fn put(out: &mut Vec<u8>, kind: u16, header: &[u8], body: &[u8]) {
    let header_length = size_u32(header.len()).saturating_add(u32::from(HEADER_LENGTH));
    put_header(out, kind, header_length, header_length.saturating_add(size_u32(body.len())));
    out.extend(header);
    out.extend(body);
}

/// A chunk's first eight bytes.
pub(crate) fn put_header(out: &mut Vec<u8>, kind: u16, header_length: u32, size: u32) {
    out.extend(kind.to_le_bytes());
    out.extend(u16::try_from(header_length).unwrap_or(u16::MAX).to_le_bytes());
    out.extend(size.to_le_bytes());
}

/// A length as the formats store it. It fits: everything is read only up to a limit of megabytes, and edits are held to the same.
pub(crate) fn size_u32(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// An index or offset of a format as one in memory.
pub(crate) fn index(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// A length for errors.
pub(crate) fn length(bytes: &[u8]) -> u64 {
    widen(bytes.len())
}

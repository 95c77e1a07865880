//! The one place that takes numbers out of bytes: bounds-checked, little-endian, naming field and offset when bytes are missing.

/// A field reaches past the end of the bytes it should stand in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} at offset {offset} is cut off: {wanted} bytes wanted, {available} there")]
pub struct Truncated {
    /// What should have been read.
    pub field: &'static str,
    /// Where it starts, counted from the beginning of the outermost data.
    pub offset: u64,
    /// Length of the field in bytes.
    pub wanted: u64,
    /// Bytes that are left.
    pub available: u64,
}

/// Reads fields one after another. Cheap to copy, so that a place can be kept and read again.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    offset: u64,
}

impl<'a> Reader<'a> {
    /// Starts at the first of `bytes`, called offset 0.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self::at(bytes, 0)
    }

    /// Starts at the first of `bytes`, which stands at `offset` of the outermost data.
    pub const fn at(bytes: &'a [u8], offset: u64) -> Self {
        Self { rest: bytes, offset }
    }

    /// Where the next field starts, counted from the beginning of the outermost data.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes that are left.
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Whether nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The bytes that are left.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `length` bytes.
    pub fn take(&mut self, length: usize, field: &'static str) -> Result<&'a [u8], Truncated> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else {
            return Err(Truncated {
                field,
                offset: self.offset,
                wanted: widen(length),
                available: widen(self.rest.len()),
            });
        };
        self.rest = rest;
        self.offset = self.offset.saturating_add(widen(length));
        Ok(taken)
    }

    /// The next `length` bytes as a reader of their own, which keeps the offsets.
    pub fn part(&mut self, length: usize, field: &'static str) -> Result<Self, Truncated> {
        let offset = self.offset;
        Ok(Self::at(self.take(length, field)?, offset))
    }

    /// The next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], Truncated> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, field)?);
        Ok(array)
    }

    /// One byte.
    pub fn u8(&mut self, field: &'static str) -> Result<u8, Truncated> {
        self.array(field).map(u8::from_le_bytes)
    }

    /// Two bytes, the lowest first.
    pub fn u16(&mut self, field: &'static str) -> Result<u16, Truncated> {
        self.array(field).map(u16::from_le_bytes)
    }

    /// Four bytes, the lowest first.
    pub fn u32(&mut self, field: &'static str) -> Result<u32, Truncated> {
        self.array(field).map(u32::from_le_bytes)
    }

    /// Eight bytes, the lowest first.
    pub fn u64(&mut self, field: &'static str) -> Result<u64, Truncated> {
        self.array(field).map(u64::from_le_bytes)
    }
}

/// A length in memory as a length in a file.
pub(crate) fn widen(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_little_endian_and_counts() {
        let mut reader = Reader::at(&[1, 2, 0, 3, 0, 0, 0, 9], 100);
        assert_eq!(reader.u8("a"), Ok(1));
        assert_eq!(reader.u16("b"), Ok(2));
        assert_eq!(reader.u32("c"), Ok(3));
        assert_eq!((reader.offset(), reader.remaining()), (107, 1));
    }

    #[test]
    fn missing_bytes_name_field_and_offset_and_take_nothing() {
        let mut reader = Reader::at(&[1, 2, 3], 40);
        assert_eq!(reader.u8("a"), Ok(1));
        let error = reader.u32("crc").unwrap_err();
        assert_eq!(error.to_string(), "crc at offset 41 is cut off: 4 bytes wanted, 2 there");
        assert_eq!(reader.u16("b"), Ok(0x0302));
    }

    #[test]
    fn a_part_keeps_the_offsets() {
        let mut reader = Reader::at(&[0, 0, 7, 8], 10);
        reader.u8("a").unwrap();
        let mut part = reader.part(2, "part").unwrap();
        assert_eq!((part.offset(), part.u16("b")), (11, Ok(0x0700)));
        assert_eq!(reader.u8("c"), Ok(8));
    }
}

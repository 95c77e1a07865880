//! LEB128: numbers of one to five bytes, seven bits in each, the lowest first.

use super::error::{Error, invalid};
use crate::reader::Reader;

const RULE: &str = "a LEB128 number has at most 32 bits in five bytes";

/// `uleb128`.
#[inline]
pub(super) fn unsigned(reader: &mut Reader<'_>, field: &'static str) -> Result<u32, Error> {
    // Most numbers have one byte.
    match reader.rest() {
        [byte @ 0..=0x7f, ..] => {
            reader.u8(field)?;
            Ok(u32::from(*byte))
        }
        _ => long(reader, field),
    }
}

fn long(reader: &mut Reader<'_>, field: &'static str) -> Result<u32, Error> {
    let offset = reader.offset();
    let mut value = 0_u32;
    for shift in [0_u32, 7, 14, 21, 28] {
        let byte = reader.u8(field)?;
        value |= u32::from(byte & 0x7f).wrapping_shl(shift);
        if byte < 0x80 {
            return if shift == 28 && byte > 0x0f { Err(invalid(field, offset, byte, RULE)) } else { Ok(value) };
        }
    }
    Err(invalid(field, offset, value, RULE))
}

/// `uleb128p1`, which stores a number plus one so that none takes one byte.
pub(super) fn optional(reader: &mut Reader<'_>, field: &'static str) -> Result<Option<u32>, Error> {
    unsigned(reader, field).map(|value| value.checked_sub(1))
}

/// `sleb128`.
pub(super) fn signed(reader: &mut Reader<'_>, field: &'static str) -> Result<i32, Error> {
    let offset = reader.offset();
    let mut value = 0_u32;
    for shift in [0_u32, 7, 14, 21, 28] {
        let byte = reader.u8(field)?;
        value |= u32::from(byte & 0x7f).wrapping_shl(shift);
        if byte < 0x80 {
            let unused = 25_u32.saturating_sub(shift);
            return Ok(value.wrapping_shl(unused).cast_signed().wrapping_shr(unused));
        }
    }
    Err(invalid(field, offset, value, RULE))
}

/// Appends a `uleb128` in its shortest form.
pub(super) fn put_unsigned(out: &mut Vec<u8>, mut value: u32) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value = value.wrapping_shr(7);
        if value == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Appends an `sleb128` in its shortest form.
pub(super) fn put_signed(out: &mut Vec<u8>, mut value: i32) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value = value.wrapping_shr(7);
        // The highest bit that is written says the sign.
        if value == if low & 0x40 == 0 { 0 } else { -1 } {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(bytes: &[u8], read: fn(&mut Reader<'_>, &'static str) -> Result<T, Error>) -> (T, usize) {
        let mut reader = Reader::new(bytes);
        let value = read(&mut reader, "number").unwrap();
        (value, reader.remaining())
    }

    #[test]
    fn numbers_of_the_specification() {
        let rows: [(&[u8], i32, u32, Option<u32>); 4] = [
            (&[0x00], 0, 0, None),
            (&[0x01], 1, 1, Some(0)),
            (&[0x7f], -1, 127, Some(126)),
            (&[0x80, 0x7f], -128, 16256, Some(16255)),
        ];
        for (bytes, as_signed, as_unsigned, as_optional) in rows {
            assert_eq!(read(bytes, signed), (as_signed, 0));
            assert_eq!(read(bytes, unsigned), (as_unsigned, 0));
            assert_eq!(read(bytes, optional), (as_optional, 0));
        }
    }

    #[test]
    fn limits_of_32_bits() {
        for value in [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 0x001f_ffff, 0x0020_0000, 0x0fff_ffff, 0x1000_0000, u32::MAX] {
            let mut bytes = Vec::new();
            put_unsigned(&mut bytes, value);
            assert_eq!(read(&bytes, unsigned), (value, 0));
        }
        for value in [0, 1, -1, 63, 64, -64, -65, 127, 128, -128, -129, 8191, 8192, -8192, -8193, i32::MIN, i32::MAX] {
            let mut bytes = Vec::new();
            put_signed(&mut bytes, value);
            assert_eq!(read(&bytes, signed), (value, 0));
        }
        assert_eq!(read(&[0x80, 0x80, 0x80, 0x80, 0x78], signed), (i32::MIN, 0));
        assert_eq!(read(&[0xff, 0xff, 0xff, 0xff, 0x07], signed), (i32::MAX, 0));
        assert_eq!(read(&[0x81, 0x80, 0x00, 9], unsigned), (1, 1));
    }

    #[test]
    fn overlong_numbers_are_refused() {
        for bytes in [&[0xff, 0xff, 0xff, 0xff, 0x10][..], &[0x80, 0x80, 0x80, 0x80, 0x80, 0x00], &[0xff; 9]] {
            let error = unsigned(&mut Reader::at(bytes, 7), "size").unwrap_err().to_string();
            assert!(error.starts_with("DEX: size at offset 7 is"), "{error}");
        }
        assert!(signed(&mut Reader::new(&[0xff; 9]), "size").is_err());
        assert!(unsigned(&mut Reader::new(&[0x80]), "size").is_err());
    }
}

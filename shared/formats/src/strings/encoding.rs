//! The two encodings of a pool's strings: a length, the text, a terminator.
//!
//! In UTF-8 pools characters beyond the first plane stand as two surrogates of three bytes each, as aapt2 writes them and as the
//! platform hands them to the runtime ("modified UTF-8"); plain UTF-8 is read as well.

use crate::reader::Reader;

/// Longest string that either encoding can hold with a length the platform reads in every version.
const LONGEST: usize = 0x7fff;

pub(super) fn units(text: &[u8]) -> impl Iterator<Item = u16> {
    text.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit))
}

/// Length in bytes; the length in code units stands before it and is not needed.
pub(super) fn length_utf8(reader: &mut Reader<'_>) -> Option<usize> {
    let mut length = || -> Option<usize> {
        let first = usize::from(reader.u8("length").ok()?);
        match first & 0x80 {
            0 => Some(first),
            _ => Some((first & 0x7f) << 8 | usize::from(reader.u8("length").ok()?)),
        }
    };
    length()?;
    length()
}

/// Length in bytes.
pub(super) fn length_utf16(reader: &mut Reader<'_>) -> Option<usize> {
    let first = usize::from(reader.u16("length").ok()?);
    let length = match first & 0x8000 {
        0 => first,
        _ => (first & 0x7fff) << 16 | usize::from(reader.u16("length").ok()?),
    };
    length.checked_mul(2)
}

/// The bytes of a string; `None` when it is too long.
pub(super) fn encode_utf8(text: &str) -> Option<Vec<u8>> {
    let bytes = modified_utf8(text);
    let mut encoded = Vec::with_capacity(bytes.len().saturating_add(5));
    for length in [text.encode_utf16().count(), bytes.len()] {
        let [high, low] = u16::try_from(length).ok().filter(|_| length <= LONGEST)?.to_be_bytes();
        match (high, low) {
            (0, 0..0x80) => encoded.push(low),
            _ => encoded.extend([high | 0x80, low]),
        }
    }
    encoded.extend(bytes);
    encoded.push(0);
    Some(encoded)
}

/// The bytes of a string; `None` when it is too long.
pub(super) fn encode_utf16(text: &str) -> Option<Vec<u8>> {
    let length = text.encode_utf16().count();
    let length = u16::try_from(length).ok().filter(|_| length <= LONGEST)?;
    Some([length].into_iter().chain(text.encode_utf16()).chain([0]).flat_map(u16::to_le_bytes).collect())
}

/// Text without the length and the terminator.
pub(super) fn modified_utf8(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        let mut units = [0; 2];
        match character.encode_utf16(&mut units) {
            [_] => bytes.extend(character.encode_utf8(&mut [0; 4]).bytes()),
            surrogates => surrogates.iter().for_each(|unit| bytes.extend(three_bytes(*unit))),
        }
    }
    bytes
}

fn three_bytes(unit: u16) -> [u8; 3] {
    let [high, low] = unit.to_be_bytes();
    [0xe0 | high >> 4, 0x80 | (high & 0x0f) << 2 | low >> 6, 0x80 | low & 0x3f]
}

/// Plain or modified UTF-8 as text; what is neither becomes U+FFFD.
pub(super) fn decode_utf8(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        match std::str::from_utf8(rest) {
            Ok(valid) => {
                text.push_str(valid);
                return text;
            }
            Err(error) => {
                let (valid, broken) = rest.split_at_checked(error.valid_up_to()).unwrap_or((rest, &[]));
                text.push_str(&String::from_utf8_lossy(valid));
                let (character, taken) = surrogates(broken).map_or_else(
                    || (char::REPLACEMENT_CHARACTER, error.error_len().unwrap_or(broken.len())),
                    |it| (it, 6),
                );
                text.push(character);
                rest = broken.get(taken..).unwrap_or_default();
            }
        }
    }
}

/// The character that two surrogates of three bytes each stand for.
fn surrogates(bytes: &[u8]) -> Option<char> {
    let unit = |bytes: &[u8]| match *bytes {
        [0xed, middle @ 0xa0..=0xbf, low @ 0x80..=0xbf] => {
            Some(0xd000 | u16::from(middle & 0x3f) << 6 | u16::from(low & 0x3f))
        }
        _ => None,
    };
    let pair = [unit(bytes.get(..3)?)?, unit(bytes.get(3..6)?)?];
    char::decode_utf16(pair).next()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_every_length_survive() {
        for text in ["", "a", "ä", "€", "😀", "a😀ä€\u{10ffff}\u{ffff}"] {
            assert_eq!(decode_utf8(&modified_utf8(text)), text);
            assert_eq!(decode_utf8(text.as_bytes()), text);
        }
        assert_eq!(modified_utf8("😀"), [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]);
    }

    #[test]
    fn what_is_no_text_becomes_the_replacement_character() {
        for broken in [&b"a\xffb"[..], b"a\xed\xa0\xbdb", b"a\xf0\x9f"] {
            let text = decode_utf8(broken);
            assert!(text.starts_with("a\u{fffd}"), "{text:?}");
        }
        assert_eq!(decode_utf8(b"\xed\xb8\x80\xed\xa0\xbdx").chars().last(), Some('x'));
    }
}

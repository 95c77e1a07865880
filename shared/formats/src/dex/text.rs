//! Modified UTF-8, the encoding of strings: surrogates stand one by one, and zero takes two bytes.

use std::borrow::Cow;

/// Text of a string; what is no valid text becomes U+FFFD.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    char::decode_utf16(Units { rest: bytes })
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect::<String>()
        .into()
}

/// UTF-16 code units of a string.
struct Units<'a> {
    rest: &'a [u8],
}

impl Iterator for Units<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        const BROKEN: u16 = 0xfffd;
        let low = |byte: u8| u16::from(byte & 0x3f);
        let (unit, rest) = match *self.rest {
            [] => return None,
            [a @ 0..=0x7f, ref rest @ ..] => (u16::from(a), rest),
            [a @ 0xc0..=0xdf, b @ 0x80..=0xbf, ref rest @ ..] => ((u16::from(a & 0x1f) << 6) | low(b), rest),
            [a @ 0xe0..=0xef, b @ 0x80..=0xbf, c @ 0x80..=0xbf, ref rest @ ..] => {
                ((u16::from(a & 0x0f) << 12) | (low(b) << 6) | low(c), rest)
            }
            [_, ref rest @ ..] => (BROKEN, rest),
        };
        self.rest = rest;
        Some(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogates_zero_and_broken_bytes() {
        assert_eq!(decode("plain ä €".as_bytes()), "plain ä €");
        assert_eq!(decode(&[b'a', 0xc0, 0x80, b'b']), "a\0b");
        assert_eq!(decode(&[0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]), "😀");
        assert_eq!(decode(&[0xed, 0xa0, 0xbd, b'x']), "\u{fffd}x");
        assert_eq!(decode(&[0xff, 0xe2, b'x']), "\u{fffd}\u{fffd}x");
    }
}

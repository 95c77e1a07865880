//! Images that are not turned back: one fixture per defect, and damage everywhere.

use std::sync::LazyLock;

use formats::png::{Error, Header, restore};

use crate::restore::motley;

/// Where the header's fields begin: behind the signature, the chunk of Xcode and the header's length and type.
const FIELDS: usize = 8 + 16 + 8;

fn crushed() -> Vec<u8> {
    static IMAGE: LazyLock<Vec<u8>> = LazyLock::new(|| motley(9, 9, 4).image("crush"));
    IMAGE.clone()
}

/// The refusal of an image with another byte.
fn refusal(place: usize, byte: u8) -> String {
    let mut image = crushed();
    image[place] = byte;
    restore(&image, 1024).unwrap_err().to_string()
}

#[test]
fn forms_that_are_not_turned_back() {
    assert_eq!(refusal(0, 0), "PNG: the signature is another");
    assert_eq!(refusal(FIELDS - 1, b'X'), "PNG: it does not begin with a header");
    let pixels = "PNG: the pixels are other than three or four bytes";
    assert_eq!([refusal(FIELDS + 8, 16), refusal(FIELDS + 9, 3), refusal(FIELDS + 9, 0)], [pixels; 3]);
    assert_eq!(refusal(FIELDS + 12, 1), "PNG: it is interlaced");
    let plain = motley(9, 9, 4).image("plain");
    assert_eq!(restore(&plain, 1024).unwrap_err().to_string(), "PNG: it is not in the form that Xcode packs images in");
}

#[test]
fn sides_without_pixels_or_with_too_many() {
    let size = "PNG: it has no pixels, or more than are accepted";
    assert_eq!([refusal(FIELDS + 3, 0), refusal(FIELDS + 7, 0), refusal(FIELDS, 0x80)], [size; 3]);
    assert_eq!(restore(&crushed(), 8).unwrap_err().to_string(), size);
    assert!(restore(&crushed(), 9).is_ok());
}

#[test]
fn pixels_that_are_not_what_the_header_says() {
    let count = "PNG: there are more or fewer of them than the header says";
    assert_eq!([refusal(FIELDS + 3, 8), refusal(FIELDS + 7, 8), refusal(FIELDS + 7, 10)], [count; 3]);
    assert_eq!(refusal(FIELDS + 9, 2), count);
    // The first byte of the stream: a block of a kind that does not exist.
    let stream = crushed().windows(4).position(|bytes| bytes == b"IDAT").unwrap() + 4;
    assert_eq!(refusal(stream, 0b111), "PNG: they are no deflate stream");
}

/// Pixels that unpack to a thousand times what the header says are unpacked no further than that.
#[test]
fn a_bomb() {
    let mut bomb = motley(1, 1, 4);
    (bomb.width, bomb.height, bomb.bytes) = (250, 250, vec![0; 250_000]);
    let mut image = bomb.image("crush");
    assert!(image.len() < 1000);
    image[FIELDS..FIELDS + 8].copy_from_slice(&[0, 0, 0, 1, 0, 0, 0, 1]);
    assert_eq!(restore(&image, 1024), Err(Error::Pixels("there are more or fewer of them than the header says")));
}

#[test]
fn truncated_at_every_length() {
    let whole = crushed();
    for length in 0..whole.len() {
        assert!(matches!(restore(&whole[..length], 1024), Err(Error::Truncated(_))), "{length}");
    }
    let header = (0..Header::LENGTH).filter(|length| Header::read(&whole[..*length]).is_ok());
    assert_eq!(header.min(), Some(FIELDS + 13 + 4));
}

#[test]
fn a_damaged_byte_anywhere_ends_in_an_answer() {
    let whole = crushed();
    for place in 0..whole.len() {
        for damage in [0x01, 0x80, 0xff] {
            let mut image = whole.clone();
            image[place] ^= damage;
            let _ = restore(&image, 1024);
        }
    }
}

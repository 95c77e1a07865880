//! What counts as another library.

use formats::elf::same_image;
use formats::limits::Limits;

use crate::builder::*;

fn difference(before: &[u8], after: &[u8]) -> String {
    same_image(&before, &after, &Limits::default()).expect_err("a difference").to_string()
}

fn pair() -> (Built, Vec<u8>) {
    let built = library(true);
    let after = strip_and_compare(&built.bytes).unwrap().unwrap();
    (built, after)
}

/// Offset of the section header of this number in a stripped library.
fn header(bytes: &[u8], number: usize) -> usize {
    u64::from_le_bytes(bytes[40..48].try_into().unwrap()) as usize + 64 * number
}

#[test]
fn a_library_is_the_same_as_itself() {
    for wide in [false, true] {
        let built = library(wide);
        same_image(&built.bytes, &built.bytes, &Limits::default()).unwrap();
    }
}

#[test]
fn something_that_cannot_be_read() {
    let (built, after) = pair();
    assert_eq!(difference(&built.bytes, b"other"), "after: not an ELF file");
    assert_eq!(difference(b"other", &after), "before: not an ELF file");
}

#[test]
fn the_file_header() {
    let (built, mut after) = pair();
    after[24] ^= 1;
    assert_eq!(difference(&built.bytes, &after), "the file header is another one");
}

#[test]
fn a_program_header() {
    let (built, mut after) = pair();
    after[built.segments[0] + 4] ^= 1;
    assert_eq!(difference(&built.bytes, &after), "the program headers are others");
}

#[test]
fn every_byte_that_stays_counts() {
    let (built, after) = pair();
    for offset in 0..after.len() {
        let mut other = after.clone();
        other[offset] ^= 0x40;
        let compared = same_image(&built.bytes, &other, &Limits::default());
        assert!(compared.is_err(), "a changed byte at {offset} was not noticed");
    }
}

#[test]
fn a_byte_of_a_segment_and_of_a_section_that_moved() {
    let (built, mut after) = pair();
    let text = built.contents[3] + 9;
    after[text] ^= 1;
    assert_eq!(
        difference(&built.bytes, &after),
        format!("the byte at offset {text} before, {text} after, is another one")
    );
    let (_, mut after) = pair();
    let names = after.windows(7).position(|window| window == b".dynsym").unwrap();
    after[names] ^= 1;
    let before = built.contents[12] + names
        - (u64::from_le_bytes(after[header(&after, 12) + 24..][..8].try_into().unwrap()) as usize);
    assert_eq!(
        difference(&built.bytes, &after),
        format!("the byte at offset {before} before, {names} after, is another one")
    );
}

#[test]
fn a_section_that_should_have_stayed() {
    let (built, mut after) = pair();
    let comment = header(&after, 5);
    after[comment..comment + 64].fill(0);
    assert_eq!(difference(&built.bytes, &after), "section 5 (.comment) is gone");
}

#[test]
fn the_header_of_a_section() {
    let (built, mut after) = pair();
    let text = header(&after, 3);
    after[text + 16] ^= 1;
    assert_eq!(difference(&built.bytes, &after), "the header of section 3 (.text) is another one");
    let (_, mut after) = pair();
    after[text + 24] ^= 8;
    assert_eq!(difference(&built.bytes, &after), "the header of section 3 (.text) is another one");
}

#[test]
fn something_more() {
    let (built, mut after) = pair();
    let length = after.len();
    after.extend(b"\0\0\0more");
    let expected = format!("a byte of nothing at offset {} was not there before", length + 3);
    assert_eq!(difference(&built.bytes, &after), expected);

    let mut added = built.clone();
    let comment = added.bytes[added.headers[5]..][..64].to_vec();
    added.bytes.extend(comment);
    let added = added.patch(60, &[14]);
    let message = difference(&built.bytes, &added.bytes);
    assert_eq!(message, format!("section 13 (.comment) at offset {} was not there before", built.contents[5]));
}

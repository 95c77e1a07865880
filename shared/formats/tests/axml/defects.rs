//! One broken document per defect: each is refused with a message that names field and offset.

use formats::axml::Document;
use formats::limits::Limits;

use crate::builder::*;

fn refused(bytes: &[u8], message: &str) {
    let error = Document::parse(bytes, &Limits::default()).expect_err("it must be refused");
    assert_eq!(error.to_string(), format!("binary XML: {message}"));
}

fn small_pool() -> Vec<u8> {
    pool(Encoding::Utf8, &["root", "a"])
}

/// The pool has two strings, 0 "root" and 1 "a", takes 48 bytes, and the first node starts at 56.
fn with_pool(chunks: &[Vec<u8>]) -> Vec<u8> {
    assert_eq!(small_pool().len(), 48);
    xml(&[small_pool(), chunks.concat()])
}

/// A document of one element, with bytes overwritten: offsets count from the element's start.
fn element_with(attributes: &[Attribute], changes: &[(usize, &[u8])]) -> Vec<u8> {
    let mut start = start(0, attributes);
    for (at, bytes) in changes {
        start[*at..at + bytes.len()].copy_from_slice(bytes);
    }
    with_pool(&[start, end(0)])
}

#[test]
fn nothing() {
    refused(&[], "chunk type at offset 0 is cut off: 2 bytes wanted, 0 there");
}

#[test]
fn plain_xml() {
    refused(b"<?xml version=\"1.0\"?><manifest/>", "chunk type at offset 0 is 0x3f3c: binary XML begins with type 0x3");
}

#[test]
fn another_kind_of_chunk() {
    refused(&chunk(0x0002, &[], &[]), "chunk type at offset 0 is 0x2: binary XML begins with type 0x3");
}

#[test]
fn longer_than_allowed() {
    let limits = Limits { document_bytes: 100, ..Limits::default() };
    let error = Document::parse(&sample(Encoding::Utf8), &limits).unwrap_err().to_string();
    assert!(error.ends_with("and at most 100 are read"), "{error}");
}

#[test]
fn a_chunk_of_no_size_would_come_again_for_ever() {
    let mut bytes = with_pool(&[start(0, &[]), end(0)]);
    bytes[56 + 4..56 + 8].fill(0);
    refused(
        &bytes,
        "chunk header size at offset 56 is 0x10: sizes are multiples of 4, the header at least 8 bytes and within the chunk",
    );
}

#[test]
fn a_header_shorter_than_itself() {
    let mut bytes = with_pool(&[start(0, &[]), end(0)]);
    bytes[56 + 2] = 4;
    refused(
        &bytes,
        "chunk header size at offset 56 is 0x4: sizes are multiples of 4, the header at least 8 bytes and within the chunk",
    );
}

#[test]
fn a_header_size_that_is_no_multiple_of_4() {
    let mut bytes = with_pool(&[start(0, &[]), end(0)]);
    bytes[56 + 2] = 18;
    let rule = "sizes are multiples of 4, the header at least 8 bytes and within the chunk";
    refused(&bytes, &format!("chunk header size at offset 56 is 0x12: {rule}"));
}

#[test]
fn a_size_that_is_no_multiple_of_4() {
    let mut bytes = with_pool(&[start(0, &[]), end(0)]);
    bytes[56 + 4] += 1;
    refused(
        &bytes,
        "chunk size at offset 56 is 0x25: sizes are multiples of 4, the header at least 8 bytes and within the chunk",
    );
}

#[test]
fn a_chunk_longer_than_its_parent() {
    let mut bytes = with_pool(&[start(0, &[]), end(0)]);
    bytes[56 + 5] = 1;
    refused(&bytes, "chunk at offset 56 is cut off: 292 bytes wanted, 60 there");
}

#[test]
fn a_document_longer_than_its_file() {
    let mut bytes = sample(Encoding::Utf8);
    bytes[7] = 0x40;
    let error = Document::parse(&bytes, &Limits::default()).unwrap_err().to_string();
    assert!(error.starts_with("binary XML: chunk at offset 0 is cut off: "), "{error}");
}

#[test]
fn a_string_offset_table_longer_than_the_pool() {
    let mut bytes = with_pool(&[start(0, &[]), end(0)]);
    bytes[8 + 8..8 + 12].fill(0xff);
    refused(&bytes, "string offsets at offset 36 is cut off: 17179869180 bytes wanted, 20 there");
}

#[test]
fn strings_that_start_inside_their_offsets() {
    let mut bytes = with_pool(&[start(0, &[]), end(0)]);
    bytes[8 + 20] = 28;
    refused(&bytes, "start of the strings at offset 8 is 0x1c: it must be a multiple of 4 behind what comes before");
}

#[test]
fn strings_that_start_behind_the_pool() {
    let mut bytes = with_pool(&[start(0, &[]), end(0)]);
    bytes[8 + 20] = 60;
    refused(&bytes, "string pool at offset 44 is cut off: 24 bytes wanted, 12 there");
}

#[test]
fn a_string_outside_the_pool() {
    let mut bytes = with_pool(&[start(0, &[]), end(0)]);
    bytes[8 + 28..8 + 30].fill(0xff);
    refused(&bytes, "string 0 of the pool, used as element name at offset 76, is outside the pool");
}

#[test]
fn a_string_that_is_cut_off() {
    let mut bytes = with_pool(&[start(0, &[]), end(0)]);
    bytes[8 + 36 + 1] = 0x7f;
    refused(&bytes, "string 0 of the pool, used as element name at offset 76, is cut off");
}

#[test]
fn a_string_without_terminator() {
    let mut bytes = with_pool(&[start(0, &[]), end(0)]);
    bytes[8 + 36 + 1] = 3;
    refused(&bytes, "string 0 of the pool, used as element name at offset 76, is not terminated");
}

#[test]
fn a_utf_16_string_at_an_odd_offset() {
    let mut bytes = xml(&[pool(Encoding::Utf16, &["root"]), start(0, &[]), end(0)]);
    bytes[8 + 28] = 1;
    refused(&bytes, "string 0 of the pool, used as element name at offset 72, is not aligned to its code units");
}

#[test]
fn a_style_without_end() {
    let pool = styled_pool(Encoding::Utf16, &["root"], &[0], &[0, 1, 1]);
    let error = Document::parse(&xml(&[pool, start(0, &[]), end(0)]), &Limits::default()).unwrap_err().to_string();
    assert!(error.ends_with("a style must end inside the pool"), "{error}");
}

#[test]
fn styles_that_overlap() {
    let pool = styled_pool(Encoding::Utf16, &["root", "a"], &[0, 4], &[0, 0, 0, 0, 0, 0, NONE, NONE, NONE]);
    let error = Document::parse(&xml(&[pool, start(0, &[]), end(0)]), &Limits::default()).unwrap_err().to_string();
    assert!(error.ends_with("styles must not overlap"), "{error}");
}

#[test]
fn a_style_whose_name_does_not_exist() {
    let pool = styled_pool(Encoding::Utf16, &["root"], &[0], &[9, 0, 0, NONE, NONE, NONE]);
    let error = Document::parse(&xml(&[pool, start(0, &[]), end(0)]), &Limits::default()).unwrap_err().to_string();
    assert!(error.contains("name of a style") && error.ends_with("is string 9, and the pool has 1"), "{error}");
}

#[test]
fn no_pool() {
    refused(&xml(&[start(0, &[]), end(0)]), "element name at offset 28 is string 0, and the pool has 0");
}

#[test]
fn two_pools() {
    refused(&with_pool(&[small_pool(), start(0, &[]), end(0)]), "string pool at offset 56 is the second one");
}

#[test]
fn a_pool_behind_the_first_node() {
    let bytes = xml(&[start_namespace(NONE, NONE), small_pool()]);
    refused(&bytes, "string pool at offset 32 stands behind the first node");
}

#[test]
fn two_resource_maps() {
    refused(&with_pool(&[map(&[1]), map(&[2])]), "resource map at offset 68 is the second one");
}

#[test]
fn a_resource_map_behind_the_first_node() {
    let bytes = with_pool(&[start(0, &[]), map(&[1]), end(0)]);
    refused(&bytes, "resource map at offset 92 stands behind the first node");
}

#[test]
fn more_resource_ids_than_strings() {
    let bytes = with_pool(&[map(&[1, 2, 3]), start(0, &[]), end(0)]);
    let rule = "the map must not be longer than the string pool";
    refused(&bytes, &format!("length of the resource map at offset {} is 0x3: {rule}", bytes.len()));
}

#[test]
fn an_element_name_that_does_not_exist() {
    refused(&with_pool(&[start(2, &[])]), "element name at offset 76 is string 2, and the pool has 2");
}

#[test]
fn an_element_without_name() {
    refused(&with_pool(&[start(NONE, &[])]), "element name at offset 76 is 0xffffffff: it must have a name");
}

#[test]
fn an_attribute_without_name() {
    let bytes = with_pool(&[start(0, &[(NONE, NONE, NONE, INT, 0)])]);
    refused(&bytes, "attribute name at offset 96 is 0xffffffff: it must have a name");
}

#[test]
fn an_attribute_value_that_does_not_exist() {
    let bytes = with_pool(&[start(0, &[(NONE, 1, NONE, STRING, 7)])]);
    refused(&bytes, "attribute value at offset 108 is string 7, and the pool has 2");
}

#[test]
fn a_raw_value_that_does_not_exist() {
    let bytes = with_pool(&[start(0, &[(NONE, 1, 7, INT, 0)])]);
    refused(&bytes, "attribute raw value at offset 100 is string 7, and the pool has 2");
}

#[test]
fn a_comment_that_does_not_exist() {
    let bytes = with_pool(&[start_with(0, 7, [0; 3], &[])]);
    refused(&bytes, "comment at offset 68 is string 7, and the pool has 2");
}

#[test]
fn a_text_that_does_not_exist() {
    let bytes = with_pool(&[start(0, &[]), text(7), end(0)]);
    refused(&bytes, "text at offset 108 is string 7, and the pool has 2");
}

#[test]
fn a_namespace_that_does_not_exist() {
    let bytes = with_pool(&[start_namespace(0, 7)]);
    refused(&bytes, "namespace URI at offset 76 is string 7, and the pool has 2");
}

#[test]
fn a_node_header_without_line() {
    let bytes = with_pool(&[chunk(0x0102, &[], &[0; 40])]);
    refused(&bytes, "line number at offset 64 is cut off: 4 bytes wanted, 0 there");
}

#[test]
fn attributes_that_start_inside_the_fixed_fields() {
    let bytes = element_with(&[], &[(24, &[16, 0])]);
    refused(&bytes, "start of the attributes at offset 56 is 0x10: at least the 20 bytes of the known fields");
}

#[test]
fn attributes_that_overlap() {
    let bytes = element_with(&[(NONE, 1, NONE, INT, 0)], &[(26, &[16, 0])]);
    refused(&bytes, "attribute size at offset 56 is 0x10: a multiple of 4, and at least 20");
}

#[test]
fn more_attributes_than_the_element_holds() {
    let bytes = element_with(&[(NONE, 1, NONE, INT, 0)], &[(28, &[2, 0])]);
    refused(&bytes, "attribute namespace at offset 112 is cut off: 4 bytes wanted, 0 there");
}

#[test]
fn no_root() {
    refused(&with_pool(&[]), "unbalanced elements: no root at offset 56");
}

#[test]
fn a_second_root() {
    let bytes = with_pool(&[start(0, &[]), end(0), start(0, &[]), end(0)]);
    refused(&bytes, "unbalanced elements: a second root at offset 116");
}

#[test]
fn an_element_that_stays_open() {
    let bytes = with_pool(&[start(0, &[]), start(1, &[]), end(1)]);
    refused(&bytes, "unbalanced elements: an element that is still open at offset 152");
}

#[test]
fn an_end_without_start() {
    let bytes = with_pool(&[start(0, &[]), end(0), end(0)]);
    refused(&bytes, "unbalanced elements: an end without a start at offset 116");
}

#[test]
fn an_end_of_another_element() {
    let bytes = with_pool(&[start(0, &[]), end(1)]);
    refused(&bytes, "unbalanced elements: an end with another name than its start at offset 92");
}

#[test]
fn elements_nested_too_deep() {
    let depth = usize::try_from(Limits::default().depth).unwrap();
    let nested = |depth| with_pool(&[vec![start(0, &[]); depth].concat(), vec![end(0); depth].concat()]);
    parse(&nested(depth));
    let error = Document::parse(&nested(depth + 1), &Limits::default()).unwrap_err().to_string();
    assert_eq!(error, format!("binary XML element at offset {} is nested deeper than {depth} levels", 56 + 36 * depth));
}

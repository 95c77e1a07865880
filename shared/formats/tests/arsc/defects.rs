//! One broken table per defect: each is refused with a message that names field and offset, or read as the platform reads it.

use formats::arsc::{Table, dump};
use formats::limits::Limits;

use crate::builder::*;

fn refused(bytes: &[u8], message: &str) {
    let error = Table::parse(bytes, &Limits::default()).expect_err("it must be refused");
    assert_eq!(error.to_string(), format!("resource table: {message}"));
}

fn small(rest: &[Vec<u8>]) -> Vec<u8> {
    let strings = pool(Encoding::Utf8, &["value"]);
    assert_eq!(strings.len(), 40);
    let names = pool(Encoding::Utf8, &["type"]);
    table(1, &[strings, package(0x7f, "app", &names, &names, rest)])
}

/// Where the chunks of [`small`] start.
const PACKAGE: usize = 12 + 40;
const CHUNKS: usize = PACKAGE + 288 + 2 * 40;

fn changed(mut bytes: Vec<u8>, at: usize, new: &[u8]) -> Vec<u8> {
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

fn one_type(entries: &[Option<Vec<u8>>]) -> Vec<u8> {
    small(&[spec(1, &vec![0; entries.len()]), values(1, Form::Dense, &config(0), entries)])
}

#[test]
fn nothing() {
    refused(&[], "chunk type at offset 0 is cut off: 2 bytes wanted, 0 there");
}

#[test]
fn another_kind_of_chunk() {
    refused(&chunk(0x0003, &[], &[]), "chunk type at offset 0 is 0x3: a resource table begins with type 0x2");
}

#[test]
fn longer_than_allowed() {
    let limits = Limits { table_bytes: 100, ..Limits::default() };
    let error = Table::parse(&sample(Form::Dense), &limits).unwrap_err().to_string();
    assert!(error.ends_with("and at most 100 are read"), "{error}");
}

#[test]
fn more_chunks_than_allowed() {
    let limits = Limits { table_chunks: 4, ..Limits::default() };
    let bytes = small(&[spec(1, &[]), spec(2, &[])]);
    let error = Table::parse(&bytes, &limits).unwrap_err().to_string();
    assert_eq!(error, format!("resource table: the chunk at offset {CHUNKS} is one too many: at most 4 are read"));
}

#[test]
fn a_chunk_of_no_size_would_come_again_for_ever() {
    let bytes = changed(small(&[spec(1, &[])]), CHUNKS + 4, &[0; 4]);
    let rule = "sizes are multiples of 4, the header at least 8 bytes and within the chunk";
    refused(&bytes, &format!("chunk header size at offset {CHUNKS} is 0x10: {rule}"));
}

#[test]
fn a_chunk_longer_than_its_package() {
    let bytes = changed(small(&[spec(1, &[])]), CHUNKS + 4, &[0xf0]);
    refused(&bytes, &format!("chunk at offset {CHUNKS} is cut off: 240 bytes wanted, 16 there"));
}

#[test]
fn more_packages_than_stated() {
    refused(&changed(small(&[]), 8, &[0]), "package count at offset 8 is 0x0: there are more packages than that");
}

#[test]
fn a_package_header_without_all_its_fields() {
    let bytes = table(1, &[chunk(0x0200, &words(&[0x7f]), &[])]);
    refused(&bytes, "package name at offset 24 is cut off: 256 bytes wanted, 0 there");
}

#[test]
fn a_package_id_beyond_eight_bits() {
    let bytes = changed(small(&[]), PACKAGE + 8, &[0x7f, 1]);
    refused(&bytes, &format!("package id at offset {PACKAGE} is 0x17f: it must fit into eight bits"));
}

#[test]
fn a_type_id_offset_beyond_eight_bits() {
    let at = PACKAGE + 284;
    let bytes = changed(small(&[]), at, &[0, 1]);
    refused(&bytes, &format!("type id offset at offset {at} is 0x100: it must fit into eight bits"));
}

#[test]
fn a_type_id_of_zero() {
    let at = CHUNKS + 8;
    refused(&small(&[spec(0, &[])]), &format!("type id at offset {at} is 0x0: types are counted from 1"));
}

#[test]
fn a_type_id_beyond_eight_bits() {
    let bytes = changed(small(&[spec(0xff, &[])]), PACKAGE + 284, &[1]);
    refused(
        &bytes,
        &format!("type id at offset {CHUNKS} is 0xff: with the package's offset it must fit into eight bits"),
    );
}

#[test]
fn more_entries_than_ids() {
    let at = CHUNKS + 12;
    let bytes = changed(small(&[spec(1, &[])]), at, &[0, 0, 1]);
    refused(&bytes, &format!("entry count at offset {at} is 0x10000: a type has at most 0xffff entries"));
}

#[test]
fn a_specification_shorter_than_its_entries() {
    let bytes = changed(small(&[spec(1, &[])]), CHUNKS + 12, &[2]);
    refused(&bytes, &format!("flags of the entries at offset {} is cut off: 8 bytes wanted, 0 there", CHUNKS + 16));
}

#[test]
fn a_type_without_a_specification() {
    let bytes = small(&[values(1, Form::Dense, &config(0), &[]), spec(1, &[])]);
    refused(&bytes, &format!("type id at offset {CHUNKS} is 0x1: no specification of that type comes before"));
}

#[test]
fn a_type_without_a_configuration() {
    let bytes = small(&[spec(1, &[]), raw_type(1, 0, 0, &[], &[], &[])]);
    let at = CHUNKS + 16 + 20;
    refused(&bytes, &format!("configuration size at offset {at} is cut off: 4 bytes wanted, 0 there"));
}

#[test]
fn offsets_that_reach_beyond_the_type() {
    let bytes = changed(one_type(&[None]), CHUNKS + 20 + 12, &[9]);
    let at = CHUNKS + 20 + 84;
    refused(&bytes, &format!("offsets of the entries at offset {at} is cut off: 36 bytes wanted, 4 there"));
}

#[test]
fn entries_that_start_inside_their_offsets() {
    let at = CHUNKS + 20;
    let bytes = changed(one_type(&[None]), at + 16, &[84]);
    let rule = "it must be a multiple of 4 behind the table of offsets";
    refused(&bytes, &format!("start of the entries at offset {at} is 0x54: {rule}"));
}

#[test]
fn entries_that_start_behind_the_type() {
    let at = CHUNKS + 20;
    let bytes = changed(one_type(&[None]), at + 16, &[92]);
    refused(&bytes, &format!("start of the entries at offset {} is cut off: 4 bytes wanted, 0 there", at + 88));
}

/// What the dump says of a type's only entry.
fn entry(offset: u32, data: &[u8]) -> String {
    let bytes = small(&[spec(1, &[0]), raw_type(1, 0, 1, &config(0), &words(&[offset]), data)]);
    let table = parse(&bytes);
    assert_eq!(*table.to_bytes(), bytes);
    let shown = dump(&table);
    shown.lines().last().unwrap().trim().to_owned()
}

#[test]
fn entries_that_the_platform_does_not_see() {
    let whole = simple(0, INT, 5);
    assert_eq!(entry(0, &whole), "0x7f010000 type: 5");
    assert_eq!(entry(2, &whole), "0x7f010000 is not aligned");
    assert_eq!(entry(400, &whole), "0x7f010000 is outside the chunk");
    for length in (0..whole.len()).step_by(4) {
        assert_eq!(entry(0, &whole[..length]), "0x7f010000 is cut off", "{length}");
    }
    assert_eq!(entry(0, &changed(whole.clone(), 0, &[4])), "0x7f010000 is shorter than its fields");
    assert_eq!(entry(0, &changed(whole.clone(), 0, &[40])), "0x7f010000 is cut off");
    assert_eq!(entry(0, &changed(whole.clone(), 8, &[4])), "0x7f010000 is cut off", "a value shorter than its fields");
    let map = complex(0, 0, &[(1, INT, 5)]);
    assert_eq!(entry(0, &changed(map.clone(), 0, &[8])), "0x7f010000 is shorter than its fields");
    assert_eq!(entry(0, &changed(map.clone(), 12, &[0xff; 4])), "0x7f010000 is cut off");
    assert_eq!(entry(0, &map[..16 + 8]), "0x7f010000 is cut off");
}

#[test]
fn an_entry_that_cannot_be_read_is_not_there() {
    let bytes = one_type(&[Some(changed(simple(0, INT, 5), 0, &[4]))]);
    let table = parse(&bytes);
    assert_eq!(table.resource(0x7f01_0000), None);
    assert_eq!(table.find("type", "type"), None);
    assert_eq!(table.entry_names(), Ok(vec![]));
}

#[test]
fn entries_that_lie_over_each_other() {
    let inner = simple(0, INT, 5);
    let outer = [halves(&[16, 0]), words(&[0]), inner.clone()].concat();
    let bytes = small(&[spec(1, &[0, 0]), raw_type(1, 0, 2, &config(0), &words(&[0, 8]), &outer)]);
    let mut table = parse(&bytes);
    assert_eq!(table.find("type", "type"), Some(0x7f01_0000), "a device reads them");
    let message = "resource table: the entry at offset 8 of type 0x01 overlaps another one";
    assert_eq!(table.entry_names().unwrap_err().to_string(), message);
    assert_eq!(table.rename(|_, _| None, &std::collections::HashMap::new()).unwrap_err().to_string(), message);
    assert!(dump(&table).contains(message));
}

#[test]
fn a_string_beyond_the_pool_is_a_number() {
    let table_bytes = one_type(&[Some(simple(7, STRING, 99))]);
    assert!(dump(&parse(&table_bytes)).ends_with("0x7f010000 : (type 0x03)0x00000063\n"));
}

/// Many strings that share their bytes, so that a small table says much.
#[test]
fn strings_that_lie_over_each_other_are_bounded() {
    let (count, length) = (5_000_u32, 0x7ff0_u16);
    let [high, low] = length.to_be_bytes();
    let data = [vec![high | 0x80, low, high | 0x80, low], vec![b'a'; length.into()], vec![0; 12]].concat();
    let strings_start = 28 + 4 * count;
    let body = [words(&vec![0; usize::try_from(count).unwrap()]), data].concat();
    let strings = chunk(0x0001, &words(&[count, 0, 0x100, strings_start, 0]), &body);
    let names = pool(Encoding::Utf8, &["type"]);
    let bytes = table(1, &[strings, package(0x7f, "app", &names, &names, &[])]);
    let table = Table::parse(&bytes, &Limits::default()).unwrap();
    let error = table.file_paths().unwrap_err().to_string();
    assert_eq!(error, "resource table: no room for another byte of text");
}

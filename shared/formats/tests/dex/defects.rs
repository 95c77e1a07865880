//! One broken file per defect: each is refused with a message that names field and offset.

use formats::dex::{Dex, Header};
use formats::limits::Limits;

use crate::builder::{Built, Layout, bytes, kind, ulebs, words};
use crate::sample::SMALL;
use crate::strip::parse;

fn refused(file: &[u8], message: &str) {
    let error = Dex::parse(file, &Limits::default()).expect_err("it must be refused");
    assert_eq!(error.to_string(), message);
}

/// A change of some bytes of an item. `{}` in the message is where the item starts.
fn patched(kind: u16, number: usize, at: usize, new: &[u8], message: &str) {
    let built = SMALL.build();
    let place = built.place(kind, number);
    let broken = built.patch(place + at, new);
    refused(&broken.bytes, &message.replace("{}", &place.to_string()));
}

/// A change of the layout. `{}` in the message is where the item starts.
fn changed(kind: u16, number: usize, change: impl FnOnce(&mut Layout), message: &str) {
    let mut layout = SMALL.layout();
    change(&mut layout);
    let built = layout.build();
    refused(&built.bytes, &message.replace("{}", &built.place(kind, number).to_string()));
}

fn map_line(kind: u16, at: usize, new: &[u8], message: &str) {
    let built = SMALL.build();
    let line = built.map_line(kind);
    let broken = built.patch(line + at, new);
    refused(&broken.bytes, &message.replace("{}", &line.to_string()));
}

fn header(at: usize, new: &[u8], message: &str) {
    let mut bytes = SMALL.build().bytes;
    bytes[at..at + new.len()].copy_from_slice(new);
    let sum = crate::unusual::adler32(&bytes[12..]);
    bytes[8..12].copy_from_slice(&sum.to_le_bytes());
    refused(&bytes, message);
    let _ = Header::check(&bytes);
}

#[test]
fn nothing() {
    refused(&[], "DEX: magic at offset 0 is cut off: 8 bytes wanted, 0 there");
}

#[test]
fn other_kinds_of_files() {
    let rule = "a DEX file begins with \"dex\\n\"";
    header(0, b"PK\x03\x04", &format!("DEX: magic at offset 0 is 0x504b030430333900: {rule}"));
    header(0, b"dex\n041\0", "DEX version 041, a container of several files, is not supported");
    header(0, b"cdex001\0", "compact DEX (cdex), which only devices make, is not supported");
    header(0, b"dey\n036\0", "optimised DEX (odex), which only devices make, is not supported");
    let rule = "versions 035, 037, 038, 039 and 040 are read";
    header(0, b"dex\n036\0", &format!("DEX: magic at offset 0 is 0x6465780a30333600: {rule}"));
    header(0, b"dex\n042\0", &format!("DEX: magic at offset 0 is 0x6465780a30343200: {rule}"));
}

#[test]
fn longer_than_allowed() {
    let bytes = SMALL.build().bytes;
    let error = Dex::parse(&bytes, &Limits { dex_bytes: 100, ..Limits::default() }).unwrap_err();
    assert_eq!(error.to_string(), format!("DEX file of {} bytes, and at most 100 are read", bytes.len()));
}

#[test]
fn a_wrong_checksum() {
    let mut bytes = SMALL.build().bytes;
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let error = Dex::parse(&bytes, &Limits::default()).unwrap_err().to_string();
    assert!(error.starts_with("DEX: checksum at offset 8 is 0x"), "{error}");
    assert_eq!(Header::check(&bytes).unwrap_err().to_string(), error);
}

#[test]
fn a_header_that_says_something_else() {
    header(32, &[0], "DEX: file size at offset 32 is 0x600: the length of the file");
    header(36, &[0x78], "DEX: header size at offset 36 is 0x78: 0x70 in every version up to 040");
    let big_endian = [0x12, 0x34, 0x56, 0x78];
    header(40, &big_endian, "DEX: endian tag at offset 40 is 0x78563412: 0x12345678, little-endian");
    header(44, &[1], "DEX: link size at offset 44 is 0x1: statically linked files are not supported");
    header(48, &[1], "DEX: link offset at offset 48 is 0x1: 0 without link data");
    header(52, &[0x82], "DEX: map offset at offset 52 is 0x582: a multiple of 4 within the file");
    header(52, &[0; 4], "DEX: map offset at offset 52 is 0x0: a multiple of 4 within the file");
    header(52, &[0xff; 4], "DEX: map offset at offset 52 is 0xffffffff: a multiple of 4 within the file");
    header(105, &[0xff], "DEX: data size at offset 104 is 0xff8c: data must end within the file");
    header(104, &[0x80, 0], "DEX: code_item at offset 504 is 0x1f8: the data that the header tells of must have it");
    header(108, &[0xff], "DEX: data size at offset 104 is 0x48c: data must end within the file");
}

#[test]
fn trailing_bytes_that_the_header_does_not_count() {
    let mut bytes = SMALL.build().bytes;
    let length = bytes.len();
    bytes.push(0);
    refused(&bytes, &format!("DEX: file size at offset 32 is {length:#x}: the length of the file"));
}

#[test]
fn a_map_that_cannot_be() {
    let type_rule = "no such kind of item is known";
    map_line(kind::SET, 0, &[9, 0x10], &format!("DEX: map entry's type at offset {{}} is 0x1009: {type_rule}"));
    let twice = "each kind of item stands in the map once";
    map_line(kind::SET, 0, &[1, 0x20], &format!("DEX: map entry's offset at offset {{}} is 0x524: {twice}"));
    map_line(kind::SET, 8, &[0; 4], "DEX: map entry's offset at offset {} is 0x0: the map is in the order of the file");
    map_line(
        kind::MAP,
        8,
        &[0xfc, 0xff],
        "DEX: map entry's offset at offset {} is 0xfffc: it must lie within the file",
    );
    let alignment = "items of this kind start at a multiple of 4";
    map_line(kind::SET, 8, &[0x26], &format!("DEX: map entry's offset at offset {{}} is 0x526: {alignment}"));
    let map = SMALL.build().map_line(kind::HEADER) - 4;
    let once = "the map must have it once and at this place";
    map_line(kind::HEADER, 4, &[2], &format!("DEX: header_item at offset {map} is 0x0: {once}"));
    map_line(kind::MAP, 4, &[2], &format!("DEX: map_list at offset {map} is 0x584: {once}"));
    let number = "header and map must have the same number of them";
    map_line(kind::TYPE_ID, 4, &[14], &format!("DEX: type_id_item at offset {map} is 0xe: {number}"));
    let place = "header and map must have the same place for them";
    map_line(kind::TYPE_ID, 8, &[8], &format!("DEX: type_id_item at offset {map} is 0x108: {place}"));
}

#[test]
fn sections_that_overlap_or_are_longer_than_counted() {
    let built = SMALL.build();
    let end = built.place(kind::SET_LIST, 0);
    map_line(
        kind::SET,
        4,
        &[4],
        &format!("DEX: size of an annotation set at offset {end} is cut off: 4 bytes wanted, 0 there"),
    );
    let rule = "bytes between items must be zero";
    let rest = built.place(kind::SET, 1);
    map_line(kind::SET, 4, &[1], &format!("DEX: padding around items at offset {rest} is 0x1: {rule}"));
    let list = built.place(kind::TYPE_LIST, 1) - 2;
    refused(&built.patch(list, &[5]).bytes, &format!("DEX: padding around items at offset {list} is 0x5: {rule}"));
    map_line(
        kind::STRING_DATA,
        4,
        &[0xff],
        &format!(
            "DEX: length of a string at offset {} is cut off: 1 bytes wanted, 0 there",
            SMALL.build().place(kind::ANNOTATION, 0)
        ),
    );
}

#[test]
fn tables_that_refer_to_nothing() {
    let out_of_range = |field: &str, table: &str, index: u32, count: u32| {
        format!("DEX: {field} at offset {{}} is {table} {index}, and there are {count}")
    };
    let string = |field| out_of_range(field, "string", 255, 37);
    let type_ = |field| out_of_range(field, "type", 255, 15);
    patched(kind::TYPE_ID, 3, 0, &[255], &string("descriptor of a type"));
    patched(kind::PROTO_ID, 1, 0, &[255], &string("short form of a prototype"));
    patched(kind::PROTO_ID, 1, 4, &[255], &type_("return type of a prototype"));
    patched(kind::FIELD_ID, 1, 0, &[255], &type_("class of a field"));
    patched(kind::FIELD_ID, 1, 2, &[255], &type_("type of a field"));
    patched(kind::FIELD_ID, 1, 4, &[255], &string("name of a field"));
    patched(kind::METHOD_ID, 1, 0, &[255], &type_("class of a method"));
    patched(kind::METHOD_ID, 1, 2, &[255], &out_of_range("prototype of a method", "prototype", 255, 3));
    patched(kind::METHOD_ID, 1, 4, &[255], &string("name of a method"));
    patched(kind::CLASS_DEF, 1, 0, &[255], &type_("type of a class"));
    patched(kind::CLASS_DEF, 1, 8, &[255], &type_("superclass"));
    patched(kind::CLASS_DEF, 1, 16, &[255], &string("source file"));
    patched(kind::METHOD_HANDLE, 0, 4, &[255], &out_of_range("target of a method handle", "method", 255, 5));
    patched(kind::METHOD_HANDLE, 1, 4, &[255], &out_of_range("target of a method handle", "field", 255, 3));
    patched(kind::TYPE_LIST, 1, 6, &[255], &type_("type in a list"));
}

#[test]
fn items_that_refer_to_nothing() {
    let built = SMALL.build();
    let directory = built.place(kind::DIRECTORY, 0);
    let at = |place: usize, message: &str, count| format!("DEX: {message} at offset {place} is {count}");
    for (row, table) in
        [(16, "field 255, and there are 3"), (24, "method 255, and there are 5"), (32, "method 255, and there are 5")]
    {
        patched(kind::DIRECTORY, 0, row, &[255], &at(directory, "annotated member", table));
    }
    let data = built.place(kind::CLASS_DATA, 0);
    patched(kind::CLASS_DATA, 0, 4, &[0x7f], &at(data + 4, "field of a class", "field 127, and there are 3"));
    let annotation = built.place(kind::ANNOTATION, 0);
    patched(
        kind::ANNOTATION,
        0,
        1,
        &[0x7f],
        &at(annotation + 1, "type of an annotation", "type 127, and there are 15"),
    );
    patched(
        kind::ANNOTATION,
        0,
        3,
        &[0x7f],
        &at(annotation + 3, "name of an annotation's element", "string 127, and there are 37"),
    );
    let array = built.place(kind::ARRAY, 1);
    patched(kind::ARRAY, 1, 2, &[0x7f], &at(array + 1, "encoded value", "method handle 127, and there are 2"));
    patched(kind::ARRAY, 1, 6, &[0x7f], &at(array + 5, "encoded value", "prototype 127, and there are 3"));
    patched(kind::ARRAY, 1, 10, &[0x7f], &at(array + 9, "encoded value", "type 127, and there are 15"));
    let debug = built.place(kind::DEBUG_INFO, 1);
    patched(kind::DEBUG_INFO, 1, 2, &[0x7f], &at(debug, "name in debug information", "string 126, and there are 37"));
    patched(kind::DEBUG_INFO, 1, 7, &[0x7f], &at(debug, "type in debug information", "type 126, and there are 15"));
}

#[test]
fn offsets_that_point_elsewhere() {
    let dangling = |holder: u16, number: usize, at: usize, message: &str| {
        let built = SMALL.build();
        let place = built.place(holder, number) + at;
        let target = u32::from_le_bytes(built.bytes[place..place + 4].try_into().unwrap()) + 1;
        let broken = built.patch(place, &target.to_le_bytes());
        let (field, kind) = message.split_once(" → ").unwrap();
        refused(&broken.bytes, &format!("DEX: {field} at offset {place} points to {target}, where no {kind} starts"));
    };
    dangling(kind::STRING_ID, 3, 0, "offset of a string → string_data_item");
    dangling(kind::PROTO_ID, 1, 8, "parameters of a prototype → type_list");
    dangling(kind::CLASS_DEF, 1, 12, "interfaces of a class → type_list");
    dangling(kind::CLASS_DEF, 1, 20, "annotations of a class → annotations_directory_item");
    dangling(kind::CLASS_DEF, 1, 24, "data of a class → class_data_item");
    dangling(kind::CLASS_DEF, 1, 28, "static values of a class → encoded_array_item");
    dangling(kind::CALL_SITE_ID, 0, 0, "offset of a call site → encoded_array_item");
    dangling(kind::SET, 0, 4, "annotation of a set → annotation_item");
    dangling(kind::SET_LIST, 0, 4, "annotation set of a parameter → annotation_set_item");
    dangling(kind::DIRECTORY, 0, 0, "annotations of a class → annotation_set_item");
    dangling(kind::DIRECTORY, 0, 20, "annotations of a member → annotation_set_item");
    dangling(kind::DIRECTORY, 0, 28, "annotations of a member → annotation_set_item");
    dangling(kind::DIRECTORY, 0, 36, "annotations of a member → annotation_set_ref_list");
}

#[test]
fn a_method_whose_code_is_elsewhere() {
    let built = SMALL.build();
    let target = built.place(kind::CODE, 0) + 4;
    let data = built.place(kind::CLASS_DATA, 0);
    let broken = built.patch(data + 14, &[target as u8 | 0x80, (target >> 7) as u8]);
    refused(
        &broken.bytes,
        &format!("DEX: code of a method at offset {} points to {target}, where no code_item starts", data + 10),
    );
}

#[test]
fn what_may_not_be_shared() {
    let other = |kind, from, to| {
        let built = SMALL.build();
        let (from, to) = (built.place(kind, from), built.place(kind, to));
        (to, built.bytes[from..from + 4].to_vec())
    };
    let (place, string) = other(kind::STRING_ID, 5, 6);
    let target = u32::from_le_bytes(string.clone().try_into().unwrap());
    let message = "offset of a string at offset {} is {target}: another string has this place";
    let message = message.replace("{}", &place.to_string()).replace("{target}", &format!("{target:#x}"));
    patched(kind::STRING_ID, 6, 0, &string, &format!("DEX: {message}"));
    let (_, descriptor) = other(kind::TYPE_ID, 3, 4);
    patched(
        kind::TYPE_ID,
        4,
        0,
        &descriptor,
        "DEX: descriptor of a type at offset {} is 0x5: another one has it already",
    );
    patched(kind::CLASS_DEF, 1, 0, &[3], "DEX: type of a class at offset {} is 0x3: another one has it already");
}

#[test]
fn more_items_than_allowed() {
    let bytes = SMALL.build().bytes;
    let error = Dex::parse(&bytes, &Limits { dex_items: 100, ..Limits::default() }).unwrap_err();
    assert_eq!(error.to_string(), "DEX file of 126 items, and at most 100 are read");
}

#[test]
fn strings_and_call_sites_that_have_no_data() {
    let missing = |kind, field: &str, of: &str| {
        patched(kind, 0, 0, &[0; 4], &format!("DEX: {field} at offset {{}} points to 0, where no {of} starts"));
    };
    missing(kind::STRING_ID, "offset of a string", "string_data_item");
    missing(kind::CALL_SITE_ID, "offset of a call site", "encoded_array_item");
}

#[test]
fn code_that_cannot_be() {
    let built = SMALL.build();
    let code = built.place(kind::CODE, 1);
    let units = code + 16;
    let handlers = built.place(kind::CODE, 2) - 12;
    let handler = "no handler starts there";
    refused(
        &built.clone().patch(handlers - 2, &[2]).bytes,
        &format!("DEX: handler of a guarded range at offset {handlers} is 0x2: {handler}"),
    );
    refused(
        &built.clone().patch(handlers + 2, &[0x7f]).bytes,
        &format!("DEX: type of a handler at offset {} is type 127, and there are 15", handlers + 2),
    );
    let Built { bytes, .. } = built.patch(code + 12, &[0xff; 4]);
    let error = Dex::parse(&bytes, &Limits::default()).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("DEX: instructions at offset {units} is cut off: 8589934590 bytes wanted, ")),
        "{error}"
    );
}

#[test]
fn counts_that_no_file_could_hold() {
    let rule = "a LEB128 number has at most 32 bits in five bytes";
    changed(
        kind::ARRAY,
        0,
        |layout| layout.section(kind::ARRAY)[0] = vec![bytes([0xff, 0xff, 0xff, 0xff, 0x1f, 0])],
        &format!("DEX: array size at offset {{}} is 0x1f: {rule}"),
    );
    changed(
        kind::DEBUG_INFO,
        1,
        |layout| layout.section(kind::DEBUG_INFO)[1] = vec![bytes([1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
        &format!(
            "DEX: number of parameters at offset {} is 0xffffffff: {rule}",
            SMALL.build().place(kind::DEBUG_INFO, 1) + 1
        ),
    );
    let mut layout = SMALL.layout();
    layout.section(kind::CLASS_DATA)[0] = vec![ulebs(&[u32::MAX, 0, 0, 0, 1, 0, u32::MAX])];
    let built = layout.build();
    let place = built.place(kind::CLASS_DATA, 0) + 10;
    let rule = "the indices of members must stay within 32 bits";
    refused(&built.bytes, &format!("DEX: class member's index at offset {place} is 0xffffffff: {rule}"));
}

#[test]
fn values_nested_too_deep() {
    let nested = |levels: usize| {
        let mut layout = SMALL.layout();
        let mut array = vec![1];
        for _ in 1..levels {
            array.extend([0x1c, 1]);
        }
        array.push(0x1e);
        layout.section(kind::ARRAY)[0] = vec![bytes(array)];
        layout.build()
    };
    let deepest = Limits::default().depth as usize;
    assert_eq!(parse(&nested(deepest).bytes).version(), 39);
    let built = nested(deepest + 1);
    let place = built.place(kind::ARRAY, 0) + 2 * deepest;
    refused(&built.bytes, &format!("DEX: encoded value at offset {place} is nested deeper than {deepest} levels"));
}

#[test]
fn hidden_api_data_that_is_too_short() {
    patched(
        kind::HIDDEN_API,
        0,
        0,
        &[11],
        "DEX: size of hidden API data at offset {} is 0xb: each class has an offset in it",
    );
    let mut layout = SMALL.layout();
    layout.section(kind::HIDDEN_API)[0] = vec![words(&[u32::MAX, 0, 0])];
    let built = layout.build();
    let place = built.place(kind::HIDDEN_API, 0) + 4;
    refused(
        &built.bytes,
        &format!("DEX: hidden API data at offset {place} is cut off: 4294967291 bytes wanted, 8 there"),
    );
}

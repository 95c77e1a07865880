//! What is not edited stays as it was, and what is built from the parts is the same again.

use std::collections::HashMap;

use formats::arsc::{Table, dump};
use formats::limits::Limits;

use crate::builder::*;

/// Replaces a file by itself, after which the table is built from its parts: only what the entry leaves behind is new.
fn rebuilt(bytes: &[u8]) -> Vec<u8> {
    let mut table = parse(bytes);
    let id = table.find("xml", "first").unwrap();
    table.replace_file(id, STRINGS[3], STRINGS[3]).unwrap();
    assert!(table.is_edited());
    table.to_bytes().into_owned()
}

#[test]
fn golden_dump() {
    insta::assert_snapshot!(dump(&parse(&sample(Form::Dense))), @r#"
    strings: UTF-8, 6 strings, 0 styles
    package 0x7f com.example.app
      type names: UTF-16, 5 strings, 0 styles
      entry names: UTF-8, 5 strings, 0 styles
      other chunk of 12 bytes
      type 0x01 layout: 1 entries
        0x01 default
          0x7f010000 main: "res/layout/main.xml"
        0x01 sdk=21
          0x7f010000 main: "res/layout-v21/main.xml"
      type 0x02 string: 3 entries
        0x02 default
          0x7f020001 hello: "Hello" (compact)
          0x7f020002 first: "text"
      type 0x03 xml: 1 entries
        0x03 default
          0x7f030000 first: "res/xml/first.xml"
      type 0x04 drawable: 2 entries
        0x04 default
          0x7f040000 icon: "res/drawable/icon.9.png"
          0x7f040001 main: @0x7f040000
      type 0x05 array: 1 entries
        0x05 default
          0x7f050000 list: 2 items
            0x01000001: 7
            0x01000002: "Hello"
      other chunk of 16 bytes
    "#);
}

#[test]
fn all_forms_say_the_same() {
    let dense = dump(&parse(&sample(Form::Dense)));
    for (form, told) in [(Form::Sparse, " (sparse)"), (Form::Offset16, " (16-bit offsets)")] {
        assert_eq!(dump(&parse(&sample(form))).replace(told, ""), dense);
    }
}

#[test]
fn an_unedited_table_keeps_every_byte() {
    for form in FORMS {
        let bytes = sample(form);
        let mut table = parse(&bytes);
        assert!(!table.is_edited());
        assert_eq!(*table.to_bytes(), bytes);
        assert_eq!(table.rename(|_, _| None, &HashMap::new()).unwrap(), []);
        assert!(!table.is_edited(), "to rename nothing is no edit");
        table.ensure_package("other").unwrap();
        assert!(!table.is_edited(), "a table with a package needs none");
    }
}

#[test]
fn a_table_built_from_its_parts_differs_only_where_it_was_edited() {
    for form in FORMS {
        let bytes = sample(form);
        let anew = rebuilt(&bytes);
        assert_eq!(dump(&parse(&anew)), dump(&parse(&bytes)));
        assert_eq!(anew.len(), bytes.len() + 16, "the entry's new place");
        let (mut start, mut end) = (0, 0);
        while bytes[start..].starts_with(&anew[start..=start]) {
            start += 1;
        }
        while bytes[bytes.len() - 1 - end] == anew[anew.len() - 1 - end] {
            end += 1;
        }
        assert_eq!(start, 4, "the table's size");
        let behind = bytes.len() - end;
        let xml = bytes.windows(4).position(|window| window == [3, 0, 0, 0]).unwrap();
        assert!(behind > xml, "nothing behind the type was touched");
    }
}

#[test]
fn bytes_beyond_the_known_fields_survive_an_edit() {
    let names = |names: &[&str]| pool(Encoding::Utf8, names);
    let (types, keys) = (names(&["xml"]), names(&["first"]));
    let spec = chunk(0x0202, &[vec![1, 9, 7, 0], words(&[1]), vec![5; 4]].concat(), &words(&[0, 0xdead_beef]));
    let offsets = [words(&[0]), vec![6; 8]].concat();
    let junk = [simple(0, STRING, 0), vec![7; 12]].concat();
    let values = raw_type(1, 0, 1, &[config(0), vec![4; 8]].concat(), &offsets, &junk);
    let mut header = words(&[0x7f]);
    header.resize(260, 0);
    let keys_start = 292 + u32::try_from(types.len()).unwrap();
    header.extend(words(&[292, 3, keys_start, 4, 0, 0xabcd]));
    let package = chunk(0x0200, &header, &[types, keys, spec, values].concat());
    let strings = names(&["res/xml/first.xml"]);
    let inner = [strings.clone(), chunk(0x0777, &[1; 4], &[2; 4]), package, strings].concat();
    let bytes = [chunk(0x0002, &words(&[2, 0xfeed]), &inner), vec![8; 5]].concat();
    let table = parse(&bytes);
    assert_eq!(*table.to_bytes(), bytes);
    let mut edited = table.clone();
    edited.replace_file(0x7f01_0000, "res/xml/first.xml", "res/xml/other.xml").unwrap();
    edited.replace_file(0x7f01_0000, "res/xml/other.xml", "res/xml/first.xml").unwrap();
    let anew = edited.to_bytes();
    for kept in
        [&[8; 5][..], &[7; 12], &[6; 8], &[5; 4], &[4; 8], &words(&[0xfeed]), &words(&[0xdead_beef]), &words(&[0xabcd])]
    {
        assert!(anew.windows(kept.len()).any(|window| window == kept), "{kept:x?}");
    }
    assert_eq!(
        dump(&parse(&anew)).lines().filter(|line| !line.contains("strings:")).collect::<Vec<_>>(),
        dump(&table).lines().filter(|line| !line.contains("strings:")).collect::<Vec<_>>()
    );
}

#[test]
fn every_truncation_is_refused() {
    for form in FORMS {
        let bytes = sample(form);
        for length in 0..bytes.len() {
            assert!(Table::parse(&bytes[..length], &Limits::default()).is_err(), "cut at {length}");
        }
    }
}

#[test]
fn every_truncation_with_adjusted_sizes_is_refused_or_cut_between_chunks() {
    let bytes = sample(Form::Dense);
    let mut accepted = Vec::new();
    for length in (12..bytes.len()).step_by(4) {
        let mut cut = bytes[..length].to_vec();
        cut[4..8].copy_from_slice(&u32::try_from(length).unwrap().to_le_bytes());
        let package = 12 + pool(Encoding::Utf8, &STRINGS).len();
        if length > package + 8 {
            cut[package + 4..package + 8].copy_from_slice(&u32::try_from(length - package).unwrap().to_le_bytes());
        }
        if let Ok(table) = Table::parse(&cut, &Limits::default()) {
            assert_eq!(*table.to_bytes(), cut);
            accepted.push(length);
        }
    }
    // Behind the table's header and the strings; behind the package's header; behind each of its chunks but the last.
    assert_eq!(accepted.len(), 2 + 1 + 14, "{accepted:?}");
}

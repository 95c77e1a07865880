//! One binary list per defect, and the lists that would unpack without end.

use std::time::{Duration, Instant};

use formats::limits::Limits;
use formats::plist::{Dictionary, Value, read};

use crate::builder::*;

const ARRAY_OF_NEXT_TWICE: fn(u8) -> [u8; 3] = |index| [0xa2, index + 1, index + 1];

/// `levels` arrays, each of which holds the next one twice.
fn bomb(levels: u8) -> Vec<u8> {
    let mut objects: Vec<_> = (0..levels).map(|index| ARRAY_OF_NEXT_TWICE(index).to_vec()).collect();
    objects.push(b"\x09".to_vec());
    binary(&objects.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

#[test]
fn shared_objects_count_each_time() {
    let mut expected = Value::Boolean(true);
    for _ in 0..10 {
        expected = Value::Array(vec![expected.clone(), expected]);
    }
    assert_eq!(accepted(bomb(10)), expected);
    let started = Instant::now();
    insta::assert_snapshot!(refused(bomb(60)), @"more than 262144 values up to offset 186");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

/// A text of 64 KiB, named 255 times, with room for 100 of them.
#[test]
fn shared_text_counts_each_time() {
    let text = [b"\x5f\x11\xff\xff".as_slice(), &[b'a'; 0xffff]].concat();
    let mut array = vec![0xaf, 0x10, 0xff];
    array.extend([1; 255]);
    let mut bytes = [b"bplist00", array.as_slice(), &text].concat();
    let table = bytes.len();
    bytes.extend([0, 8, 1, 10, 0, 0, 0, 0, 0, 0, 2, 1]);
    bytes.extend([2, 0, table].map(|number| u64::try_from(number).unwrap().to_be_bytes()).concat());
    assert_eq!(accepted(&bytes).as_array().unwrap().len(), 255);
    let limits = Limits { document_bytes: 100 * 0xffff, ..Limits::default() };
    insta::assert_snapshot!(refused_within(&bytes, &limits), @"text and data up to offset 267 unpack to more than 6553500 bytes");
}

#[test]
fn nested_as_deep_as_allowed_and_one_deeper() {
    let nested = |levels: u8| {
        let objects: Vec<_> = (1..levels).map(|next| [0xa1, next]).collect();
        let mut objects: Vec<&[u8]> = objects.iter().map(<[u8; 2]>::as_slice).collect();
        objects.push(b"\xa0");
        let limits = Limits { depth: 40, ..Limits::default() };
        read(&binary(&objects), &limits)
    };
    nested(40).unwrap();
    insta::assert_snapshot!(nested(41).unwrap_err(), @"property list: the value at offset 89 is nested deeper than 40 levels");
}

#[test]
fn objects_that_contain_themselves() {
    insta::assert_snapshot!(refused(binary(&[b"\xa1\x00"])), @"the object at offset 9 contains itself");
    insta::assert_snapshot!(refused(binary(&[b"\xa1\x01", b"\xd1\x02\x00", b"\x51a"])), @"the object at offset 9 contains itself");
}

#[test]
fn each_kind_of_value() {
    let value = |object: &[u8]| accepted(binary(&[object]));
    assert_eq!(value(b"\x13\xff\xff\xff\xff\xff\xff\xff\xfe"), Value::Integer((-2).into()));
    assert_eq!(value(b"\x14\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"), Value::Integer(u64::MAX.into()));
    assert_eq!(value(b"\x22\x3f\xc0\0\0"), Value::Real(1.5));
    assert_eq!(value(b"\x81\x01\x02").as_uid().unwrap().get(), 0x0102);
    assert_eq!(value(b"\x62\0a\0\xe4"), Value::String("a\u{e4}".to_owned()));
    let dictionary = binary(&[b"\xd2\x01\x02\x03\x03", b"\x51a", b"\x61\0b", b"\x08"]);
    let entries = [("a", Value::Boolean(false)), ("b", Value::Boolean(false))];
    assert_eq!(accepted(dictionary), Value::Dictionary(Dictionary::from_iter(entries)));
}

#[test]
fn each_defect_of_an_object_is_named() {
    let defects: [(&str, &[&[u8]]); 18] = [
        ("null", &[b"\x00"]),
        ("a fill byte", &[b"\x0f"]),
        ("a set", &[b"\xc0"]),
        ("a number of 32 bytes", &[b"\x15"]),
        ("a real number of one byte", &[b"\x20\0"]),
        ("a UID of nine bytes", &[b"\x88"]),
        ("a number cut off by the table", &[b"\x13\0\0\0\0"]),
        ("a text longer than the file", &[b"\x5f\x13\xff\xff\xff\xff\xff\xff\xff\xff"]),
        ("units that are cut off", &[b"\x62\0a\0"]),
        ("a length that is no number", &[b"\x5f\x51a"]),
        ("an array longer than the limit", &[b"\xaf\x13\0\0\0\0\xff\xff\xff\xff"]),
        ("an array longer than the file", &[b"\xaf\x10\x20\x01", b"\x09"]),
        ("a reference to no object", &[b"\xa1\x07"]),
        ("a key that is a number", &[b"\xd1\x01\x01", b"\x10\x05"]),
        ("the same key twice", &[b"\xd2\x01\x01\x02\x02", b"\x51a", b"\x09"]),
        ("two objects of the same key", &[b"\xd2\x01\x02\x03\x03", b"\x51a", b"\x61\0a", b"\x09"]),
        ("half of a pair of units", &[b"\x61\xd8\x00"]),
        ("a date that is no number", &[b"\x33\x7f\xf8\0\0\0\0\0\0"]),
    ];
    let answer = |(name, objects): &(&str, &[&[u8]])| format!("{name}: {}", refused(binary(objects)));
    insta::assert_snapshot!(defects.iter().map(answer).collect::<Vec<_>>().join("\n"), @"
    null: type of an object at offset 8 is 0x0: no type of a property list
    a fill byte: type of an object at offset 8 is 0xf: no type of a property list
    a set: type of an object at offset 8 is 0xc0: no type of a property list
    a number of 32 bytes: type of an object at offset 8 is 0x15: no type of a property list
    a real number of one byte: type of an object at offset 8 is 0x20: no type of a property list
    a UID of nine bytes: type of an object at offset 8 is 0x88: no type of a property list
    a number cut off by the table: number at offset 9 is cut off: 8 bytes wanted, 4 there
    a text longer than the file: text or data at offset 18 is cut off: 18446744073709551615 bytes wanted, 0 there
    units that are cut off: text or data at offset 9 is cut off: 4 bytes wanted, 3 there
    a length that is no number: length of an object at offset 9 is 0x51: a length is a number of 1, 2, 4 or 8 bytes, 0x10 to 0x13
    an array longer than the limit: more than 262144 values up to offset 9
    an array longer than the file: references at offset 11 is cut off: 32 bytes wanted, 2 there
    a reference to no object: object at offset 9 is 0x7: there are fewer objects
    a key that is a number: type of a key at offset 11 is 0x10: keys are text, 0x50 to 0x6f
    the same key twice: a dictionary has the same key twice
    two objects of the same key: a dictionary has the same key twice
    half of a pair of units: InvalidUtf16String (offset 8)
    a date that is no number: OverflowOrNanDate (offset 8)
    ");
}

#[test]
fn each_defect_of_the_trailer_is_named() {
    let sound = binary(&[b"\xa1\x01", b"\x09"]);
    let trailer = sound.len() - 32;
    let defects: [(&str, usize, &[u8]); 9] = [
        ("offsets of no bytes", trailer + 6, &[0]),
        ("references of five bytes", trailer + 7, &[5]),
        ("more objects than the table has room for", trailer + 15, &[9]),
        ("more objects than the limit", trailer + 8, &[0x80]),
        ("no such outermost object", trailer + 23, &[2]),
        ("a table within the trailer", trailer + 31, &[trailer as u8 + 1]),
        ("a table in the first bytes", trailer + 31, &[7]),
        ("an object in the first bytes", trailer - 2, &[7]),
        ("an object in the table", trailer - 2, &[trailer as u8 - 1]),
    ];
    let answer = |(name, at, change): &(&str, usize, &[u8])| {
        let mut bytes = sound.clone();
        bytes[*at..*at + change.len()].copy_from_slice(change);
        format!("{name}: {}", refused(bytes))
    };
    insta::assert_snapshot!(defects.iter().map(answer).collect::<Vec<_>>().join("\n"), @"
    offsets of no bytes: size of an offset at offset 19 is 0x0: 1, 2, 3, 4 or 8 bytes
    references of five bytes: size of a reference at offset 20 is 0x5: 1, 2, 3, 4 or 8 bytes
    more objects than the table has room for: offset table at offset 11 is cut off: 9 bytes wanted, 2 there
    more objects than the limit: more than 262144 values up to offset 21
    no such outermost object: object at offset 29 is 0x2: there are fewer objects
    a table within the trailer: offset of the offset table at offset 37 is 0xe: the table stands between the objects and the trailer
    a table in the first bytes: offset of the offset table at offset 37 is 0x7: the table stands between the objects and the trailer
    an object in the first bytes: offset of an object at offset 11 is 0x7: objects stand between the first eight bytes and the offset table
    an object in the table: offset of an object at offset 11 is 0xc: objects stand between the first eight bytes and the offset table
    ");
}

//! Looking up values: what is missing or of another type is named.

use formats::limits::Limits;
use formats::plist::{Date, Dictionary, Field, Value, optional, read_dictionary, required, unix_seconds};

use crate::builder::*;

fn sample() -> Dictionary {
    let values = "<dict><key>text</key><string>a</string><key>data</key><data>AAEC</data><key>flag</key><true/>\
         <key>number</key><integer>-3</integer><key>date</key><date>2026-01-01T00:00:00Z</date>\
         <key>texts</key><array><string>b</string><string>c</string></array><key>within</key><dict/>\
         <key>mixed</key><array><string>b</string><true/></array></dict>";
    read_dictionary(xml(values).as_bytes(), &Limits::default()).unwrap()
}

#[test]
fn each_type_is_found() {
    let sample = sample();
    assert_eq!(required::<&str>(&sample, "text").unwrap(), "a");
    assert_eq!(required::<&[u8]>(&sample, "data").unwrap(), [0, 1, 2]);
    assert!(required::<bool>(&sample, "flag").unwrap());
    assert_eq!(required::<i64>(&sample, "number").unwrap(), -3);
    assert_eq!(required::<Date>(&sample, "date").unwrap(), Date::from_xml_format("2026-01-01T00:00:00Z").unwrap());
    assert_eq!(required::<Vec<&str>>(&sample, "texts").unwrap(), ["b", "c"]);
    assert_eq!(required::<&[Value]>(&sample, "mixed").unwrap().len(), 2);
    assert!(required::<&Dictionary>(&sample, "within").unwrap().is_empty());
    assert_eq!(optional::<bool>(&sample, "nothing").unwrap(), None);
}

#[test]
fn dates_are_counted_from_1970() {
    for (text, seconds) in
        [("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59Z", -1), ("2001-01-01T00:00:00Z", 978_307_200)]
    {
        assert_eq!(unix_seconds(Date::from_xml_format(text).unwrap()), seconds);
    }
}

fn failure<'a, T: Field<'a> + std::fmt::Debug>(sample: &'a Dictionary, key: &'static str) -> String {
    required::<T>(sample, key).unwrap_err().to_string()
}

#[test]
fn what_is_missing_or_of_another_type_is_named() {
    let sample = sample();
    let wrong = [
        failure::<&str>(&sample, "nothing"),
        failure::<&str>(&sample, "flag"),
        failure::<bool>(&sample, "text"),
        failure::<&[u8]>(&sample, "number"),
        failure::<Date>(&sample, "within"),
        failure::<&Dictionary>(&sample, "date"),
        failure::<i64>(&sample, "data"),
        failure::<&[Value]>(&sample, "text"),
        failure::<Vec<&str>>(&sample, "mixed"),
    ];
    insta::assert_snapshot!(wrong.join("\n"), @"
    property list: nothing is missing
    property list: flag is true or false, and text is wanted
    property list: text is text, and true or false is wanted
    property list: number is a whole number, and data is wanted
    property list: within is a dictionary, and a date is wanted
    property list: date is a date, and a dictionary is wanted
    property list: data is data, and a whole number is wanted
    property list: text is text, and an array is wanted
    property list: mixed is an array, and an array of text is wanted
    ");
}

#[test]
fn another_outermost_value_than_a_dictionary() {
    let array = xml("<array/>");
    let error = read_dictionary(array.as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "property list: the outermost value is an array, and a dictionary is wanted");
}

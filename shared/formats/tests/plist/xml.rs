//! One XML list per defect, and what must be read although it is unusual.

use formats::limits::Limits;
use formats::plist::Value;

use crate::builder::*;

#[test]
fn no_property_list() {
    let message = "not a property list: it begins neither as XML nor with \"bplist00\"";
    for bytes in [b"".as_slice(), b" \n", b"{ a = b; }", b"bplist15\0", b"\xff\xfe<\0p\0"] {
        assert_eq!(refused(bytes), message);
    }
}

#[test]
fn what_is_unusual_and_sound() {
    let sound = [
        "\u{feff}<?xml version=\"1.0\"?><plist><string>a</string></plist>",
        "\r\n <plist><!-- a remark --><string>a</string></plist>",
        "<?xml version=\"1.0\"?><plist version=\"1.0\" ><string >&#97;</string ></plist><!-- end -->\n\n",
        "<plist><string><!-- within -->a</string></plist>",
    ];
    for text in sound {
        assert_eq!(accepted(text), Value::String("a".to_owned()), "{text}");
    }
}

#[test]
fn each_defect_is_named() {
    let defects = [
        "<string>a</string>",
        "<plist></plist>",
        "<plist/>",
        "<html/>",
        "<!-- nothing -->",
        "<plist><plist><true/></plist></plist>",
        "<plist><true/><false/></plist>",
        "<plist><true/></plist><plist/>",
        "<plist><true/>text</plist>",
        "<plist><true/></plist>text",
        "<plist><true/>",
        "<plist><true></plist>",
        "<plist><string>a</string",
        "<plist><strong>a</strong></plist>",
        "<plist><string>a<true/></string></plist>",
        "<plist><array>a</array></plist>",
        "<plist><string><![CDATA[a]]></string></plist>",
        "<plist><string>&other;</string></plist>",
        "<!DOCTYPE plist [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><plist><string>&b;</string></plist>",
        "<plist><string>&#xd800;</string></plist>",
        "<plist><integer>one</integer></plist>",
        "<plist><integer>18446744073709551616</integer></plist>",
        "<plist><real>one</real></plist>",
        "<plist><date>2026-02-30T00:00:00Z</date></plist>",
        "<plist><data>A</data></plist>",
        "<plist><dict><key>a</key></dict></plist>",
        "<plist><dict><true/></dict></plist>",
        "<plist><dict><key>a</key><true/><key>a</key><true/></dict></plist>",
    ];
    let answers: Vec<_> = defects.iter().map(|text| format!("{text}\n    {}", refused(text))).collect();
    insta::assert_snapshot!(answers.join("\n"), @r#"
    <string>a</string>
        <string>, and values stand within one <plist>, at offset 0
    <plist></plist>
        the end without a value at offset 15
    <plist/>
        the end without a value at offset 8
    <html/>
        <html>, and values stand within one <plist>, at offset 0
    <!-- nothing -->
        the end without a value at offset 16
    <plist><plist><true/></plist></plist>
        <plist>, and values stand within one <plist>, at offset 7
    <plist><true/><false/></plist>
        a second value at offset 14
    <plist><true/></plist><plist/>
        a second value at offset 22
    <plist><true/>text</plist>
        UnexpectedXmlCharactersExpectedElement (offset 18)
    <plist><true/></plist>text
        UnexpectedXmlCharactersExpectedElement (offset 26)
    <plist><true/>
        the end within an element at offset 14
    <plist><true></plist>
        ill-formed document: expected `</true>`, but `</plist>` was found at offset 13
    <plist><string>a</string
        syntax error: tag not closed: `>` not found before end of input at offset 16
    <plist><strong>a</strong></plist>
        UnknownXmlElement (offset 15)
    <plist><string>a<true/></string></plist>
        UnexpectedXmlOpeningTag (offset 23)
    <plist><array>a</array></plist>
        UnexpectedXmlCharactersExpectedElement (offset 15)
    <plist><string><![CDATA[a]]></string></plist>
        a CDATA section, which is not supported, at offset 15
    <plist><string>&other;</string></plist>
        the entity &other; is not known at offset 15
    <!DOCTYPE plist [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><plist><string>&b;</string></plist>
        a document type with declarations of its own at offset 0
    <plist><string>&#xd800;</string></plist>
        InvalidXmlSyntax (offset 23)
    <plist><integer>one</integer></plist>
        InvalidIntegerString (offset 29)
    <plist><integer>18446744073709551616</integer></plist>
        InvalidIntegerString (offset 46)
    <plist><real>one</real></plist>
        InvalidRealString (offset 23)
    <plist><date>2026-02-30T00:00:00Z</date></plist>
        InvalidDateString (offset 40)
    <plist><data>A</data></plist>
        InvalidDataString (offset 21)
    <plist><dict><key>a</key></dict></plist>
        UnexpectedEventType { expected: ValueOrStartCollection, found: EndCollection }
    <plist><dict><true/></dict></plist>
        UnexpectedEventType { expected: DictionaryKeyOrEndCollection, found: Boolean }
    <plist><dict><key>a</key><true/><key>a</key><true/></dict></plist>
        a dictionary has the same key twice
    "#);
}

#[test]
fn long_names_are_not_repeated() {
    let long = "a".repeat(100_000);
    for text in [format!("<{long}/>"), format!("<plist><string>&{long};</string></plist>")] {
        assert!(refused(&text).len() < 120);
    }
}

#[test]
fn text_that_is_not_utf_8() {
    let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><plist><string>\xe4</string></plist>";
    insta::assert_snapshot!(refused(latin), @"text that is not UTF-8 at offset 58");
}

#[test]
fn nested_as_deep_as_allowed_and_one_deeper() {
    let nested = |levels| xml(&format!("{}{}", "<array>".repeat(levels), "</array>".repeat(levels)));
    accepted(nested(128));
    insta::assert_snapshot!(refused(nested(129)), @"the value at offset 1059 is nested deeper than 128 levels");
    insta::assert_snapshot!(refused(nested(100_000)), @"the value at offset 1059 is nested deeper than 128 levels");
    let mixed = |levels| xml(&format!("{}<true/>{}", "<dict><key>a</key>".repeat(levels), "</dict>".repeat(levels)));
    accepted(mixed(128));
    refused(mixed(129));
}

/// Elements that hold no values, so that no level counts them.
#[test]
fn elements_within_texts_a_hundred_thousand_times() {
    let nested = format!("<plist>{}", "<string>".repeat(100_000));
    insta::assert_snapshot!(refused(nested), @"the end within an element at offset 800007");
}

#[test]
fn as_many_values_as_allowed_and_one_more() {
    let limits = Limits { values: 10, ..Limits::default() };
    let of = |values| xml(&format!("<array>{}</array>", "<true/>".repeat(values)));
    formats::plist::read(of(9).as_bytes(), &limits).unwrap();
    insta::assert_snapshot!(refused_within(of(10), &limits), @"more than 10 values up to offset 233");
}

#[test]
fn longer_than_allowed() {
    let limits = Limits { document_bytes: 30, ..Limits::default() };
    assert_eq!(
        refused_within("<plist><true/></plist>         ", &limits),
        "property list of 31 bytes, and at most 30 are read"
    );
}

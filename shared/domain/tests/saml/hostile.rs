//! Documents that are sent to break the reader.

use std::fmt::Write as _;

use proptest::prelude::*;

use crate::support::{PROVIDER, ROOT, RSA, SERVICE, key, metadata, read, refused, signing_with};

const BYTES: usize = 256 * 1024;

/// What no parser takes.
pub(crate) const NOT_WELL_FORMED: [&str; 17] = [
    "\u{feff}",
    "<!-- -->",
    "<?x?>",
    "<a",
    "<a>",
    "<a><b>",
    "https://idp.example.com/metadata",
    "{}",
    "<a></b>",
    "<a/><a/>",
    "<a b=1/>",
    "<a b='' b=''/>",
    "<a>]]></a>",
    "<a><!-- -- --></a>",
    "<a>\u{1}</a>",
    "<b:a/>",
    "<!ENTITY a 'b'><a/>",
];

/// Accepted metadata with something in its provider.
fn around(content: &str) -> String {
    metadata(ROOT, PROVIDER, &(key("", &[RSA]) + SERVICE + content))
}

#[test]
fn a_document_type_is_refused_where_it_stands() {
    let laughs = "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;\"><!ENTITY lol3 \"&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;\">]>";
    let external = "<!DOCTYPE r [<!ENTITY file SYSTEM \"file:///etc/passwd\">]>";
    let parameter = "<!DOCTYPE r [<!ENTITY % remote SYSTEM \"http://evil.example/x.dtd\"> %remote;]>";
    let bodies = [around("&lol3;"), around("&file;"), around("")];
    for doctype in
        [laughs, external, parameter, "<!DOCTYPE r>", "<!DOCTYPE r SYSTEM \"http://evil.example/x.dtd\">", "<!DOCTYPE"]
    {
        for body in &bodies {
            let expected =
                "Metadata XML has a document type declaration (DOCTYPE) at 1:1: neither it nor entities are accepted";
            assert_eq!(refused(&format!("{doctype}{body}")), expected);
        }
    }
    let late = format!("<?xml version=\"1.0\"?>\n<!-- <!DOCTYPE no> ä -->\n<?x <!DOCTYPE?>\n  ä{}", around(""))
        .replace('ä', "");
    assert!(read(&late).is_ok());
    let late = late.replace("  <EntityD", "  <!DOCTYPE r><EntityD");
    assert!(refused(&late).contains("(DOCTYPE) at 4:3"), "{}", refused(&late));
    let inside = around("<!DOCTYPE r [<!ENTITY a \"b\">]>");
    assert!(refused(&inside).contains("is not well-formed XML: see 1:"));
}

#[test]
fn no_entity_is_looked_up() {
    for content in ["&lol;", "<a b=\"&file;\"/>", "&nbsp;"] {
        assert!(refused(&around(content)).contains("refers to an entity at 1:"), "{content}");
    }
    assert!(read(&around("<a b=\"&lt;&#65;\">&amp;&apos;&quot;&gt;&#x41;</a>")).is_ok());
    for content in ["&", "&;", "&#0;", "&#xD;x&#x1;", "&#xFFFF;", "&#99999999999;", "&amp", "\0", "\u{1}", "\u{ffff}"] {
        assert!(refused(&around(content)).contains("is not well-formed XML: see 1:"), "{content:?}");
    }
}

#[test]
fn a_document_ends_at_256_kib() {
    let plain = around("");
    let padded = |length: usize| plain.replace("</IDP", &format!("{}</IDP", " ".repeat(length - plain.len())));
    assert_eq!(padded(BYTES).len(), BYTES);
    assert!(read(&padded(BYTES)).is_ok());
    assert_eq!(refused(&padded(BYTES + 1)), "Metadata XML must be at most 262144 bytes long");
    assert_eq!(refused(&"ä".repeat(BYTES / 2 + 1)), "Metadata XML must be at most 262144 bytes long");
}

#[test]
fn elements_end_at_a_depth_of_32() {
    let nested = |count: usize| around(&format!("{}{}", "<a>".repeat(count), "</a>".repeat(count)));
    assert!(read(&nested(30)).is_ok());
    assert!(read(&around(&format!("{}text<!-- -->{}", "<a>".repeat(30), "</a>".repeat(30)))).is_ok());
    assert!(refused(&nested(31)).starts_with("Metadata XML is nested deeper than 32 elements: see 1:"));
    assert!(refused(&nested(10_000)).contains("nested deeper than 32 elements"));
    assert!(refused(&"<a>".repeat(10_000)).contains("is not well-formed XML"));
    assert!(refused(&nested(36_000)).contains("more than 20000 nodes"));
}

#[test]
fn nodes_end_at_20000() {
    let wide = |count: usize| around(&"<a/>".repeat(count));
    let own = 1 + 8;
    assert!(read(&wide(20_000 - own)).is_ok());
    assert_eq!(refused(&wide(20_001 - own)), "Metadata XML has more than 20000 nodes");
}

#[test]
fn attributes_end_at_128_of_one_element_and_10000_of_all() {
    let attributes = |count: usize| {
        (0..count).fold(String::new(), |mut text, number| {
            let _ = write!(text, " a{number}=''");
            text
        })
    };
    let element = |count: usize| format!("<a{}/>", attributes(count));
    assert!(read(&around(&element(128))).is_ok());
    assert!(refused(&around(&element(129))).contains("has too many attributes"));
    // The metadata around has 9, and two signs of equality stand in its certificate.
    let own = around("").matches('=').count();
    let rest = 10_000 - own;
    let all = element(100).repeat(rest / 100) + &element(rest % 100);
    assert!(read(&around(&all)).is_ok());
    assert!(refused(&around(&(all + "<a b=''/>"))).contains("has too many attributes"));
    let hundred_thousand = format!("<a {}/>", "a=''".repeat(100_000));
    assert!(refused(&hundred_thousand).contains("at most 262144 bytes"));
    let most = attributes(26_000);
    assert!(refused(&around(&format!("<a{most}/>"))).contains("has too many attributes"));
    assert!(read(&around(&format!("<!-- {} -->", "=".repeat(200)))).is_ok(), "a line is drawn in a comment");
}

#[test]
fn namespaces_end_at_512() {
    let own = around("").matches("xmlns").count();
    let nested =
        |count: usize| (0..count).fold(String::new(), |text, number| text + &format!("<a xmlns:n{number}='u'/>"));
    assert!(read(&around(&nested(512 - own))).is_ok());
    assert_eq!(refused(&around(&nested(513 - own))), "Metadata XML declares more than 512 namespaces");
}

#[test]
fn what_is_declared_of_the_encoding_says_nothing_and_bytes_of_another_are_no_text() {
    let plain = around("");
    for encoding in ["UTF-8", "utf-16", "ISO-8859-1", "x"] {
        assert!(read(&format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{plain}")).is_ok(), "{encoding}");
    }
    let utf_16: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(refused(&String::from_utf8(utf_16).unwrap()).contains("is not well-formed XML"));
    assert!(read(&format!("\u{feff}{plain}")).is_ok());
    for start in ["\u{feff}\u{feff}", "\u{fffe}", "\u{fffd}\u{fffd}", "a", "\n<?xml version=\"1.0\"?>"] {
        assert!(refused(&format!("{start}{plain}")).contains("is not well-formed XML"), "{start:?}");
    }
}

#[test]
fn what_is_no_document_is_refused() {
    for xml in ["", " \n\t"] {
        assert_eq!(refused(xml), "Metadata XML is missing");
    }
    for xml in NOT_WELL_FORMED {
        assert!(refused(xml).contains("is not well-formed XML"), "{xml}");
    }
    assert!(refused("<html/>").contains("must be an EntityDescriptor"));
    assert!(refused(&format!("{}<b/>", around(""))).contains("is not well-formed XML"));
}

#[test]
fn refusals_do_not_repeat_what_was_sent() {
    let long = "x".repeat(100_000);
    for xml in [
        format!("<{long}>"),
        format!("<{long}:a/>"),
        format!("<a></{long}>"),
        around(&format!("&{long};")),
        signing_with(&[RSA]).replace("https://idp.example.com/sso", &long),
        signing_with(&[RSA]).replace("https://idp.example.com/saml", &long),
        metadata(&format!("{ROOT} validUntil=\"{long}\""), PROVIDER, ""),
        metadata(ROOT, &format!("protocolSupportEnumeration=\"{long}\""), ""),
    ] {
        assert!(!refused(&xml).contains("xxx"));
    }
}

proptest! {
    #[test]
    fn any_text_is_metadata_or_an_error(text in "\\PC{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&text);
        let _ = read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn whatever_is_changed_what_is_accepted_is_usable(
        place in any::<prop::sample::Index>(), length in 0_usize..40, text in "([<>&;/='\" a-z!\\[\\]-]|<!--|-->|<!\\[CDATA\\[|\\]\\]>|xmlns|\\PC){0,8}"
    ) {
        let mut xml = signing_with(&[RSA]);
        let place = place.index(xml.len());
        xml.replace_range(place..(place + length).min(xml.len()), &text);
        if let Ok(found) = read(&xml) {
            prop_assert!((1..=1024).contains(&found.entity_id.chars().count()));
            prop_assert!(found.sso_url.as_str().to_ascii_lowercase().starts_with("https://"));
            prop_assert_eq!(found.x509_cert.count(), 1);
        }
    }
}

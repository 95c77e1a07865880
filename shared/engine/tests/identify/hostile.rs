//! References that lead nowhere or in circles, tables and images that ask for more than they hold: the field is absent, soon.

use std::time::{Duration, Instant};

use engine::Identity;
use fixtures::archive;
use formats::axml::{AndroidAttribute, Value};
use formats::zip::Method::{Deflated, Stored};

use crate::apk::manifest;
use crate::arsc_builder::{Form, INT, REFERENCE, STRING, config, package, raw_type, simple, spec, table, values};
use crate::axml_builder::{Encoding, chunk, pool, words};
use crate::identified;

const LABEL: AndroidAttribute = AndroidAttribute::LABEL;
const ICON: AndroidAttribute = AndroidAttribute::ICON;
/// The one entry of the tables' only type.
const FIRST: u32 = 0x7f01_0000;

/// A table whose one type has these chunks.
fn typed(strings: &[u8], count: usize, chunks: &[Vec<u8>]) -> Vec<u8> {
    let names = pool(Encoding::Utf8, &["name"]);
    let rest = [&[spec(1, &vec![0; count])], chunks].concat();
    table(1, &[strings.to_vec(), package(0x7f, "com.example.app", &names, &names, &rest)])
}

/// A table with an entry for each kind and value.
fn entries(strings: &[&str], entries: &[(u8, u32)]) -> Vec<u8> {
    let values_of = entries.iter().map(|(kind, data)| Some(simple(0, *kind, *data))).collect::<Vec<_>>();
    typed(&pool(Encoding::Utf8, strings), entries.len(), &[values(1, Form::Dense, &config(0), &values_of)])
}

/// What an app says whose label and icon are these references.
fn referring(label: u32, icon: u32, table: &[u8], files: &[(&str, &[u8])]) -> Identity {
    let manifest = manifest("com.example.app", &[(LABEL, Value::Reference(label)), (ICON, Value::Reference(icon))]);
    let own = [("AndroidManifest.xml", Deflated, manifest.as_slice()), ("resources.arsc", Stored, table)];
    let files = files.iter().map(|(name, content)| (*name, Deflated, *content));
    identified(&archive(&own.into_iter().chain(files).collect::<Vec<_>>()), "app.apk").unwrap()
}

/// Neither name nor icon.
fn assert_absent(identity: &Identity) {
    assert_eq!((identity.name.as_str(), &identity.icon), ("com.example.app", &None));
}

#[test]
fn references_in_circles_end() {
    let circle = entries(&[], &[(REFERENCE, FIRST + 1), (REFERENCE, FIRST + 2), (REFERENCE, FIRST)]);
    assert_absent(&referring(FIRST, FIRST, &circle, &[]));
    let itself = entries(&[], &[(REFERENCE, FIRST)]);
    assert_absent(&referring(FIRST, FIRST, &itself, &[]));
}

/// The platform follows twenty references, and so long a chain is followed here.
#[test]
fn long_chains_are_followed_as_far_as_the_platform_does() {
    let chain = |length: u32| {
        let links = (1..=length).map(|next| (REFERENCE, FIRST + next));
        entries(&["res/icon.jpg"], &links.chain([(STRING, 0)]).collect::<Vec<_>>())
    };
    let followed = |length| referring(FIRST, FIRST, &chain(length), &[("res/icon.jpg", b"\xff\xd8\xff")]);
    let identity = followed(19);
    assert_eq!(identity.name, "res/icon.jpg");
    assert!(identity.icon.is_some());
    assert_absent(&followed(100));
}

#[test]
fn references_that_lead_nowhere() {
    let table = entries(&["text"], &[(STRING, 0), (STRING, 99), (0x02, FIRST), (0x05, 1)]);
    for nowhere in [0, 0x0104_0000, FIRST + 4, FIRST + 0xffff, 0x7f02_0000, 0x8001_0000, u32::MAX] {
        assert_absent(&referring(nowhere, nowhere, &table, &[]));
    }
    // A string that is not in the pool, an attribute of a theme, a length.
    for unusable in 1..4 {
        assert_absent(&referring(FIRST + unusable, FIRST + unusable, &table, &[]));
    }
    let number = entries(&[], &[(INT, 42)]);
    assert_eq!(referring(FIRST, FIRST, &number, &[]).name, "42");
}

#[test]
fn tables_that_cannot_be_read_lead_nowhere() {
    let whole = entries(&["text"], &[(STRING, 0)]);
    assert_eq!(referring(FIRST, FIRST, &whole, &[]).name, "text");
    for length in (0..whole.len()).step_by(4) {
        assert_absent(&referring(FIRST, FIRST, &whole[..length], &[]));
    }
}

#[test]
fn a_damaged_byte_anywhere_in_the_table_ends_in_an_answer() {
    let whole = entries(&["res/icon.jpg", "text"], &[(STRING, 0), (REFERENCE, FIRST)]);
    for place in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[place] ^= 0xff;
        let _ = referring(FIRST, FIRST + 1, &damaged, &[("res/icon.jpg", b"\xff\xd8\xff")]);
    }
}

#[test]
fn icons_that_are_not_there_or_no_images() {
    let table = entries(
        &["res/icon.jpg", "res/", "../../etc/passwd", ""],
        &[(STRING, 0), (STRING, 1), (STRING, 2), (STRING, 3)],
    );
    let absent =
        |entry: u32, files: &[(&str, &[u8])]| assert_eq!(referring(0, FIRST + entry, &table, files).icon, None);
    for path in 0..4 {
        absent(path, &[]);
    }
    for content in ["", "\u{0}", "RIFF", "RIFF1234WEBX", "<svg/>", "\u{3}\u{0}", "GIF89a"] {
        absent(0, &[("res/icon.jpg", content.as_bytes())]);
    }
    absent(0, &[("res/icon.jpg", b"\xff\xd8")]);
    absent(0, &[("res/icon.jpg", b"\x89PNG\r\n\x1a\n")]);
    absent(0, &[("res/icon.jpg", &[&b"\xff\xd8\xff"[..], &vec![0; 256 << 10]].concat())]);
}

/// An icon that is damaged, one that unpacks to more than it claims, and one that unpacks to a hundred megabytes.
#[test]
fn a_broken_icon_is_none() {
    let manifest = manifest("com.example.app", &[(ICON, Value::String("icon.jpg".to_owned()))]);
    let packed = |method, length: usize| {
        let image = [&b"\xff\xd8\xff"[..], &vec![7; length]].concat();
        archive(&[("AndroidManifest.xml", Deflated, manifest.as_slice()), ("icon.jpg", method, &image)])
    };
    let icon = |package: &[u8]| identified(package, "app.apk").unwrap().icon;
    let stored = packed(Stored, 5000);
    assert!(icon(&stored).is_some());
    let mut damaged = stored;
    let place = damaged.windows(4).position(|bytes| bytes == [7; 4]).unwrap();
    damaged[place] ^= 1;
    assert_eq!(icon(&damaged), None);

    let mut claiming = packed(Deflated, 54_321);
    assert!(icon(&claiming).is_some());
    let length = 54_324_u32.to_le_bytes();
    let claims: Vec<_> = (0..claiming.len()).filter(|place| claiming[*place..].starts_with(&length)).collect();
    assert_eq!(claims.len(), 2, "the length stands in both headers");
    claims.into_iter().for_each(|place| claiming[place..place + 4].copy_from_slice(&100_u32.to_le_bytes()));
    assert_eq!(icon(&claiming), None);

    assert_eq!(icon(&packed(Deflated, 100 << 20)), None);
}

/// A hundred thousand files for one icon, and as many texts of a megabyte each for one label.
#[test]
fn entries_with_very_many_values() {
    let text = vec![b'x'; 1 << 20];
    let strings = {
        // The length of a text of 16-bit units may be as large as wanted.
        let units: Vec<u8> =
            [0x8000_u16 | 8, 0].into_iter().flat_map(u16::to_le_bytes).chain(text).chain([0; 2]).collect();
        let data = [units, vec![0; 2]].concat();
        chunk(0x0001, &words(&[1, 0, 0, 32, 0]), &[words(&[0]), data].concat())
    };
    let value = values(1, Form::Dense, &config(0), &[Some(simple(0, STRING, 0))]);
    let many = typed(&strings, 1, &vec![value; 100_000]);
    let began = Instant::now();
    let identity = referring(FIRST, FIRST, &many, &[]);
    assert_eq!(identity.name, "\u{7878}".repeat(200));
    assert_eq!(identity.icon, None);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

/// Types of sixty-five thousand entries each, as many as the table may have bytes for, and references from one to the next.
#[test]
fn types_with_very_many_entries() {
    let rows = 0xffff_u32;
    for flags in [0, 1] {
        // The last of the entries is the one that is asked for.
        let offsets: Vec<u8> = match flags {
            0 => (0..rows).flat_map(|_| 0_u32.to_le_bytes()).collect(),
            _ => (0..rows).flat_map(|row| row.to_le_bytes()).collect(),
        };
        let last = FIRST + rows - 1;
        let values = raw_type(1, flags, rows, &config(0), &offsets, &simple(0, REFERENCE, last));
        let count = (60 << 20) / values.len();
        let large = typed(&pool(Encoding::Utf8, &[]), 0xffff, &vec![values; count]);
        let began = Instant::now();
        assert_absent(&referring(last, last, &large, &[]));
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
}

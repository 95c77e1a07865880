//! Every edit as the lines of the golden dump that it changes, and as bytes where the dump cannot tell.

use formats::axml::{AndroidAttribute, Document, ElementId, Error, Value, dump};

use crate::builder::*;

fn application(document: &Document) -> ElementId {
    document.select(&["manifest", "application"])[0]
}

/// Edits the sample and shows the lines that went (`-`) and came (`+`), after both encodings and a second reading agree.
fn edited(edit: impl Fn(&mut Document)) -> String {
    let [utf8, utf16] = [Encoding::Utf8, Encoding::Utf16].map(|encoding| changed(&sample(encoding), &edit));
    assert_eq!(utf8, utf16.replace("UTF-16", "UTF-8"));
    utf16
}

fn changed(bytes: &[u8], edit: impl Fn(&mut Document)) -> String {
    let before = dump(&parse(bytes));
    let mut document = parse(bytes);
    edit(&mut document);
    let after = dump(&parse(&document.to_bytes()));
    assert_eq!(after, dump(&document), "what is written says what is in memory");
    difference(&before, &after)
}

fn difference(before: &str, after: &str) -> String {
    let mut old = before.lines().peekable();
    let mut out = String::new();
    for (place, line) in after.lines().enumerate() {
        if old.peek() == Some(&line) {
            old.next();
            continue;
        }
        let remains: Vec<&str> = after.lines().skip(place).collect();
        while let Some(gone) = old.next_if(|old| !remains.contains(old)) {
            out += &format!("- {gone}\n");
        }
        if old.next_if_eq(&line).is_none() {
            out += &format!("+ {line}\n");
        }
    }
    out + &old.map(|gone| format!("- {gone}\n")).collect::<String>()
}

#[test]
fn an_attribute_is_added_in_the_order_of_the_ids_with_its_name_in_the_map() {
    let shown = edited(|document| {
        let application = application(document);
        let before = document.set_attribute(application, AndroidAttribute::DEBUGGABLE, Value::Boolean(false));
        assert_eq!(before, Ok(None));
        assert!(document.is_found_by_id(application, AndroidAttribute::DEBUGGABLE));
    });
    insta::assert_snapshot!(shown, @r#"
    - pool: UTF-16, 18 strings, 0 styles
    + pool: UTF-16, 19 strings, 0 styles
    +   0x0101000f debuggable
    -     E: application (line 7) (comment "the application") (id=3 class=0 style=0)
    +     E: application (line 7) (comment "the application") (id=4 class=0 style=0)
    +       A: android:debuggable(0x0101000f)=false
    "#);
}

#[test]
fn an_attribute_is_added_behind_all_other_ids_and_before_those_without() {
    let shown = edited(|document| {
        let application = application(document);
        document.set_attribute(application, AndroidAttribute::USES_CLEARTEXT_TRAFFIC, Value::Boolean(false)).unwrap();
    });
    insta::assert_snapshot!(shown, @r#"
    - pool: UTF-16, 18 strings, 0 styles
    + pool: UTF-16, 19 strings, 0 styles
    +   0x010104ec usesCleartextTraffic
    +       A: android:usesCleartextTraffic(0x010104ec)=false
    "#);
}

#[test]
fn an_attribute_with_a_known_name_adds_no_string() {
    let shown = edited(|document| {
        let root = document.root().unwrap();
        document.set_attribute(root, AndroidAttribute::ALLOW_BACKUP, Value::Boolean(true)).unwrap();
    });
    insta::assert_snapshot!(shown, @"+     A: android:allowBackup(0x01010280)=true");
}

#[test]
fn an_attribute_that_is_there_changes_only_its_value() {
    let bytes = sample(Encoding::Utf16);
    let mut document = parse(&bytes);
    let application = application(&document);
    let before = document.set_attribute(application, AndroidAttribute::ALLOW_BACKUP, Value::Boolean(false));
    assert_eq!(before, Ok(Some(Value::Boolean(true))));
    let after = document.to_bytes();
    let changed: Vec<_> = bytes.iter().zip(&after).filter(|(old, new)| old != new).collect();
    assert_eq!((bytes.len(), changed), (after.len(), vec![(&0xff, &0); 4]));
}

#[test]
fn every_kind_of_value_can_be_set() {
    let shown = edited(|document| {
        let application = application(document);
        document
            .set_attribute(application, AndroidAttribute::NAME, Value::String("other.App \u{1f600}".into()))
            .unwrap();
        document.set_attribute(application, AndroidAttribute::VERSION_CODE, Value::Int(-7)).unwrap();
        document
            .set_attribute(application, AndroidAttribute::DATA_EXTRACTION_RULES, Value::Reference(0x7f0f_0001))
            .unwrap();
        document
            .set_attribute(application, AndroidAttribute::ALLOW_BACKUP, Value::Other { kind: 4, data: 0x3f80_0000 })
            .unwrap();
        document.set_plain_attribute(application, "package", Value::Boolean(true)).unwrap();
    });
    insta::assert_snapshot!(shown, @r#"
    - pool: UTF-16, 18 strings, 0 styles
    + pool: UTF-16, 20 strings, 0 styles
    +   0x0101063e dataExtractionRules
    -     E: application (line 7) (comment "the application") (id=3 class=0 style=0)
    +     E: application (line 7) (comment "the application") (id=4 class=0 style=0)
    -       A: android:name(0x01010003)=".App"
    -       A: android:allowBackup(0x01010280)=true
    -       A: package="value 😀"
    +       A: android:name(0x01010003)="other.App 😀"
    +       A: android:versionCode(0x0101021b)=-7
    +       A: android:allowBackup(0x01010280)=(type 0x04)0x3f800000
    +       A: android:dataExtractionRules(0x0101063e)=@0x7f0f0001
    +       A: package=true
    "#);
}

#[test]
fn a_plain_attribute_never_takes_a_name_from_the_map() {
    let shown = edited(|document| {
        let root = document.root().unwrap();
        assert_eq!(document.plain_attribute(root, "name"), None);
        document.set_plain_attribute(root, "name", Value::String("x".into())).unwrap();
        assert_eq!(document.plain_attribute(root, "name"), Some(Value::String("x".into())));
        assert_eq!(document.attribute(root, AndroidAttribute::NAME), None);
    });
    insta::assert_snapshot!(shown, @r#"
    - pool: UTF-16, 18 strings, 0 styles
    + pool: UTF-16, 20 strings, 0 styles
    +     A: name="x"
    "#);
}

#[test]
fn an_attribute_is_removed() {
    let shown = edited(|document| {
        let application = application(document);
        assert_eq!(
            document.remove_attribute(application, AndroidAttribute::ALLOW_BACKUP),
            Ok(Some(Value::Boolean(true)))
        );
        assert_eq!(document.attribute(application, AndroidAttribute::ALLOW_BACKUP), None);
    });
    insta::assert_snapshot!(shown, @r#"
    -     E: application (line 7) (comment "the application") (id=3 class=0 style=0)
    +     E: application (line 7) (comment "the application")
    -       A: android:allowBackup(0x01010280)=true
    "#);
}

#[test]
fn removing_what_is_not_there_is_no_edit() {
    let mut document = parse(&sample(Encoding::Utf16));
    let application = application(&document);
    assert_eq!(document.remove_attribute(application, AndroidAttribute::DEBUGGABLE), Ok(None));
    assert!(!document.is_edited());
}

#[test]
fn a_child_is_inserted_last() {
    let shown = edited(|document| {
        let application = application(document);
        let child = document.insert_child(application, "provider").unwrap();
        document.set_attribute(child, AndroidAttribute::NAME, Value::String(".Init".into())).unwrap();
        document.insert_child(child, "activity").unwrap();
    });
    insta::assert_snapshot!(shown, @r#"
    - pool: UTF-16, 18 strings, 0 styles
    + pool: UTF-16, 20 strings, 0 styles
    +       E: provider (line 7)
    +         A: android:name(0x01010003)=".Init"
    +         E: activity (line 7)
    "#);
}

#[test]
fn an_element_is_removed_with_everything_in_it() {
    let shown = edited(|document| {
        let application = application(document);
        document.remove_element(application).unwrap();
        assert_eq!(document.set_plain_attribute(application, "x", Value::Int(1)), Err(Error::NoSuchElement));
        assert_eq!(document.insert_child(application, "x"), Err(Error::NoSuchElement));
        assert_eq!(document.remove_element(application), Err(Error::NoSuchElement));
    });
    insta::assert_snapshot!(shown, @r#"
    -     E: application (line 7) (comment "the application") (id=3 class=0 style=0)
    -       A: android:label(0x01010001)=@0x7f010000
    -       A: android:name(0x01010003)=".App"
    -       A: android:allowBackup(0x01010280)=true
    -       A: package="value 😀"
    -       T: "text" (line 7)
    -       E: activity (line 7)
    -         A: android:name(0x01010003)=".App"
    "#);
}

#[test]
fn the_root_stays() {
    let mut document = parse(&sample(Encoding::Utf16));
    let root = document.root().unwrap();
    assert_eq!(document.remove_element(root), Err(Error::RootElement));
    assert!(!document.is_edited());
}

#[test]
fn a_missing_namespace_and_a_missing_map_are_added() {
    let bytes = xml(&[pool(Encoding::Utf8, &["application"]), start(0, &[]), end(0)]);
    let shown = changed(&bytes, |document| {
        let root = document.root().unwrap();
        document.set_attribute(root, AndroidAttribute::DEBUGGABLE, Value::Boolean(false)).unwrap();
    });
    insta::assert_snapshot!(shown, @r#"
    - pool: UTF-8, 1 strings, 0 styles
    - E: application (line 7)
    + pool: UTF-8, 4 strings, 0 styles
    + map:
    +   0x0101000f debuggable
    + N: android=http://schemas.android.com/apk/res/android
    +   E: application (line 7)
    +     A: android:debuggable(0x0101000f)=false
    "#);
}

#[test]
fn a_namespace_that_ended_before_does_not_count() {
    let pool = pool(Encoding::Utf8, &["root", "android", ANDROID]);
    let bytes = xml(&[pool, start_namespace(1, 2), end_namespace(1, 2), start(0, &[]), end(0)]);
    let shown = changed(&bytes, |document| {
        let root = document.root().unwrap();
        document.set_attribute(root, AndroidAttribute::DEBUGGABLE, Value::Boolean(false)).unwrap();
    });
    insta::assert_snapshot!(shown, @r#"
    - pool: UTF-8, 3 strings, 0 styles
    + pool: UTF-8, 4 strings, 0 styles
    + map:
    +   0x0101000f debuggable
    - E: root (line 7)
    + N: android=http://schemas.android.com/apk/res/android
    +   E: root (line 7)
    +     A: android:debuggable(0x0101000f)=false
    "#);
}

#[test]
fn a_stripped_name_is_found_by_its_id() {
    let pool = pool(Encoding::Utf16, &["", "application", ANDROID]);
    let bytes = xml(&[pool, map(&[0x0101_000f]), start(1, &[(2, 0, NONE, BOOLEAN, NONE)]), end(1)]);
    let shown = changed(&bytes, |document| {
        let root = document.root().unwrap();
        assert_eq!(document.attribute(root, AndroidAttribute::DEBUGGABLE), Some(Value::Boolean(true)));
        document.set_attribute(root, AndroidAttribute::DEBUGGABLE, Value::Boolean(false)).unwrap();
        assert_eq!(document.attribute(root, AndroidAttribute::DEBUGGABLE), Some(Value::Boolean(false)));
    });
    insta::assert_snapshot!(shown, @r#"
    -   A: http://schemas.android.com/apk/res/android:(0x0101000f)=true
    +   A: http://schemas.android.com/apk/res/android:(0x0101000f)=false
    "#);
}

#[test]
fn the_id_decides_and_not_the_text() {
    let pool = pool(Encoding::Utf16, &["debuggable", "application", ANDROID]);
    let bytes = xml(&[pool, map(&[0x0101_0280]), start(1, &[(2, 0, NONE, BOOLEAN, NONE)]), end(1)]);
    let document = parse(&bytes);
    let root = document.root().unwrap();
    assert_eq!(document.attribute(root, AndroidAttribute::DEBUGGABLE), None);
    assert_eq!(document.attribute(root, AndroidAttribute::ALLOW_BACKUP), Some(Value::Boolean(true)));
}

#[test]
fn a_spelling_without_an_id_is_read_and_replaced_by_one_that_counts() {
    let pool = pool(Encoding::Utf16, &["application", ANDROID, "android", "debuggable"]);
    let bytes = xml(&[pool, start_namespace(2, 1), start(0, &[(1, 3, NONE, BOOLEAN, 0)]), end(0), end_namespace(2, 1)]);
    let shown = changed(&bytes, |document| {
        let root = document.root().unwrap();
        assert_eq!(document.attribute(root, AndroidAttribute::DEBUGGABLE), Some(Value::Boolean(false)));
        assert!(!document.is_found_by_id(root, AndroidAttribute::DEBUGGABLE));
        document.set_attribute(root, AndroidAttribute::DEBUGGABLE, Value::Boolean(false)).unwrap();
    });
    insta::assert_snapshot!(shown, @r#"
    - pool: UTF-16, 4 strings, 0 styles
    + pool: UTF-16, 5 strings, 0 styles
    + map:
    +   0x0101000f debuggable
    -     A: android:debuggable=false
    +     A: android:debuggable(0x0101000f)=false
    "#);
}

#[test]
fn of_several_with_one_id_the_first_counts_and_remains() {
    let pool = pool(Encoding::Utf16, &["debuggable", "application", ANDROID, "android"]);
    let twice = [(2, 0, NONE, BOOLEAN, NONE), (2, 0, NONE, BOOLEAN, 0)];
    let bytes = xml(&[pool, map(&[0x0101_000f]), start_namespace(3, 2), start(1, &twice), end(1), end_namespace(3, 2)]);
    let shown = changed(&bytes, |document| {
        let root = document.root().unwrap();
        let before = document.set_attribute(root, AndroidAttribute::DEBUGGABLE, Value::Boolean(false));
        assert_eq!(before, Ok(Some(Value::Boolean(true))));
    });
    insta::assert_snapshot!(shown, @"-     A: android:debuggable(0x0101000f)=true");
}

#[test]
fn unsorted_attributes_are_not_edited() {
    let pool = pool(Encoding::Utf16, &["allowBackup", "name", "application", ANDROID]);
    let unsorted = [(3, 0, NONE, BOOLEAN, NONE), (3, 1, NONE, BOOLEAN, 0)];
    let bytes = xml(&[pool, map(&[0x0101_0280, 0x0101_0003]), start(2, &unsorted), end(2)]);
    let mut document = parse(&bytes);
    let root = document.root().unwrap();
    let error = document.set_attribute(root, AndroidAttribute::DEBUGGABLE, Value::Boolean(false)).unwrap_err();
    assert_eq!(error.to_string(), "binary XML: the attributes of <application> are not sorted by resource id");
    assert_eq!(document.to_bytes(), bytes);
}

#[test]
fn the_sorted_flag_is_cleared() {
    let mut bytes = sample(Encoding::Utf16);
    bytes[8 + 16] |= 1;
    let shown = changed(&bytes, |document| {
        let application = application(document);
        document.set_attribute(application, AndroidAttribute::DEBUGGABLE, Value::Boolean(false)).unwrap();
    });
    assert!(shown.starts_with("- pool: UTF-16, 18 strings, 0 styles, sorted\n+ pool: UTF-16, 19 strings, 0 styles\n"));
}

#[test]
fn places_of_special_attributes_follow_removals() {
    let special = |edit: &dyn Fn(&mut Document, ElementId)| {
        let shown = edited(|document| edit(document, application(document)));
        shown.lines().find(|line| line.contains("+") && line.contains("application")).map(str::to_owned)
    };
    let removed = |attribute| special(&move |document, it| drop(document.remove_attribute(it, attribute).unwrap()));
    let line = removed(AndroidAttribute::NAME).unwrap();
    assert!(line.ends_with("(id=2 class=0 style=0)"), "{line}");
    let line = removed(AndroidAttribute::ALLOW_BACKUP).unwrap();
    assert!(line.ends_with("(comment \"the application\")"), "{line}");
}

#[test]
fn names_of_styles_move_with_the_strings() {
    let strings = ["bold text", "more", "b", "i", "root", ANDROID, "android"];
    let style = |names: [u32; 2]| [names[0], 0, 3, NONE, names[1], 1, 1, NONE, NONE, NONE];
    let document = |pool: Vec<u8>, map: Vec<u8>, shift: u32, attributes: &[Attribute]| {
        let (prefix, uri) = (6 + shift, 5 + shift);
        xml(&[
            pool,
            map,
            start_namespace(prefix, uri),
            start(4 + shift, attributes),
            end(4 + shift),
            end_namespace(prefix, uri),
        ])
    };
    let before = styled_pool(Encoding::Utf16, &strings, &[0, 16], &style([2, 3]));
    let mut edited = parse(&document(before, map(&[]), 0, &[]));
    let root = edited.root().unwrap();
    edited.set_attribute(root, AndroidAttribute::DEBUGGABLE, Value::Boolean(false)).unwrap();

    // The new string is the first, has no spans, and its bytes stand behind those of the others.
    let mut expected = styled_pool(Encoding::Utf16, &strings, &[], &[])[8 + 20 + 4 * 7..].to_vec();
    expected.truncate(strings.iter().map(|string| 4 + 2 * string.len()).sum());
    let new_string = u32::try_from(expected.len()).unwrap();
    expected.extend([10_u16].into_iter().chain("debuggable".encode_utf16()).chain([0]).flat_map(u16::to_le_bytes));
    expected.resize(expected.len().next_multiple_of(4), 0);
    let mut offsets = vec![new_string];
    offsets.extend(strings.iter().scan(0, |next, string| {
        let here = *next;
        *next += u32::try_from(4 + 2 * string.len()).unwrap();
        Some(here)
    }));
    let strings_start = 28 + 4 * (8 + 3);
    let styles_start = strings_start + u32::try_from(expected.len()).unwrap();
    let styles = [&style([3, 4])[..], &[NONE]].concat();
    let body = [words(&offsets), words(&[40, 0, 16]), expected, words(&styles)].concat();
    let after = chunk(0x0001, &words(&[8, 3, 0, strings_start, styles_start]), &body);
    let attribute = (6, 0, NONE, BOOLEAN, 0);
    assert_eq!(edited.to_bytes(), document(after, map(&[0x0101_000f]), 1, &[attribute]));
}

#[test]
fn a_document_is_made_from_nothing() {
    let mut document = Document::new("data-extraction-rules").unwrap();
    let root = document.root().unwrap();
    let cloud = document.insert_child(root, "cloud-backup").unwrap();
    let exclude = document.insert_child(cloud, "exclude").unwrap();
    document.set_plain_attribute(exclude, "domain", Value::String("root".into())).unwrap();
    insta::assert_snapshot!(dump(&parse(&document.to_bytes())), @r#"
    pool: UTF-16, 5 strings, 0 styles
    E: data-extraction-rules (line 1)
      E: cloud-backup (line 1)
        E: exclude (line 1)
          A: domain="root"
    "#);
}

#[test]
fn overlong_texts_are_refused_and_the_longest_is_not() {
    for encoding in [Encoding::Utf8, Encoding::Utf16] {
        let mut document = parse(&sample(encoding));
        let root = document.root().unwrap();
        let full = Err(Error::Full { what: "string of that length" });
        let overlong = Value::String("x".repeat(0x8000));
        assert_eq!(document.set_plain_attribute(root, "package", overlong), full);
        assert!(!document.is_edited());
        let longest = Value::String("x".repeat(0x7fff));
        document.set_plain_attribute(root, "package", longest.clone()).unwrap();
        let again = parse(&document.to_bytes());
        assert_eq!(again.plain_attribute(again.root().unwrap(), "package"), Some(longest));
    }
}

#[test]
fn an_element_with_all_attributes_takes_no_other() {
    let all = vec![(NONE, 1, NONE, INT, 0); usize::from(u16::MAX)];
    let mut document = parse(&xml(&[pool(Encoding::Utf8, &["root", "a"]), start(0, &all), end(0)]));
    let root = document.root().unwrap();
    let full = Err(Error::Full { what: "attribute" });
    assert_eq!(document.set_attribute(root, AndroidAttribute::DEBUGGABLE, Value::Boolean(false)), full);
    assert_eq!(document.set_plain_attribute(root, "b", Value::Boolean(false)), full);
}

#[test]
fn new_strings_follow_the_others_without_holes() {
    for encoding in [Encoding::Utf8, Encoding::Utf16] {
        let mut document = parse(&xml(&[pool(encoding, &["root", "abc"]), start(0, &[]), end(0)]));
        let root = document.root().unwrap();
        document.set_plain_attribute(root, "x", Value::String("abc".into())).unwrap();
        let pool = pool(encoding, &["root", "abc", "x"]);
        assert_eq!(document.to_bytes(), xml(&[pool, start(0, &[(NONE, 2, 1, STRING, 1)]), end(0)]));
    }
}

#[test]
fn a_known_name_whose_string_is_broken_is_not_used() {
    let mut bytes = xml(&[pool(Encoding::Utf16, &["debuggable", "root"]), map(&[0x0101_000f]), start(1, &[]), end(1)]);
    let first_offset = 8 + 28;
    bytes[first_offset..first_offset + 4].copy_from_slice(&0x0801_u32.to_le_bytes());
    let mut document = parse(&bytes);
    let root = document.root().unwrap();
    document.set_attribute(root, AndroidAttribute::DEBUGGABLE, Value::Boolean(false)).unwrap();
    let again = parse(&document.to_bytes());
    assert!(again.is_found_by_id(root, AndroidAttribute::DEBUGGABLE));
}

//! Fields of a bundle's messages that nobody knows: they are kept, wherever they stand, and none comes or goes unseen.

use domain::control::ControlId;
use fixtures::bundle::{entries, libraries, made};
use formats::limits::Limits;
use formats::proto::wire::{Message, Writer};
use formats::proto::xml;
use formats::zip::Method;
use verify::Check;

use crate::bundle::{BASE, FEATURE, all, appended, content, entries_of, policy, protected, refused};
use crate::package::{check_policy, failed};

/// A document with a field that nobody knows in its first node, attribute and compiled value.
fn with_unknown_fields(document: &[u8]) -> Vec<u8> {
    let unknown = Writer::default().number(900, 1).finish();
    let numbers = [&[][..], &[1], &[1, 4], &[1, 4, 6], &[1, 5, 1, 4], &[1, 5, 1, 4, 6], &[1, 5, 1, 4, 6, 7]];
    numbers.into_iter().fold(document.to_vec(), |document, numbers| appended(&document, numbers, &unknown))
}

#[test]
fn fields_that_nobody_knows_are_those_of_the_input() {
    let mut all = entries();
    for (name, _, content) in all.iter_mut().filter(|(name, ..)| name.ends_with(".xml")) {
        *content = with_unknown_fields(content);
        assert!(xml::read(content, &Limits::default()).is_ok(), "{name}");
    }
    let (input, policy) = (fixtures::archive(&all), policy(self::all()));
    check_policy(&input, &protected(&input, &policy, None), None, &policy).unwrap();

    let unknown = Writer::default().number(900, 1).finish();
    let controls = [ControlId::DEBUGGABLE_PREVENTION, ControlId::CLEARTEXT_PREVENTION];
    for (entry, numbers) in [
        (BASE, &[][..]),
        (BASE, &[1, 5, 1]),
        (BASE, &[1, 5, 1, 4]),
        (BASE, &[1, 5, 1, 4, 6]),
        (FEATURE, &[1, 4]),
        ("base/res/xml/net.xml", &[1]),
    ] {
        let (check, detail) = refused(&controls, |entries| {
            *content(entries, entry) = appended(content(entries, entry), numbers, &unknown)
        });
        assert_eq!(check, Check::Entries, "{detail}");
        assert!(detail.starts_with(&format!("entry {entry:?} has another content")), "{detail}");
    }
}

/// A document with a field that nobody knows behind all else in each of its elements.
fn with_fields_behind_children(node: Message<'_>) -> Vec<u8> {
    let mut written = Writer::default();
    for field in node.fields().map(Result::unwrap) {
        match field.number {
            1 => written.bytes(1, element_with_field(field.message("element").unwrap())),
            _ => written.raw(field.bytes),
        };
    }
    written.finish()
}

fn element_with_field(element: Message<'_>) -> Vec<u8> {
    let mut written = Writer::default();
    for field in element.fields().map(Result::unwrap) {
        match field.number {
            5 => written.bytes(5, with_fields_behind_children(field.message("child").unwrap())),
            _ => written.raw(field.bytes),
        };
    }
    written.bytes(777, "unknown").finish()
}

#[test]
fn fields_behind_the_children_of_elements_stay_there_in_modules_that_controls_edit_and_in_others() {
    let Some(bundle) = made() else { return };
    let mut input = entries_of(&bundle);
    for manifest in [BASE, FEATURE] {
        let document = content(&mut input, manifest);
        *document = with_fields_behind_children(Message::new(document));
    }
    let bytes = fixtures::archive(&input);
    for control in all() {
        let policy = policy([control]);
        let output = protected(&bytes, &policy, None);
        check_policy(&bytes, &output, None, &policy).unwrap();
        let mut output = entries_of(&output);
        let mut is_same = |manifest| content(&mut input, manifest) == content(&mut output, manifest);
        // References in manifests carry the names of what they refer to.
        let edits = [
            (ControlId::ALLOW_EMULATOR_ARCHITECTURES, [false, false]),
            (ControlId::DEBUGGABLE_PREVENTION, [true, true]),
            (ControlId::DEBUG_INFO_OBFUSCATION, [false, false]),
            (ControlId::CERTIFICATE_PINNING, [false, false]),
            (ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION, [false, false]),
        ];
        let edited = edits.iter().find(|(known, _)| *known == control).map_or([true, false], |(_, edited)| *edited);
        assert_eq!([BASE, FEATURE].map(|manifest| !is_same(manifest)), edited, "{control}");
    }
}

#[test]
fn a_list_of_libraries_may_say_more_than_folders() {
    let unknown = Writer::default().number(900, 1).finish();
    let mut all = entries();
    let list = &mut all.iter_mut().find(|(name, ..)| *name == "base/native.pb").unwrap().2;
    *list = [unknown.as_slice(), list, &Writer::default().bytes(777, "unknown").finish()].concat();
    let input = fixtures::archive(&all);
    let policy = policy([ControlId::ALLOW_EMULATOR_ARCHITECTURES]);
    let output = protected(&input, &policy, None);
    check_policy(&input, &output, None, &policy).unwrap();

    let mut entries = entries_of(&output);
    *content(&mut entries, "base/native.pb") = [unknown.as_slice(), &libraries(&[("lib/arm64-v8a", 3)])].concat();
    let (check, detail) = failed(check_policy(&input, &fixtures::archive(&entries), None, &policy));
    assert_eq!(
        (check, detail.as_str()),
        (Check::Entries, "entry \"base/native.pb\" has another content: field 777 is gone")
    );
}

/// A document with a reference to the resource `xml/other`.
fn reference_to_other() -> Vec<u8> {
    let reference = Writer::default().number(2, 0x7f01_0001).bytes(3, "xml/other").finish();
    let item = Writer::default().bytes(1, reference).finish();
    let attribute = Writer::default().bytes(2, "see").bytes(3, "@xml/other").bytes(6, item).finish();
    Writer::default().bytes(1, Writer::default().bytes(3, "x").bytes(4, attribute).finish()).finish()
}

#[test]
fn references_follow_in_documents_whatever_their_path_begins_with_and_in_no_raw_file() {
    let policy = policy([ControlId::RESOURCE_NAME_OBFUSCATION]);
    for (path, follows) in [
        ("base/res/rawx.xml", true),
        ("base/res/rawayou/x.xml", true),
        ("base/res/raw/x.xml", false),
        ("base/res/raw-de/x.xml", false),
    ] {
        let mut all = entries();
        all.push((path, Method::Deflated, reference_to_other()));
        let input = fixtures::archive(&all);
        let output = protected(&input, &policy, None);
        check_policy(&input, &output, None, &policy).unwrap();
        let mut entries = entries_of(&output);
        assert_eq!(*content(&mut entries, path) != reference_to_other(), follows, "{path}");
    }
}

//! The comparison: it finds every change, says where it is, and overlooks only what has no meaning.

use std::collections::BTreeMap;

use formats::dex::{Same, dump, same_code};
use formats::limits::Limits;

use crate::builder::{Layout, Piece, bytes, kind, seal, ulebs, words};
use crate::sample::{SMALL, Sample};
use crate::strip::{parse, strip};

fn differs(before: &[u8], after: &[u8]) -> String {
    same_code(before, after, &Limits::default()).unwrap_err().to_string()
}

/// What the comparison says after a change of the sample.
fn after(change: impl FnOnce(&mut Layout)) -> String {
    let mut layout = SMALL.layout();
    change(&mut layout);
    differs(&SMALL.build().bytes, &layout.build().bytes)
}

/// What the comparison says after some bytes of an item have become others.
fn patched(kind: u16, number: usize, at: usize, new: &[u8]) -> String {
    let built = SMALL.build();
    let place = built.place(kind, number) + at;
    assert_ne!(built.bytes[place..place + new.len()], *new);
    differs(&built.bytes, &built.clone().patch(place, new).bytes)
}

/// Places where each change of one bit was overlooked, by section.
fn by_section(bytes: &[u8], places: &[usize]) -> String {
    let text = dump(&parse(bytes)).unwrap();
    let lines = text.lines().filter_map(|line| line.split_once(" × "));
    let sections: Vec<(usize, &str)> = lines
        .map(|(head, name)| {
            (usize::from_str_radix(head.trim().split(' ').next().unwrap().trim_start_matches("0x"), 16).unwrap(), name)
        })
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for place in places {
        let (_, section) = sections.iter().rev().find(|(start, _)| start <= place).unwrap();
        *counts.entry(section).or_default() += 1;
    }
    counts.iter().map(|(section, count)| format!("{count} bytes of {section}\n")).collect()
}

/// Overlooked is only what has no meaning: unused fields of the map and of method handles, and the strings and the code that
/// nothing refers to.
#[test]
fn no_change_of_a_bit_is_overlooked() {
    let (stripped, _) = strip(&SMALL.build().bytes);
    let mut overlooked = Vec::new();
    for place in 32..stripped.len() {
        let unnoticed = (0..8).any(|bit| {
            let mut changed = stripped.clone();
            changed[place] ^= 1 << bit;
            seal(&mut changed);
            changed != stripped && same_code(&stripped, &changed, &Limits::default()) == Ok(Same::default())
        });
        if unnoticed {
            overlooked.push(place);
        }
    }
    insta::assert_snapshot!(by_section(&stripped, &overlooked), @r#"
    13 bytes of code_item
    40 bytes of map_list
    8 bytes of method_handle_item
    17 bytes of string_data_item
    "#);
}

#[test]
fn what_is_left_of_debug_information_is_counted() {
    let built = SMALL.build();
    let limits = Limits::default();
    assert_eq!(same_code(&built.bytes, &built.bytes, &limits), Ok(Same { debug_infos: 2, source_files: 1 }));
    let (stripped, _) = strip(&built.bytes);
    assert_eq!(same_code(&built.bytes, &stripped, &limits), Ok(Same::default()));
    assert_eq!(same_code(&stripped, &built.bytes, &limits), Ok(Same { debug_infos: 2, source_files: 1 }));
}

#[test]
fn unreadable_files_are_named() {
    let built = SMALL.build();
    let cut = &built.bytes[..100];
    let message = "DEX: file size at offset 32 is 0x684: the length of the file";
    assert_eq!(differs(cut, &built.bytes), format!("the first file: {message}"));
    assert_eq!(differs(&built.bytes, cut), format!("the second file: {message}"));
}

#[test]
fn differences_say_where_they_are() {
    let (code, class) = (kind::CODE, kind::CLASS_DEF);
    let work = "LUser;: members: LUser;->work(Ljava/lang/String;[I)V: code: ";
    assert_eq!(patched(class, 1, 4, &[0x11]), "LUser;: access flags: 1 became 17");
    assert_eq!(patched(class, 1, 8, &[4]), "LUser;: superclass: reference: Ljava/lang/Object; became LUser;");
    assert_eq!(patched(class, 0, 0, &[2]), "LThing;: reference: LThing; became LMarked;");
    assert_eq!(patched(class, 1, 12, &[0; 4]), "LUser;: interfaces: Ljava/lang/Runnable; became ");
    assert_eq!(patched(class, 1, 28, &[0; 4]), "LUser;: static values: something became nothing");
    assert_eq!(patched(code, 1, 0, &[7]), format!("{work}registers: 6 became 7"));
    assert_eq!(
        patched(code, 1, 18, &[25]),
        format!("{work}instruction 0x1a at 0x0000: reference: \"constant\" became \"jumbo\"")
    );
    assert_eq!(
        patched(code, 1, 16 + 2 * 8, &[3]),
        format!("{work}instruction 0x1f at 0x0007: reference: LUser; became LThing;")
    );
    assert_eq!(
        patched(code, 1, 16 + 2 * 0x36, &[0x12]),
        format!("{work}instruction 0x13 at 0x0036: opcode: 19 became 18")
    );
    assert_eq!(
        patched(code, 1, 16 + 2 * 0x37, &[8]),
        format!("{work}instruction 0x13 at 0x0036: unit 1: 0x0007 became 0x0008")
    );
    assert_eq!(
        patched(kind::METHOD_HANDLE, 1, 0, &[1]),
        "method handle 1: reference: method handle 0 of LUser;->x:Ljava/lang/String; became method handle 1 of \
         LUser;->x:Ljava/lang/String;"
    );
    assert_eq!(
        patched(kind::ARRAY, 1, 4, &[23]),
        "call site 0: arguments: part 2: reference: \"run\" became \"constant\""
    );
    assert_eq!(patched(kind::ANNOTATION, 0, 0, &[0]), "LUser;: annotations: class: annotation: visibility: 1 became 0");
    assert_eq!(patched(kind::HIDDEN_API, 0, 13, &[3]), "hidden API data: byte 13 became another");
}

#[test]
fn what_is_added_or_missing_is_noticed() {
    let message = after(|layout| {
        layout.section(kind::SET)[0] = vec![words(&[1]), Piece::Offset(kind::ANNOTATION, 0)];
    });
    assert_eq!(message, "LUser;: annotations: class: number of annotations: 2 became 1");
    let message = after(|layout| {
        layout.section(kind::CLASS_DEF).pop();
    });
    assert_eq!(message, "number of classes: 2 became 1");
    let message = after(|layout| {
        layout.section(kind::CLASS_DATA)[0] =
            vec![ulebs(&[1, 2, 1, 0, 1, 0x9, 0, 1, 2, 2, 1, 0x1_0001]), Piece::Uleb(kind::CODE, 0)];
    });
    assert_eq!(message, "LUser;: members: virtual methods: 2 became 0");
    let message = after(|layout| {
        layout.section(kind::CODE)[0] =
            vec![bytes([1, 0, 1, 0, 0, 0, 0, 0]), words(&[0, 2]), bytes([0x0e, 0, 0x0e, 0])];
    });
    assert_eq!(message, "LUser;: members: LUser;-><init>()V: code: instruction: the end became 0x0e");
}

/// All classes have the same members: compared anew for each of them, the time would grow with the square of the length.
#[test]
fn what_is_shared_is_compared_once() {
    const CLASSES: usize = 10_000;
    let mut layout = Sample { debug_only: CLASSES }.layout();
    layout.sections.retain(|(kind, _)| *kind != kind::HIDDEN_API);
    let user = layout.section(kind::CLASS_DEF)[1].clone();
    let Piece::Bytes(head) = &user[0] else { panic!("bytes") };
    // The types after the first, each of a class of its own.
    let class = |number: usize| [&[words(&[number as u32 + 1]), bytes(&head[4..])], &user[1..]].concat();
    *layout.section(kind::CLASS_DEF) = (0..CLASSES).map(class).collect();
    layout.section(kind::CODE)[1] =
        vec![bytes([6, 0, 3, 0, 2, 0, 0, 0]), words(&[0, 50_000]), bytes([0; 99_998]), bytes([0x0e, 0])];
    let built = layout.build();
    let (_, stripped) = strip(&built.bytes);
    assert_eq!((stripped.source_files as usize, stripped.types), (CLASSES, 0));
}

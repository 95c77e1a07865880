//! A change that stripping and signing do not make is found, wherever it is.

use formats::limits::Limits;
use formats::macho::{Difference, same_image};

use crate::builder::*;
use crate::support::rewrite;

fn difference(before: &[u8], after: &[u8]) -> String {
    same_image(&before, &after, &Limits::default()).unwrap_err().to_string()
}

fn stripped() -> (Vec<u8>, Vec<u8>) {
    let mut library = plan(true);
    library.debug = true;
    let before = library.build().bytes;
    let (after, _) = rewrite(&before, true).unwrap();
    (before, after)
}

fn patched(bytes: &[u8], offset: usize, value: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[offset] ^= value;
    bytes
}

/// Each byte in front of the signature matters, but for padding and what says how long things are.
#[test]
fn every_byte_flipped() {
    let (before, after) = stripped();
    let mut unseen = Vec::new();
    for offset in 0..after.len() - crate::support::SIGNATURE as usize {
        if same_image(&before, &patched(&after, offset, 0x40), &Limits::default()).is_ok() {
            unseen.push(offset);
        }
    }
    let commands = plan(true).build().commands_end;
    let in_commands = unseen.iter().filter(|offset| **offset < commands + 0x100).count();
    let in_tables: Vec<&usize> = unseen.iter().filter(|offset| **offset >= LINKEDIT).collect();
    // Of the load commands, the length in memory of __LINKEDIT.
    assert!(in_commands <= 8, "{unseen:?}");
    assert_eq!(in_commands + in_tables.len(), unseen.len(), "{unseen:?}");
    // Of the tables, seven bytes of padding at most in front of each of six and of the signature, and in the string table.
    assert!(in_tables.len() <= 48, "{in_tables:?}");
}

#[test]
fn code_and_tables() {
    let (before, after) = stripped();
    assert_eq!(
        difference(&before, &patched(&after, 0x850, 1)),
        "slice 0: the byte at offset 2128 before, 2128 after, is another one"
    );
    let rebase = LINKEDIT + 0x400;
    assert!(difference(&before, &patched(&after, rebase, 1)).contains("the byte at offset 5120 before, 5120 after"));
    let debug = LINKEDIT + 5;
    assert!(difference(&before, &patched(&after, debug, 1)).contains("is another one"));
}

#[test]
fn symbols() {
    let before = plan(true).build();
    let change = |number: usize, offset: usize, value: &[u8]| {
        let (after, _) = rewrite(&before.bytes, true).unwrap();
        let table = after.windows(2).rposition(|window| window == [0x1E, 1]).unwrap() - 4;
        let mut after = after;
        after[table + number * 16 + offset..][..value.len()].copy_from_slice(value);
        difference(&before.bytes, &after)
    };
    assert!(change(1, 8, &[7]).contains("symbol 1: a needed one in front of it is gone"));
    assert!(change(1, 6, &[7]).contains("symbol 1: a needed one in front of it is gone"));
    assert!(change(5, 6, &[7]).contains("symbol 5"));
}

/// Without one of the exports, the library would not be the same; nor would a program without what it imports.
#[test]
fn needed_symbols_that_are_gone() {
    let before = plan(true);
    for (gone, what) in [(4, "symbol 4: a needed one in front of it is gone"), (8, "symbol 8: a needed one behind")] {
        let mut after = before.clone();
        after.symbols.remove(gone);
        after.indirect.clear();
        let mut without = before.clone();
        without.indirect.clear();
        assert!(difference(&without.build().bytes, &after.build().bytes).contains(what));
    }
    let (mut program, mut local) = (before.clone(), before.clone());
    program.kind = EXECUTABLE;
    local.kind = EXECUTABLE;
    for plan in [&mut program, &mut local] {
        plan.indirect.clear();
    }
    local.symbols.remove(4);
    same_image(&program.build().bytes, &local.build().bytes, &Limits::default()).unwrap();
    local.symbols.remove(5);
    assert!(difference(&program.build().bytes, &local.build().bytes).contains("a needed one in front of it is gone"));
}

#[test]
fn indirect_symbols() {
    let before = plan(true);
    let mut after = before.clone();
    after.indirect[0] = 8;
    assert_eq!(
        difference(&before.build().bytes, &after.build().bytes),
        "slice 0: symbol 0: the indirect one is another one"
    );
    after.indirect = vec![7];
    assert_eq!(difference(&before.build().bytes, &after.build().bytes), "slice 0: the load commands are others");
}

#[test]
fn one_more_symbol() {
    let before = plan(true);
    let mut after = before.clone();
    after.symbols.push(symbol("_more", 0x01, 0));
    assert!(difference(&before.build().bytes, &after.build().bytes).contains("symbol 9: it was not there before"));
}

#[test]
fn load_commands() {
    let before = plan(true).build();
    let others = [("uuid", 10), ("build", 8), ("id", 30), ("linkedit", 24), ("text", 33), ("encryption", 16)];
    for (name, field) in others {
        let after = patched(&before.bytes, before.at(name) + field, 1);
        assert_eq!(difference(&before.bytes, &after), "slice 0: the load commands are others", "{name}");
    }
    let mut more = plan(true);
    more.more_commands.push(command(0x2A, &[0, 0]));
    assert_eq!(difference(&before.bytes, &more.build().bytes), "slice 0: the load commands are others");
}

#[test]
fn signatures_may_come_but_not_go() {
    let signed = plan(true).build().bytes;
    let mut plan = plan(true);
    plan.signature = None;
    let unsigned = plan.build().bytes;
    same_image(&signed, &signed, &Limits::default()).unwrap();
    assert!(matches!(same_image(&signed, &unsigned, &Limits::default()), Err(Difference::Commands { slice: 0 })));
    let (after, _) = rewrite(&unsigned, false).unwrap();
    same_image(&unsigned, &after, &Limits::default()).unwrap();
}

/// What only a linker reads has no segment that may grow.
#[test]
fn objects() {
    let mut object = plan(true);
    object.kind = 1;
    let mut bytes = object.build().bytes;
    let name = object.build().at("linkedit") + 8;
    bytes[name..name + 10].copy_from_slice(b"__LINKNONE");
    same_image(&bytes, &bytes, &Limits::default()).unwrap();
    for other in [&bytes[..4495], &[&bytes[..], &[0]].concat()] {
        assert_eq!(difference(&bytes, other), "the slices are others");
    }
}

#[test]
fn slices() {
    let (first, second) = (plan(false).build().bytes, plan(true).build().bytes);
    let both = fat(&[&first, &second], 12, false);
    for other in [
        fat(&[&first], 12, false),
        fat(&[&second, &first], 12, false),
        fat(&[&first, &second], 13, false),
        fat(&[&first, &second], 12, true),
        first.clone(),
        patched(&both, 100, 1),
        [both.clone(), vec![0]].concat(),
    ] {
        assert_eq!(difference(&both, &other), "the slices are others");
    }
    assert!(difference(&both, &first[..100]).starts_with("after: Mach-O"));
    assert!(difference(&first[..100], &both).starts_with("before: Mach-O"));
}

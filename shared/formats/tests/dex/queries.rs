//! What other edits ask a file.

use crate::sample::SMALL;
use crate::strip::parse;

#[test]
fn classes_in_their_order() {
    let built = SMALL.build();
    let classes: Vec<_> = parse(&built.bytes).class_descriptors().collect();
    assert_eq!(classes, ["LThing;", "LUser;"]);
}

#[test]
fn strings_that_are_values_but_no_names() {
    let built = SMALL.build();
    let dex = parse(&built.bytes);
    let strings: Vec<_> = dex.code_strings().collect();
    assert_eq!(strings, ["constant", "jumbo", "marked value", "only an argument", "run", "static value"]);
}

#[test]
fn methods_that_are_referred_to() {
    let built = SMALL.build();
    let dex = parse(&built.bytes);
    assert!(dex.references_method("LUser;", "run"));
    assert!(dex.references_method("Ljava/lang/invoke/MethodHandle;", "invokeExact"));
    assert!(!dex.references_method("LUser;", "invokeExact"));
    assert!(!dex.references_method("LThing;", "run"));
}

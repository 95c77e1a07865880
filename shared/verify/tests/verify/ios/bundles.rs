//! Which folders are bundles with a signature of their own.

use super::*;

#[test]
fn an_executable_in_the_folder_of_another_bundle_and_none() {
    let policy = Policy::default();
    let outer = format!("{ROOT}/Frameworks/Outer.framework");
    let library = Binary { kind: fixtures::macho::Kind::Dylib, ..Binary::default() };
    let mut items = input();
    items.extend(fixtures::ios::bundle(&format!("{outer}/Inner.framework"), "com.example.inner", &library));
    let named = |name: &str| {
        let mut items = items.clone();
        items.push((format!("{outer}/Info.plist"), Method::Deflated, info("com.example.outer", name, &[])));
        items
    };
    for name in ["Inner.framework/Code", ""] {
        let bytes = ipa(&named(name));
        let (check, detail) = refusal(&bytes, &bytes, &policy, None);
        assert_eq!((check, detail), (Check::Identity, format!("{outer}: its executable is not there")));
    }
    let bytes = ipa(&named("Linked"));
    let (check, detail) = refusal(&bytes, &bytes, &policy, None);
    assert_ne!((check, detail.as_str()), (Check::Identity, format!("{outer}: its executable is not there").as_str()));
}

#[test]
fn folders_of_resources_with_code_have_to_be_signed_as_bundles() {
    let policy = Policy::default();
    let library = Binary { kind: fixtures::macho::Kind::Dylib, ..Binary::default() };
    let mut items = input();
    items.extend(fixtures::ios::bundle(&format!("{ROOT}/Loaded.bundle"), "com.example.loaded", &library));
    items.push((
        format!("{ROOT}/Named.bundle/Info.plist"),
        Method::Deflated,
        info("com.example.named", "Missing", &[]),
    ));
    let before = ipa(&items);
    let output = protected(&before, &policy, None);
    check(&before, &output, &policy, None).unwrap();
    let seal = format!("{ROOT}/Loaded.bundle/_CodeSignature/CodeResources");
    let without = rewritten(&output, |name, content| (name != seal).then_some(content));
    assert!(matches!(check(&before, &without, &policy, None), Err(Error::Failed { .. })));
}

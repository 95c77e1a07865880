//! Outputs that no device unpacks as they are signed, and bundles that would be overlooked.

use fixtures::ios::with_links;
use formats::plist::{Dictionary, Form, write};

use super::*;

fn items_of(bytes: &[u8]) -> Vec<Item> {
    let bytes = bytes.to_vec();
    let archive = Archive::read(&bytes, &Limits::default()).unwrap();
    let content = |name: &str| archive.read_entry(name, 64 << 20).unwrap();
    archive.entries().iter().map(|entry| (entry.name.clone(), entry.method, content(&entry.name))).collect()
}

#[test]
fn links_where_files_have_to_be() {
    let (before, policy, key) = (ipa(&input()), Policy::default(), granting());
    let output = items_of(&protected(&before, &policy, Some(&key)));
    for folder in [ROOT.to_owned(), format!("{ROOT}/PlugIns/Share.appex")] {
        for file in ["Info.plist", "Code", "_CodeSignature/CodeResources", "embedded.mobileprovision"] {
            let entry = format!("{folder}/{file}");
            // A property list is read before links are looked at, so that the target is one.
            let target = String::from_utf8(info("com.example.small", "Code", &[])).unwrap();
            let linked = with_links(&output, &[(&entry, &target)]);
            let found = refusal(&before, &linked, &policy, Some(&key));
            assert_eq!(found, (Check::Structure, format!("{entry} is a symbolic link")));
        }
    }
    for name in ["S.appex", "S.framework", "S.bundle/"] {
        let entry = format!("{ROOT}/PlugIns/{name}");
        let linked = with_links(&output, &[(&entry, "Real")]);
        let found = refusal(&linked, &linked, &policy, Some(&key));
        assert_eq!(found, (Check::Structure, format!("{entry} is a symbolic link")));
    }
}

#[test]
fn files_that_are_folders_too() {
    let (policy, seal) = (Policy::default(), format!("{ROOT}/_CodeSignature/CodeResources"));
    let output = items_of(&protected(&ipa(&input()), &policy, None));
    for more in [format!("{seal}/a"), format!("{seal}/")] {
        let mut items = output.clone();
        items.push((more, Method::Stored, Vec::new()));
        let bytes = ipa(&items);
        let found = refusal(&bytes, &bytes, &policy, None);
        assert_eq!(found, (Check::Structure, format!("{seal} is a file and a folder")));
    }
}

#[test]
fn more_folders_than_are_read() {
    let mut items = input();
    let content = write(&Dictionary::new(), Form::Xml).unwrap();
    let folder = |number: usize| format!("{ROOT}/Frameworks/F{number}.framework/Info.plist");
    items.extend((0..30_000).map(|number| (folder(number), Method::Deflated, content.clone())));
    let bytes = ipa(&items);
    let found = refusal(&bytes, &bytes, &Policy::default(), None);
    assert_eq!(found, (Check::Identity, "it has more than 4096 bundles".to_owned()));
}

#[test]
fn libraries_without_an_identifier_are_called_as_their_folder() {
    let policy = Policy::default();
    let library = Binary { kind: fixtures::macho::Kind::Dylib, ..Binary::default() };
    let mut items = input();
    items.extend(fixtures::ios::bundle(&format!("{ROOT}/Frameworks/Unnamed.framework"), "", &library));
    let before = ipa(&items);
    check(&before, &protected(&before, &policy, None), &policy, None).unwrap();
}

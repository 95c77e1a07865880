//! Entries that devices cannot unpack as they are signed, and bundles that would be overlooked.

use domain::platform::Platform;
use domain::policy::Policy;
use engine::{Error, Observer, Plan, Progress, Stop, protect};
use fixtures::ios::{Item, ROOT, app, identity, info, ipa, with_links};
use fixtures::macho::{Binary, Kind};
use formats::limits::Limits;
use formats::plist::{Dictionary, Form, Value, write};
use formats::zip::Method;

use crate::app::{run, run_archive};

const SHARE: &str = "Payload/Small.app/PlugIns/Share.appex";

fn refusal(bytes: &[u8]) -> (&'static str, String) {
    let error = run_archive(bytes, &Policy::default(), None).map(|_| ()).unwrap_err();
    (error.code(), error.to_string())
}

#[test]
fn links_where_files_are_signed_or_written() {
    for folder in [ROOT, SHARE, "Payload/Small.app/Frameworks/Shared.framework"] {
        for file in ["Info.plist", "Code", "_CodeSignature/CodeResources", "embedded.mobileprovision"] {
            let entry = format!("{folder}/{file}");
            let bytes = with_links(&app(), &[(&entry, "en.lproj/Text.strings")]);
            if folder.ends_with("framework") && file == "embedded.mobileprovision" {
                run_archive(&bytes, &Policy::default(), None).unwrap();
                continue;
            }
            let (code, sentence) = refusal(&bytes);
            assert_eq!(code, "content_invalid", "{sentence}");
            assert!(sentence.starts_with(&format!("{entry} is not a file, but a symbolic link")), "{sentence}");
        }
    }
}

#[test]
fn files_that_are_folders_too() {
    let files = [
        "_CodeSignature",
        "_CodeSignature/CodeResources/a",
        "_CodeSignature/CodeResources/",
        "PlugIns/Share.appex/_CodeSignature/CodeResources/a/b",
        "PkgInfo/a",
        "PkgInfo/",
    ];
    for file in files {
        let mut items = app();
        items.push((format!("{ROOT}/{file}"), Method::Stored, Vec::new()));
        let (code, sentence) = refusal(&ipa(&items));
        assert_eq!(code, "content_invalid", "{file}: {sentence}");
        assert!(sentence.contains(" is not either a file or a folder, but both"), "{sentence}");
    }
    let mut items = app();
    items.push((format!("{ROOT}/_CodeSignature/"), Method::Stored, Vec::new()));
    items.push((format!("{ROOT}/PkgInfo-more/a"), Method::Stored, Vec::new()));
    items.push((format!("{SHARE}/embedded.mobileprovision/a"), Method::Stored, Vec::new()));
    run(&items, &Policy::default(), None).unwrap();
    let error = run(&items, &Policy::default(), Some(&identity(&[]))).map(|_| ()).unwrap_err();
    assert!(error.to_string().starts_with(&format!("{SHARE}/embedded.mobileprovision is not")), "{error}");
}

#[test]
fn bundles_behind_links() {
    for name in ["S.appex", "S.app", "S.xpc", "S.framework", "S.xctest", "S.bundle", "S.plugin", "S.appex/"] {
        let entry = format!("{ROOT}/PlugIns/{name}");
        let (code, sentence) = refusal(&with_links(&app(), &[(&entry, "Real")]));
        assert_eq!(code, "content_invalid", "{name}");
        assert!(sentence.starts_with(&format!("{entry} is not a folder, but a symbolic link")), "{sentence}");
    }
}

fn library_folders(count: usize) -> Vec<Item> {
    let mut items = app();
    let resources = Dictionary::from_iter([("CFBundleIdentifier", Value::from("com.example.resources"))]);
    let content = write(&resources, Form::Xml).unwrap();
    let folder = |number: usize| format!("{ROOT}/Frameworks/F{number}.framework/Info.plist");
    items.extend((0..count).map(|number| (folder(number), Method::Deflated, content.clone())));
    items
}

#[test]
fn more_folders_than_are_read() {
    run(&library_folders(4000), &Policy::default(), None).unwrap();
    let (code, sentence) = refusal(&ipa(&library_folders(30_000)));
    assert_eq!(code, "bundle_invalid");
    assert_eq!(sentence, "The app has more than 4096 bundles, and no more are signed.");
}

/// No time is left from the beginning.
struct Late;

impl Observer for Late {
    fn observe(&self, _: Progress) -> Result<(), Stop> {
        Err(Stop::Deadline)
    }
}

#[test]
fn the_deadline_counts_while_bundles_are_looked_for() {
    let mut items = app();
    items.push((format!("{ROOT}/A.framework/Info.plist"), Method::Stored, b"<plist".to_vec()));
    let (file_name, policy) = ("app.ipa".parse().unwrap(), Policy::default());
    let plan =
        Plan { file_name: &file_name, platform: Platform::Ios, policy: &policy, key: None, limits: Limits::default() };
    let result = protect(&ipa(&items), &mut Vec::new(), &plan, &Late);
    assert!(matches!(result, Err(Error::Deadline)), "{result:?}");
}

#[test]
fn libraries_without_an_identifier_are_called_as_their_folder() {
    let library = Binary { kind: Kind::Dylib, ..Binary::default() };
    for (folder, identifier) in [("Frameworks/Un.named.framework", "Un.named"), ("PlugIns/Cases.xctest", "Cases")] {
        let mut items = app();
        let path = format!("{ROOT}/{folder}");
        items.extend(fixtures::ios::bundle(&path, "", &library));
        assert_eq!(run(&items, &Policy::default(), None).unwrap().claims(&path).identifier, identifier);
    }
    let mut items = app();
    items.push((format!("{ROOT}/PlugIns/N.appex/Info.plist"), Method::Stored, info("", "Code", &[])));
    items.push((format!("{ROOT}/PlugIns/N.appex/Code"), Method::Stored, Binary::default().build()));
    assert_eq!(refusal(&ipa(&items)).0, "property_list_invalid");
}

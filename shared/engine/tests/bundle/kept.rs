//! What stays as it is in a bundle although a control is on, and what the report says of it.

use domain::control::ControlId;
use engine::{Report, Status};
use fixtures::bundle::{entries, small};
use formats::proto::wire::Writer;
use formats::zip::Method;

use crate::support::{contents, policy, refusal, run, with};

const NAMES: ControlId = ControlId::RESOURCE_NAME_OBFUSCATION;
const EMULATORS: ControlId = ControlId::ALLOW_EMULATOR_ARCHITECTURES;

fn report(bundle: &[u8], control: ControlId) -> Report {
    run(bundle, &policy([control]), None).unwrap().1
}

/// The paths that are others in the output when names of resources say nothing any more, and what is said of the rest.
fn renamed(bundle: &[u8]) -> (Vec<String>, String) {
    let report = report(bundle, NAMES);
    let paths = report.mapping.map_or(Vec::new(), |mapping| mapping.paths);
    (paths.into_iter().map(|path| path.before).collect(), report.controls[0].warnings.join("\n"))
}

/// The small bundle with files that are not compressed in packages.
fn uncompressed(glob: &str) -> Vec<u8> {
    let compression = Writer::default().bytes(1, glob).finish();
    with(&[("BundleConfig.pb", &Writer::default().bytes(3, compression).finish())])
}

const NET: &str = "base/res/xml/net.xml";
const OTHER: &str = "base/res/xml/other.xml";

#[test]
fn a_document_that_cannot_be_read_is_searched_for_paths_like_any_file_and_told_of() {
    assert_eq!(renamed(&small()), (vec![NET.to_owned(), OTHER.to_owned()], String::new()));
    let (paths, warnings) = renamed(&with(&[("base/res/xml/unread.xml", b"\xff res/xml/other.xml")]));
    assert_eq!(paths, [NET]);
    assert_eq!(
        warnings,
        "files that are no documents were left as they are, with names of resources that they may have: base/res/xml/unread.xml: \
         protobuf: field at offset 0 has a form that is not known (files of this kind: 1)"
    );
    let (paths, warnings) = renamed(&with(&[("base/res/raw/text.xml", b"<text>res/xml/other.xml</text>")]));
    assert_eq!((paths, warnings.as_str()), (vec![NET.to_owned()], ""));
}

#[test]
fn paths_stay_where_files_would_be_packed_in_another_way() {
    let both = [NET, OTHER];
    let warning = |first: &str, count: usize| {
        format!(
            "paths stay whose files would be packed in another way elsewhere: {first} (files of this kind: {count})"
        )
    };
    for (glob, moving, warning) in [
        ("res/xml/ot*", &both[..1], warning("res/xml/other.xml", 1)),
        ("res/xml/{net,none}.xml", &both[1..], warning("res/xml/net.xml", 1)),
        ("res/xml/**", &both[..0], warning("res/xml/net.xml", 2)),
        // A name that no file gets decides nothing.
        ("res/name.xml", &both, String::new()),
        ("**.xml", &both, String::new()),
    ] {
        assert_eq!(
            renamed(&uncompressed(glob)),
            (moving.iter().map(|it| (*it).to_owned()).collect(), warning),
            "{glob}"
        );
    }
}

#[test]
fn paths_stay_where_patterns_of_packing_are_not_looked_into() {
    let (paths, warnings) = renamed(&uncompressed(&"?".repeat(2048)));
    assert_eq!((paths.len(), warnings.as_str()), (2, ""));
    for glob in ["?".repeat(2049), "[a".to_owned()] {
        let (paths, warnings) = renamed(&uncompressed(&glob));
        let sentence = "all paths of files stay: the patterns of what is not compressed are not understood: ";
        assert!(paths.is_empty() && warnings.starts_with(sentence), "{glob} {warnings}");
    }
}

#[test]
fn names_that_tools_know_are_bounded() {
    let config = |count: usize| {
        let names = Writer::default().bytes(4, [0x12, 0].repeat(count)).finish();
        with(&[("BundleConfig.pb", &names)])
    };
    let (code, sentence) = refusal(&config((1 << 18) + 1), &[NAMES]);
    assert_eq!((code, sentence.contains("resource_names at offset")), ("bundle_invalid", true), "{sentence}");
    run(&config(1 << 18), &policy([NAMES]), None).unwrap();
}

#[test]
fn libraries_for_emulators_alone_are_told_of_once() {
    let mut all = entries();
    all.retain(|(name, ..)| !name.contains("arm64"));
    all.push(("feature/lib/x86/liby.so", Method::Deflated, vec![0x7f; 9]));
    let row = report(&fixtures::archive(&all), EMULATORS).controls.remove(0);
    assert_eq!(row.warnings, ["the app has libraries for emulators only; they were kept"]);
    assert_eq!((row.status, serde_json::to_value(row.status).unwrap()), (Status::NotApplied, "not_applied".into()));
    // Without any libraries there is nothing to leave.
    all.retain(|(name, ..)| !name.contains("lib/"));
    assert_eq!(report(&fixtures::archive(&all), EMULATORS).controls[0].status, Status::AlreadyInPlace);
}

#[test]
fn names_that_stay_all_together_are_not_called_in_place() {
    assert_eq!(report(&small(), NAMES).controls[0].status, Status::Applied);
    let mut all = entries();
    all.push(("base/lib/arm64-v8a/libmonodroid.so", Method::Deflated, b"res/xml/net.xml res/xml/other.xml".to_vec()));
    let row = report(&fixtures::archive(&all), NAMES).controls.remove(0);
    assert!(row.changes.is_empty() && row.warnings[0].starts_with("all names of resources stay"), "{row:?}");
    assert_eq!(row.status, Status::NotApplied);
}

#[test]
fn what_stands_in_root_is_no_library() {
    let bundle = with(&[("base/root/lib/x86/libz.so", b"x"), ("base/root/lib/arm64-v8a/libz.so", b"x")]);
    let (out, report) = run(&bundle, &policy([EMULATORS]), None).unwrap();
    let after = contents(&out);
    assert!(after.contains_key("base/root/lib/x86/libz.so") && !after.contains_key("base/lib/x86/libx.so"));
    let list = report.controls[0].changes.iter().find(|change| change.entry == "base/native.pb").unwrap();
    assert_eq!(list.before.as_deref(), Some("lib/x86"));
    let warnings = report_of_symbols(&bundle);
    assert!(warnings.contains("base/lib/x86/libx.so") && !warnings.contains("root"), "{warnings}");
}

fn report_of_symbols(bundle: &[u8]) -> String {
    report(bundle, ControlId::DEBUG_INFO_OBFUSCATION).controls[0].warnings.join("\n")
}

#[test]
fn assets_for_emulators_are_told_of() {
    let folder = |path: &str, processors: &[u32]| {
        let mut abi = Writer::default();
        for processor in processors {
            abi.bytes(1, Writer::default().number(1, *processor).finish());
        }
        let alternatives = Writer::default().number(1, 4).finish();
        let targeting = Writer::default().bytes(1, abi.bytes(2, alternatives).finish()).finish();
        Writer::default().bytes(1, Writer::default().bytes(1, path).bytes(2, targeting).finish()).finish()
    };
    let devices = [folder("assets/arm", &[3]), folder("assets/both", &[4, 3]), folder("assets/all", &[])].concat();
    let warnings = |assets: &[u8], named: &'static str| {
        let bundle = with(&[("base/assets.pb", assets), (named, b"x")]);
        report(&bundle, EMULATORS).controls.remove(0).warnings
    };
    assert_eq!(warnings(&devices, "base/assets/t#abi_arm64-v8a/a"), [""; 0]);
    let emulators = [devices, folder("assets/emulators", &[4, 5])].concat();
    assert_eq!(
        warnings(&emulators, "base/assets/t#abi_x86_64/a"),
        [
            "assets for emulators were kept, since only libraries are left out: base/assets/emulators (folders of this kind: 2)"
        ]
    );
    // An app without libraries may have such assets as well.
    let mut all = entries();
    all.retain(|(name, ..)| !name.contains("lib/"));
    all.push(("base/assets.pb", Method::Deflated, emulators));
    assert_eq!(report(&fixtures::archive(&all), EMULATORS).controls[0].warnings.len(), 1);
    assert_eq!(refusal(&with(&[("base/assets.pb", &[0x0b])]), &[EMULATORS]).0, "bundle_invalid");
}

//! Outputs that are sound packages, but not what was asked for. Each is refused by the check named after it.

use formats::axml::{AndroidAttribute, Document, Value};
use formats::limits::Limits;
use formats::zip::Method;
use signing::Signer;
use signing::apk::Schemes;
use signing::generate::{NewKey, self_signed_pkcs12};
use verify::{Check, Error, Expected, verify};

use crate::package::{
    archive, check_signed, entries_of, failed, failing, items, policy, protected, signed, signed_entries, signer,
};

type Entry = (String, Method, Vec<u8>);

/// A good output whose entries were changed by `edit` before it was signed with the right key.
fn edited(edit: impl FnOnce(&mut Vec<Entry>)) -> (Vec<u8>, Vec<u8>) {
    let input = archive(&items());
    let mut entries = entries_of(&protected(&input, None));
    edit(&mut entries);
    let output = signed_entries(&entries);
    (input, output)
}

fn position(entries: &[Entry], name: &str) -> usize {
    entries.iter().position(|(found, _, _)| found == name).unwrap()
}

fn with_manifest(edit: impl FnOnce(&mut Document)) -> (Vec<u8>, Vec<u8>) {
    edited(|entries| {
        let at = position(entries, "AndroidManifest.xml");
        let mut document = Document::parse(&entries[at].2, &Limits::default()).unwrap();
        edit(&mut document);
        entries[at].2 = document.to_bytes();
    })
}

fn set(document: &mut Document, path: &[&str], attribute: AndroidAttribute, value: Value) {
    let element = document.select(path)[0];
    document.set_attribute(element, attribute, value).unwrap();
}

#[test]
fn the_unedited_control_is_accepted() {
    let (input, output) = edited(|_| {});
    check_signed(&input, &output, Some(&signer().certificate_sha256())).unwrap();
}

#[test]
fn changed_content() {
    let (input, output) = edited(|entries| {
        let at = position(entries, "classes.dex");
        entries[at].2[9] ^= 1;
    });
    let (check, detail) = failing(&input, &output);
    assert!(check == Check::Entries && detail.starts_with("entry \"classes.dex\" has another content: "), "{detail}");
}

#[test]
fn a_missing_entry() {
    let (input, output) = edited(|entries| {
        entries.remove(position(entries, "assets/a"));
    });
    assert_eq!(failing(&input, &output), (Check::Entries, "entry \"assets/a\" is missing".to_owned()));
}

#[test]
fn an_added_entry() {
    let (input, output) = edited(|entries| entries.push(("new".into(), Method::Stored, b"x".to_vec())));
    assert_eq!(failing(&input, &output), (Check::Entries, "entry \"new\" is not in the input".to_owned()));
}

#[test]
fn a_kept_signature_file() {
    let (input, output) =
        edited(|entries| entries.insert(0, ("META-INF/CERT.SF".into(), Method::Deflated, b"Signature".to_vec())));
    let sentence = "entry \"META-INF/CERT.SF\" is a signature file";
    assert_eq!(failing(&input, &output), (Check::Entries, sentence.to_owned()));
}

#[test]
fn a_compressed_resource_table() {
    let (input, output) = edited(|entries| {
        let at = position(entries, "resources.arsc");
        entries[at].1 = Method::Deflated;
    });
    assert_eq!(failing(&input, &output), (Check::Alignment, "resources.arsc is compressed".to_owned()));
}

#[test]
fn a_control_that_is_not_in_effect() {
    let application = ["manifest", "application"];
    let yes = || Value::Boolean(true);
    for (attribute, value, control) in [
        (AndroidAttribute::DEBUGGABLE, yes(), "DebuggablePrevention"),
        (AndroidAttribute::ALLOW_BACKUP, yes(), "BackupPrevention"),
        (AndroidAttribute::FULL_BACKUP_CONTENT, yes(), "BackupPrevention"),
    ] {
        let (input, output) = with_manifest(|document| set(document, &application, attribute, value));
        let (check, detail) = failing(&input, &output);
        assert!(check == Check::Controls && detail.starts_with(control), "{attribute:?}: {detail}");
    }
}

#[test]
fn an_attribute_that_no_control_may_change() {
    let application = ["manifest", "application"];
    let (input, output) = with_manifest(|document| {
        set(document, &application, AndroidAttribute::USES_CLEARTEXT_TRAFFIC, Value::Boolean(false))
    });
    let sentence =
        "entry \"AndroidManifest.xml\" has other attributes: manifest/application android:usesCleartextTraffic";
    assert_eq!(failing(&input, &output), (Check::Entries, sentence.to_owned()));
}

#[test]
fn another_app() {
    let (input, output) =
        with_manifest(|document| set(document, &["manifest"], AndroidAttribute::VERSION_CODE, Value::Int(8)));
    assert_eq!(failing(&input, &output).0, Check::Identity);
}

#[test]
fn another_signer() {
    let keystore = self_signed_pkcs12("Other", "secret", "key", NewKey::P256, 1_700_000_000, 30).unwrap();
    let other = Signer::from_pkcs12(&keystore, "secret", None).unwrap();
    let input = archive(&items());
    let (check, detail) = failing(&input, &protected(&input, Some(&other)));
    assert!(check == Check::Signatures && detail.contains(&signer().certificate_sha256()), "{detail}");
}

#[test]
fn one_scheme_only() {
    let input = archive(&items());
    let entries = entries_of(&protected(&input, None));
    let items: Vec<_> =
        entries.iter().map(|(name, method, content)| (&*name.clone().leak(), *method, content.clone())).collect();
    let output = signed(&items, Some((signer(), Schemes { v1: false, v2: true, v3: false })));
    assert_eq!(failing(&input, &output).0, Check::Signatures);
}

#[test]
fn unsigned_instead_of_signed_and_the_other_way_round() {
    let input = archive(&items());
    let (with, without) = (protected(&input, Some(signer())), protected(&input, None));
    check_signed(&input, &without, None).unwrap();
    assert_eq!(failing(&input, &without), (Check::Signatures, "it is not signed".to_owned()));
    assert_eq!(failed(check_signed(&input, &with, None)).0, Check::Structure);
}

#[test]
fn the_callers_stop() {
    let input = archive(&items());
    let output = protected(&input, None);
    let (policy, limits) = (policy(), Limits::default());
    let expected =
        Expected { input: &input, policy: &policy, certificate_sha256: None, profile: None, limits: &limits };
    assert!(matches!(verify(&output, &expected, &|_| false), Err(Error::Stopped)));
}

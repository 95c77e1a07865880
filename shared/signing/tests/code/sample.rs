//! The signature and the list of files that Apple's own tools made for a real app.

use std::collections::BTreeMap;
use std::fs;

use formats::limits::Limits;
use formats::plist::{self, Dictionary, Value};
use formats::zip::Archive;
use signing::apk::DigestKind;
use signing::code::resources::{Content, check};
use signing::code::{CodeResources, Sealed, read, verify};

use crate::support::{digest, sample_files, skipped};

const EXECUTABLE: &str = "UnCrackable Level 1";

/// The files of the sample's bundle, by path within it.
pub(crate) fn bundle() -> Option<BTreeMap<String, Vec<u8>>> {
    let Some(path) = sample_files("ipa").into_iter().find(|path| path.ends_with("UnCrackable-Level1.ipa")) else {
        skipped("there is no sample");
        return None;
    };
    let bytes = fs::read(path).expect("the sample");
    let archive = Archive::read(&bytes, &Limits::default()).expect("an archive");
    let mut files = BTreeMap::new();
    for entry in archive.entries().iter().filter(|entry| !entry.name.ends_with('/')) {
        let path = entry.name.strip_prefix("Payload/UnCrackable Level 1.app/").expect("in the bundle");
        files.insert(path.to_owned(), archive.read_entry(&entry.name, 1 << 24).expect("a file"));
    }
    Some(files)
}

/// The code and the signature of each slice of a file with several.
pub(crate) fn slices(file: &[u8]) -> Vec<(&[u8], &[u8])> {
    let big = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().expect("four bytes")) as usize;
    assert_eq!(big(0), 0xcafe_babe);
    let slice = |number: usize| &file[big(16 + number * 20)..][..big(20 + number * 20)];
    (0..big(4)).map(slice).map(split).collect()
}

fn split(slice: &[u8]) -> (&[u8], &[u8]) {
    let little = |at: usize| u32::from_le_bytes(slice[at..at + 4].try_into().expect("four bytes")) as usize;
    let mut at = if little(0) == 0xfeed_facf { 32 } else { 28 };
    for _ in 0..little(16) {
        if little(at) == 0x1d {
            let (offset, length) = (little(at + 8), little(at + 12));
            return (&slice[..offset], &slice[offset..offset + length]);
        }
        at += little(at + 4);
    }
    panic!("no signature");
}

#[test]
fn the_signature_of_each_slice_holds() {
    let Some(files) = bundle() else { return };
    let sealed =
        Sealed { info_plist: Some(&files["Info.plist"]), code_resources: Some(&files["_CodeSignature/CodeResources"]) };
    let slices = slices(&files[EXECUTABLE]);
    assert_eq!(slices.len(), 2);
    for (code, signature) in slices {
        let verified = verify(&code, signature, sealed, &|_| true).expect("a sound signature");
        let entitlements = verified.entitlements.expect("entitlements");
        assert_eq!(read(signature).expect("claims").entitlements.as_ref(), Some(&entitlements));
        let certificates: Vec<_> = verified.certificates.iter().map(|one| one.subject().to_owned()).collect();
        let seen = format!(
            "{}, {:?}, {}, {:?}\n{}\n{}",
            verified.identifier,
            verified.team_id,
            verified.is_ad_hoc,
            verified.signing_time,
            entitlements.keys().map(String::as_str).collect::<Vec<_>>().join(" "),
            certificates.join("\n")
        );
        insta::allow_duplicates! {
            insta::assert_snapshot!(seen, @r#"
            sg.vp.UnCrackable1, Some("LRUD9L355Y"), false, Some(1485672183)
            application-identifier com.apple.developer.team-identifier get-task-allow keychain-access-groups
            uid=LRUD9L355Y, CN=iPhone Distribution: Vantage Point Security Pte. Ltd., OU=LRUD9L355Y, O=Vantage Point Security Pte. Ltd., C=US
            C=US, O=Apple Inc., OU=Apple Worldwide Developer Relations, CN=Apple Worldwide Developer Relations Certification Authority
            C=US, O=Apple Inc., OU=Apple Certification Authority, CN=Apple Root CA
            "#);
        }
    }
}

/// Apple's tool of 2017 had rules of its own for `Base.lproj`, and wrote SHA-1 into both parts for old systems.
#[test]
fn the_list_of_files_says_the_same() {
    let Some(files) = bundle() else { return };
    let mut resources = CodeResources::new(EXECUTABLE);
    for (path, content) in &files {
        let (sha1, sha256) = digests(content);
        resources.add(path, sha1, sha256).expect("a path");
    }
    let ours = dictionary(&resources.to_xml());
    let apples = dictionary(&files["_CodeSignature/CodeResources"]);
    for (part, key) in [("files", "hash"), ("files2", "hash2")] {
        assert_eq!(hashes(&ours, part, key), hashes(&apples, part, key), "{part}");
    }
    assert_eq!(hashes(&ours, "files", "hash").len(), 34);
}

fn hashes(list: &Dictionary, part: &str, key: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = list.get(part).and_then(Value::as_dictionary).expect("a part");
    let hash = |value: &Value| {
        let data = value.as_data().or_else(|| value.as_dictionary()?.get(key)?.as_data());
        data.expect("a digest").to_vec()
    };
    entries.iter().map(|(path, value)| (path.clone(), hash(value))).collect()
}

#[test]
fn the_files_are_those_of_the_list() {
    let Some(files) = bundle() else { return };
    let found = files.iter().map(|(path, content)| {
        let (sha1, sha256) = digests(content);
        (path.clone(), Content::File { sha1, sha256 })
    });
    check(&files["_CodeSignature/CodeResources"], EXECUTABLE, &found.collect()).expect("the same files");
}

pub(crate) fn digests(content: &[u8]) -> ([u8; 20], [u8; 32]) {
    let sha1 = digest(DigestKind::Sha1, content).try_into().expect("20 bytes");
    (sha1, digest(DigestKind::Sha256, content).try_into().expect("32 bytes"))
}

pub(crate) fn dictionary(xml: &[u8]) -> Dictionary {
    plist::read_dictionary(xml, &Limits::default()).expect("a property list")
}

//! The signature that Apple's tool made for a real framework without a key, made once more: byte for byte the same.

use std::fs;
use std::path::PathBuf;

use formats::plist::{Dictionary, Value};
use signing::apk::DigestKind;
use signing::code::{By, Code, CodeResources, PageHasher, Sealed, read, sign, signature_length, verify};

use crate::sample::{dictionary, slices};
use crate::signatures::sha256;
use crate::support::{digest, sample_files, skipped};

/// `tests/samples/fetch large` brings it.
fn framework() -> Option<[Vec<u8>; 3]> {
    let file = |extension| -> Option<PathBuf> {
        sample_files(extension)
            .into_iter()
            .find(|path| path.file_stem().is_some_and(|stem| stem == "NodeMobile-simulator"))
    };
    let [Some(code), Some(info), Some(list)] = ["macho", "plist", "CodeResources"].map(file) else {
        skipped("there is no framework among the samples");
        return None;
    };
    Some([code, info, list].map(|path| fs::read(path).expect("the sample")))
}

/// Its slices were signed each in a framework of its own and then put into one, whose files are those of the second.
#[test]
fn the_slice_gets_the_same_signature() {
    let Some([file, info, list]) = framework() else { return };
    let sealed = Sealed { info_plist: Some(&info), code_resources: Some(&list) };
    let slices = slices(&file);
    let [(other, others), (bytes, signature)] = slices[..] else { panic!("{} slices", slices.len()) };
    let refused = verify(&other, others, sealed, &|_| true).expect_err("other files");
    assert!(refused.to_string().contains("digest of Info.plist"), "{refused}");
    let verified = verify(&bytes, signature, sealed, &|_| true).expect("a sound signature");
    assert!(verified.is_ad_hoc && read(signature).expect("claims").is_ad_hoc);
    let digests = [&info, &list].map(|file| sha256(file));
    let mut hasher = PageHasher::new(bytes.len() as u64);
    bytes.chunks(1 << 20).for_each(|portion| hasher.update(portion));
    let code = Code {
        identifier: &verified.identifier,
        team_id: None,
        entitlements: None,
        info_plist: Some(&digests[0]),
        code_resources: Some(&digests[1]),
        executable: verified.executable.expect("where the code is"),
        code_limit: bytes.len() as u64,
    };
    let signed = sign(&code, &hasher.finish(), &By::AdHoc).expect("a signature");
    assert_eq!(signed.cd_hash, verified.cd_hash);
    let room = signature_length(&code, &By::AdHoc).expect("a length") as usize;
    assert_eq!(signed.bytes.len(), room);
    // Apple's tool reserves room for signed data also where there is none.
    assert!(signed.bytes == signature[..room] && signature[room..].iter().all(|byte| *byte == 0));
}

#[test]
fn the_list_of_files_is_the_same() {
    let Some([_, info, apples]) = framework() else { return };
    let parts = dictionary(&apples);
    let files = |part| parts.get(part).and_then(Value::as_dictionary).expect("a part");
    let new: &Dictionary = files("files2");
    let mut list = CodeResources::new("NodeMobile");
    for (path, sha1) in files("files") {
        let sha1 = sha1.as_data().expect("a digest").try_into().expect("20 bytes");
        // The new part leaves out Info.plist alone.
        let sha256 = match new.get(path) {
            Some(entry) => entry.as_dictionary().and_then(|entry| entry.get("hash2")?.as_data()).expect("a digest"),
            None => &digest(DigestKind::Sha256, &info),
        };
        list.add(path, sha1, sha256.try_into().expect("32 bytes")).expect("a path");
    }
    assert_eq!(String::from_utf8(list.to_xml()), String::from_utf8(apples));
}

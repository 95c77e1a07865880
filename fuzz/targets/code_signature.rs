//! Code signatures, and lists of a bundle's files: the input as either. What can be read can be written again.
#![no_main]

use std::collections::BTreeMap;

use formats::limits::Limits;
use formats::plist::read_dictionary;
use libfuzzer_sys::fuzz_target;
use signing::code::resources::{Content, check};
use signing::code::{By, Claims, Code, ExecSegment, PageHasher, Sealed, read, sign, verify};

/// The code that the seeds sign.
const CODE: [u8; 5000] = [7; 5000];
const SEALED: Sealed<'static> = Sealed { info_plist: Some(b"info"), code_resources: None };

fuzz_target!(|input: &[u8]| {
    let claims = read(input);
    if let Ok(verified) = verify(&CODE.as_slice(), input, SEALED, &|_| true) {
        let claims = claims.as_ref().expect("what holds can be read");
        assert_eq!((&claims.identifier, &claims.entitlements), (&verified.identifier, &verified.entitlements));
        assert_eq!(verified.is_ad_hoc, verified.certificates.is_empty());
    }
    if let Ok(claims) = claims {
        write_again(claims);
    }
    let _ = check(input, "App", &files());
    if let Ok(entitlements) = read_dictionary(input, &Limits::default()) {
        write_again(Claims {
            identifier: "a".to_owned(),
            team_id: None,
            is_ad_hoc: true,
            flags: 0,
            entitlements: Some(entitlements),
            certificate: None,
        });
    }
});

/// Signs with what was claimed, where that can be done.
fn write_again(claims: Claims) {
    let mut hasher = PageHasher::new(5000);
    hasher.update(&CODE);
    let digest = [0xfb; 32];
    let code = Code {
        identifier: &claims.identifier,
        team_id: claims.team_id.as_deref(),
        entitlements: claims.entitlements.as_ref(),
        info_plist: Some(&digest),
        code_resources: None,
        executable: ExecSegment { base: 0, limit: 4096, is_main: true },
        code_limit: 5000,
    };
    let Ok(signed) = sign(&code, &hasher.finish(), &By::AdHoc) else { return };
    let again = read(&signed.bytes).expect("our own signature");
    assert_eq!((again.identifier, again.team_id), (claims.identifier, claims.team_id));
    assert_eq!(again.entitlements, claims.entitlements);
}

fn files() -> BTreeMap<String, Content> {
    let file = Content::File { sha1: [1; 20], sha256: [2; 32] };
    let link = Content::Link("a".to_owned());
    BTreeMap::from([("a".to_owned(), file.clone()), ("App".to_owned(), file), ("link".to_owned(), link)])
}

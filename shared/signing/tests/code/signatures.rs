//! Signatures that are made here, as they are read and checked here.

use formats::plist::{Dictionary, Value};
use signing::Signer;
use signing::code::{By, Code, Error, PageHasher, Sealed, Signed, Verified, read, sign, signature_length, verify};
use signing::generate::NewKey;

use crate::macho::{self, Kind};
use crate::support::signer;

pub(crate) const IDENTIFIER: &str = "com.example.app";
pub(crate) const TEAM: &str = "A1B2C3D4E5";
pub(crate) const SIGNING_TIME: i64 = 1_790_000_000;
pub(crate) const INFO_PLIST: &[u8] = b"<plist><dict/></plist>";
pub(crate) const CODE_RESOURCES: &[u8] = b"<plist><dict><key>files2</key><dict/></dict></plist>";

pub(crate) fn entitlements() -> Dictionary {
    let groups = vec![Value::from("A1B2C3D4E5.com.example.app"), "A1B2C3D4E5.shared".into()];
    let nested = Dictionary::from_iter([("empty", Value::from(Dictionary::new())), ("long", "x".repeat(300).into())]);
    Dictionary::from_iter([
        ("keychain-access-groups", Value::Array(groups)),
        ("application-identifier", "A1B2C3D4E5.com.example.app".into()),
        ("com.apple.developer.team-identifier", TEAM.into()),
        ("get-task-allow", true.into()),
        ("numbers", Value::Array([0_i64, 1, -1, 127, 128, -128, -129, 65_536, i64::MIN].map(Value::from).into())),
        ("nested", Value::Dictionary(nested)),
    ])
}

/// A file and its signature.
pub(crate) struct File {
    pub(crate) code: Vec<u8>,
    pub(crate) signed: Signed,
}

impl File {
    pub(crate) fn verify(&self) -> Result<Verified, Error> {
        verify(&self.code, &self.signed.bytes, sealed(), &|_| true)
    }
}

pub(crate) const fn sealed() -> Sealed<'static> {
    Sealed { info_plist: Some(INFO_PLIST), code_resources: Some(CODE_RESOURCES) }
}

pub(crate) fn signed(kind: Kind, entitlements: Option<&Dictionary>, by: By<'_>) -> File {
    let digests = [INFO_PLIST, CODE_RESOURCES].map(sha256);
    let code = Code {
        identifier: IDENTIFIER,
        team_id: matches!(by, By::Key { .. }).then_some(TEAM),
        entitlements,
        info_plist: Some(&digests[0]),
        code_resources: Some(&digests[1]),
        executable: macho::exec_segment(kind),
        code_limit: macho::code_limit(),
    };
    let length = signature_length(&code, &by).expect("a length");
    let bytes = macho::code(kind, length);
    let mut hasher = PageHasher::new(code.code_limit);
    bytes.chunks(1000).for_each(|portion| hasher.update(portion));
    let signed = sign(&code, &hasher.finish(), &by).expect("a signature");
    assert_eq!((signed.bytes.len() as u64, length % 16), (length, 0));
    File { code: bytes, signed }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    crate::support::digest(signing::apk::DigestKind::Sha256, bytes).try_into().expect("32 bytes")
}

pub(crate) const fn by(signer: &Signer) -> By<'_> {
    By::Key { signer, signing_time: SIGNING_TIME }
}

#[test]
fn what_is_signed_is_what_is_read() {
    for kind in [NewKey::Rsa2048, NewKey::Rsa4096, NewKey::P256, NewKey::P384] {
        let signer = signer(kind);
        let file = signed(Kind::Executable, Some(&entitlements()), by(&signer));
        let verified = file.verify().expect("a sound signature");
        assert_eq!((verified.identifier.as_str(), verified.team_id.as_deref()), (IDENTIFIER, Some(TEAM)));
        assert_eq!((verified.is_ad_hoc, verified.flags, verified.signing_time), (false, 0, Some(SIGNING_TIME)));
        assert_eq!(verified.entitlements, Some(entitlements()));
        assert_eq!(verified.executable, Some(macho::exec_segment(Kind::Executable)));
        assert_eq!(verified.certificates, [signer.certificate().clone()]);
        assert_eq!(verified.cd_hash, file.signed.cd_hash);
        let again = signed(Kind::Executable, Some(&entitlements()), by(&signer));
        assert_eq!(again.signed, file.signed, "{kind:?}: the same job gives the same bytes");
        let claims = read(&file.signed.bytes).expect("claims");
        assert_eq!((claims.identifier.as_str(), claims.team_id.as_deref()), (IDENTIFIER, Some(TEAM)));
        assert_eq!((claims.entitlements, claims.is_ad_hoc, claims.flags), (Some(entitlements()), false, 0));
    }
}

/// No other tool reads numbers of more than 63 bits.
#[test]
fn the_largest_number_is_an_entitlement_as_any_other() {
    let entitlements = Dictionary::from_iter([("largest", Value::from(u64::MAX)), ("bound", (1_u64 << 63).into())]);
    let file = signed(Kind::Executable, Some(&entitlements), By::AdHoc);
    assert_eq!(file.verify().expect("a sound signature").entitlements, Some(entitlements));
}

#[test]
fn without_a_key_the_signature_says_so() {
    for kind in [Kind::Executable, Kind::Library] {
        let file = signed(kind, None, By::AdHoc);
        let verified = file.verify().expect("a sound signature");
        assert_eq!((verified.is_ad_hoc, verified.flags, verified.team_id), (true, 2, None));
        assert_eq!((verified.certificates.len(), verified.signing_time, verified.entitlements), (0, None, None));
        assert!(read(&file.signed.bytes).expect("claims").is_ad_hoc);
    }
}

/// From 2050 on signed data has times of another form.
#[test]
fn each_time_of_signing_is_written() {
    let signer = signer(NewKey::P256);
    for signing_time in [0, 1, 2_524_607_999, 2_524_608_000, 4_000_000_000] {
        let file = signed(Kind::Library, None, By::Key { signer: &signer, signing_time });
        assert_eq!(file.verify().expect("a sound signature").signing_time, Some(signing_time));
    }
}

/// Signatures of elliptic curves differ in length.
#[test]
fn the_length_does_not_depend_on_the_signature() {
    let signer = signer(NewKey::P256);
    let lengths = (0..64).map(|second| {
        let file = signed(Kind::Library, None, By::Key { signer: &signer, signing_time: SIGNING_TIME + second });
        file.verify().expect("a sound signature");
        file.signed.bytes.len()
    });
    assert_eq!(lengths.collect::<std::collections::BTreeSet<_>>().len(), 1);
}

#[test]
fn what_cannot_be_signed_is_refused_by_name() {
    let refused = |code: Code<'_>| signature_length(&code, &By::AdHoc).expect_err("it must be refused").to_string();
    let code = Code {
        identifier: IDENTIFIER,
        team_id: None,
        entitlements: None,
        info_plist: None,
        code_resources: None,
        executable: macho::exec_segment(Kind::Executable),
        code_limit: 4096,
    };
    let date = Value::Date(std::time::UNIX_EPOCH.into());
    let nested = Value::Array(vec![Value::Dictionary(Dictionary::from_iter([("when", date)]))]);
    let entitlements = [Dictionary::from_iter([("deep", nested)]), Dictionary::from_iter([("pi", Value::Real(3.0))])];
    let messages = [
        refused(Code { identifier: "", ..code }),
        refused(Code { team_id: Some("A\0B"), ..code }),
        refused(Code { code_limit: 1 << 32, ..code }),
        refused(Code { entitlements: Some(&entitlements[0]), ..code }),
        refused(Code { entitlements: Some(&entitlements[1]), ..code }),
        sign(&code, &PageHasher::new(4096).finish(), &By::AdHoc).expect_err("other code").to_string(),
        signature_length(&code, &By::Key { signer: &signer(NewKey::P256), signing_time: -1 })
            .expect_err("it must be refused")
            .to_string(),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r#"
    the identifier is empty or has a NUL in it
    the team identifier is empty or has a NUL in it
    code of 4294967296 bytes is too long to be signed
    the entitlement "deep" has a date in it, which code signatures cannot express
    the entitlement "pi" has a real number in it, which code signatures cannot express
    0 bytes of the code were hashed, and 4096 are to be signed
    -1 is not a time that a signature can carry
    "#);
}

//! Certificate lists as customers send them (page 003).
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use domain::certificate::{CertificateList, KeyHash, MAX_DOMAINS, MAX_ENTRIES, MAX_NAME, PinnedCertificate};
use domain::error::Error;
use domain::time::at;
use proptest::prelude::*;
use serde_json::{Value, json};

const P256: &str = include_str!("saml/certificates/p256.pem");
const OTHER: &str = include_str!("saml/certificates/rsa-2048.pem");
/// `openssl x509 -pubkey -noout | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64`
const P256_KEY: &str = "5tjY7kfSYaoyuROG0wSFlZZ5e5btjITMbIZy5y7BVkI=";
/// `openssl x509 -outform DER | openssl dgst -ALGORITHM`
const P256_THUMBPRINTS: [(&str, &str); 3] = [
    ("sha1", "46a624cc8c6d1f9ef8284129116f5a1651271818"),
    ("sha256", "ca00bfd3f5bcab8d6740dbba9c3aab65e1e2d4e550552086be39c18d953d9a49"),
    ("sha3_224", "2ca8742017ef06447c46e7210f8a5db715b642501c72d02cf8ce4527"),
];

/// Page 003, "Update Certificates".
fn documented() -> Value {
    json!({
        "name": "Example API", "thumbprint": "A1B2C3D4E5F60718293A4B5C6D7E8F9012345678", "algorithm": "sha256",
        "expires": 1_767_225_600, "domains": ["api.example.com"], "isdefault": false, "isca": false,
    })
}

/// The documented entry with other values; null takes one out.
fn with(values: &Value) -> Value {
    let mut entry = documented();
    entry.as_object_mut().unwrap().extend(values.as_object().unwrap().clone());
    entry
}

fn read(values: &Value) -> PinnedCertificate {
    CertificateList::parse(&json!([with(values)])).unwrap().entries()[0].clone()
}

/// The field and the text of a refusal.
fn refused(entries: &Value) -> (&'static str, String) {
    match CertificateList::parse(entries).unwrap_err() {
        Error::Invalid { field, message } => (field, message.into_owned()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_documented_example_is_accepted_and_marked() {
    let list = CertificateList::parse(&json!([documented()])).unwrap();
    let marks = list.entries()[0].marks(at(1_800_000_000));
    assert_eq!(marks.not_enforceable.unwrap().to_string(), "its thumbprint has 40 digits, and sha256 gives 64");
    assert!(marks.expired);
}

#[test]
fn values_are_normalized() {
    let ab = "ab".repeat(64);
    let entry = read(&json!({"thumbprint": ab, "algorithm": "sha512", "isca": true, "expires": null}));
    assert_eq!((entry.thumbprint, entry.expires, entry.isdefault, entry.isca), ("AB".repeat(64), None, false, true));
    for (domains, kept) in [
        (json!(null), ""),
        (json!([]), ""),
        (json!("API.example.com"), "api.example.com"),
        (json!(["*.bücher.example", "a.example", "*.XN--BCHER-KVA.example"]), "*.xn--bcher-kva.example a.example"),
    ] {
        let domains: Vec<String> = read(&json!({"domains": domains})).domains.into_iter().map(String::from).collect();
        assert_eq!(domains.join(" "), kept);
    }
    for seconds in [0_i64, 253_402_300_799] {
        assert_eq!(read(&json!({"expires": seconds})).expires, Some(seconds));
    }
    assert_eq!(read(&json!({"name": "ä".repeat(MAX_NAME)})).name, "ä".repeat(MAX_NAME));
}

#[test]
fn a_refusal_names_the_entry_and_the_field() {
    let many: Vec<String> = (0..=MAX_DOMAINS).map(|number| format!("a{number}.example")).collect();
    assert_eq!(read(&json!({"domains": many[1..]})).domains.len(), MAX_DOMAINS);
    let (long, colons) = ("A".repeat(129), ["AB"; 20].join(":"));
    for (field, values) in [
        ("name", vec![json!(null), json!(7), json!(""), json!("a\nb"), json!("a\u{85}"), json!("ä".repeat(257))]),
        ("thumbprint", vec![json!(null), json!("A".repeat(39)), json!(long), json!(colons), json!("é".repeat(20))]),
        ("algorithm", vec![json!(null), json!("SHA256"), json!("md5"), json!({"sha256": null}), json!(["sha256"])]),
        ("expires", vec![json!(-1), json!(253_402_300_800_i64), json!(1.5), json!(u64::MAX), json!("1767225600")]),
        ("domains", vec![json!(7), json!(""), json!([""]), json!([null]), json!({}), json!("*.com"), json!(many)]),
        ("isdefault", vec![json!(0), json!("true"), json!([])]),
        ("isca", vec![json!(1), json!({})]),
        ("spki_sha256", vec![json!(7), json!(""), json!("AAAA"), json!(P256_KEY.trim_end_matches('='))]),
    ] {
        for value in values {
            let (found, message) = refused(&json!([with(&json!({"name": "first"})), with(&json!({field: value}))]));
            assert_eq!(found, field, "{value}");
            assert!(message.starts_with(&format!("certificates[1].{field} ")), "{message}");
        }
    }
}

#[test]
fn what_is_no_list_of_such_entries_is_refused() {
    let named = |count: usize| (0..count).map(|number| with(&json!({"name": number.to_string()}))).collect::<Value>();
    assert_eq!(CertificateList::parse(&named(MAX_ENTRIES)).unwrap().entries().len(), MAX_ENTRIES);
    assert!(CertificateList::parse(&json!([])).unwrap().is_empty());
    let twice = json!([documented(), with(&json!({"thumbprint": "A".repeat(64)}))]);
    for (entries, field, message) in [
        (json!(null), "certificates", "certificates must be a list"),
        (documented(), "certificates", "certificates must be a list"),
        (json!([documented(), "x"]), "certificates", "certificates[1] must be an object"),
        (json!([with(&json!({"url": 1}))]), "certificates", "certificates[0] has an unknown field \"url\""),
        (named(MAX_ENTRIES + 1), "certificates", "certificates must have at most 50 entries"),
        (twice, "name", "certificates[1].name is the name of an earlier entry"),
    ] {
        assert_eq!(refused(&entries), (field, message.to_owned()));
    }
    let (_, message) = refused(&json!([with(&json!({"\n".repeat(5000): 1}))]));
    assert!(message.len() < 200 && !message.contains('\n'), "{message}");
}

#[test]
fn a_certificate_gives_the_hash_of_its_key() {
    for (algorithm, thumbprint) in P256_THUMBPRINTS {
        let pem = json!({"thumbprint": thumbprint, "algorithm": algorithm, "certificate_pem": P256});
        assert_eq!(read(&pem).marks(at(0)).not_enforceable, None);
        assert_eq!(read(&pem).spki_sha256.unwrap().to_string(), P256_KEY);
        let mut both = pem.clone();
        both["spki_sha256"] = P256_KEY.into();
        assert_eq!(read(&both), read(&pem));
        assert!(!serde_json::to_string(&read(&both)).unwrap().contains("CERTIFICATE"), "the PEM is not kept");
        both["spki_sha256"] = KeyHash::of(b"another").to_string().into();
        assert_eq!(refused(&json!([with(&both)])).0, "spki_sha256");
        both["spki_sha256"] = Value::Null;
        both["certificate_pem"] = OTHER.into();
        assert_eq!(refused(&json!([with(&both)])).0, "thumbprint");
    }
    assert_eq!(read(&json!({"certificate_pem": P256})).spki_sha256.unwrap().to_string(), P256_KEY, "no length to fit");
}

#[test]
fn a_pem_is_one_certificate_and_nothing_else() {
    let padded = format!("{P256}{}", " ".repeat(64 * 1024));
    let broken = include_str!("saml/certificates/broken-extension.pem");
    for pem in ["", "x", &P256[..200], &format!("{P256}{OTHER}"), &format!("CN = x\n{P256}"), &padded, broken] {
        let (field, message) = refused(&json!([with(&json!({"certificate_pem": pem}))]));
        assert_eq!(field, "certificate_pem");
        assert!(message.starts_with("certificates[0].certificate_pem must be one X.509 certificate"), "{message}");
    }
}

#[test]
fn an_entry_is_removed_by_its_whole_name() {
    let mut list = CertificateList::parse(&json!([documented(), with(&json!({"name": "other"}))])).unwrap();
    for unknown in ["", "example api", "Example"] {
        assert!(matches!(list.remove(unknown), Err(Error::NotFound("Certificate not found"))), "{unknown}");
    }
    list.remove("Example API").unwrap();
    assert_eq!(list.entries().iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["other"]);
    assert!(list.remove("Example API").is_err());
}

fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof!["\\PC{0,8}", "[0-9a-fA-F]{40,64}", "[a-z*.ü-]{1,12}", Just(P256.to_owned())];
    let plain = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), any::<i64>().prop_map(Value::from)];
    let leaf = prop_oneof![plain, any::<f64>().prop_map(Value::from), text.prop_map(Value::from)];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let fields = prop::collection::btree_map("name|thumbprint|algorithm|domains|\\PC{0,4}", inner.clone(), 0..4);
        prop_oneof![prop::collection::vec(inner, 0..4).prop_map(Value::from), fields.prop_map(|map| json!(map))]
    })
}

/// An entry that is likely to be accepted.
fn any_entry() -> impl Strategy<Value = Value> {
    let algorithm = prop::sample::select(vec!["sha1", "sha384", "sha3_224", "sha3_512"]);
    let domains = prop::collection::vec("(\\*\\.)?[a-cA-Cü]{1,3}\\.[a-z]{1,4}", 0..4);
    let key = prop::option::of(any::<[u8; 8]>().prop_map(|bytes| KeyHash::of(&bytes).to_string()));
    let expires = prop::option::of(0_i64..253_402_300_800);
    let thumbprint = "[0-9a-fA-F]{40,128}";
    ("\\PC{1,9}", thumbprint, algorithm, expires, domains, any::<(bool, bool)>(), key).prop_map(
        |(name, thumbprint, algorithm, expires, domains, (isdefault, isca), spki_sha256)| {
            json!({
                "name": name, "thumbprint": thumbprint, "algorithm": algorithm, "expires": expires, "domains": domains,
                "isdefault": isdefault, "isca": isca, "spki_sha256": spki_sha256,
            })
        },
    )
}

proptest! {
    #[test]
    fn what_is_accepted_reads_back_and_parses_to_the_same(entries in prop::collection::vec(any_entry(), 0..5)) {
        let mut names: Vec<String> = entries.iter().map(|entry| entry["name"].to_string()).collect();
        names.sort();
        names.dedup();
        let list = CertificateList::parse(&json!(entries));
        prop_assert_eq!(list.is_ok(), names.len() == entries.len());
        if let Ok(list) = list {
            let stored = serde_json::to_value(&list).unwrap();
            prop_assert_eq!(&serde_json::to_value(list.entries()).unwrap(), &stored);
            prop_assert_eq!(&serde_json::from_value::<CertificateList>(stored.clone()).unwrap(), &list);
            prop_assert_eq!(CertificateList::parse(&stored).unwrap(), list);
        }
    }

    #[test]
    fn any_value_is_a_list_or_a_named_error(value in any_json(), field in "[a-z_0-9]{3,15}|name|domains|certificate_pem") {
        let changed = with(&json!({field: value.clone()}));
        for entries in [value.clone(), json!([value]), json!([changed])] {
            if let Err(error) = CertificateList::parse(&entries) {
                let is_named = matches!(error, Error::Invalid { .. }) && error.to_string().starts_with("certificates");
                prop_assert!(is_named, "{error}");
            }
        }
    }
}

//! Certificates as a customer pastes them.

use domain::error::Error;
use domain::saml::certificates::{Certificates, MAX_BYTES, MAX_CERTIFICATES};
use domain::time::at;
use proptest::prelude::*;

use crate::support::{NOW, OTHER, RSA, at_fault, der, now, pem, valid};

const YEAR: i64 = 365 * 24 * 3600;

fn read(text: &str) -> Result<Certificates, Error> {
    Certificates::parse(text, now())
}

/// What is said of a text that is refused.
fn why(text: &str) -> String {
    let (field, message) = at_fault(read(text));
    assert_eq!(field, "x509_cert");
    message.strip_prefix("X.509 certificate: ").unwrap_or(&message).to_owned()
}

macro_rules! recorded {
    ($($name:literal),*) => {
        [$(($name, include_str!(concat!("certificates/", $name, ".pem")))),*]
    };
}

#[test]
fn keys_that_signatures_are_verified_with_are_accepted() {
    for (name, text) in recorded!("rsa-2048", "rsa-8192", "p256", "p384", "p521", "broken-minor-extension") {
        assert_eq!(read(text).unwrap().as_str(), text.trim_end(), "{name}");
    }
}

#[test]
fn other_keys_and_broken_certificates_are_named() {
    for (name, text) in recorded!(
        "rsa-1024",
        "rsa-2047",
        "rsa-8200",
        "rsa-pss",
        "dsa",
        "ed25519",
        "p224",
        "secp256k1",
        "explicit-curve",
        "compressed-point"
    ) {
        assert!(why(text).starts_with("certificate 1 has a key that is not accepted"), "{name}");
    }
    let [(_, broken)] = recorded!("broken-extension");
    assert_eq!(why(broken), "certificate 1 is not an X.509 certificate");
    assert_eq!(why(&format!("{RSA}{broken}")), "certificate 2 is not an X.509 certificate");
}

#[test]
fn a_certificate_counts_to_its_last_second_and_before_its_first() {
    let last = valid("last second", NOW - YEAR, NOW);
    assert!(read(&last).is_ok());
    assert_eq!(
        at_fault(Certificates::parse(&last, at(NOW + 1))).1,
        "X.509 certificate: certificate 1 expired at 2027-01-15T08:00:00Z"
    );
    let both = format!("{RSA}{}", valid("over", NOW - YEAR, NOW - 1));
    assert_eq!(why(&both), "certificate 2 expired at 2027-01-15T07:59:59Z");
    assert!(read(&valid("next", NOW + YEAR, NOW + 2 * YEAR)).is_ok());
}

#[test]
fn one_to_five_blocks_and_nothing_else_are_a_text() {
    let many: Vec<String> = (0..=MAX_CERTIFICATES).map(|_| valid("one of many", NOW, NOW + YEAR)).collect();
    let all = |count: usize| many[..count].join("\n");
    assert_eq!(read(&all(MAX_CERTIFICATES)).unwrap().as_str(), all(MAX_CERTIFICATES));
    assert_eq!(read(&all(MAX_CERTIFICATES)).unwrap().count(), MAX_CERTIFICATES);
    assert_eq!(why(&all(MAX_CERTIFICATES + 1)), "must have at most 5 certificates");
    for text in ["", " \r\n\t"] {
        assert_eq!(why(text), "X.509 certificate is missing");
    }
    for text in [
        &format!("subject=CN = x\n{RSA}"),
        &format!("{RSA}\n# the next one\n{OTHER}"),
        &format!("{RSA}\0"),
        &format!("{RSA}\u{a0}{OTHER}"),
        &RSA.replace("CERTIFICATE", "PRIVATE KEY"),
        &RSA.replace("-----END CERTIFICATE-----", ""),
        &RSA.replace("BEGIN CERTIFICATE", "begin certificate"),
        "MIIBszCCAVmgAwIBAgIU",
    ] {
        assert!(why(text).starts_with("must be PEM"), "{text}");
    }
    let inner = RSA.replace("\n-----END", "\n-----BEGIN CERTIFICATE-----\n-----END");
    assert_eq!(why(&inner), "certificate 1 is not Base64");
}

#[test]
fn line_breaks_and_doubled_blocks_are_put_right() {
    let kept = format!("{}\n{}", RSA.trim_end(), OTHER.trim_end());
    let pasted = [
        format!("{RSA}{OTHER}{RSA}"),
        format!(" \n{RSA}\n\n\t{OTHER}\n "),
        format!("{RSA}{OTHER}").replace('\n', "\r\n"),
        format!("{}{}", RSA.trim_end(), OTHER.trim_end()),
        format!("{}\n{OTHER}", pem(&der(RSA)).replace('\n', " ").replacen("----- ", "-----", 1)),
    ];
    for text in pasted {
        assert_eq!(read(&text).unwrap().as_str(), kept);
    }
    assert_eq!(read(&kept).unwrap().as_str(), kept, "once is enough");
}

#[test]
fn a_text_ends_at_64_kib() {
    let padded = |length: usize| format!("{RSA}{}", " ".repeat(length - RSA.len()));
    assert!(read(&padded(MAX_BYTES)).is_ok());
    assert_eq!(why(&padded(MAX_BYTES + 1)), "must be at most 65536 characters long");
}

#[test]
fn a_certificate_is_whole_and_alone_in_its_block() {
    let whole = der(RSA);
    for length in 0..whole.len() {
        assert_eq!(why(&pem(&whole[..length])), "certificate 1 is not an X.509 certificate", "{length}");
    }
    assert_eq!(why(&pem(&[whole.as_slice(), &[0]].concat())), "certificate 1 is not an X.509 certificate");
    assert_eq!(why(&pem(&[whole.as_slice(), &whole].concat())), "certificate 1 is not an X.509 certificate");
    for broken in ["===", "AAAA=", "A", "A\u{e9}AA", "AAA_"] {
        let text = format!("-----BEGIN CERTIFICATE-----\n{broken}\n-----END CERTIFICATE-----");
        assert_eq!(why(&text), "certificate 1 is not Base64", "{broken}");
    }
}

#[test]
fn what_expired_since_is_still_read_back() {
    let kept = Certificates::parse(&valid("old", NOW - YEAR, NOW), at(NOW)).unwrap();
    let stored = serde_json::to_value(&kept).unwrap();
    assert_eq!(serde_json::from_value::<Certificates>(stored).unwrap(), kept);
    assert!(Certificates::parse(kept.as_str(), at(NOW + 1)).is_err());
}

proptest! {
    #[test]
    fn any_text_is_certificates_or_an_error(text in "(-----BEGIN CERTIFICATE-----|-----END CERTIFICATE-----|[A-Za-z0-9+/=\\s]{0,80}|.)*") {
        let _ = read(&text);
    }

    #[test]
    fn one_wrong_byte_is_an_error_or_a_certificate_that_reads_back(place in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = der(RSA);
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(kept) = read(&pem(&bytes)) {
            prop_assert_eq!(der(kept.as_str()), bytes);
            prop_assert_eq!(read(kept.as_str()).unwrap(), kept);
        }
    }
}

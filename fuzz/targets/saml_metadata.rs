//! Any text as an identity provider's metadata and as its certificates: what is accepted is what the settings take, and reads back.
#![no_main]

use domain::https_url::HttpsUrl;
use domain::saml::certificates::Certificates;
use domain::saml::metadata::IdpMetadata;
use domain::time::at;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let now = at(1_800_000_000);
    let text = String::from_utf8_lossy(bytes);
    if let Ok(found) = IdpMetadata::parse(&text, now) {
        let taken = Certificates::parse(found.x509_cert.as_str(), now).expect("the settings take its certificates");
        assert_eq!(taken, found.x509_cert);
        let url: HttpsUrl = found.sso_url.as_str().parse().expect("the settings take its URL");
        assert_eq!(url, found.sso_url);
    }
    if let Ok(taken) = Certificates::parse(&text, now) {
        assert_eq!(Certificates::parse(taken.as_str(), now).expect("our own output is accepted"), taken);
    }
});

//! The certificates of Apple that issue those of developers.
//!
//! Devices follow the chain that stands in the signature, and keystores are often exported without it. These are the
//! authorities for apps of <https://www.apple.com/certificateauthority/> that are still valid, with their roots.

use std::sync::LazyLock;

use crate::{Certificate, Signer};

static INTERMEDIATES: LazyLock<Vec<Certificate>> =
    LazyLock::new(|| certificates(&[include_bytes!("issuers/wwdr-g3.cer"), include_bytes!("issuers/wwdr-g6.cer")]));
static ROOTS: LazyLock<Vec<Certificate>> =
    LazyLock::new(|| certificates(&[include_bytes!("issuers/root.cer"), include_bytes!("issuers/root-g3.cer")]));

/// The signer's certificate and its issuers: those of the keystore, and Apple's where the chain ends below them.
pub(super) fn chain(signer: &Signer) -> Vec<Certificate> {
    let mut chain: Vec<Certificate> = signer.chain().cloned().collect();
    for known in [&*INTERMEDIATES, &*ROOTS] {
        let end = chain.last().filter(|end| !end.issued(end));
        if let Some(issuer) = end.and_then(|end| known.iter().find(|issuer| issuer.issued(end))) {
            chain.push(issuer.clone());
        }
    }
    chain
}

/// Whether this is a root of Apple's.
pub(super) fn is_root(certificate: &Certificate) -> bool {
    ROOTS.contains(certificate)
}

/// Those that are not certificates are left out, of which a test sees to it that there are none.
fn certificates(all: &[&[u8]]) -> Vec<Certificate> {
    all.iter().filter_map(|der| Certificate::from_der(der).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_issuer_is_there_with_its_root() {
        let subjects: Vec<_> = INTERMEDIATES.iter().map(Certificate::subject).collect();
        assert_eq!(
            subjects,
            ["G3", "G6"].map(|generation| format!(
                "CN=Apple Worldwide Developer Relations Certification Authority, OU={generation}, O=Apple Inc., C=US"
            ))
        );
        for issuer in &*INTERMEDIATES {
            assert_eq!(ROOTS.iter().filter(|root| root.issued(issuer)).count(), 1, "{issuer:?}");
        }
        assert!(ROOTS.iter().all(|root| root.issued(root)));
        // As <https://www.apple.com/certificateauthority/> shows them.
        let digests: Vec<_> = ROOTS.iter().map(Certificate::sha256).collect();
        assert_eq!(
            digests,
            [
                "b0b1730ecbc7ff4505142c49f1295e6eda6bcaed7e2c68c5be91b5a11001f024",
                "63343abfb89a6a03ebb57e9b3f5fa7be7c4f5c756f3017b3a8c488c3653e9179",
            ]
        );
    }
}

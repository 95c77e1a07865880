//! The certificate authorities that Mozilla trusts for TLS servers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Serialize;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use crate::certificate::ThumbprintAlgorithm;
use crate::pem;

/// The certificate of an authority that issued itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RootCa {
    /// Its common name, or whatever else names it.
    pub name: String,
    /// Hash of its DER, uppercase hexadecimal.
    pub thumbprint: String,
    /// What `thumbprint` was made with: SHA-256.
    pub algorithm: ThumbprintAlgorithm,
    /// Its last second (Unix seconds).
    pub expires: i64,
}

/// All of them, by name.
pub fn trusted_root_cas() -> &'static [RootCa] {
    static TRUSTED: LazyLock<Vec<RootCa>> = LazyLock::new(|| {
        let mut authorities: Vec<RootCa> = TLS_SERVER_ROOT_CERTS.iter().filter_map(|der| read(der)).collect();
        // Their names can be taken over into a list, where none stands twice.
        let mut names: BTreeMap<String, u32> = BTreeMap::new();
        authorities.iter().for_each(|authority| *names.entry(authority.name.clone()).or_default() += 1);
        for authority in &mut authorities {
            if names.get(&authority.name).is_some_and(|times| *times > 1) {
                authority.name = format!("{} ({})", authority.name, &authority.thumbprint[..8]);
            }
        }
        authorities.sort_by(|one, other| one.name.cmp(&other.name));
        authorities
    });
    &TRUSTED
}

fn read(der: &[u8]) -> Option<RootCa> {
    let certificate = pem::certificate(der)?;
    let algorithm = ThumbprintAlgorithm::Sha256;
    Some(RootCa {
        name: name(certificate.subject()),
        thumbprint: algorithm.thumbprint(der),
        algorithm,
        expires: certificate.validity().not_after.timestamp(),
    })
}

/// Some authorities have no common name, but a unit that says which of the organisation's certificates it is.
fn name(subject: &X509Name<'_>) -> String {
    let text = |part: Option<&AttributeTypeAndValue<'_>>| part?.as_str().ok().map(str::to_owned);
    let (organization, unit) =
        (text(subject.iter_organization().next()), text(subject.iter_organizational_unit().next()));
    let other = match (organization, unit) {
        (Some(organization), Some(unit)) => format!("{organization}, {unit}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => subject.to_string(),
    };
    text(subject.iter_common_name().next()).unwrap_or(other)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_certificate_of_the_store_is_there() {
        let authorities = trusted_root_cas();
        assert_eq!(authorities.len(), TLS_SERVER_ROOT_CERTS.len());
        assert!(authorities.is_sorted_by_key(|authority| &authority.name));
        let is_named = |authority: &RootCa| !authority.name.trim().is_empty() && !authority.name.contains('=');
        assert!(authorities.iter().all(is_named));
        let thumbprints: BTreeSet<&String> = authorities.iter().map(|authority| &authority.thumbprint).collect();
        let names: BTreeSet<&String> = authorities.iter().map(|authority| &authority.name).collect();
        assert_eq!((thumbprints.len(), names.len()), (authorities.len(), authorities.len()));
    }

    #[test]
    fn an_authority_is_as_it_says_of_itself() {
        // From the authority's own page, https://letsencrypt.org/certificates/.
        let wanted = RootCa {
            name: "ISRG Root X1".to_owned(),
            thumbprint: "96BCEC06264976F37460779ACF28C5A7CFE8A3C0AAE11A8FFCEE05C0BDDF08C6".to_owned(),
            algorithm: ThumbprintAlgorithm::Sha256,
            expires: 2_064_567_878,
        };
        assert!(trusted_root_cas().contains(&wanted));
    }
}

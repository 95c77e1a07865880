//! Keystores in PKCS#12 form (RFC 7292), as OpenSSL, keytool and Android Studio write them.

use p12_keystore::error::Error;
use p12_keystore::{Pkcs12Archive, PrivateKeyBag};

use super::{KeyError, PrivateKey, Signer};
use crate::Certificate;

/// A keystore of a few keys takes some kilobytes; each bag can cost a key derivation, so their number must be bounded.
const MAX_KEYSTORE: usize = 256 * 1024;

pub(super) fn open(bytes: &[u8], password: &str, alias: Option<&str>) -> Result<Signer, KeyError> {
    if bytes.len() > MAX_KEYSTORE {
        return Err(KeyError::Unreadable(format!("longer than {MAX_KEYSTORE} bytes")));
    }
    let archive = Pkcs12Archive::from_pkcs12(bytes, password).map_err(refusal)?;
    let (alias, bag) = choose(&archive.keys, alias)?;
    let key = PrivateKey::from_pkcs8(bag.key.as_der())?;
    let certificates: Vec<_> =
        archive.certs.iter().filter_map(|found| Certificate::from_der(found.cert.as_der()).ok()).collect();
    let certificate = certificates
        .iter()
        .find(|candidate| candidate.public_key_bits().is_some_and(|bits| key.matches(&bits)))
        .ok_or_else(|| KeyError::CertificateMismatch { alias: alias.clone() })?;
    let issuers = Certificate::chain(certificate, &certificates).split_off(1);
    Ok(Signer { key, alias, certificate: certificate.clone(), issuers })
}

fn choose<'a>(keys: &'a [PrivateKeyBag], wanted: Option<&str>) -> Result<(String, &'a PrivateKeyBag), KeyError> {
    // Keys without a name get one by position, so that every key can be chosen.
    let named: Vec<_> = (1..)
        .zip(keys)
        .map(|(position, bag): (usize, _)| (bag.friendly_name.clone().unwrap_or_else(|| position.to_string()), bag))
        .collect();
    let aliases = || named.iter().map(|(alias, _)| alias.clone()).collect();
    if named.is_empty() {
        return Err(KeyError::NoKey);
    }
    let mut chosen = named.iter().filter(|(alias, _)| wanted.is_none_or(|wanted| same_alias(alias, wanted)));
    match (chosen.next(), chosen.next(), wanted) {
        (Some((alias, bag)), None, _) => Ok((alias.clone(), bag)),
        (None, _, Some(wanted)) => Err(KeyError::NoSuchAlias { wanted: wanted.to_owned(), aliases: aliases() }),
        _ => Err(KeyError::SeveralKeys { aliases: aliases() }),
    }
}

/// Java keystores fold aliases to lower case, so the case that people type does not count.
fn same_alias(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn refusal(error: Error) -> KeyError {
    match error {
        // Files without a MAC show a wrong password only by what fails to decrypt.
        Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) => KeyError::WrongPassword,
        Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => KeyError::UnsupportedEncryption,
        Error::InvalidPrivateKey => KeyError::DamagedKey,
        other => KeyError::Unreadable(other.to_string()),
    }
}

//! Keystores in PKCS#12 form (RFC 7292), as OpenSSL, keytool and Android Studio write them.

use p12_keystore::error::Error;
use p12_keystore::{Pkcs12Archive, PrivateKeyBag};

use super::{KeyError, PrivateKey, Signer, choose};
use crate::Certificate;

/// The object identifier of scrypt (RFC 7914, 7) in DER. Neither OpenSSL nor keytool uses it unless told to, and a file of some bytes can
/// ask for a gigabyte of memory with it.
const SCRYPT: [u8; 11] = [0x06, 0x09, 0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x04, 0x0B];

pub(super) fn open(
    bytes: &[u8],
    password: &str,
    key_password: Option<&str>,
    alias: Option<&str>,
) -> Result<Signer, KeyError> {
    if bytes.windows(SCRYPT.len()).any(|found| found == SCRYPT) {
        return Err(KeyError::UnsupportedEncryption);
    }
    let archive = Pkcs12Archive::from_pkcs12(bytes, password).map_err(refusal)?;
    let (alias, bag) = choose(named(&archive.keys), alias)?;
    if key_password.is_some_and(|own| own != password) {
        return Err(KeyError::WrongKeyPassword { alias });
    }
    let key = PrivateKey::from_pkcs8(bag.key.as_der())?;
    let certificates: Vec<_> =
        archive.certs.iter().filter_map(|found| Certificate::from_der(found.cert.as_der()).ok()).collect();
    Signer::with_certificates(key, alias, &certificates)
}

/// Keys without a name get one by position, so that every key can be chosen.
fn named(keys: &[PrivateKeyBag]) -> Vec<(String, &PrivateKeyBag)> {
    let name = |(position, bag): (usize, _)| {
        let bag: &PrivateKeyBag = bag;
        (bag.friendly_name.clone().unwrap_or_else(|| position.to_string()), bag)
    };
    (1..).zip(keys).map(name).collect()
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

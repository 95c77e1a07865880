//! Private keys and the signatures made with them.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{self, KeyPair as _, RsaEncoding};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::pkcs8::der::asn1::UintRef;
use p256::pkcs8::der::oid::ObjectIdentifier;
use p256::pkcs8::der::{Decode, Reader, SliceReader};
use p256::pkcs8::{DecodePrivateKey, PrivateKeyInfoRef};
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use zeroize::Zeroizing;

use super::{KeyError, KeyKind};
use crate::apk::algorithm::DigestKind;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
/// What PKCS#1 v1.5 puts in front of a SHA-1 digest (RFC 8017, 9.2).
const SHA1_DIGEST_INFO: [u8; 15] = *b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14";
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// A private key. Each variant's library wipes the secret when it is dropped.
pub(crate) enum PrivateKey {
    Rsa(RsaKey),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
}

/// The library refused to sign, which a key that it accepted never causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key could not sign")]
pub(crate) struct CannotSign;

impl PrivateKey {
    /// Reads PKCS#8 and refuses by name what package signatures do not take.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let info = PrivateKeyInfoRef::from_der(der).map_err(|_| KeyError::DamagedKey)?;
        match info.algorithm.oid {
            RSA => read_rsa(der, info.private_key.as_bytes()),
            EC => {
                let curve = info.algorithm.parameters_oid().map_err(|_| unsupported("EC without a named curve"))?;
                read_ec(der, curve)
            }
            RSA_PSS => Err(unsupported("RSASSA-PSS")),
            DSA => Err(unsupported("DSA")),
            ED25519 => Err(unsupported("Ed25519")),
            other => Err(unsupported(&format!("with algorithm identifier {other}"))),
        }
    }

    pub(crate) fn kind(&self) -> KeyKind {
        match self {
            Self::Rsa(RsaKey { pair, .. }) => {
                let bits = pair.public_modulus_len().saturating_mul(8);
                KeyKind::Rsa(u32::try_from(bits).unwrap_or(u32::MAX))
            }
            Self::P256(_) => KeyKind::P256,
            Self::P384(_) => KeyKind::P384,
            Self::P521(_) => KeyKind::P521,
        }
    }

    /// Whether `bits`, the key bits of a certificate, are this key's public half.
    pub(super) fn matches(&self, bits: &[u8]) -> bool {
        match self {
            Self::Rsa(key) => key.pair.public_key().as_ref() == bits,
            // A point may stand in the certificate compressed, so points are compared and not their bytes.
            Self::P256(key) => {
                p256::ecdsa::VerifyingKey::from_sec1_bytes(bits).is_ok_and(|found| found == *key.verifying_key())
            }
            Self::P384(key) => {
                p384::ecdsa::VerifyingKey::from_sec1_bytes(bits).is_ok_and(|found| found == *key.verifying_key())
            }
            Self::P521(key) => {
                p521::ecdsa::VerifyingKey::from_sec1_bytes(bits).is_ok_and(|found| found == *key.verifying_key())
            }
        }
    }

    /// Length in bytes that no signature of the key exceeds.
    pub(crate) fn longest_signature(&self) -> usize {
        match self {
            Self::Rsa(key) => key.pair.public_modulus_len(),
            // Two numbers as long as the curve's order, and what DER puts around them.
            Self::P256(_) => 72,
            Self::P384(_) => 104,
            Self::P521(_) => 139,
        }
    }

    /// Signs `message`; the same key and message always give the same bytes (PKCS#1 v1.5, RFC 6979).
    pub(crate) fn sign(&self, digest: DigestKind, message: &[u8]) -> Result<Vec<u8>, CannotSign> {
        match self {
            Self::Rsa(key) => key.sign(digest, message),
            // Devices never verified ECDSA with SHA-1 in any scheme.
            _ if digest == DigestKind::Sha1 => Err(CannotSign),
            Self::P256(key) => {
                let signature: p256::ecdsa::DerSignature =
                    key.sign_prehash(&prehash::<32>(digest, message)).map_err(|_| CannotSign)?;
                Ok(signature.as_bytes().to_vec())
            }
            Self::P384(key) => {
                let signature: p384::ecdsa::DerSignature =
                    key.sign_prehash(&prehash::<48>(digest, message)).map_err(|_| CannotSign)?;
                Ok(signature.as_bytes().to_vec())
            }
            Self::P521(key) => {
                let signature: p521::ecdsa::DerSignature =
                    key.sign_prehash(&prehash::<66>(digest, message)).map_err(|_| CannotSign)?;
                Ok(signature.as_bytes().to_vec())
            }
        }
    }
}

/// The message's digest as a big-endian number of at least `N` bytes: some libraries refuse one much shorter than the curve's.
fn prehash<const N: usize>(digest: DigestKind, message: &[u8]) -> Vec<u8> {
    let digest = digest.digest(message);
    let mut padded = vec![0; N.saturating_sub(digest.len())];
    padded.extend(digest);
    padded
}

/// An RSA key, for the library that signs, and as PKCS#1 for the one that signs SHA-1.
pub(crate) struct RsaKey {
    pair: KeyPair,
    pkcs1: Zeroizing<Vec<u8>>,
}

impl RsaKey {
    fn sign(&self, digest: DigestKind, message: &[u8]) -> Result<Vec<u8>, CannotSign> {
        let padding: &'static dyn RsaEncoding = match digest {
            DigestKind::Sha1 => return self.sign_sha1(message),
            DigestKind::Sha256 => &signature::RSA_PKCS1_SHA256,
            DigestKind::Sha512 => &signature::RSA_PKCS1_SHA512,
        };
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(padding, &SystemRandom::new(), message, &mut signature).map_err(|_| CannotSign)?;
        Ok(signature)
    }

    /// SHA-1 is what devices below API 18 verify, and aws-lc-rs makes no such signature.
    fn sign_sha1(&self, message: &[u8]) -> Result<Vec<u8>, CannotSign> {
        let key = RsaPrivateKey::from_pkcs1_der(&self.pkcs1).map_err(|_| CannotSign)?;
        let padding = Pkcs1v15Sign { hash_len: Some(20), prefix: SHA1_DIGEST_INFO.into() };
        key.sign(padding, &DigestKind::Sha1.digest(message)).map_err(|_| CannotSign)
    }
}

fn read_rsa(pkcs8: &[u8], pkcs1: &[u8]) -> Result<PrivateKey, KeyError> {
    let bits = modulus_bits(pkcs1).ok_or(KeyError::DamagedKey)?;
    if !(2048..=8192).contains(&bits) {
        return Err(unsupported(&format!("RSA {bits}")));
    }
    let pair = KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError::DamagedKey)?;
    Ok(PrivateKey::Rsa(RsaKey { pair, pkcs1: Zeroizing::new(pkcs1.to_vec()) }))
}

/// Length of the modulus, the second field of `RSAPrivateKey` (RFC 8017, A.1.2).
fn modulus_bits(pkcs1: &[u8]) -> Option<usize> {
    let mut reader = SliceReader::new(pkcs1).ok()?;
    let modulus = reader.sequence(|fields| {
        UintRef::decode(fields)?;
        let modulus = UintRef::decode(fields)?;
        fields.drain(fields.remaining_len())?;
        Ok::<_, p256::pkcs8::der::Error>(modulus)
    });
    let bytes = modulus.ok()?;
    let bytes = bytes.as_bytes();
    let leading = usize::try_from(bytes.first()?.leading_zeros()).ok()?;
    bytes.len().checked_mul(8)?.checked_sub(leading)
}

fn read_ec(pkcs8: &[u8], curve: ObjectIdentifier) -> Result<PrivateKey, KeyError> {
    let damaged = |_| KeyError::DamagedKey;
    match curve {
        P256 => p256::SecretKey::from_pkcs8_der(pkcs8).map(|key| PrivateKey::P256(key.into())).map_err(damaged),
        P384 => p384::SecretKey::from_pkcs8_der(pkcs8).map(|key| PrivateKey::P384(key.into())).map_err(damaged),
        P521 => p521::SecretKey::from_pkcs8_der(pkcs8).map(|key| PrivateKey::P521(key.into())).map_err(damaged),
        other => Err(unsupported(&format!("EC on the curve {other}"))),
    }
}

fn unsupported(kind: &str) -> KeyError {
    KeyError::UnsupportedKey(kind.to_owned())
}

//! Keystores in Java's own form (JKS), what keytool wrote up to Java 8 and still writes when asked to.
//!
//! The form is described only by its implementation, `sun.security.provider.JavaKeyStore` and `KeyProtector` of OpenJDK:
//! big-endian fields, each key encrypted with a stream of chained SHA-1 digests under its own password, and one SHA-1 digest
//! over all under the store's.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use formats::reader::{Reader, Truncated};
use p256::pkcs8::AlgorithmIdentifierRef;
use p256::pkcs8::der::asn1::OctetStringRef;
use p256::pkcs8::der::oid::ObjectIdentifier;
use p256::pkcs8::der::{self, Decode, Reader as _, SliceReader};
use zeroize::Zeroizing;

use super::{KeyError, PrivateKey, Signer, choose};
use crate::Certificate;

/// The first four bytes.
pub(super) const MAGIC: [u8; 4] = [0xFE, 0xED, 0xFE, 0xED];
/// What the digest over the store begins with, behind the password.
const WHITENER: &[u8] = b"Mighty Aphrodite";
const DIGEST: usize = 20;
/// Sun's protection of keys with a password.
const KEY_PROTECTOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.42.2.17.1.1");
const PRIVATE_KEY: u32 = 1;
const TRUSTED_CERTIFICATE: u32 = 2;
const X509: &[u8] = b"X.509";

pub(super) fn open(
    bytes: &[u8],
    password: &str,
    key_password: Option<&str>,
    alias: Option<&str>,
) -> Result<Signer, KeyError> {
    let password = utf16(password);
    let content = checked(bytes, &password)?;
    let keys = Store::read(content)?;
    let (alias, entry) = choose(keys, alias)?;
    let key_password = key_password.map(utf16).unwrap_or(password);
    let pkcs8 = decrypt(entry.protected, &key_password, &alias)?;
    let key = PrivateKey::from_pkcs8(&pkcs8)?;
    let chain: Vec<_> = entry.chain.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
    Signer::with_certificates(key, alias, &chain)
}

/// The bytes that Java hashes for a password.
fn utf16(password: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(password.encode_utf16().flat_map(u16::to_be_bytes).collect())
}

fn sha1(parts: &[&[u8]]) -> [u8; DIGEST] {
    let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    parts.iter().for_each(|part| context.update(part));
    context.finish().as_ref().first_chunk().copied().unwrap_or_default()
}

/// The store without the digest at its end, which must be right.
fn checked<'a>(bytes: &'a [u8], password: &[u8]) -> Result<&'a [u8], KeyError> {
    let Some((content, digest)) = bytes.split_last_chunk::<DIGEST>() else {
        return Err(KeyError::Unreadable(format!("it is cut off after {} bytes", bytes.len())));
    };
    if sha1(&[password, WHITENER, content]) == *digest { Ok(content) } else { Err(KeyError::WrongPassword) }
}

struct KeyEntry<'a> {
    protected: &'a [u8],
    chain: Vec<&'a [u8]>,
}

struct Store<'a> {
    reader: Reader<'a>,
    /// Version 1 leaves out the kind of each certificate: all are X.509.
    version: u32,
}

impl<'a> Store<'a> {
    /// The private keys with their aliases.
    fn read(content: &'a [u8]) -> Result<Vec<(String, KeyEntry<'a>)>, KeyError> {
        let mut store = Self { reader: Reader::new(content), version: 0 };
        store.reader.take(MAGIC.len(), "magic number")?;
        store.version = store.u32("version")?;
        if !(1..=2).contains(&store.version) {
            return Err(KeyError::Unreadable(format!("version {} at offset 4 is neither 1 nor 2", store.version)));
        }
        let mut keys = Vec::new();
        for _ in 0..store.u32("number of entries")? {
            keys.extend(store.entry()?);
        }
        match store.reader.remaining() {
            0 => Ok(keys),
            more => {
                Err(KeyError::Unreadable(format!("{more} bytes at offset {} belong to nothing", store.reader.offset())))
            }
        }
    }

    /// One entry; `None` for a certificate.
    fn entry(&mut self) -> Result<Option<(String, KeyEntry<'a>)>, KeyError> {
        let offset = self.reader.offset();
        let kind = self.u32("kind of entry")?;
        let alias = self.text("alias")?;
        self.reader.u64("date of entry")?;
        match kind {
            PRIVATE_KEY => {
                let protected = self.prefixed("private key")?;
                let mut chain = Vec::new();
                for _ in 0..self.u32("length of certificate chain")? {
                    chain.push(self.certificate()?);
                }
                let alias = String::from_utf8_lossy(alias).into_owned();
                Ok(Some((alias, KeyEntry { protected, chain })))
            }
            TRUSTED_CERTIFICATE => self.certificate().map(|_| None),
            _ => Err(KeyError::Unreadable(format!("kind {kind} of the entry at offset {offset} is neither 1 nor 2"))),
        }
    }

    fn certificate(&mut self) -> Result<&'a [u8], KeyError> {
        let offset = self.reader.offset();
        if self.version == 2 && self.text("kind of certificate")? != X509 {
            return Err(KeyError::Unreadable(format!("the certificate at offset {offset} is not of kind X.509")));
        }
        Ok(self.prefixed("certificate")?)
    }

    fn u32(&mut self, field: &'static str) -> Result<u32, Truncated> {
        self.reader.array(field).map(u32::from_be_bytes)
    }

    fn prefixed(&mut self, field: &'static str) -> Result<&'a [u8], Truncated> {
        let length = self.u32(field)?;
        self.reader.take(usize::try_from(length).unwrap_or(usize::MAX), field)
    }

    fn text(&mut self, field: &'static str) -> Result<&'a [u8], Truncated> {
        let length = self.reader.array(field).map(u16::from_be_bytes)?;
        self.reader.take(length.into(), field)
    }
}

impl From<Truncated> for KeyError {
    fn from(error: Truncated) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// The bytes in `EncryptedPrivateKeyInfo` (RFC 5208, 6), whose algorithm must be the one that only this form has.
fn encrypted_key(protected: &[u8]) -> Option<&[u8]> {
    let mut reader = SliceReader::new(protected).ok()?;
    let fields = reader.sequence(|fields| {
        Ok::<_, der::Error>((AlgorithmIdentifierRef::decode(fields)?, <&OctetStringRef>::decode(fields)?))
    });
    let (algorithm, data) = fields.ok().filter(|_| reader.is_finished())?;
    (algorithm.oid == KEY_PROTECTOR).then(|| data.as_bytes())
}

/// The PKCS#8 form of a key: salt, key xor stream, digest. The stream's blocks are digests, each over the one before it.
fn decrypt(protected: &[u8], password: &[u8], alias: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let not_one = || KeyError::Unreadable(format!("the key {alias:?} is not an encrypted private key"));
    let protected = encrypted_key(protected).ok_or_else(not_one)?;
    let (salt, rest) = protected.split_first_chunk::<DIGEST>().ok_or_else(not_one)?;
    let (encrypted, digest) = rest.split_last_chunk::<DIGEST>().ok_or_else(not_one)?;
    let mut block = *salt;
    let mut key = Zeroizing::new(Vec::with_capacity(encrypted.len()));
    for piece in encrypted.chunks(DIGEST) {
        block = sha1(&[password, &block]);
        key.extend(piece.iter().zip(block).map(|(byte, mask)| byte ^ mask));
    }
    if sha1(&[password, &key]) == *digest {
        Ok(key)
    } else {
        Err(KeyError::WrongKeyPassword { alias: alias.to_owned() })
    }
}

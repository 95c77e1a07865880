//! A version's certificate list, as customers send it (page 003, "Update Certificates").

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{DomainPattern, KeyHash, PinnedCertificate, ThumbprintAlgorithm};
use crate::error::Error;
use crate::pem;
use crate::redaction::without_secrets;

/// Entries at most (page 003).
pub const MAX_ENTRIES: usize = 50;
/// Domains of an entry at most.
pub const MAX_DOMAINS: usize = 50;
/// Characters of an entry's name at most.
pub const MAX_NAME: usize = 256;
/// Hexadecimal digits of a thumbprint: from the shortest hash's to the longest one's. That they fit the entry's own
/// algorithm is not demanded: page 003's own example does not.
const DIGITS: std::ops::RangeInclusive<usize> = 40..=128;
/// The last second of the year 9999, the last that RFC 5280 can express.
const LAST_SECOND: i64 = 253_402_300_799;

const FIELDS: [&str; 9] =
    ["name", "thumbprint", "algorithm", "expires", "domains", "isdefault", "isca", "spki_sha256", "certificate_pem"];

/// What `config` shows beside the fields: taken, so that its list can be edited and sent back, and not read.
const MARKS: [&str; 3] = ["enforceable", "not_enforceable_because", "expired"];

/// At most [`MAX_ENTRIES`] entries, no name twice. Reading a stored one back judges nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CertificateList(Vec<PinnedCertificate>);

impl CertificateList {
    /// Reads the `certificates` of a request. An error's text names the place (`certificates[3].thumbprint`), its field is
    /// the last part of that.
    pub fn parse(entries: &Value) -> Result<Self, Error> {
        let entries = entries.as_array().ok_or_else(|| refused("certificates must be a list"))?;
        if entries.len() > MAX_ENTRIES {
            return Err(refused(format!("certificates must have at most {MAX_ENTRIES} entries")));
        }
        let mut list = Self::default();
        for (place, entry) in entries.iter().enumerate() {
            let entry = Entry::new(place, entry)?;
            let certificate = entry.certificate()?;
            if list.0.iter().any(|earlier| earlier.name == certificate.name) {
                return Err(entry.refused("name", "is the name of an earlier entry"));
            }
            list.0.push(certificate);
        }
        Ok(list)
    }

    /// Takes the entry with this name out.
    pub fn remove(&mut self, name: &str) -> Result<(), Error> {
        let place = self.0.iter().position(|entry| entry.name == name);
        place.map(|place| drop(self.0.remove(place))).ok_or(Error::NotFound("Certificate not found"))
    }

    /// In the order in which they were sent.
    pub fn entries(&self) -> &[PinnedCertificate] {
        &self.0
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<PinnedCertificate>> for CertificateList {
    /// Takes entries that were stored.
    fn from(entries: Vec<PinnedCertificate>) -> Self {
        Self(entries)
    }
}

impl From<CertificateList> for Vec<PinnedCertificate> {
    fn from(list: CertificateList) -> Self {
        list.0
    }
}

fn refused(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::invalid("certificates", message)
}

/// One entry as it came. Null is as good as absent.
struct Entry<'a> {
    place: usize,
    fields: &'a Map<String, Value>,
}

impl<'a> Entry<'a> {
    fn new(place: usize, entry: &'a Value) -> Result<Self, Error> {
        let fields = entry.as_object().ok_or_else(|| refused(format!("certificates[{place}] must be an object")))?;
        let known = |field: &str| FIELDS.contains(&field) || MARKS.contains(&field);
        match fields.keys().find(|field| !known(field)) {
            Some(unknown) => {
                let shown: String = without_secrets(unknown).chars().take(64).collect();
                Err(refused(format!("certificates[{place}] has an unknown field {shown:?}")))
            }
            None => Ok(Self { place, fields }),
        }
    }

    fn certificate(&self) -> Result<PinnedCertificate, Error> {
        let (thumbprint, algorithm) = (self.thumbprint()?, self.algorithm()?);
        Ok(PinnedCertificate {
            name: self.name()?,
            expires: self.expires()?,
            domains: self.domains()?,
            isdefault: self.flag("isdefault")?,
            isca: self.flag("isca")?,
            spki_sha256: self.key_hash(&thumbprint, algorithm)?,
            thumbprint,
            algorithm,
        })
    }

    fn name(&self) -> Result<String, Error> {
        let name = self.required("name")?;
        if !(1..=MAX_NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err(self.refused("name", "must have 1 to 256 characters, none of them a control character"));
        }
        Ok(name.to_owned())
    }

    fn thumbprint(&self) -> Result<String, Error> {
        let digits = self.required("thumbprint")?;
        if !DIGITS.contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(self.refused("thumbprint", "must be 40 to 128 hexadecimal digits and nothing else"));
        }
        Ok(digits.to_ascii_uppercase())
    }

    fn algorithm(&self) -> Result<ThumbprintAlgorithm, Error> {
        let rule = "must be sha1, sha224, sha256, sha384, sha512, sha3_224, sha3_256, sha3_384 or sha3_512";
        self.required("algorithm")?.parse().map_err(|_| self.refused("algorithm", rule))
    }

    fn expires(&self) -> Result<Option<i64>, Error> {
        let Some(value) = self.given("expires") else { return Ok(None) };
        let seconds = value.as_i64().filter(|seconds| (0..=LAST_SECOND).contains(seconds));
        seconds.map(Some).ok_or_else(|| self.refused("expires", "must be whole Unix seconds, up to the year 9999"))
    }

    /// In the order in which they were sent, each once.
    fn domains(&self) -> Result<Vec<DomainPattern>, Error> {
        let names = match self.given("domains") {
            None => &[],
            Some(Value::Array(names)) => names.as_slice(),
            Some(name) => std::slice::from_ref(name),
        };
        if names.len() > MAX_DOMAINS {
            return Err(self.refused("domains", "must have at most 50 entries"));
        }
        let domains: Option<Vec<DomainPattern>> = names.iter().map(|name| name.as_str()?.parse().ok()).collect();
        let rule = "must be host names, each with *. before it or not";
        domains.map(DomainPattern::without_repeats).ok_or_else(|| self.refused("domains", rule))
    }

    fn flag(&self, field: &'static str) -> Result<bool, Error> {
        let Some(value) = self.given(field) else { return Ok(false) };
        value.as_bool().ok_or_else(|| self.refused(field, "must be true or false"))
    }

    /// The hash that was sent, or that of the certificate that was sent. Where both can be compared they have to agree, and
    /// so has the thumbprint.
    fn key_hash(&self, thumbprint: &str, algorithm: ThumbprintAlgorithm) -> Result<Option<KeyHash>, Error> {
        let given = self.text("spki_sha256")?.map(str::parse::<KeyHash>).transpose();
        let given = given.map_err(|_| self.refused("spki_sha256", "must be the Base64 of 32 bytes"))?;
        let Some(text) = self.text("certificate_pem")? else { return Ok(given) };
        let der = one_block(text).ok_or_else(|| self.not_a_certificate())?;
        let certificate = pem::certificate(&der).ok_or_else(|| self.not_a_certificate())?;
        let own = KeyHash::of(certificate.public_key().raw);
        if given.is_some_and(|given| given != own) {
            return Err(self.refused("spki_sha256", "is not the hash of the public key in certificate_pem"));
        }
        if thumbprint.len() == algorithm.digits() && thumbprint != algorithm.thumbprint(&der) {
            return Err(self.refused("thumbprint", &format!("is not the {algorithm} hash of certificate_pem")));
        }
        Ok(Some(own))
    }

    fn not_a_certificate(&self) -> Error {
        self.refused("certificate_pem", "must be one X.509 certificate as PEM, with nothing before and after it")
    }

    fn required(&self, field: &'static str) -> Result<&'a str, Error> {
        self.text(field)?.ok_or_else(|| self.refused(field, "is missing"))
    }

    fn text(&self, field: &'static str) -> Result<Option<&'a str>, Error> {
        let Some(value) = self.given(field) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| self.refused(field, "must be a string"))
    }

    fn given(&self, field: &str) -> Option<&'a Value> {
        self.fields.get(field).filter(|value| !value.is_null())
    }

    fn refused(&self, field: &'static str, rule: &str) -> Error {
        Error::invalid(field, format!("certificates[{}].{field} {rule}", self.place))
    }
}

fn one_block(text: &str) -> Option<Vec<u8>> {
    let [der]: [Vec<u8>; 1] = pem::blocks(text).ok()?.try_into().ok()?;
    Some(der)
}

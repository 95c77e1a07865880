//! Which digest attributes devices look at.

use aws_lc_rs::digest::{self, Algorithm};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::file::File;
use super::sections::Section;
use crate::apk::{Problem, SignatureError};

/// Devices below take the first algorithm from a list, those from here on the strongest.
const STRONGEST_FROM: u32 = 18;
const DECODER: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
const STRONGEST: [(&str, &Algorithm); 4] = [
    ("SHA-512", &digest::SHA512),
    ("SHA-384", &digest::SHA384),
    ("SHA-256", &digest::SHA256),
    ("SHA1", &digest::SHA1_FOR_LEGACY_USE_ONLY),
];

/// A digest that some devices from the lowest platform version on look at.
pub(super) struct Expected {
    pub(super) algorithm: &'static Algorithm,
    pub(super) digest: Vec<u8>,
}

impl Expected {
    pub(super) fn holds(&self, bytes: &[u8]) -> bool {
        digest::digest(self.algorithm, bytes).as_ref() == self.digest
    }
}

/// The digests under attributes with this ending: none where some devices find none, two where old and new ones look at
/// different algorithms.
pub(super) fn expected(
    section: &Section<'_>,
    ending: &str,
    min_sdk: u32,
    file: File<'_>,
) -> Result<Vec<Expected>, SignatureError> {
    let not_one = |_| file.reject("digest", section.range.start, Problem::NotA("Base64"));
    let read = |name: &str, algorithm| {
        let value = section.attribute(&format!("{name}{ending}"));
        value.map(|text| Ok(Expected { algorithm, digest: DECODER.decode(text).map_err(not_one)? })).transpose()
    };
    let mut all: Vec<Expected> = Vec::new();
    if min_sdk < STRONGEST_FROM {
        let listed = section.attribute("Digest-Algorithms");
        for name in listed.as_deref().unwrap_or("SHA SHA1").split_ascii_whitespace() {
            let algorithm = match name.to_ascii_uppercase().as_str() {
                "SHA" | "SHA1" | "SHA-1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
                "SHA-256" => &digest::SHA256,
                // From Android 2.3 on.
                "SHA-384" if min_sdk >= 9 => &digest::SHA384,
                "SHA-512" if min_sdk >= 9 => &digest::SHA512,
                _ => continue,
            };
            if let Some(found) = read(name, algorithm)? {
                all.push(found);
                break;
            }
        }
        if all.is_empty() {
            return Ok(all);
        }
    }
    for (name, algorithm) in STRONGEST {
        if let Some(found) = read(name, algorithm)? {
            if all.iter().all(|one| (one.algorithm, &one.digest) != (found.algorithm, &found.digest)) {
                all.push(found);
            }
            break;
        }
    }
    Ok(all)
}

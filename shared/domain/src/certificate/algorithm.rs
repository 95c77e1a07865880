//! Hash functions of thumbprints.

use std::fmt;
use std::str::FromStr;

use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, Serialize};
use sha2::Digest;

use crate::error::Error;

/// Hash functions of thumbprints (page 003).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the standards' own")]
pub enum ThumbprintAlgorithm {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    #[serde(rename = "sha3_224")]
    Sha3_224,
    #[serde(rename = "sha3_256")]
    Sha3_256,
    #[serde(rename = "sha3_384")]
    Sha3_384,
    #[serde(rename = "sha3_512")]
    Sha3_512,
}

impl ThumbprintAlgorithm {
    /// Hexadecimal digits of its hashes.
    pub const fn digits(self) -> usize {
        match self {
            Self::Sha1 => 40,
            Self::Sha224 | Self::Sha3_224 => 56,
            Self::Sha256 | Self::Sha3_256 => 64,
            Self::Sha384 | Self::Sha3_384 => 96,
            Self::Sha512 | Self::Sha3_512 => 128,
        }
    }

    /// The thumbprint of a certificate: the hash of its DER, uppercase hexadecimal.
    pub fn thumbprint(self, der: &[u8]) -> String {
        match self {
            Self::Sha1 => hex::<sha1::Sha1>(der),
            Self::Sha224 => hex::<sha2::Sha224>(der),
            Self::Sha256 => hex::<sha2::Sha256>(der),
            Self::Sha384 => hex::<sha2::Sha384>(der),
            Self::Sha512 => hex::<sha2::Sha512>(der),
            Self::Sha3_224 => hex::<sha3::Sha3_224>(der),
            Self::Sha3_256 => hex::<sha3::Sha3_256>(der),
            Self::Sha3_384 => hex::<sha3::Sha3_384>(der),
            Self::Sha3_512 => hex::<sha3::Sha3_512>(der),
        }
    }
}

fn hex<D: Digest>(bytes: &[u8]) -> String {
    D::digest(bytes).iter().map(|byte| format!("{byte:02X}")).collect()
}

impl FromStr for ThumbprintAlgorithm {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let name: StrDeserializer<'_, serde::de::value::Error> = name.into_deserializer();
        Self::deserialize(name).map_err(|_| Error::invalid("algorithm", "Unknown algorithm"))
    }
}

impl fmt::Display for ThumbprintAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of nothing, as Python's hashlib has it.
    const OF_NOTHING: [(&str, &str); 9] = [
        ("sha1", "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"),
        ("sha224", "D14A028C2A3A2BC9476102BB288234C415A2B01F828EA62AC5B3E42F"),
        ("sha256", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"),
        ("sha384", "38B060A751AC96384CD9327EB1B1E36A21FDB71114BE07434C0CC7BF63F6E1DA274EDEBFE76F65FBD51AD2F14898B95B"),
        (
            "sha512",
            "CF83E1357EEFB8BDF1542850D66D8007D620E4050B5715DC83F4A921D36CE9CE47D0D13C5D85F2B0FF8318D2877EEC2F63B931BD47417A81A538327AF927DA3E",
        ),
        ("sha3_224", "6B4E03423667DBB73B6E15454F0EB1ABD4597F9A1B078E3F5B5A6BC7"),
        ("sha3_256", "A7FFC6F8BF1ED76651C14756A061D662F580FF4DE43B49FA82D80A4B80F8434A"),
        (
            "sha3_384",
            "0C63A75B845E4F7D01107D852E4C2485C51A50AAAA94FC61995E71BBEE983A2AC3713831264ADB47FB6BD1E058D5F004",
        ),
        (
            "sha3_512",
            "A69F73CCA23A9AC5C8B567DC185A756E97C982164FE25859E0D1DCC1475C80A615B2123AF1F5F94C11E3E9402C3AC558F500199D95B6D3E301758586281DCD26",
        ),
    ];

    #[test]
    fn every_algorithm_of_the_page_has_its_name_and_its_hash() {
        for (name, hash) in OF_NOTHING {
            let read: ThumbprintAlgorithm = name.parse().unwrap();
            assert_eq!(serde_json::from_value::<ThumbprintAlgorithm>(name.into()).unwrap(), read);
            assert_eq!((read.to_string().as_str(), read.digits()), (name, hash.len()));
            assert_eq!(read.thumbprint(b""), hash, "{name}");
        }
        for name in ["", "SHA256", "sha-256", "sha3", "sha3-256", "sha512_256", "md5", " sha1"] {
            assert!(name.parse::<ThumbprintAlgorithm>().is_err(), "{name}");
        }
    }
}

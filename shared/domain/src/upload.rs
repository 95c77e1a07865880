//! What is uploaded: its path, its size and the way it is sent.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;
use crate::file_name::FileName;
use crate::id::{JobId, TenantId};
use crate::platform::{ConfigVersion, Platform};

/// The largest artifact, in bytes: 2 GB (page 000).
pub const MAX_BYTES: u64 = 2_147_483_648;
/// From this size on an upload is sent in parts, in bytes: 100 MB (page 000).
pub const MULTIPART_FROM: u64 = 104_857_600;
/// Size of every part but the last, in bytes: 10 MB (page 000).
pub const PART_BYTES: u64 = 10_485_760;
/// How long signed upload and download URLs work, in seconds (contracts).
pub const URL_SECONDS: u32 = 3600;

/// The documented `file_path`: `{tenant}/uploads/{platform}/{version}/{start_time}/{file_name}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UploadPath {
    /// Whose upload it is.
    pub tenant: TenantId,
    /// What it runs on.
    pub platform: Platform,
    /// The configuration it is protected with.
    pub version: ConfigVersion,
    /// The job that waits for it.
    pub job: JobId,
    /// The name it was announced with.
    pub file_name: FileName,
}

impl fmt::Display for UploadPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tenant, platform, version, job, file_name } = self;
        write!(f, "{tenant}/uploads/{platform}/{version}/{job}/{}", file_name.as_str())
    }
}

impl FromStr for UploadPath {
    type Err = Error;

    /// Reads back exactly what [`fmt::Display`] writes.
    fn from_str(path: &str) -> Result<Self, Error> {
        let invalid = || Error::invalid("file_path", "Invalid file path");
        let mut segments = path.splitn(6, '/');
        let mut next = || segments.next().ok_or_else(invalid);
        let (tenant, uploads, platform, version, job, file_name) =
            (next()?, next()?, next()?, next()?, next()?, next()?);
        let read = || {
            Ok::<_, Error>(Self {
                tenant: tenant.parse()?,
                platform: platform.parse()?,
                version: version.parse()?,
                job: job.parse()?,
                file_name: file_name.parse()?,
            })
        };
        let parsed = read().map_err(|_| invalid())?;
        if uploads == "uploads" && parsed.to_string() == path { Ok(parsed) } else { Err(invalid()) }
    }
}

/// The parts of a multipart upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// How many there are.
    pub count: u32,
    /// Bytes of all together.
    pub total: u64,
}

impl Parts {
    /// How an artifact of `size` bytes is sent: in parts from 100 MB on, else in one piece.
    pub fn plan(size: u64) -> Option<Self> {
        let count = u32::try_from(size.div_ceil(PART_BYTES)).ok()?;
        (size >= MULTIPART_FROM).then_some(Self { count, total: size })
    }

    /// Bytes that part `number` (from 1 on) must have.
    pub fn size_of(self, number: u32) -> u64 {
        let before = PART_BYTES.saturating_mul(u64::from(number.saturating_sub(1)));
        self.total.saturating_sub(before).min(PART_BYTES)
    }

    /// Checks the parts that a client names before storage is asked: 1…n in order, without gaps, as many as announced.
    pub fn check_named(self, parts: &[NamedPart]) -> Result<(), Error> {
        let invalid = |message: String| Err(Error::invalid("parts", message));
        if parts.len() != usize::try_from(self.count).unwrap_or(usize::MAX) {
            return invalid(format!("parts: {} were announced, {} are named", self.count, parts.len()));
        }
        for (part, expected) in parts.iter().zip(1_i64..) {
            if part.number != expected {
                return invalid(format!("parts: PartNumber {expected} was expected, found {}", part.number));
            }
        }
        Ok(())
    }

    /// Checks what storage holds against what the client names.
    pub fn check_stored(self, named: &[NamedPart], stored: &[StoredPart]) -> Result<(), Error> {
        let invalid = |message: String| Err(Error::invalid("parts", message));
        for (part, number) in named.iter().zip(1_u32..) {
            let Some(found) = stored.iter().find(|stored| stored.number == number) else {
                return invalid(format!("parts: part {number} was not uploaded"));
            };
            if found.etag != part.etag {
                return invalid(format!("parts: the ETag of part {number} is not the one that its upload answered"));
            }
            if found.size != self.size_of(number) {
                let (wanted, size) = (self.size_of(number), found.size);
                return invalid(format!("parts: part {number} has {size} bytes, {wanted} were announced"));
            }
        }
        Ok(())
    }
}

/// A part as the client names it when it completes an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPart {
    /// `PartNumber`, whatever the client wrote.
    pub number: i64,
    /// Its tag.
    pub etag: ETag,
}

/// A part as storage holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPart {
    /// From 1 on.
    pub number: u32,
    /// Its tag.
    pub etag: ETag,
    /// Bytes.
    pub size: u64,
}

/// An entity tag of storage, kept without quotes; read with and without.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ETag(String);

impl ETag {
    /// The tag without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag as HTTP writes it, with quotes (RFC 9110, 8.8.3).
    pub fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

impl FromStr for ETag {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        let plain = bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if plain && (1..=128).contains(&bare.len()) {
            Ok(Self(bare.to_owned()))
        } else {
            Err(Error::invalid("parts", "parts: ETag is not one that an upload answered"))
        }
    }
}

crate::id::string_conversions!(ETag);

/// Reads the announced `file_size`.
pub fn check_announced_size(bytes: u64) -> Result<(), Error> {
    match bytes {
        0 => Err(Error::invalid("file_size", "Invalid file size: the file is empty")),
        1..=MAX_BYTES => Ok(()),
        _ => Err(Error::invalid("file_size", "File too large: the maximum is 2 GB (2147483648 bytes)")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(number: i64) -> NamedPart {
        NamedPart { number, etag: "abc".parse().unwrap() }
    }

    #[test]
    fn parts_begin_at_100_mb_and_cover_the_file() {
        assert_eq!(Parts::plan(MULTIPART_FROM - 1), None);
        let parts = Parts::plan(MULTIPART_FROM + 1).unwrap();
        assert_eq!((parts.count, parts.size_of(1), parts.size_of(11)), (11, PART_BYTES, 1));
        assert_eq!(Parts::plan(MULTIPART_FROM).unwrap().count, 10);
        assert_eq!(Parts::plan(MAX_BYTES).unwrap().count, 205);
    }

    #[test]
    fn named_parts_have_no_gaps_order_or_count_errors() {
        let parts = Parts::plan(MULTIPART_FROM).unwrap();
        let all: Vec<_> = (1..=10).map(named).collect();
        assert!(parts.check_named(&all).is_ok());
        let mut swapped = all.clone();
        swapped.swap(3, 4);
        let gap: Vec<_> = (1..=9).chain([11]).map(named).collect();
        for bad in [&all[..9], &swapped, &gap, &[]] {
            assert!(parts.check_named(bad).is_err());
        }
    }

    #[test]
    fn paths_read_back_exactly_what_was_written() {
        let path = "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/uploads/android/production/1700000000/app.apk";
        assert_eq!(path.parse::<UploadPath>().unwrap().to_string(), path);
        for bad in [
            "",
            "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/uploads/android/prod/1700000000/app.apk",
            "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/builds/android/production/1700000000/app.apk",
            "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/uploads/android/production/1700000000/../app.apk",
            "/9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/uploads/android/production/1700000000/app.apk",
        ] {
            assert!(bad.parse::<UploadPath>().is_err(), "{bad}");
        }
    }

    #[test]
    fn etags_are_read_with_and_without_quotes() {
        let bare: ETag = "0a1b-2".parse().unwrap();
        assert_eq!("\"0a1b-2\"".parse::<ETag>().unwrap(), bare);
        assert_eq!(bare.quoted(), "\"0a1b-2\"");
        for bad in ["", "\"", "\"\"", "a\"b", "a b", "<x>"] {
            assert!(bad.parse::<ETag>().is_err(), "{bad:?}");
        }
    }
}

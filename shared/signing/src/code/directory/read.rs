//! Reading code directories, also those with SHA-1 of old signatures.

use aws_lc_rs::digest::{self, Algorithm};
use formats::reader::Reader;

use super::{AD_HOC, ExecSegment, MAIN_BINARY, SHA1, SHA256};
use crate::apk::Problem;
use crate::code::blob::{Blob, CODE_DIRECTORY, u32, u64};
use crate::code::error::Error;

/// The first version of all that are read.
const MIN_VERSION: u32 = 0x2_0001;
// The versions that brought further fields.
const MIN_SCATTER: u32 = 0x2_0100;
const MIN_TEAM: u32 = 0x2_0200;
const MIN_LIMIT_64: u32 = 0x2_0300;
/// The first version that says where the executable segment is.
pub(in crate::code) const MIN_EXEC_SEGMENT: u32 = 0x2_0400;
/// Versions from here on are of a kind that nobody knows yet.
const END_VERSION: u32 = 0x3_0000;
/// Systems know eleven.
const MAX_SPECIAL: u32 = 32;

/// What a code directory says.
pub(in crate::code) struct Directory<'a> {
    pub(in crate::code) blob: Blob<'a>,
    pub(in crate::code) version: u32,
    pub(in crate::code) flags: u32,
    pub(in crate::code) identifier: &'a str,
    pub(in crate::code) team_id: Option<&'a str>,
    pub(in crate::code) code_limit: u64,
    /// Where the limit stands.
    pub(in crate::code) limit_offset: u64,
    pub(in crate::code) algorithm: &'static Algorithm,
    /// Length of a page as the power of two; 0 where all code is one page.
    pub(in crate::code) page_bits: u8,
    /// Digests of all that is no page, that with the highest number first.
    special: Reader<'a>,
    /// Digests of the pages.
    pub(in crate::code) pages: Reader<'a>,
    /// With the flags, where the version has it.
    pub(in crate::code) executable: Option<(ExecSegment, u64)>,
}

impl<'a> Directory<'a> {
    pub(in crate::code) fn read(blob: Blob<'a>) -> Result<Self, Error> {
        blob.expect(CODE_DIRECTORY, "magic number of the code directory")?;
        let mut fields = blob.content;
        let at = fields.offset();
        let version = u32(&mut fields, "version of the code directory")?;
        if !(MIN_VERSION..END_VERSION).contains(&version) {
            return Err(Error::rejected("version of the code directory", at, Problem::Unsupported(version)));
        }
        let flags = u32(&mut fields, "flags of the code directory")?;
        let hashes = u32(&mut fields, "offset of the digests")?;
        let identifier = u32(&mut fields, "offset of the identifier")?;
        let (at, special_slots) = (fields.offset(), u32(&mut fields, "number of special slots")?);
        if special_slots > MAX_SPECIAL {
            return Err(Error::rejected("number of special slots", at, Problem::TooMany(MAX_SPECIAL.into())));
        }
        let slots = u32(&mut fields, "number of pages")?;
        let limit_offset = fields.offset();
        let limit = u32(&mut fields, "code limit")?;
        let algorithm = algorithm(&mut fields)?;
        fields.take(1, "platform")?;
        let page_bits = fields.u8("length of a page")?;
        fields.take(4, "unused field")?;
        let later = Later::read(&mut fields, version)?;
        let (special, pages) = digests(&blob, hashes, special_slots, slots, algorithm)?;
        Ok(Self {
            blob,
            version,
            flags,
            identifier: text(&blob, identifier, "identifier")?,
            team_id: later.team.map(|offset| text(&blob, offset, "team identifier")).transpose()?,
            code_limit: later.limit.unwrap_or(limit.into()),
            limit_offset,
            algorithm,
            page_bits,
            special,
            pages,
            executable: later.executable,
        })
    }

    pub(in crate::code) fn is_ad_hoc(&self) -> bool {
        self.flags & AD_HOC != 0
    }

    pub(in crate::code) fn digest(&self, bytes: &[u8]) -> digest::Digest {
        digest::digest(self.algorithm, bytes)
    }

    /// The digests that are not of pages, by number; zeros stand for nothing.
    pub(in crate::code) fn special(&self) -> impl Iterator<Item = (u32, &'a [u8])> {
        let digests = self.special.rest().chunks_exact(self.algorithm.output_len());
        let numbered = (1..).zip(digests.rev());
        numbered.filter(|(_, digest)| digest.iter().any(|byte| *byte != 0))
    }
}

/// The fields that later versions brought.
#[derive(Default)]
struct Later {
    team: Option<u32>,
    limit: Option<u64>,
    executable: Option<(ExecSegment, u64)>,
}

impl Later {
    fn read(fields: &mut Reader<'_>, version: u32) -> Result<Self, Error> {
        let mut later = Self::default();
        if version >= MIN_SCATTER {
            let (at, scatter) = (fields.offset(), u32(fields, "offset of the scatter table")?);
            if scatter != 0 {
                return Err(Error::rejected("offset of the scatter table", at, Problem::Unsupported(scatter)));
            }
        }
        if version >= MIN_TEAM {
            later.team = Some(u32(fields, "offset of the team identifier")?).filter(|offset| *offset != 0);
        }
        if version >= MIN_LIMIT_64 {
            fields.take(4, "unused field")?;
            later.limit = Some(u64(fields, "code limit")?).filter(|limit| *limit != 0);
        }
        if version >= MIN_EXEC_SEGMENT {
            let base = u64(fields, "base of the executable segment")?;
            let limit = u64(fields, "limit of the executable segment")?;
            let flags = u64(fields, "flags of the executable segment")?;
            later.executable = Some((ExecSegment { base, limit, is_main: flags & MAIN_BINARY != 0 }, flags));
        }
        Ok(later)
    }
}

fn algorithm(fields: &mut Reader<'_>) -> Result<&'static Algorithm, Error> {
    let at = fields.offset();
    let [length, kind] = fields.array("hash function")?;
    let algorithm = match kind {
        SHA1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        SHA256 => &digest::SHA256,
        _ => return Err(Error::rejected("hash function", at, Problem::Unsupported(kind.into()))),
    };
    if usize::from(length) != algorithm.output_len() {
        return Err(Error::rejected("length of a digest", at, Problem::Disagrees("the hash function")));
    }
    Ok(algorithm)
}

/// The digests of what is no page, and after them those of the pages.
fn digests<'a>(
    blob: &Blob<'a>,
    offset: u32,
    special: u32,
    pages: u32,
    algorithm: &Algorithm,
) -> Result<(Reader<'a>, Reader<'a>), Error> {
    let bytes = |count: u32| usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(algorithm.output_len());
    let start = usize::try_from(offset).unwrap_or(usize::MAX).checked_sub(bytes(special));
    let start = start.ok_or_else(|| Error::rejected("special slots", blob.offset, Problem::Truncated))?;
    let mut rest = from(blob, start, "special slots")?;
    Ok((rest.part(bytes(special), "special slots")?, rest.part(bytes(pages), "digests of the pages")?))
}

/// The text up to a NUL.
fn text<'a>(blob: &Blob<'a>, offset: u32, field: &'static str) -> Result<&'a str, Error> {
    let rest = from(blob, usize::try_from(offset).unwrap_or(usize::MAX), field)?;
    let reject = |problem| Error::rejected(field, rest.offset(), problem);
    let text = rest.rest().split_inclusive(|byte| *byte == 0).next().and_then(|text| text.strip_suffix(&[0]));
    let text = text.ok_or_else(|| reject(Problem::Truncated))?;
    match str::from_utf8(text) {
        Ok("") => Err(reject(Problem::Empty)),
        Ok(text) => Ok(text),
        Err(_) => Err(reject(Problem::NotA("UTF-8"))),
    }
}

/// The blob from this offset on, which counts from its first byte.
fn from<'a>(blob: &Blob<'a>, offset: usize, field: &'static str) -> Result<Reader<'a>, Error> {
    let mut rest = Reader::at(blob.whole, blob.offset);
    rest.take(offset, field)?;
    Ok(rest)
}

//! Blobs: a magic number, a length and content; and the one blob that holds the others.

use formats::reader::Reader;

use super::error::Error;
use crate::apk::Problem;

// Magic numbers.
pub(super) const EMBEDDED_SIGNATURE: u32 = 0xfade_0cc0;
pub(super) const CODE_DIRECTORY: u32 = 0xfade_0c02;
pub(super) const REQUIREMENTS: u32 = 0xfade_0c01;
pub(super) const REQUIREMENT: u32 = 0xfade_0c00;
pub(super) const ENTITLEMENTS: u32 = 0xfade_7171;
pub(super) const DER_ENTITLEMENTS: u32 = 0xfade_7172;
pub(super) const WRAPPER: u32 = 0xfade_0b01;

/// What a blob is there for: its number in the index, and in a code directory that of its digest.
pub(super) mod slot {
    pub(in crate::code) const CODE_DIRECTORY: u32 = 0;
    pub(in crate::code) const INFO_PLIST: u32 = 1;
    pub(in crate::code) const REQUIREMENTS: u32 = 2;
    pub(in crate::code) const CODE_RESOURCES: u32 = 3;
    pub(in crate::code) const ENTITLEMENTS: u32 = 5;
    pub(in crate::code) const DER_ENTITLEMENTS: u32 = 7;
    /// Further code directories, with other hash functions than the first one.
    pub(in crate::code) const ALTERNATES: std::ops::Range<u32> = 0x1000..0x1005;
    pub(in crate::code) const SIGNATURE: u32 = 0x1_0000;
}

/// Signatures have five blobs, seven with alternate code directories and a notarization ticket.
const MAX_BLOBS: u32 = 32;
const HEADER: usize = 8;

/// A blob.
pub(super) fn blob(magic: u32, content: &[u8]) -> Vec<u8> {
    let length = length(content.len().saturating_add(HEADER));
    [magic.to_be_bytes().as_slice(), &length.to_be_bytes(), content].concat()
}

/// The blob with this magic number that has these in it, by number.
pub(super) fn index(magic: u32, blobs: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut content = length(blobs.len()).to_be_bytes().to_vec();
    let mut offset = blobs.len().saturating_mul(8).saturating_add(HEADER).saturating_add(4);
    for (number, blob) in blobs {
        content.extend(number.to_be_bytes());
        content.extend(length(offset).to_be_bytes());
        offset = offset.saturating_add(blob.len());
    }
    blobs.iter().for_each(|(_, blob)| content.extend(blob));
    self::blob(magic, &content)
}

/// Code is shorter than 4 GiB, and signatures are a hundred times shorter.
pub(super) fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// A blob that was read.
#[derive(Clone, Copy)]
pub(super) struct Blob<'a> {
    pub(super) number: u32,
    pub(super) magic: u32,
    /// Where it begins.
    pub(super) offset: u64,
    /// The blob with magic number and length, of which digests are taken.
    pub(super) whole: &'a [u8],
    /// What comes after these.
    pub(super) content: Reader<'a>,
}

impl Blob<'_> {
    /// Refuses a blob with another magic number.
    pub(super) fn expect(&self, magic: u32, field: &'static str) -> Result<(), Error> {
        if self.magic == magic {
            return Ok(());
        }
        Err(Error::rejected(field, self.offset, Problem::Unsupported(self.magic)))
    }
}

/// The blobs of a signature, in the order of the index.
pub(super) struct Blobs<'a> {
    pub(super) all: Vec<Blob<'a>>,
    /// Where the index ends.
    pub(super) first: u64,
    /// Where the signature ends.
    pub(super) end: u64,
    /// What stands behind it in the space that is reserved for it.
    pub(super) rest: &'a [u8],
}

impl<'a> Blobs<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let whole = read_blob(0, Reader::new(bytes), "signature")?;
        whole.expect(EMBEDDED_SIGNATURE, "magic number of the signature")?;
        let mut index = whole.content;
        let (at, count) = (index.offset(), u32(&mut index, "number of blobs")?);
        if count > MAX_BLOBS {
            return Err(Error::rejected("number of blobs", at, Problem::TooMany(MAX_BLOBS.into())));
        }
        let mut all: Vec<Blob<'a>> = Vec::new();
        for _ in 0..count {
            let at = index.offset();
            let number = u32(&mut index, "number of a blob")?;
            let place = u32(&mut index, "offset of a blob")?;
            let mut rest = Reader::new(whole.whole);
            rest.take(usize::try_from(place).unwrap_or(usize::MAX), "offset of a blob")?;
            if all.iter().any(|other| other.number == number) {
                return Err(Error::rejected("number of a blob", at, Problem::Duplicate));
            }
            all.push(read_blob(number, rest, "blob")?);
        }
        let rest = bytes.get(whole.whole.len()..).unwrap_or_default();
        let end = u64::try_from(whole.whole.len()).unwrap_or(u64::MAX);
        Ok(Self { all, first: index.offset(), end, rest })
    }

    pub(super) fn find(&self, number: u32) -> Option<&Blob<'a>> {
        self.all.iter().find(|blob| blob.number == number)
    }
}

fn read_blob<'a>(number: u32, mut rest: Reader<'a>, field: &'static str) -> Result<Blob<'a>, Error> {
    let start = rest;
    let magic = u32(&mut rest, "magic number of a blob")?;
    let (at, length) = (rest.offset(), u32(&mut rest, "length of a blob")?);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let content =
        length.checked_sub(HEADER).ok_or_else(|| Error::rejected("length of a blob", at, Problem::Truncated))?;
    let whole = { start }.take(length, field)?;
    Ok(Blob { number, magic, offset: start.offset(), whole, content: rest.part(content, field)? })
}

/// Four bytes, the highest first.
pub(super) fn u32(reader: &mut Reader<'_>, field: &'static str) -> Result<u32, Error> {
    Ok(u32::from_be_bytes(reader.array(field)?))
}

/// Eight bytes, the highest first.
pub(super) fn u64(reader: &mut Reader<'_>, field: &'static str) -> Result<u64, Error> {
    Ok(u64::from_be_bytes(reader.array(field)?))
}

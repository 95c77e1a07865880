//! The first 112 bytes: version, checksum, signature, length, and where the tables stand.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::error::{Error, invalid};
use super::write::put;
use crate::reader::Reader;

/// Length of the header in every version that is read here.
pub(super) const HEADER_LENGTH: u32 = 0x70;
/// Where the checksum stands; it covers everything behind itself.
pub(super) const CHECKSUM_AT: usize = 8;
/// Where the signature stands; it covers everything behind itself.
pub(super) const SIGNATURE_AT: usize = 12;
/// Where what the signature covers starts.
pub(super) const SIGNED_FROM: usize = 32;
/// `ENDIAN_CONSTANT`.
const LITTLE_ENDIAN: u32 = 0x1234_5678;

/// What a quick look at a DEX file tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The format's version: 35, 37, 38, 39 or 40.
    pub version: u8,
    /// Whether the content has the SHA-1 digest that the header says. The platform does not look at it.
    pub signature_matches: bool,
}

/// What the header says that is not the same in all files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) version: u8,
    /// Where the map stands.
    pub(super) map_offset: u32,
    /// Number and place of strings, types, prototypes, fields, methods and classes, in this order.
    pub(super) tables: [Span; 6],
    /// Length in bytes and place of everything but the tables.
    pub(super) data: Span,
}

/// Number of entries of a table, or of bytes, and their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) count: u32,
    pub(super) offset: u32,
}

impl Header {
    /// A quick look at a whole file: kind, version, length, checksum and signature, but not the content.
    ///
    /// # Errors
    /// Where the platform would refuse the header or the checksum, and for kinds and versions that are not read here.
    pub fn check(bytes: &[u8]) -> Result<Self, Error> {
        let Head { version, .. } = Head::read(bytes)?;
        let declared = bytes.get(SIGNATURE_AT..SIGNED_FROM).unwrap_or_default();
        Ok(Self { version, signature_matches: signature(bytes) == declared })
    }
}

impl Head {
    /// Everything but the signature is checked.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let version = version(reader.array("magic")?)?;
        let declared = reader.u32("checksum")?;
        reader.take(20, "signature")?;
        fixed(&mut reader, "file size", u32::try_from(bytes.len()).unwrap_or(u32::MAX), "the length of the file")?;
        fixed(&mut reader, "header size", HEADER_LENGTH, "0x70 in every version up to 040")?;
        fixed(&mut reader, "endian tag", LITTLE_ENDIAN, "0x12345678, little-endian")?;
        fixed(&mut reader, "link size", 0, "statically linked files are not supported")?;
        fixed(&mut reader, "link offset", 0, "0 without link data")?;
        let map_offset = reader.u32("map offset")?;
        let mut tables = [Span { count: 0, offset: 0 }; 6];
        for table in &mut tables {
            *table = Span { count: reader.u32("table size")?, offset: reader.u32("table offset")? };
        }
        let data = Span { count: reader.u32("data size")?, offset: reader.u32("data offset")? };
        let computed = adler32(bytes.get(SIGNATURE_AT..).unwrap_or_default());
        if computed != declared {
            return Err(Error::Checksum { declared, computed });
        }
        Ok(Self { version, map_offset, tables, data })
    }
}

fn version(magic: [u8; 8]) -> Result<u8, Error> {
    match &magic {
        b"dex\n035\0" => Ok(35),
        b"dex\n037\0" => Ok(37),
        b"dex\n038\0" => Ok(38),
        b"dex\n039\0" => Ok(39),
        b"dex\n040\0" => Ok(40),
        b"dex\n041\0" => Err(Error::Unsupported("DEX version 041, a container of several files,")),
        [b'c', b'd', b'e', b'x', ..] => Err(Error::Unsupported("compact DEX (cdex), which only devices make,")),
        [b'd', b'e', b'y', b'\n', ..] => Err(Error::Unsupported("optimised DEX (odex), which only devices make,")),
        [b'd', b'e', b'x', b'\n', ..] => {
            Err(invalid("magic", 0, u64::from_be_bytes(magic), "versions 035, 037, 038, 039 and 040 are read"))
        }
        _ => Err(invalid("magic", 0, u64::from_be_bytes(magic), "a DEX file begins with \"dex\\n\"")),
    }
}

/// A field that can have one value only.
fn fixed(reader: &mut Reader<'_>, field: &'static str, expected: u32, rule: &'static str) -> Result<(), Error> {
    let offset = reader.offset();
    match reader.u32(field)? {
        found if found == expected => Ok(()),
        found => Err(invalid(field, offset, found, rule)),
    }
}

/// SHA-1 of what the signature covers.
pub(super) fn signature(bytes: &[u8]) -> [u8; 20] {
    let computed = digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes.get(SIGNED_FROM..).unwrap_or_default());
    computed.as_ref().try_into().unwrap_or_default()
}

/// RFC 1950. The remainders are taken as rarely as 32 bits allow, and whole blocks are summed at once.
pub(super) fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    const BLOCK: usize = 16;
    /// A multiple of the block, below the 5,552 bytes after which the second sum could overflow.
    const RUN: usize = 5_536;
    let (mut low, mut high) = (1_u32, 0_u32);
    for run in bytes.chunks(RUN) {
        let (blocks, rest) = run.as_chunks::<BLOCK>();
        for block in blocks {
            let weighted = (1_u32..=16).rev().zip(block).map(|(weight, byte)| weight.wrapping_mul(u32::from(*byte)));
            high = high.wrapping_add(low.wrapping_mul(16)).wrapping_add(weighted.fold(0, u32::wrapping_add));
            low = low.wrapping_add(block.iter().map(|byte| u32::from(*byte)).fold(0, u32::wrapping_add));
        }
        for byte in rest {
            low = low.wrapping_add(u32::from(*byte));
            high = high.wrapping_add(low);
        }
        (low, high) = (low % MODULUS, high % MODULUS);
    }
    (high << 16) | low
}

/// Writes length, signature and checksum into a header, in this order: each covers the ones before.
pub(super) fn seal(bytes: &mut [u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    put(bytes, SIGNED_FROM, &length.to_le_bytes());
    let signature = signature(bytes);
    put(bytes, SIGNATURE_AT, &signature);
    let checksum = adler32(bytes.get(SIGNATURE_AT..).unwrap_or_default());
    put(bytes, CHECKSUM_AT, &checksum.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adler32_of_known_bytes() {
        assert_eq!(adler32(b""), 1);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
        let bytes: Vec<u8> = (0..20_000_u32).map(|number| (number % 251).to_le_bytes()[0]).collect();
        let (low, high) = bytes.iter().fold((1_u64, 0_u64), |(low, high), byte| {
            let low = (low + u64::from(*byte)) % 65_521;
            (low, (high + low) % 65_521)
        });
        assert_eq!(u64::from(adler32(&bytes)), (high << 16) | low);
        assert_eq!(adler32(&[0xff; 100_000]), {
            let (low, high) = (0..100_000).fold((1_u64, 0_u64), |(low, high), _| {
                let low = (low + 255) % 65_521;
                (low, (high + low) % 65_521)
            });
            u32::try_from((high << 16) | low).unwrap()
        });
    }
}

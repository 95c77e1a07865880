//! PNG images, as far as icons need them: how large one is, and how the form that Xcode packs them in is turned back.
//!
//! For iOS apps Xcode writes images that only Apple's platforms show: a chunk `CgBI` stands before the header, the pixels are a deflate
//! stream without the frame of zlib, red and blue change places, and colours are multiplied by their opacity. [`restore`] makes a plain
//! PNG (ISO/IEC 15948) of such an image.

mod filter;
mod pixels;
mod restore;

use crate::chunk::index;
use crate::reader::{Reader, Truncated};

pub use restore::restore;

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
const HEADER: [u8; 4] = *b"IHDR";
const DATA: [u8; 4] = *b"IDAT";
const END: [u8; 4] = *b"IEND";
const CRUSHED: [u8; 4] = *b"CgBI";

/// Why an image cannot be read or turned back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes end inside a field.
    #[error("PNG: {0}")]
    Truncated(#[from] Truncated),
    /// The bytes are no image, or one of a form that is not turned back.
    #[error("PNG: {0}")]
    Unsupported(&'static str),
    /// The pixels are not what the header says.
    #[error("PNG: {0}")]
    Pixels(&'static str),
}

/// What an image's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Whether it has the form that Xcode packs images in.
    pub is_crushed: bool,
    /// Bits of a sample.
    depth: u8,
    /// 2 for red, green and blue, 6 with opacity.
    colour: u8,
    /// Whether the rows stand in the order of ISO/IEC 15948, and not interlaced.
    is_in_order: bool,
}

impl Header {
    /// Bytes from the start on that are enough to read it.
    pub const LENGTH: usize = 64;

    /// Reads the header of an image, or of its first [`LENGTH`](Self::LENGTH) bytes.
    pub fn read(image: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(image);
        Self::take(&mut reader)
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Error> {
        if reader.array("signature")? != SIGNATURE {
            return Err(Error::Unsupported("the signature is another"));
        }
        let mut chunk = Chunk::take(reader)?;
        let is_crushed = chunk.kind == CRUSHED;
        if is_crushed {
            chunk = Chunk::take(reader)?;
        }
        if chunk.kind != HEADER {
            return Err(Error::Unsupported("it does not begin with a header"));
        }
        let mut fields = chunk.body;
        let [width, height] = [big_endian(&mut fields, "width")?, big_endian(&mut fields, "height")?];
        let [depth, colour, _, _, interlaced] = fields.array("header")?;
        Ok(Self { width, height, is_crushed, depth, colour, is_in_order: interlaced == 0 })
    }
}

struct Chunk<'a> {
    kind: [u8; 4],
    body: Reader<'a>,
}

impl<'a> Chunk<'a> {
    fn take(reader: &mut Reader<'a>) -> Result<Self, Truncated> {
        let length = big_endian(reader, "chunk length")?;
        let kind = reader.array("chunk type")?;
        let body = reader.part(index(length), "chunk")?;
        reader.u32("checksum of a chunk")?;
        Ok(Self { kind, body })
    }
}

fn big_endian(reader: &mut Reader<'_>, field: &'static str) -> Result<u32, Truncated> {
    reader.array(field).map(u32::from_be_bytes)
}

//! From the form that Xcode packs images in to a plain PNG.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::ZlibEncoder;

use super::filter::Filter;
use super::pixels::make_plain;
use super::{Chunk, DATA, END, Error, HEADER, Header, SIGNATURE};
use crate::chunk::{index, size_u32};
use crate::reader::{Reader, widen};

/// Makes a plain PNG of an image whose sides have at most `most` pixels. Memory is what the pixels take, some four bytes each, and the
/// image's own length. The header, the pixels and the end are kept, everything else is left out.
///
/// # Errors
/// An image that is not in Xcode's form or is too large, samples of other than eight bits, palettes and shades of grey, interlaced
/// rows, and pixels that are broken, too few or too many.
pub fn restore(image: &[u8], most: u32) -> Result<Vec<u8>, Error> {
    let mut reader = Reader::new(image);
    let header = Header::take(&mut reader)?;
    let layout = Layout::of(header, most)?;
    let mut rows = unpack(&packed_pixels(&mut reader)?, layout.length())?;
    let plain = layout.make_plain(&mut rows)?;

    let mut out = SIGNATURE.to_vec();
    let sides = [header.width.to_be_bytes(), header.height.to_be_bytes()].concat();
    put(&mut out, HEADER, &[sides.as_slice(), &[header.depth, header.colour, 0, 0, 0]].concat());
    put(&mut out, DATA, &pack(&plain).map_err(|_| Error::Pixels("they cannot be packed"))?);
    put(&mut out, END, &[]);
    Ok(out)
}

/// How the bytes of the rows are laid out.
struct Layout {
    /// Bytes of a pixel.
    pixel: usize,
    /// Bytes of a row, with the filter before it.
    row: usize,
    rows: usize,
}

impl Layout {
    fn of(header: Header, most: u32) -> Result<Self, Error> {
        let pixel = match (header.depth, header.colour) {
            (8, 2) => 3_usize,
            (8, 6) => 4,
            _ => return Err(Error::Unsupported("the pixels are other than three or four bytes")),
        };
        if !header.is_crushed {
            return Err(Error::Unsupported("it is not in the form that Xcode packs images in"));
        }
        if !header.is_in_order {
            return Err(Error::Unsupported("it is interlaced"));
        }
        let sides = [header.width, header.height];
        if sides.iter().any(|side| !(1..=most).contains(side)) {
            return Err(Error::Unsupported("it has no pixels, or more than are accepted"));
        }
        let [width, rows] = sides.map(index);
        Ok(Self { pixel, row: width.saturating_mul(pixel).saturating_add(1), rows })
    }

    fn length(&self) -> usize {
        self.row.saturating_mul(self.rows)
    }

    /// The rows with plain pixels, each with the filter that it had.
    fn make_plain(&self, rows: &mut [u8]) -> Result<Vec<u8>, Error> {
        let mut out = Vec::with_capacity(rows.len());
        let (mut above, mut plain_above): (&[u8], Vec<u8>) = (&[], Vec::new());
        for row in rows.chunks_exact_mut(self.row) {
            let Some((number, row)) = row.split_first_mut() else { continue };
            let filter = Filter::of(*number)?;
            filter.undo(row, above, self.pixel);
            let mut plain = row.to_vec();
            make_plain(&mut plain, self.pixel);
            out.push(*number);
            out.extend(filter.apply(&plain, &plain_above, self.pixel));
            (above, plain_above) = (row, plain);
        }
        Ok(out)
    }
}

/// The packed pixels, of all chunks that hold some.
fn packed_pixels(reader: &mut Reader<'_>) -> Result<Vec<u8>, Error> {
    let mut packed = Vec::new();
    loop {
        let chunk = Chunk::take(reader)?;
        match chunk.kind {
            DATA => packed.extend(chunk.body.rest()),
            END => return Ok(packed),
            _ => {}
        }
    }
}

/// Unpacks exactly `length` bytes.
fn unpack(packed: &[u8], length: usize) -> Result<Vec<u8>, Error> {
    let mut unpacked = Vec::with_capacity(length);
    // One byte more than there should be, so that more of them show.
    let mut bounded = DeflateDecoder::new(packed).take(widen(length).saturating_add(1));
    bounded.read_to_end(&mut unpacked).map_err(|_| Error::Pixels("they are no deflate stream"))?;
    match unpacked.len() == length {
        true => Ok(unpacked),
        false => Err(Error::Pixels("there are more or fewer of them than the header says")),
    }
}

fn pack(rows: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(rows)?;
    encoder.finish()
}

fn put(out: &mut Vec<u8>, kind: [u8; 4], body: &[u8]) {
    out.extend(size_u32(body.len()).to_be_bytes());
    let mut checksum = crc32fast::Hasher::new();
    for bytes in [&kind, body] {
        out.extend(bytes);
        checksum.update(bytes);
    }
    out.extend(checksum.finalize().to_be_bytes());
}

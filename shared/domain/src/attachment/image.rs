//! What an image is: a PNG (ISO/IEC 15948) or a JPEG (ITU-T T.81) from its first byte to its last. Its parts are walked over and none is
//! unpacked: nobody here looks at its pixels.

use imagesize::{ImageType as Format, blob_size, image_type};
use serde::{Deserialize, Serialize};

use super::{MAX_BYTES, too_large};
use crate::error::Error;

/// Pixels of a side.
const MAX_SIDE: usize = 16_384;
const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG_START: &[u8] = b"\xff\xd8";

/// What a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImageType {
    /// Portable Network Graphics.
    #[serde(rename = "image/png")]
    Png,
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
}

impl ImageType {
    /// What `content` is: a whole PNG or JPEG of at most [`MAX_BYTES`] and 16384 pixels a side, with nothing behind its end, where
    /// another file could stand.
    pub fn of(content: &[u8]) -> Result<Self, Error> {
        if content.len() > MAX_BYTES {
            return Err(too_large());
        }
        let (found, behind) = match image_type(content) {
            Ok(Format::Png) => (Self::Png, behind_png(content)),
            Ok(Format::Jpeg) => (Self::Jpeg, behind_jpeg(content)),
            _ => return Err(refused("Attachments must be PNG or JPEG images")),
        };
        let (Some(behind), Ok(size)) = (behind, blob_size(content)) else {
            return Err(refused("The attachment is a damaged image"));
        };
        if ![size.width, size.height].iter().all(|side| (1..=MAX_SIDE).contains(side)) {
            return Err(refused("Attached images must be 1 to 16384 pixels wide and high"));
        }
        if behind.is_empty() { Ok(found) } else { Err(refused("The attachment goes on behind the end of the image")) }
    }

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }

    /// What names of such pictures end in, the usual one first.
    pub(super) const fn extensions(self) -> [&'static str; 2] {
        match self {
            Self::Png => ["png", "png"],
            Self::Jpeg => ["jpg", "jpeg"],
        }
    }
}

fn refused(message: &'static str) -> Error {
    Error::invalid("attachment", message)
}

/// What stands behind the last chunk of a PNG; `None` of one that is not whole (ISO/IEC 15948, 5.3 and 5.6).
fn behind_png(content: &[u8]) -> Option<&[u8]> {
    let (header, mut rest) = chunk(content.strip_prefix(PNG_SIGNATURE)?)?;
    if header.len() != 4 + 13 || !header.starts_with(b"IHDR") {
        return None;
    }
    let mut has_pixels = false;
    loop {
        let (body, behind) = chunk(rest)?;
        match body.first_chunk()? {
            b"IDAT" => has_pixels = true,
            b"IEND" => return (has_pixels && body.len() == 4).then_some(behind),
            b"IHDR" => return None,
            _ => {}
        }
        rest = behind;
    }
}

/// Type and data of a chunk whose checksum is right, and what stands behind it.
fn chunk(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (body, rest) = rest.split_at_checked(length.checked_add(4)?)?;
    let (checksum, behind) = rest.split_first_chunk()?;
    (crc32fast::hash(body) == u32::from_be_bytes(*checksum)).then_some((body, behind))
}

/// What stands behind the end marker of a JPEG; `None` of one that is not whole, or not of one frame (T.81, B.1 and B.2).
fn behind_jpeg(content: &[u8]) -> Option<&[u8]> {
    let mut rest = content.strip_prefix(JPEG_START)?;
    let (mut has_frame, mut has_scan) = (false, false);
    loop {
        let (marker, behind) = marker(rest)?;
        match marker {
            0xd9 => return has_scan.then_some(behind),
            // Stands alone: a stuffed zero, TEM, a restart, another start.
            0x00 | 0x01 | 0xd0..=0xd8 => return None,
            0xda if has_frame => {
                rest = behind_scan(segment(behind)?)?;
                has_scan = true;
                continue;
            }
            0xda => return None,
            // SOF, among which DHT, JPG and DAC stand.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                if has_frame {
                    return None;
                }
                has_frame = true;
            }
            _ => {}
        }
        rest = segment(behind)?;
    }
}

/// A marker, before which bytes may be filled in, and what stands behind it.
fn marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let rest = bytes.strip_prefix(b"\xff")?;
    let filled_in = rest.iter().take_while(|byte| **byte == 0xff).count();
    let (marker, behind) = rest.get(filled_in..)?.split_first()?;
    Some((*marker, behind))
}

/// What stands behind a segment, whose length counts itself.
fn segment(bytes: &[u8]) -> Option<&[u8]> {
    let length = usize::from(u16::from_be_bytes(*bytes.first_chunk()?));
    bytes.get(length.max(2)..).filter(|_| length >= 2)
}

/// What stands behind the data of a scan: the next marker that is no restart.
fn behind_scan(bytes: &[u8]) -> Option<&[u8]> {
    let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
    bytes.get(bytes.windows(2).position(is_marker)?..)
}

//! Pictures that come with tickets and comments: PNG or JPEG by what they are, not by what they are called (page 003, "Support
//! Tickets").

use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use imagesize::{ImageType as Format, blob_size, image_type};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::{Sha256Hex, string_conversions, uuid_id};
use crate::text::is_unseen;

/// Decoded bytes of an attachment.
pub const MAX_BYTES: usize = 5_242_880;
/// Decoded bytes that fit an answer of Lambda, 6 MB, in base64 with what stands around them.
pub const INLINE_BYTES: u32 = 4_400_000;

/// With and without padding, as `base64` writes it but for the line breaks.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

uuid_id!(
    /// Names an attachment within its tenant.
    AttachmentId,
    "attachment_id",
    "Invalid attachment ID"
);

uuid_id!(
    /// Names an upload of an attachment.
    AttachmentUploadId,
    "attachment_upload",
    "Invalid attachment upload"
);

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

/// The name of an attachment: 1 to 255 bytes, one path component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AttachmentName(String);

/// An attachment, whose content is stored under its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Names it.
    pub attachment_id: AttachmentId,
    /// As whoever sent it calls it.
    pub file_name: AttachmentName,
    /// What it is.
    pub file_type: ImageType,
    /// Bytes.
    pub size: u32,
    /// SHA-256 of the content.
    pub digest: Sha256Hex,
    /// Who sent it.
    pub uploaded_by: String,
    /// Unix seconds.
    pub created_at: i64,
}

impl ImageType {
    /// What `content` is: a PNG or a JPEG whose header says how large the picture is.
    pub fn of(content: &[u8]) -> Result<Self, Error> {
        if content.len() > MAX_BYTES {
            return Err(too_large());
        }
        let found = match image_type(content) {
            Ok(Format::Png) => Self::Png,
            Ok(Format::Jpeg) => Self::Jpeg,
            _ => return Err(Error::invalid("attachment", "Attachments must be PNG or JPEG images")),
        };
        match blob_size(content) {
            Ok(size) if size.width > 0 && size.height > 0 => Ok(found),
            _ => Err(Error::invalid("attachment", "The attachment is a damaged image")),
        }
    }

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }

    /// What a picture without a name is called.
    pub fn usual_name(self) -> AttachmentName {
        AttachmentName(
            match self {
                Self::Png => "attachment.png",
                Self::Jpeg => "attachment.jpg",
            }
            .to_owned(),
        )
    }
}

impl AttachmentName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AttachmentName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let name = text.trim();
        let fits = |c: char| !is_unseen(c) && !matches!(c, '/' | '\\' | '"');
        if (1..=255).contains(&name.len()) && name.chars().all(fits) {
            return Ok(Self(name.to_owned()));
        }
        let message = "Attachment name must be 1 to 255 bytes, without slashes, quotes and control characters";
        Err(Error::invalid("attachment_name", message))
    }
}

string_conversions!(AttachmentName);

/// Decodes the `attachment` field: base64, with or without padding and line breaks.
pub fn decode(text: &str) -> Result<Vec<u8>, Error> {
    // Four characters carry three bytes.
    if text.len() / 4 > MAX_BYTES / 3 + MAX_BYTES / 76 {
        return Err(too_large());
    }
    let plain: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64.decode(plain).map_err(|_| Error::invalid("attachment", "Attachment is not Base64"))
}

/// What is said of more than [`MAX_BYTES`].
pub fn too_large() -> Error {
    Error::invalid("attachment", "Attachments can be up to 5 MB")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of one pixel.
    const PNG: &[u8] = &[
        0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8,
        0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55,
    ];
    const JPEG: &[u8] =
        &[0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 11, 8, 0, 2, 0, 3, 1, 1, 0x11, 0, 0xff, 0xd9];

    #[test]
    fn the_content_says_what_a_picture_is() {
        assert_eq!(ImageType::of(PNG).unwrap(), ImageType::Png);
        assert_eq!(ImageType::of(JPEG).unwrap(), ImageType::Jpeg);
        let mut empty = PNG.to_vec();
        empty[16..24].fill(0);
        for other in [
            &b""[..],
            b"\x89PNG\r\n\x1a\n",
            &PNG[..20],
            &JPEG[..6],
            &empty,
            b"GIF89a\x01\0\x01\0\0\0\0;",
            b"BM",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"%PDF-1.7",
            b"PK\x03\x04",
            b"\xff\xd8\xff",
            b"RIFF\0\0\0\0WEBPVP8 ",
        ] {
            assert!(matches!(ImageType::of(other), Err(Error::Invalid { field: "attachment", .. })), "{other:?}");
        }
    }

    #[test]
    fn five_megabytes_fit_and_a_byte_more_does_not() {
        let mut picture = PNG.to_vec();
        picture.resize(MAX_BYTES, 0);
        assert!(ImageType::of(&picture).is_ok());
        let text = BASE64.encode(&picture);
        assert_eq!(decode(&text).unwrap().len(), MAX_BYTES);
        picture.push(0);
        assert_eq!(ImageType::of(&picture).unwrap_err().to_string(), "Attachments can be up to 5 MB");
        assert!(decode(&"A".repeat(8_000_000)).is_err());
    }

    #[test]
    fn base64_comes_as_tools_write_it() {
        for text in ["iVBORw==", "iVBORw", "iVB\r\nORw==\n"] {
            assert_eq!(decode(text).unwrap(), b"\x89PNG", "{text:?}");
        }
        for text in ["iVBORw===", "data:image/png;base64,iVBORw==", "i", "*"] {
            assert!(decode(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_name_is_one_path_component() {
        assert_eq!(" Größe (1).png ".parse::<AttachmentName>().unwrap().as_str(), "Größe (1).png");
        for text in ["", " ", "../x.png", "a\\b.png", "a\nb.png", "a\"b.png", "gnp.\u{202e}exe", &"é".repeat(128)] {
            assert!(text.parse::<AttachmentName>().is_err(), "{text:?}");
        }
    }
}

//! Pictures that come with tickets and comments: PNG or JPEG by what they are, not by what they are called (page 003, "Support
//! Tickets").

mod image;

use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::{Sha256Hex, string_conversions, uuid_id};
use crate::text::is_unseen;

pub use image::ImageType;

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

/// Bytes of a name.
const NAME_BYTES: usize = 255;
/// What a picture without a name is called.
const USUAL_NAME: &str = "attachment";

/// The name of an attachment: 1 to 255 bytes, one path component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AttachmentName(String);

/// An attachment, whose content is stored under its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Names it.
    pub attachment_id: AttachmentId,
    /// As whoever sent it calls it, with an extension that fits.
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

impl AttachmentName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name with an extension that says what the picture is; without a name, the usual one.
    pub fn fitting(name: Option<Self>, picture: ImageType) -> Self {
        let name = name.map_or_else(String::new, |name| name.0);
        let name = name.trim_end_matches(['.', ' ']);
        let (stem, extension) = name.rsplit_once('.').filter(|(_, text)| is_extension(text)).unwrap_or((name, ""));
        if !stem.is_empty() && picture.extensions().iter().any(|fits| extension.eq_ignore_ascii_case(fits)) {
            return Self(name.to_owned());
        }
        let extension = picture.extensions()[0];
        let stem = &stem[..stem.floor_char_boundary(NAME_BYTES - extension.len() - 1)];
        Self(format!("{}.{extension}", if stem.is_empty() { USUAL_NAME } else { stem }))
    }
}

/// Whether what stands behind the last dot says what a file is: not in `Screenshot at 10.15` nor in `v1.2 of it`.
fn is_extension(text: &str) -> bool {
    (1..=10).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

impl FromStr for AttachmentName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let name = text.trim();
        let fits = |c: char| !is_unseen(c) && !matches!(c, '/' | '\\' | '"');
        if (1..=NAME_BYTES).contains(&name.len()) && name.chars().all(fits) {
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

    #[test]
    fn five_megabytes_decode_and_much_more_does_not() {
        assert_eq!(decode(&BASE64.encode(vec![0; MAX_BYTES])).unwrap().len(), MAX_BYTES);
        assert_eq!(decode(&"A".repeat(8_000_000)).unwrap_err().to_string(), "Attachments can be up to 5 MB");
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
    #[test]
    fn a_name_ends_as_its_picture_is() {
        let long = format!("{}.exe", "é".repeat(125));
        let cut = format!("{}.jpg", "é".repeat(125));
        for (name, picture, fits) in [
            ("screenshot.png", ImageType::Png, "screenshot.png"),
            ("Screenshot.PNG", ImageType::Png, "Screenshot.PNG"),
            ("photo.JPEG", ImageType::Jpeg, "photo.JPEG"),
            ("photo.jpg", ImageType::Png, "photo.png"),
            ("invoice.exe", ImageType::Png, "invoice.png"),
            ("invoice.exe. .", ImageType::Png, "invoice.png"),
            ("invoice.png.exe", ImageType::Jpeg, "invoice.png.jpg"),
            ("screenshot", ImageType::Jpeg, "screenshot.jpg"),
            ("Screenshot at 10.15", ImageType::Png, "Screenshot at 10.15.png"),
            ("v1.2 of it", ImageType::Png, "v1.2 of it.png"),
            (".png", ImageType::Png, "attachment.png"),
            (".", ImageType::Png, "attachment.png"),
            (&long, ImageType::Jpeg, &cut),
        ] {
            let named = AttachmentName::fitting(Some(name.parse().unwrap()), picture);
            assert_eq!(named.as_str(), fits, "{name}");
            assert_eq!(named.as_str().parse::<AttachmentName>().unwrap(), named);
        }
        assert_eq!(AttachmentName::fitting(None, ImageType::Jpeg).as_str(), "attachment.jpg");
    }
}

//! The custom message of a version (page 003, "Custom Messages").

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::{Sha256Hex, string_conversions};

/// UTF-8 bytes of a message at most.
pub const MAX_BYTES: usize = 5_242_880;

/// A message, whose text is stored under its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomMessage {
    /// SHA-256 of the text.
    pub digest: Sha256Hex,
    /// UTF-8 bytes.
    pub size: u32,
    /// Whether apps show it.
    pub in_use: bool,
}

/// Names an upload of a message's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageUploadId(String);

impl FromStr for MessageUploadId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let known = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-');
        if text.len() == 36 && text.bytes().all(known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid("upload_id", "Invalid upload id"))
        }
    }
}

string_conversions!(MessageUploadId);

impl CustomMessage {
    /// The message `text`, which apps do not show yet. No text is no message.
    pub fn new(text: &str) -> Result<Option<Self>, Error> {
        if text.len() > MAX_BYTES {
            return Err(Self::too_large());
        }
        let size = u32::try_from(text.len()).map_err(Error::internal)?;
        Ok((size > 0).then(|| Self { digest: Sha256Hex::of(text.as_bytes()), size, in_use: false }))
    }

    /// The same, shown by apps or not as the message `before` was.
    pub fn replacing(self, before: Option<&Self>) -> Self {
        Self { in_use: before.is_some_and(|message| message.in_use), ..self }
    }

    /// The answer to a text above [`MAX_BYTES`].
    pub fn too_large() -> Error {
        Error::invalid("message", format!("Message must be at most {MAX_BYTES} bytes"))
    }
}

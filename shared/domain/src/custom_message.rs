//! The custom message of a version (page 003, "Custom Messages").

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::{Sha256Hex, uuid_id};

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

uuid_id!(
    /// Names an upload of a message's text.
    MessageUploadId,
    "upload_id",
    "Invalid upload id"
);

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

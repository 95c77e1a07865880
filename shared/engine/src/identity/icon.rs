//! Icons: images told by their content, small enough to be shown in a list.

use formats::png;
use formats::zip::Archive;

use super::{Icon, read_if_sound};
use crate::Error;

/// Longest icon, in bytes.
pub(super) const MOST_BYTES: u64 = 256 << 10;

impl Icon {
    /// The first of these entries that is there, is an image that browsers show, and is not too large. `prepare` may make it one.
    pub(super) fn first_of<'n>(
        archive: &Archive<'_>,
        names: impl IntoIterator<Item = &'n str>,
        prepare: impl Fn(Vec<u8>) -> Option<Vec<u8>>,
    ) -> Result<Option<Self>, Error> {
        for name in names {
            let content = read_if_sound(archive, name, MOST_BYTES)?;
            if let Some(icon) = content.and_then(&prepare).and_then(Self::of) {
                return Ok(Some(icon));
            }
        }
        Ok(None)
    }

    fn of(bytes: Vec<u8>) -> Option<Self> {
        let is_png = || png::Header::read(&bytes).is_ok_and(|header| !header.is_crushed);
        let content_type = match bytes.as_slice() {
            [0xff, 0xd8, 0xff, ..] => "image/jpeg",
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
            _ if is_png() => "image/png",
            _ => return None,
        };
        (bytes.len() as u64 <= MOST_BYTES).then_some(Self { bytes, content_type })
    }
}

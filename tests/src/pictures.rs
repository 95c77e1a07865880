//! Pictures that come with tickets.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// A PNG of one pixel, in base64.
pub const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";
/// Bytes of its last chunk, IEND.
const END: usize = 12;

/// That picture, with a comment that makes it `length` bytes long.
pub fn picture(length: usize) -> Vec<u8> {
    let pixel = BASE64_STANDARD.decode(PIXEL).unwrap();
    let (before, end) = pixel.split_at(pixel.len() - END);
    let comment = vec![b' '; length - pixel.len() - 12];
    let body = [b"tEXt", &comment[..]].concat();
    let length = u32::try_from(comment.len()).unwrap().to_be_bytes();
    [before, &length, &body, &crc32fast::hash(&body).to_be_bytes(), end].concat()
}

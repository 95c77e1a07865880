//! Tags, and DER as far as CMS needs it written (X.690).

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
/// `[0]`, constructed.
pub(crate) const CONTEXT_0: u8 = 0xa0;
/// `[1]`, constructed.
pub(crate) const CONTEXT_1: u8 = 0xa1;
pub(crate) const NULL: &[u8] = &[0x05, 0x00];

/// An element with this tag around the parts.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let length = length.iter().position(|byte| *byte != 0).and_then(|first| length.get(first..)).unwrap_or_default();
    let mut out = vec![tag];
    match (length, u8::try_from(length.len())) {
        ([], _) => out.push(0),
        ([short @ 0..0x80], _) => out.push(*short),
        (_, bytes) => {
            out.push(0x80 | bytes.unwrap_or_default());
            out.extend_from_slice(length);
        }
    }
    out.extend_from_slice(&content);
    out
}

/// A `SET OF`, whose elements DER sorts.
pub(crate) fn set_of(tag: u8, mut elements: Vec<&[u8]>) -> Vec<u8> {
    elements.sort_unstable();
    element(tag, &elements)
}

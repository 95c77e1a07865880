//! Binary property lists byte by byte, and the lists that several tests share.

use formats::limits::Limits;
use formats::plist::{Error, Value, read};

/// A list of these objects, the first one outermost, with offsets and references of one byte.
pub(crate) fn binary(objects: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"bplist00".to_vec();
    let mut offsets = Vec::new();
    for object in objects {
        offsets.push(u8::try_from(bytes.len()).unwrap());
        bytes.extend_from_slice(object);
    }
    let table = bytes.len();
    bytes.extend(&offsets);
    bytes.extend([0, 0, 0, 0, 0, 0, 1, 1]);
    for number in [objects.len(), 0, table] {
        bytes.extend(u64::try_from(number).unwrap().to_be_bytes());
    }
    bytes
}

/// The XML around a value.
pub(crate) fn xml(value: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">{value}</plist>\n"
    )
}

pub(crate) fn accepted(bytes: impl AsRef<[u8]>) -> Value {
    read(bytes.as_ref(), &Limits::default()).expect("it must be read")
}

/// The message, without what all of them begin with.
pub(crate) fn refused(bytes: impl AsRef<[u8]>) -> String {
    refused_within(bytes, &Limits::default())
}

pub(crate) fn refused_within(bytes: impl AsRef<[u8]>, limits: &Limits) -> String {
    let error: Error = read(bytes.as_ref(), limits).expect_err("it must be refused");
    let message = error.to_string();
    message.strip_prefix("property list: ").map_or(message.clone(), str::to_owned)
}

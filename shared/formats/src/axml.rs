//! Android binary XML: the compiled manifest and compiled XML resources.
//!
//! [`Document::parse`] keeps every byte, so that a document nobody edited is written back as it was, and an edited one differs
//! only where it was edited. Attributes of the `android:` namespace are matched by **resource id**, as the platform does:
//! shrinkers strip the text of their names.
//!
//! Chunk layouts are those of the platform's `ResourceTypes.h`; what the platform's own reader refuses is refused here too.

mod chunk;
mod dump;
mod edit;
mod error;
mod manifest;
mod name;
mod query;
mod read;
pub mod tree;
mod value;
mod write;

use crate::strings::StringPool;
use chunk::Chunk;

pub use dump::dump;
pub use error::Error;
pub use manifest::{Application, Manifest, SdkVersion};
pub use name::{ANDROID_NAMESPACE, AndroidAttribute};
pub use value::Value;

/// A parsed document. Reading never changes it; every edit that fails leaves it as it was.
#[derive(Clone, Debug)]
pub struct Document {
    /// The bytes that were parsed, while they still say the same as the fields below.
    original: Option<Vec<u8>>,
    /// Bytes of the outermost header beyond the usual eight.
    header_extra: Vec<u8>,
    pool: StringPool<'static>,
    /// The resource id of the attribute name at each of the first indices of the pool.
    resource_ids: Vec<u32>,
    /// Every element that was ever in the document; `body` says which ones still are.
    elements: Vec<chunk::Element>,
    /// The chunks in the order of the file.
    body: Vec<Chunk>,
    /// Bytes after the document.
    trailing: Vec<u8>,
}

/// An element of one [`Document`]. It stays valid through every edit but the removal of that element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementId(usize);

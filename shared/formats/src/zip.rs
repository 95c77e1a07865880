//! ZIP archives: a reader that refuses everything two readers could understand differently, and a writer for signed packages.
//!
//! The layout follows PKWARE's APPNOTE; numbers in the code are its signatures and offsets. What is refused beyond it is what attacks
//! on package formats are made of: duplicate names, overlaps, hidden prefixes, headers that contradict the directory.

mod check;
mod deflate;
mod directory;
mod end;
mod entry;
mod error;
mod local;
mod nesting;
mod read;
mod source;
mod splice;
mod write;

pub use directory::Archive;
pub use entry::{Attributes, Entry, Method};
pub use error::{Defect, Error};
pub use nesting::file_with_files_in_it;
pub use read::EntryReader;
pub use source::EntrySource;
pub use splice::{Spliced, Splicer};
pub use write::{Deflater, Header, Packed, Tail, Writer};

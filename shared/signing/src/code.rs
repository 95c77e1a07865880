//! Apple code signatures: what stands at the end of every executable of an app, and the list of an app's files that it seals.
//!
//! A signature is a blob of blobs: the code directory, which has the digest of every page of the code and of everything else
//! that is sealed (`Info.plist`, the list of files, the entitlements, requirements), and CMS signed data over that directory. A
//! signature that nobody made (ad hoc) has none of the latter. Apple's technical notes TN3125 to TN3127 say what the parts are
//! for; their layouts are those of `libsecurity_codesigning` and of XNU's `cs_blobs.h`. All numbers are big-endian.
//!
//! Writing: hash the code with [`PageHasher`] while it is written up to the place of the signature, whose length
//! [`signature_length`] tells beforehand, then write [`sign`]'s bytes. The files of a bundle are listed by [`CodeResources`].
//! Reading: [`read`] tells what an old signature claims, [`verify`] checks one.

mod blob;
mod cms;
mod directory;
mod entitlements;
mod error;
mod issuers;
mod pages;
mod read;
mod requirements;
pub mod resources;
mod sign;
mod verify;

pub use directory::ExecSegment;
pub use error::Error;
pub use pages::{PageHasher, PageHashes};
pub use read::{Claims, read};
pub use resources::CodeResources;
pub use sign::{By, Code, Signed, sign, signature_length};
pub use verify::{Sealed, Verified, verify};

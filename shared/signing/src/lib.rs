//! Keys, certificates, APK signature schemes, iOS signing identities and Apple code signatures.
//!
//! Everything here reads hostile bytes: keystores, signing blocks, code signatures and provisioning profiles come from outside. Parsing is checked to the
//! last byte, memory does not grow with the package, and nothing panics.

#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions, clippy::panic)
)]

pub mod apk;
pub mod certificate;
mod cms;
pub mod code;
pub mod generate;
pub mod ios;
pub mod key;
mod lanes;
mod message;
mod public_key;

pub use certificate::{Certificate, ValidityError};
pub use key::{KeyError, KeyKind, Signer};

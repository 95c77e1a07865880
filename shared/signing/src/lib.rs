//! Keys, certificates and APK signature schemes.
//!
//! Everything here reads hostile bytes: keystores and signing blocks come from outside. Parsing is checked to the
//! last byte, memory does not grow with the package, and nothing panics.

#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions, clippy::panic)
)]

pub mod apk;
pub mod certificate;
mod cms;
pub mod generate;
pub mod key;
mod public_key;

pub use certificate::Certificate;
pub use key::{KeyError, KeyKind, Signer};

//! What the cross-function tests share. The tests stand in few binaries, since each one with the SDK takes long to link.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this library is only for tests")]

pub mod clock;
pub mod conformance;
pub mod events;
pub mod functions;
pub mod harness;
pub mod issuer;
pub mod keystores;
pub mod members;
pub mod packages;
pub mod pictures;
pub mod privileges;
pub mod replays;
pub mod saml;
pub mod secrets;
pub mod shop;

//! iOS signing identities: keystores as OpenSSL and keytool write them, profiles that OpenSSL signs, and a real one.

#![expect(clippy::expect_used, reason = "a failed step is a failed test")]

#[path = "../support/mod.rs"]
mod support;

mod damage;
mod entitlements;
mod fields;
mod identities;
mod material;
mod signatures;

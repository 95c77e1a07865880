//! Apple code signatures: made, checked, judged by OpenSSL and rcodesign, and compared with a real app's.

#![expect(clippy::expect_used, reason = "a failed step is a failed test")]

#[path = "../support/mod.rs"]
mod support;

mod damage;
mod framework;
mod hostile;
mod macho;
mod openssl;
mod parts;
mod rcodesign;
mod resources;
mod sample;
mod signatures;

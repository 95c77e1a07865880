//! PNG images: what Xcode packs turned back, with Python as the judge, and what is refused.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod python;
mod refused;
mod restore;

//! Plan, edits, packaging and report; no AWS, no tokio, no paths.
//!
//! [`protect`] is the whole of it: a package and a [`Plan`] in, the protected package and a [`Report`] out. Memory is bounded by a
//! constant, the input is treated as hostile, and the same input, plan and key give the same bytes.

mod error;
mod hashing;
mod inspect;
mod kind;
pub mod manifest;
mod observe;
mod package;
mod plan;
mod protect;
mod report;
mod warnings;

pub use error::Error;
pub use kind::Kind;
pub use observe::{Observer, Progress, Stop, Unobserved};
pub use plan::Plan;
pub use protect::protect;
pub use report::{File, Report, Signing, Stage, Warning};

//! Plan, edits, packaging and report; no AWS, no tokio, no paths.
//!
//! [`protect`] is the heart of it: a package and a [`Plan`] in, the protected package and a [`Report`] out. Memory is bounded by a
//! constant, the input is treated as hostile, and the same input, plan and key give the same bytes. [`identify`] tells beforehand which
//! app it is. [`library`] makes packages for those who build their app themselves.

mod android;
mod app;
mod backup_rules;
mod bundle;
mod controls;
mod document;
mod edits;
mod error;
mod identity;
mod inspect;
mod ios;
mod kind;
pub mod library;
mod manifest;
mod module;
mod network_security;
mod observe;
mod outcome;
mod output;
mod package;
mod pipeline;
mod plan;
mod protect;
mod report;
mod resource_names;
mod resources;
mod rework;
mod signature;
mod warnings;

pub use controls::implemented;
pub use error::{BundlePart, Error};
pub use identity::{Icon, Identity, identify};
pub use ios::IosFacts;
pub use kind::Kind;
pub use manifest::Facts;
pub use observe::{Observer, Progress, Stop, Unobserved};
pub use outcome::{Change, ControlOutcome, Status};
pub use plan::{Plan, SigningKey};
pub use protect::protect;
pub use report::{AppFacts, File, ProfileFacts, Report, Signing, Stage, Warning};
pub use resource_names::{Mapping, NameMapping, PathMapping};

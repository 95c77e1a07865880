//! Sign-in through a tenant's identity provider: settings, certificates, metadata and groups from outside.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod certificates;
mod groups;
mod hostile;
mod metadata;
mod products;
mod settings;
mod support;

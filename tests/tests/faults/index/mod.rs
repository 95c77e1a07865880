//! The fault-index table: every fault at every operation of every use case.

mod arriving;
mod building;
pub(crate) mod configuring;
mod mailing;
pub(crate) mod managing;
mod purging;
mod reconciling;
pub(crate) mod uploading;

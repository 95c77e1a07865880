//! The fault-index table: every fault at every operation of every use case.

mod arriving;
mod asking;
mod building;
pub(crate) mod configuring;
mod deleting;
pub(crate) mod keeping;
mod libraries;
mod mailing;
pub(crate) mod managing;
mod paying;
mod purging;
mod reconciling;
mod signing_again;
mod supporting;
pub(crate) mod uploading;

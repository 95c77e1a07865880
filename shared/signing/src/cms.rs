//! CMS signed data (RFC 5652): what JAR signatures are and code signatures end in, and what provisioning profiles come in.

pub(crate) mod algorithm;
mod ber;
pub(crate) mod der;
mod signed_data;
mod write;

use crate::apk::Problem;

pub(crate) use algorithm::Algorithms;
pub(crate) use ber::Ber;
pub(crate) use signed_data::{SignedData, SignerInfo, single_value};
pub(crate) use write::{Detached, algorithm_identifier, attribute, identifier, object_identifier};

/// A field that is not what the format allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rejected {
    /// The field, by its name in the format's specification.
    pub(crate) field: &'static str,
    /// Where it stands in the signed data, in bytes.
    pub(crate) offset: u64,
    pub(crate) problem: Problem,
}

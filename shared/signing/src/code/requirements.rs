//! Requirements: an expression that every later version of the same code must fulfil, as `codesign` makes it by default.

use super::blob::{self, REQUIREMENT, REQUIREMENTS};
use super::issuers;
use crate::Certificate;
use crate::apk::DigestKind;

/// The number of the only requirement that is written here, the designated one (`kSecDesignatedRequirementType`).
const DESIGNATED: u32 = 3;
/// A requirement that is an expression.
const EXPRESSION: u32 = 1;

// Operations of an expression (`requirement.h`).
const IDENTIFIER: u32 = 2;
const ANCHOR_HASH: u32 = 4;
const AND: u32 = 6;
const CERTIFICATE_FIELD: u32 = 11;
const CERTIFICATE_EXTENSION: u32 = 14;
const APPLE_ANCHOR: u32 = 15;

// Ways to match a field.
const EXISTS: u32 = 0;
const EQUAL: u32 = 1;

// Certificates of the chain by number; the root has one of its own.
const LEAF: u32 = 0;
const INTERMEDIATE: u32 = 1;
const ROOT: u32 = u32::MAX;

/// What marks the authority whose certificates sign iOS apps: 1.2.840.113635.100.6.2.1.
const DEVELOPER_AUTHORITY: &[u8] = b"\x2a\x86\x48\x86\xf7\x63\x64\x06\x02\x01";

/// The blob for code that the first of these certificates signs; without any, it requires nothing.
pub(super) fn write(identifier: &str, chain: &[Certificate]) -> Vec<u8> {
    let Some(leaf) = chain.first() else { return blob::index(REQUIREMENTS, &[]) };
    let mut expression = [EXPRESSION, AND, IDENTIFIER].map(u32::to_be_bytes).concat();
    expression.extend(data(identifier.as_bytes()));
    expression.extend(match apple_leaf_name(chain) {
        Some(name) => issued_by_apple(&name),
        None => issued_by_other(leaf, chain),
    });
    blob::index(REQUIREMENTS, &[(DESIGNATED, blob::blob(REQUIREMENT, &expression))])
}

/// The common name of the certificate, where Apple's authority for iOS apps issued it.
fn apple_leaf_name(chain: &[Certificate]) -> Option<String> {
    let [leaf, intermediate, root] = chain else { return None };
    let issued = issuers::is_root(root) && intermediate.has_extension(DEVELOPER_AUTHORITY);
    issued.then(|| leaf.common_name()).flatten()
}

/// Under Apple's root, by that authority, to whoever has this name.
fn issued_by_apple(name: &str) -> Vec<u8> {
    let mut expression = [AND, APPLE_ANCHOR, AND, CERTIFICATE_FIELD, LEAF].map(u32::to_be_bytes).concat();
    expression.extend(data(b"subject.CN"));
    expression.extend(EQUAL.to_be_bytes());
    expression.extend(data(name.as_bytes()));
    expression.extend([CERTIFICATE_EXTENSION, INTERMEDIATE].map(u32::to_be_bytes).concat());
    expression.extend(data(DEVELOPER_AUTHORITY));
    expression.extend(EXISTS.to_be_bytes());
    expression
}

/// Under the last certificate, upwards from the signer's own, that names the same organization.
fn issued_by_other(leaf: &Certificate, chain: &[Certificate]) -> Vec<u8> {
    let organization = leaf.organization();
    let is_same = |one: &&Certificate| organization.is_some() && one.organization() == organization;
    let above = chain.iter().skip(1).take_while(is_same).count();
    let last = chain.get(above).unwrap_or(leaf);
    let is_root = organization.is_some() && above.saturating_add(1) == chain.len() && last.issued(last);
    let slot = if is_root { ROOT } else { blob::length(above) };
    let mut expression = [ANCHOR_HASH, slot].map(u32::to_be_bytes).concat();
    expression.extend(data(&DigestKind::Sha1.digest(last.der())));
    expression
}

/// Bytes behind their length, filled up to a multiple of four.
fn data(bytes: &[u8]) -> Vec<u8> {
    let mut data = blob::length(bytes.len()).to_be_bytes().to_vec();
    data.extend_from_slice(bytes);
    data.resize(data.len().next_multiple_of(4), 0);
    data
}

#[cfg(test)]
mod tests;

//! The signed policy as the apps will judge it: nothing is packed that they would refuse.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use super::Error;

/// What a [`SignedPolicy`](domain::live_policy::SignedPolicy) is written as.
#[derive(Deserialize)]
struct Signed {
    algorithm: String,
    public_key: String,
    signature: String,
    policy: Value,
}

/// The policy's number, if it has one. The document has to be canonical (RFC 8785), so that no two readers understand it differently,
/// and its signature has to be one that `key` verifies.
///
/// # Errors
/// [`Error::Policy`] with the reason.
pub(super) fn verify(document: &[u8], key: &[u8; 32]) -> Result<Option<u64>, Error> {
    let refused = |error: serde_json::Error| Error::policy(error.to_string());
    let value: Value = serde_json::from_slice(document).map_err(refused)?;
    if serde_json_canonicalizer::to_vec(&value).map_err(refused)? != document {
        return Err(Error::policy("it is not in canonical form (RFC 8785)"));
    }
    let signed: Signed = serde_json::from_value(value).map_err(refused)?;
    if signed.algorithm != "Ed25519" {
        return Err(Error::policy(format!("its algorithm is {:?}, not Ed25519", super::beginning(&signed.algorithm))));
    }
    if signed.public_key != STANDARD.encode(key) {
        return Err(Error::policy("its public key is not the verification key"));
    }
    let signature =
        STANDARD.decode(&signed.signature).map_err(|error| Error::policy(format!("its signature: {error}")))?;
    let message = serde_json_canonicalizer::to_vec(&signed.policy).map_err(refused)?;
    UnparsedPublicKey::new(&ED25519, key)
        .verify(&message, &signature)
        .map_err(|_| Error::policy("the verification key does not verify its signature"))?;
    Ok(signed.policy.get("policy_version").and_then(Value::as_u64))
}

//! The documents that the packages for both platforms carry.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::{Error, Library, policy};

/// What stands before the 32 bytes of a key in a `SubjectPublicKeyInfo`: two sequences, the identifier of Ed25519 (1.3.101.112), a bit
/// string (RFC 8410, section 4).
const KEY_HEADER: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// What is in a package.
#[derive(Serialize)]
struct Description<'a> {
    app_identifier: &'a str,
    platform: &'static str,
    version: &'a str,
    policy_version: Option<u64>,
    agent: Agent<'a>,
}

/// The agent's version, or `false`.
#[derive(Serialize)]
#[serde(untagged)]
enum Agent<'a> {
    Version(&'a str),
    None(bool),
}

/// Names and contents, once the library and its policy were found to be sound. `agent` is the agent's version.
pub(super) fn of(
    library: &Library<'_>,
    platform: &'static str,
    agent: Option<&str>,
) -> Result<[(&'static str, Vec<u8>); 3], Error> {
    library.check()?;
    let policy_version = policy::verify(library.policy, library.verification_key)?;
    let (app_identifier, version) = (library.app_identifier, library.version);
    let agent = agent.map_or(Agent::None(false), Agent::Version);
    let description = Description { app_identifier, platform, version, policy_version, agent };
    let mut description = serde_json::to_vec_pretty(&description).map_err(Error::Description)?;
    description.push(b'\n');
    Ok([
        ("apptego.json", description),
        ("policy.json", library.policy.to_vec()),
        ("verification-key.pem", pem(library.verification_key).into_bytes()),
    ])
}

fn pem(key: &[u8; 32]) -> String {
    // 60 characters of base64: one line.
    let encoded = STANDARD.encode([KEY_HEADER.as_slice(), key].concat());
    format!("-----BEGIN PUBLIC KEY-----\n{encoded}\n-----END PUBLIC KEY-----\n")
}

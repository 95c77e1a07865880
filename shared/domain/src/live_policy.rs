//! Live policies: what protected apps fetch while they run, without a build (contracts, "Configuration" and "Devices").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::configuration::Configuration;
use crate::control::{Control, ControlId, Stage, catalogue};
use crate::error::Error;
use crate::id::{Sha256Hex, TenantId};
use crate::platform::ConfigVersion;

/// Publications of a version that are kept, the newest among them.
pub const HISTORY: usize = 50;

/// What the app is told. Signed in its canonical form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LivePolicy {
    /// Whose app it is for.
    pub tenant: TenantId,
    /// The configuration version that the app was protected with.
    pub version: ConfigVersion,
    /// Grows with every publication of the version; an app takes none that is older than the one it has.
    pub policy_version: u64,
    /// Unix seconds.
    pub published_at: i64,
    /// Whether the app demands the newest policy when it starts (`EnforceLatestConfiguration`).
    #[serde(rename = "enforceNewVersion")]
    pub enforce_new_version: bool,
    /// Whether the app fetches new policies while it runs (`ConfigurationUpdateFrequency`).
    #[serde(rename = "getNewVersion")]
    pub get_new_version: bool,
    /// Controls that need no build, as `config` shows them.
    pub configuration: Vec<Map<String, Value>>,
}

/// A policy with its signature, as it is stored and handed to apps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignedPolicy<'a> {
    /// How it is signed: Ed25519 (RFC 8032) over the canonical form of `policy`.
    pub algorithm: &'static str,
    /// Base64 of the 32 bytes of the tenant's public key.
    pub public_key: String,
    /// Base64 of the 64 bytes of the signature.
    pub signature: String,
    /// The policy.
    pub policy: &'a LivePolicy,
}

/// A publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// Its number.
    pub policy_version: u64,
    /// The signed policy.
    pub digest: Sha256Hex,
    /// The configuration that it was made of.
    pub configuration: Sha256Hex,
    /// Unix seconds.
    pub published_at: i64,
    /// By whom.
    pub published_by: String,
}

/// What was published of a version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publications {
    /// The newest number; 0 before the first.
    pub policy_version: u64,
    /// The last [`HISTORY`], the newest at the end.
    pub published: Vec<Publication>,
}

impl LivePolicy {
    /// The next policy of a version, made of `configuration`.
    pub fn next(
        configuration: &Configuration,
        (tenant, version): (&TenantId, ConfigVersion),
        publications: &Publications,
        now: Timestamp,
    ) -> Self {
        Self::numbered(configuration, (tenant, version), publications.policy_version + 1, now)
    }

    /// The policy of a version of which nothing was published, made of `configuration`. Its number is 0: an app that was given it takes
    /// the first one that is published.
    pub fn unpublished(
        configuration: &Configuration,
        (tenant, version): (&TenantId, ConfigVersion),
        now: Timestamp,
    ) -> Self {
        Self::numbered(configuration, (tenant, version), 0, now)
    }

    fn numbered(
        configuration: &Configuration,
        (tenant, version): (&TenantId, ConfigVersion),
        policy_version: u64,
        now: Timestamp,
    ) -> Self {
        let is_on = |id| configuration.controls.get(&id).is_some_and(|setting| setting.is_on());
        let live = |control: &Control| {
            let setting = configuration.controls.get(&control.id).filter(|_| control.live_update)?;
            Some(Map::from_iter([(control.id.to_string(), setting.shown(control).into())]))
        };
        Self {
            tenant: tenant.clone(),
            version,
            policy_version,
            published_at: now.as_second(),
            enforce_new_version: is_on(ControlId::ENFORCE_LATEST_CONFIGURATION),
            get_new_version: is_on(ControlId::CONFIGURATION_UPDATE_FREQUENCY),
            configuration: catalogue().iter().filter_map(live).collect(),
        }
    }

    /// The bytes that are signed: JSON in the canonical form of RFC 8785.
    pub fn canonical(&self) -> Result<Vec<u8>, Error> {
        serde_json_canonicalizer::to_vec(self).map_err(Error::internal)
    }
}

impl<'a> SignedPolicy<'a> {
    /// The policy with a signature over its canonical form, and the key that checks it.
    pub fn new(policy: &'a LivePolicy, public_key: &[u8], signature: &[u8]) -> Self {
        let (public_key, signature) = (STANDARD.encode(public_key), STANDARD.encode(signature));
        Self { algorithm: "Ed25519", public_key, signature, policy }
    }

    /// The bytes that are stored: canonical JSON, too.
    pub fn to_document(&self) -> Result<Vec<u8>, Error> {
        serde_json_canonicalizer::to_vec(self).map_err(Error::internal)
    }
}

/// Enabled controls that no live policy can carry: they come with the next build.
pub fn skipped(configuration: &Configuration) -> Vec<ControlId> {
    let needs_build = |control: &&Control| !control.live_update && control.stage != Stage::Server;
    let is_on = |control: &&Control| configuration.controls.get(&control.id).is_some_and(|setting| setting.is_on());
    catalogue().iter().filter(needs_build).filter(is_on).map(|control| control.id).collect()
}

impl Publications {
    /// The publication of a number, while it is kept.
    pub fn find(&self, policy_version: u64) -> Result<&Publication, Error> {
        let found = self.published.iter().find(|publication| publication.policy_version == policy_version);
        found.ok_or(Error::NotFound("Policy version not found"))
    }

    /// With one more, and without the oldest above [`HISTORY`].
    pub fn with(mut self, publication: Publication) -> Self {
        self.policy_version = publication.policy_version;
        self.published.push(publication);
        let surplus = self.published.len().saturating_sub(HISTORY);
        self.published.drain(..surplus);
        self
    }
}

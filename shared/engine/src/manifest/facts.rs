//! What a manifest says about its package, in the form of the build report.

use formats::axml::{Document, Manifest, SdkVersion, Value};
use serde::{Serialize, Serializer};

use super::Error;

/// The facts of a manifest that packaging, signing and the report need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Name of the package.
    pub package: String,
    /// Name of the split; the base has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// `versionCode`, with `versionCodeMajor` above its 32 bits; 0 when absent.
    pub version_code: u64,
    /// `versionName`; a reference as `@0x7f…`.
    pub version_name: Option<String>,
    /// Lowest platform version; 1 when absent. In JSON a number, or the code name of a platform under development.
    #[serde(serialize_with = "sdk")]
    pub min_sdk: SdkVersion,
    /// Platform version the package was made for; the lowest when absent. In JSON as `min_sdk`.
    #[serde(serialize_with = "sdk")]
    pub target_sdk: SdkVersion,
}

impl Facts {
    /// The lowest API level that the package installs on; a platform under development is later than every number.
    pub(crate) fn min_sdk_number(&self) -> u32 {
        self.min_sdk.api().unwrap_or(u32::MAX)
    }
}

/// Reads the facts of a manifest. Fails when it is none, or when a version is neither number nor name.
pub(crate) fn inspect(document: &Document) -> Result<Facts, Error> {
    let Manifest { package, split, version_code, version_name, min_sdk, target_sdk, .. } = Manifest::read(document)?;
    let version_name = version_name.map(|name| match name {
        Value::String(text) => text,
        other => other.to_string(),
    });
    Ok(Facts { package, split, version_code, version_name, min_sdk, target_sdk })
}

fn sdk<S: Serializer>(version: &SdkVersion, serializer: S) -> Result<S::Ok, S::Error> {
    match version {
        SdkVersion::Api(level) => serializer.serialize_u32(*level),
        SdkVersion::Codename(name) => serializer.serialize_str(name),
    }
}

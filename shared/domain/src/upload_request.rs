//! The request for an upload URL (page 000, "Request Body"), parsed.

use crate::error::Error;
use crate::file_name::FileName;
use crate::id::SigningKeyId;
use crate::plan::{Plan, SIGNING_NEEDS_TEAM};
use crate::platform::{ConfigVersion, Platform};
use crate::tenant::{SigningKeyChoice, Tenant};
use crate::upload::{Parts, check_announced_size};

/// What a customer wants to have protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRequest {
    /// The name of the package.
    pub file_name: FileName,
    /// What it runs on.
    pub platform: Platform,
    /// The configuration to protect it with.
    pub version: ConfigVersion,
    /// Bytes, where they were announced.
    pub file_size: Option<u64>,
    /// The key to sign with.
    pub signing_key: SigningKeyChoice,
}

impl UploadRequest {
    /// Reads the fields as they came; an absent required field is named.
    pub fn parse(
        file_name: Option<&str>,
        platform: Option<&str>,
        version: Option<&str>,
        file_size: Option<u64>,
        signing_key_id: Option<&str>,
    ) -> Result<Self, Error> {
        let file_name: FileName =
            file_name.ok_or_else(|| Error::invalid("file_name", "File name is missing"))?.parse()?;
        let platform = platform.ok_or_else(|| Error::invalid("platform", "Platform is missing"))?.parse()?;
        let version = version.ok_or_else(|| Error::invalid("version", "Version is missing"))?.parse()?;
        file_name.require_platform(platform)?;
        file_size.map_or(Ok(()), check_announced_size)?;
        Ok(Self { file_name, platform, version, file_size, signing_key: SigningKeyChoice::parse(signing_key_id)? })
    }

    /// How the package is sent: in parts when it was announced as 100 MB or more.
    pub fn parts(&self) -> Option<Parts> {
        self.file_size.and_then(Parts::plan)
    }

    /// As [`choose_key`], the key that signs.
    pub fn choose_key(&self, tenant: &Tenant, found: Option<Platform>) -> Result<Option<SigningKeyId>, Error> {
        choose_key(&self.signing_key, self.platform, tenant, found)
    }
}

/// The key that signs a build for `platform`: the one asked for, if it is among the tenant's keys for the platform, or the default. On a
/// plan without signing keys a default from before does not count.
/// `found` is the platform of the key that was asked for, if the tenant has such a key.
pub fn choose_key(
    choice: &SigningKeyChoice,
    platform: Platform,
    tenant: &Tenant,
    found: Option<Platform>,
) -> Result<Option<SigningKeyId>, Error> {
    let has_keys = tenant.plan >= Plan::Team;
    match choice {
        SigningKeyChoice::Unsigned => Ok(None),
        SigningKeyChoice::Default if !has_keys => Ok(None),
        SigningKeyChoice::Key(_) if !has_keys => Err(Error::PlanRequired(SIGNING_NEEDS_TEAM)),
        SigningKeyChoice::Default => Ok(tenant.default_key(platform).cloned()),
        SigningKeyChoice::Key(id) if found == Some(platform) => Ok(Some(id.clone())),
        SigningKeyChoice::Key(_) => Err(no_such_key()),
    }
}

/// The answer where the key that was asked for is none of the tenant's for the platform (page 000: 400).
fn no_such_key() -> Error {
    Error::invalid("signing_key_id", "Invalid signing key selection: there is no such key for this platform")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(result: Result<UploadRequest, Error>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn missing_fields_are_named() {
        assert_eq!(message(UploadRequest::parse(None, None, None, None, None)), "File name is missing");
        assert_eq!(message(UploadRequest::parse(Some("a.apk"), None, None, None, None)), "Platform is missing");
        assert_eq!(
            message(UploadRequest::parse(Some("a.apk"), Some("android"), None, None, None)),
            "Version is missing"
        );
    }

    #[test]
    fn version_aliases_are_read_in_any_case() {
        for (alias, version) in [
            ("PROD", ConfigVersion::Production),
            ("Stg", ConfigVersion::Staging),
            ("development", ConfigVersion::Development),
        ] {
            let request = UploadRequest::parse(Some("a.apk"), Some("android"), Some(alias), None, None).unwrap();
            assert_eq!(request.version, version);
        }
        let unknown = UploadRequest::parse(Some("a.apk"), Some("android"), Some("1.2.3"), None, None);
        assert_eq!(message(unknown), "Invalid configuration version");
    }

    #[test]
    fn sizes_end_at_2_gb() {
        let sized = |size| UploadRequest::parse(Some("a.apk"), Some("android"), Some("dev"), Some(size), None);
        assert!(sized(2_147_483_648).is_ok());
        assert!(sized(2_147_483_649).is_err());
        assert!(sized(0).is_err());
        assert_eq!(sized(104_857_599).unwrap().parts(), None);
        assert_eq!(sized(104_857_600).unwrap().parts().map(|parts| parts.count), Some(10));
    }
}

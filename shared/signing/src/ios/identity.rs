//! A key that may sign apps under a profile.

use super::error::IdentityError;
use super::profile::ProvisioningProfile;
use crate::Signer;
use crate::message::{excerpt, excerpts};

/// What Apple calls the platform in profiles; a profile can name others beside it, such as `xrOS`.
const PLATFORM: &str = "iOS";

/// A key with its certificate, and a profile that lists it.
#[derive(Debug)]
pub struct IosIdentity {
    signer: Signer,
    profile: ProvisioningProfile,
}

impl IosIdentity {
    /// Opens both files and checks them against each other at `now` (Unix seconds).
    ///
    /// # Errors
    /// The first of these that does not hold: the keystore opens and has one key; its certificate is valid; the profile is
    /// sound, for iOS and has not expired; it lists the certificate; its team is the one in the certificate's subject, if the
    /// certificate names one. Whether Apple issued certificate and profile is not checked: devices and the App Store do.
    pub fn open(p12: &[u8], password: &str, profile: &[u8], now: i64) -> Result<Self, IdentityError> {
        let signer = Signer::from_pkcs12(p12, password, None)?;
        signer.check_validity(now)?;
        let identity = Self { signer, profile: ProvisioningProfile::parse(profile)? };
        identity.check_profile(now)?;
        identity.check_certificate()?;
        Ok(identity)
    }

    fn check_profile(&self, now: i64) -> Result<(), IdentityError> {
        let profile = excerpt(self.profile.name());
        let platforms = self.profile.platforms();
        if !platforms.is_empty() && platforms.iter().all(|platform| platform != PLATFORM) {
            return Err(IdentityError::Platform { profile, platforms: excerpts(platforms) });
        }
        let expired = self.profile.expires();
        if now > expired { Err(IdentityError::ProfileExpired { profile, expired }) } else { Ok(()) }
    }

    fn check_certificate(&self) -> Result<(), IdentityError> {
        let profile = excerpt(self.profile.name());
        let own = self.signer.certificate();
        if !self.profile.certificates().contains(own) {
            return Err(IdentityError::CertificateNotListed { profile, certificate: excerpt(own.subject()) });
        }
        let units = own.organizational_units();
        let team = self.profile.team_id();
        if !units.is_empty() && units.iter().all(|unit| unit != team) {
            return Err(IdentityError::OtherTeam { profile, team: team.to_owned(), certificate: excerpts(&units) });
        }
        Ok(())
    }

    /// The key with its certificate.
    pub const fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The profile.
    pub const fn profile(&self) -> &ProvisioningProfile {
        &self.profile
    }
}

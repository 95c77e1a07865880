//! iOS signing identities: a key with its certificate, and the provisioning profile that lets it sign apps.
//!
//! A profile is read as Apple's technical note TN3125 describes it: CMS signed data around a property list that says who may
//! sign ([`ProvisioningProfile::certificates`]), which apps ([`BundlePattern`]), where they run ([`ProfileKind`]), until when,
//! and with which entitlements.

mod bundle;
mod entitlements;
mod error;
mod identity;
mod profile;
mod signed;

pub use bundle::{BundlePattern, MalformedPattern};
pub use entitlements::{Fitted, Settled};
pub use error::{EntitlementsError, IdentityError, ProfileError};
pub use identity::IosIdentity;
pub use profile::{ProfileKind, ProvisioningProfile};

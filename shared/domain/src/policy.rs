//! What one build has to carry out, taken from a configuration.

use std::collections::BTreeSet;

use crate::certificate::{DomainPattern, PinnedCertificate};
use crate::control::ControlId;

/// What one build has to carry out. The engine applies all of it or fails; the verifier demands all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The controls. `AllowEmulatorArchitectures` is among them when it is explicitly **off**: only then is there anything to do.
    pub controls: BTreeSet<ControlId>,
    /// For `CertificatePinning`.
    pub certificates: Vec<PinnedCertificate>,
    /// Whether `CertificatePinning` accepts the built-in certificate authorities besides.
    pub use_builtin_cas: bool,
    /// Where `CertificateTransparencyPrevention` holds; empty: everywhere.
    pub transparency_domains: Vec<DomainPattern>,
    /// Where `TLS13OnlyPrevention` holds.
    pub tls13_domains: Vec<DomainPattern>,
}

impl Policy {
    /// Whether a control is to be carried out.
    pub fn has(&self, control: ControlId) -> bool {
        self.controls.contains(&control)
    }

    /// What still holds when the output of a build is only signed again: what may go in. What changes an app has changed it.
    pub fn for_signing_again(&self) -> Self {
        self.controls.iter().copied().filter(|control| *control == ControlId::ALLOW_SIMULATOR_BUILDS).collect()
    }
}

impl FromIterator<ControlId> for Policy {
    /// Controls that need no further settings.
    fn from_iter<I: IntoIterator<Item = ControlId>>(controls: I) -> Self {
        Self { controls: controls.into_iter().collect(), ..Self::default() }
    }
}

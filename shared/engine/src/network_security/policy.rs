//! What the controls demand of a network security configuration.

use std::collections::{BTreeMap, BTreeSet};

use domain::certificate::{DomainPattern, KeyHash, PinnedCertificate};

/// What the controls demand of a network security configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    /// `CleartextPrevention`: no cleartext traffic to anywhere.
    pub(crate) refuse_cleartext: bool,
    /// `CertificatePinning`: for each domain, the public keys one of which must be in a server's chain.
    pub(crate) pins: BTreeMap<DomainPattern, BTreeSet<KeyHash>>,
    /// `CertificateTransparencyPrevention`: where certificates must be logged.
    pub(crate) transparency: Option<Scope>,
}

/// Where a demand holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// For every host.
    Everywhere,
    /// For these.
    Domains(BTreeSet<DomainPattern>),
}

impl Policy {
    /// What `CleartextPrevention` demands.
    pub(crate) fn without_cleartext() -> Self {
        Self { refuse_cleartext: true, ..Self::default() }
    }

    /// What `CertificatePinning` demands, and a warning for each entry of the list that the platform cannot enforce. The policy is
    /// empty when it can enforce none.
    pub(crate) fn pinned(certificates: &[PinnedCertificate]) -> (Self, Vec<String>) {
        let (mut policy, mut warnings) = (Self::default(), Vec::new());
        for certificate in certificates {
            match certificate.static_pin() {
                Ok(pin) => pin.domains.iter().for_each(|domain| {
                    policy.pins.entry(domain.clone()).or_default().insert(pin.key);
                }),
                Err(reason) => warnings.push(format!("certificate {} is not enforced: {reason}", certificate.name)),
            }
        }
        (policy, warnings)
    }

    /// What `CertificateTransparencyPrevention` demands; no domains mean all hosts.
    pub(crate) fn transparent(domains: &[DomainPattern]) -> Self {
        let scope = match domains {
            [] => Scope::Everywhere,
            domains => Scope::Domains(domains.iter().cloned().collect()),
        };
        Self { transparency: Some(scope), ..Self::default() }
    }

    /// Whether anything is pinned.
    pub(crate) fn has_pins(&self) -> bool {
        !self.pins.is_empty()
    }
}

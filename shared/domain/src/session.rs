//! Who signed in, and who vouches for them.

use crate::id::TenantId;
use crate::member::EmailAddress;

/// A person whose ID token was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose session it is.
    pub email: EmailAddress,
    /// How it was signed in.
    pub sign_in: SignIn,
}

/// How a session was signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// With a password of the user pool, whose owner proved the e-mail address.
    Password,
    /// By an identity provider that everybody may use, such as Google.
    Provider(String),
    /// By this tenant's own identity provider.
    Saml(TenantId),
}

impl Session {
    /// Whether the session is of any worth in `tenant`: a tenant's own identity provider can assert whatever address it
    /// likes, so nobody else believes it.
    pub fn counts_for(&self, tenant: &TenantId) -> bool {
        match &self.sign_in {
            SignIn::Password | SignIn::Provider(_) => true,
            SignIn::Saml(own) => own == tenant,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tenants_own_provider_asserts_counts_there_only() {
        let (own, other) = (TenantId::from_bits(1), TenantId::from_bits(2));
        let session = |sign_in| Session { email: "owner@example.com".parse().unwrap(), sign_in };
        let asserted = session(SignIn::Saml(own.clone()));
        assert!(asserted.counts_for(&own) && !asserted.counts_for(&other));
        for everywhere in [SignIn::Password, SignIn::Provider("Google".to_owned())] {
            let session = session(everywhere);
            assert!(session.counts_for(&own) && session.counts_for(&other));
        }
    }
}

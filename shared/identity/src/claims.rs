//! What an ID token says, and what it has to say to count.

use domain::id::TenantId;
use domain::session::{Session, SignIn};
use jiff::Timestamp;
use serde::Deserialize;

use crate::pool::Pool;
use crate::verifier::Refusal;

/// Seconds that the clocks of issuer and verifier may differ.
const LEEWAY: i64 = 30;

/// Providers that hand out only addresses which they know to be the person's. Cognito leaves `email_verified` false with them.
const TRUSTED_PROVIDERS: [&str; 3] = ["Google", "SignInWithApple", "LoginWithAmazon"];

/// The claims that decide. A claim that appears twice or has another type makes the token unreadable.
#[derive(Deserialize)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    token_use: String,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    email: Option<String>,
    email_verified: Option<Flag>,
    identities: Option<Identities>,
}

/// A truth value, as which Cognito also sends text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Flag {
    Value(bool),
    Text(String),
}

/// Who asserted the identity: a list, or that list as JSON text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Identities {
    List(Vec<Identity>),
    Text(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    provider_name: String,
    provider_type: String,
    primary: Option<Flag>,
}

impl Flag {
    fn is_true(&self) -> bool {
        match self {
            Self::Value(value) => *value,
            Self::Text(text) => text == "true",
        }
    }
}

impl Claims {
    /// Whose session it is, if the token is one of this pool's client and now is its time.
    pub(crate) fn session(self, pool: &Pool, now: Timestamp) -> Result<Session, Refusal> {
        self.check(pool, now.as_second())?;
        let (sign_in, trusted) = self.sign_in()?;
        if !trusted && !self.email_verified.is_some_and(|flag| flag.is_true()) {
            return Err(Refusal::UnverifiedAddress);
        }
        let email = self.email.and_then(|text| text.parse().ok()).ok_or(Refusal::NoAddress)?;
        Ok(Session { email, sign_in })
    }

    fn check(&self, pool: &Pool, now: i64) -> Result<(), Refusal> {
        let latest = now.saturating_add(LEEWAY);
        let checks = [
            (self.iss == pool.issuer, Refusal::OtherIssuer),
            (self.aud == pool.client_id, Refusal::OtherClient),
            (self.token_use == "id", Refusal::NoIdToken),
            (now < self.exp.saturating_add(LEEWAY), Refusal::Expired),
            (self.iat <= latest && self.nbf.is_none_or(|from| from <= latest), Refusal::NotYetValid),
        ];
        checks.into_iter().try_for_each(|(holds, refusal)| if holds { Ok(()) } else { Err(refusal) })
    }

    /// How the session was signed in, and whether who did it vouches for the address.
    fn sign_in(&self) -> Result<(SignIn, bool), Refusal> {
        let read;
        let identities = match &self.identities {
            None => &[][..],
            Some(Identities::List(list)) => list,
            Some(Identities::Text(text)) => {
                read = serde_json::from_str::<Vec<Identity>>(text).map_err(|_| Refusal::Unreadable)?;
                &read
            }
        };
        match identities {
            [] => Ok((SignIn::Password, false)),
            [identity] => identity.sign_in(),
            // Linked to one account: the token does not say which of them signed in.
            _ => Err(Refusal::UnknownProvider),
        }
    }
}

impl Identity {
    fn sign_in(&self) -> Result<(SignIn, bool), Refusal> {
        // Linked to an account that can also be signed in to otherwise.
        if self.primary.as_ref().is_some_and(|primary| !primary.is_true()) {
            return Err(Refusal::UnknownProvider);
        }
        if self.provider_type == "SAML" {
            let tenant = self.provider_name.strip_prefix("saml-").and_then(|id| id.parse::<TenantId>().ok());
            return Ok((SignIn::Saml(tenant.ok_or(Refusal::UnknownProvider)?), true));
        }
        let trusted = TRUSTED_PROVIDERS.contains(&self.provider_type.as_str());
        Ok((SignIn::Provider(self.provider_name.clone()), trusted))
    }
}

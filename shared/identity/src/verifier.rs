//! From the text of a token to a session.

use std::sync::Arc;

use domain::error::Error;
use domain::session::Session;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

use crate::claims::Claims;
use crate::fetch::{FetchError, MAX_KEY_ID};
use crate::keys::Keys;
use crate::pool::Pool;

/// Bytes of a token at most. Cognito's are below two thousand.
const MAX_TOKEN: usize = 8 * 1024;

/// Checks ID tokens of one user pool. Clones share the pool's keys, which are fetched when the first token comes.
#[derive(Clone, Debug)]
pub struct Verifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: Pool,
    validation: Validation,
    keys: Keys,
}

/// Why a token is of no worth. Names no part of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("too long")]
    TooLong,
    #[error("not a readable token")]
    Unreadable,
    #[error("not signed with RS256")]
    OtherAlgorithm,
    #[error("names no key, or asks for what is not known here")]
    UnusableHeader,
    #[error("the issuer has no such key")]
    UnknownKey,
    #[error("no keys")]
    NoKeys(#[source] Arc<FetchError>),
    #[error("wrong signature, or claims that cannot be read")]
    NotSigned,
    #[error("another issuer")]
    OtherIssuer,
    #[error("another client")]
    OtherClient,
    #[error("not an ID token")]
    NoIdToken,
    #[error("expired")]
    Expired,
    #[error("not yet valid")]
    NotYetValid,
    #[error("no e-mail address that can be a user's")]
    NoAddress,
    #[error("the e-mail address is not verified")]
    UnverifiedAddress,
    #[error("not known who signed in")]
    UnknownProvider,
}

impl Verifier {
    /// Asks nobody for anything yet.
    pub fn new(pool: Pool) -> Self {
        // Signature and algorithm alone. `Claims` judges what is signed: more strictly, and by the time that comes in, where
        // this would ask the system's clock.
        let mut validation = Validation::new(Algorithm::RS256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        let keys = Keys::new(pool.keys_url.clone());
        Self(Arc::new(Inner { pool, validation, keys }))
    }

    /// Whose session `token` is. Every token that does not count is `Unauthenticated`; `Internal` only says that the issuer
    /// never gave its keys.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Session, Error> {
        self.check(token, now).await.map_err(|refusal| match refusal {
            Refusal::NoKeys(cause) => Error::internal(cause),
            refusal => {
                tracing::debug!(reason = %refusal, "an ID token was refused");
                Error::Unauthenticated
            }
        })
    }

    async fn check(&self, token: &str, now: Timestamp) -> Result<Session, Refusal> {
        let Inner { pool, validation, keys } = &*self.0;
        if token.len() > MAX_TOKEN {
            return Err(Refusal::TooLong);
        }
        let key = keys.find(&key_id(token)?, now).await.map_err(Refusal::NoKeys)?.ok_or(Refusal::UnknownKey)?;
        read(token, &key, validation)?.session(pool, now)
    }
}

/// The key that a token's header names, if the header is one that Cognito writes.
fn key_id(token: &str) -> Result<String, Refusal> {
    let header = decode_header(token).map_err(|_| Refusal::Unreadable)?;
    if header.alg != Algorithm::RS256 {
        return Err(Refusal::OtherAlgorithm);
    }
    let plain = header.crit.is_none() && header.typ.is_none_or(|kind| kind.eq_ignore_ascii_case("JWT"));
    let id = header.kid.filter(|id| plain && (1..=MAX_KEY_ID).contains(&id.len()));
    id.ok_or(Refusal::UnusableHeader)
}

fn read(token: &str, key: &DecodingKey, validation: &Validation) -> Result<Claims, Refusal> {
    // Its errors quote what was read.
    Ok(decode::<Claims>(token, key, validation).map_err(|_| Refusal::NotSigned)?.claims)
}

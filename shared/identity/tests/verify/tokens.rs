//! Keys and tokens as an issuer makes them, and as nobody should.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab3dE6gH9";
pub(crate) const CLIENT: &str = "4k2lq0v7c1example";
pub(crate) const TENANT: &str = "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11";
pub(crate) const NOW: i64 = 1_800_000_000;

/// The pool's key for ID tokens.
pub(crate) static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::new("key/1+="));

pub(crate) struct SigningKey {
    pub(crate) id: String,
    pub(crate) pair: RsaKeyPair,
}

impl SigningKey {
    pub(crate) fn new(id: &str) -> Self {
        Self { id: id.to_owned(), pair: RsaKeyPair::generate(KeySize::Rsa2048).unwrap() }
    }

    /// As an issuer publishes it.
    pub(crate) fn published(&self) -> Value {
        let public = self.pair.public_key();
        let (n, e) = (public.modulus(), public.exponent());
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id,
            "n": encode(n.big_endian_without_leading_zero()), "e": encode(e.big_endian_without_leading_zero()),
        })
    }

    /// A token with these claims.
    pub(crate) fn token(&self, claims: &Value) -> String {
        self.token_of(&json!({ "alg": "RS256", "kid": self.id }).to_string(), &claims.to_string())
    }

    /// A token of these texts, which need not be JSON.
    pub(crate) fn token_of(&self, header: &str, claims: &str) -> String {
        self.token_by(&RSA_PKCS1_SHA256, header, claims)
    }

    pub(crate) fn token_by(&self, encoding: &'static dyn RsaEncoding, header: &str, claims: &str) -> String {
        let message = message(header, claims);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(encoding, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        format!("{message}.{}", encode(&signature))
    }
}

/// What a token signs.
pub(crate) fn message(header: &str, claims: &str) -> String {
    format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()))
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn now() -> Timestamp {
    after(0)
}

pub(crate) fn after(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW + seconds).unwrap()
}

/// The claims of somebody who signed in with a password a minute ago, as Cognito writes them.
pub(crate) fn password_claims() -> Value {
    json!({
        "sub": "2f0e6c9e-2d0b-4c27-9a3f-0c7a4a0a7c11",
        "cognito:username": "2f0e6c9e-2d0b-4c27-9a3f-0c7a4a0a7c11",
        "iss": ISSUER,
        "aud": CLIENT,
        "token_use": "id",
        "event_id": "b0b5b6f2-8d5e-4f0e-8f53-3d1f7b3b6a51",
        "origin_jti": "5c8f8b0a-6d0f-4f5c-b3d1-1f2e3d4c5b6a",
        "jti": "0a1b2c3d-4e5f-4a6b-8c7d-9e8f7a6b5c4d",
        "auth_time": NOW - 60,
        "iat": NOW - 60,
        "exp": NOW + 3540,
        "email": "New.User+ci@Example.COM",
        "email_verified": true,
    })
}

/// The claims of somebody whom a provider signed in.
pub(crate) fn provider_claims(kind: &str, name: &str) -> Value {
    let identity = json!({
        "dateCreated": "1799999000000", "userId": "115", "providerName": name, "providerType": kind,
        "issuer": null, "primary": "true",
    });
    with(with(password_claims(), "email_verified", json!(false)), "identities", json!([identity]))
}

/// The same with one claim changed.
pub(crate) fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

/// The same without one claim.
pub(crate) fn without(mut claims: Value, name: &str) -> Value {
    claims.as_object_mut().unwrap().remove(name).unwrap();
    claims
}

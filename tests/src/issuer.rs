//! An issuer of ID tokens: what the user pool is on AWS, with whatever claims a test wants.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use identity::{Pool, Verifier};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const ISSUER: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Test";
const CLIENT: &str = "test-client";
const KEY_ID: &str = "test-key";

static KEY: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).expect("a key"));

/// Publishes the issuer's key at a port of this machine, and checks tokens against it.
pub async fn start() -> Verifier {
    let public = KEY.public_key();
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let keys = json!({ "keys": [{
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID,
        "n": encode(public.modulus().big_endian_without_leading_zero()),
        "e": encode(public.exponent().big_endian_without_leading_zero()),
    }]});
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let keys_url = format!("http://{}/keys", listener.local_addr().expect("an address"));
    let router = Router::new().fallback(move || async move { Json(keys) });
    tokio::spawn(async move { axum::serve(listener, router).await });
    Verifier::new(Pool { issuer: ISSUER.to_owned(), client_id: CLIENT.to_owned(), keys_url })
}

/// The `Authorization` header of somebody who signed in with a password at `now`; `more` replaces and adds claims.
pub fn bearer(email: &str, now: i64, more: Value) -> String {
    let mut claims = json!({
        "iss": ISSUER, "aud": CLIENT, "token_use": "id", "sub": "test", "iat": now, "exp": now + 3600,
        "email": email, "email_verified": true,
    });
    if let (Some(claims), Value::Object(more)) = (claims.as_object_mut(), more) {
        claims.extend(more);
    }
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(&json!({ "alg": "RS256", "kid": KEY_ID })), encode(&claims));
    let mut signature = vec![0; KEY.public_modulus_len()];
    KEY.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).expect("a signature");
    format!("Bearer {message}.{}", BASE64_URL_SAFE_NO_PAD.encode(&signature))
}

/// Claims of somebody whom this tenant's own identity provider vouches for.
pub fn asserted_by(tenant: &domain::id::TenantId) -> Value {
    json!({ "identities": [{ "providerName": format!("saml-{tenant}"), "providerType": "SAML" }], "email_verified": false })
}

//! Signatures and headers that Cognito does not write.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
};
use serde_json::{Value, json};

use crate::issuer::{Issuer, is_refused};
use crate::tokens::{KEY, SigningKey, encode, message, now, password_claims};

fn header(alg: &str) -> String {
    json!({ "alg": alg, "kid": KEY.id, "typ": "JWT" }).to_string()
}

fn claims() -> String {
    password_claims().to_string()
}

async fn all_are_refused(tokens: Vec<(String, String)>) {
    let issuer = Issuer::start(&[&KEY]).await;
    for (what, token) in tokens {
        let outcome = issuer.verify(&token, now()).await;
        assert!(is_refused(&outcome), "{what}: {outcome:?}");
    }
    assert!(issuer.verify(&KEY.token_of(&header("RS256"), &claims()), now()).await.is_ok());
}

#[tokio::test]
async fn only_rs256_by_the_issuers_own_key_counts() {
    let mut tokens = Vec::new();
    for (alg, encoding) in [("RS384", &RSA_PKCS1_SHA384), ("RS512", &RSA_PKCS1_SHA512), ("PS256", &RSA_PSS_SHA256)] {
        tokens.push((alg.to_owned(), KEY.token_by(encoding, &header(alg), &claims())));
        tokens.push((format!("{alg} that says RS256"), KEY.token_by(encoding, &header("RS256"), &claims())));
    }
    let signed = KEY.token_of(&header("RS256"), &claims());
    let (unsigned, signature) = signed.rsplit_once('.').unwrap();
    for alg in ["none", "None", "NONE", "", "HS256", "rs256"] {
        let message = message(&header(alg), &claims());
        tokens.push((format!("{alg} without a signature"), format!("{message}.")));
        tokens.push((format!("{alg} with another's signature"), format!("{message}.{signature}")));
    }
    tokens.push(("no signature".to_owned(), format!("{unsigned}.")));
    let stranger = SigningKey::new(&KEY.id);
    tokens.push(("another key of the same name".to_owned(), stranger.token_of(&header("RS256"), &claims())));
    let other_claims = message(&header("RS256"), &claims().replace("New.User", "Owner"));
    tokens.push(("other claims".to_owned(), format!("{other_claims}.{signature}")));
    all_are_refused(tokens).await;
}

#[tokio::test]
async fn the_public_key_is_nobodys_secret() {
    let public = KEY.pair.public_key();
    let der: PublicKeyX509Der<'_> = public.as_der().unwrap();
    let modulus = public.modulus().big_endian_without_leading_zero().to_vec();
    let secrets = [
        ("PKCS#1", public.as_ref().to_vec()),
        ("SubjectPublicKeyInfo", der.as_ref().to_vec()),
        ("modulus", modulus.clone()),
        ("modulus in Base64", encode(&modulus).into_bytes()),
        ("JWK", KEY.published().to_string().into_bytes()),
    ];
    let mut tokens = Vec::new();
    for (what, secret) in secrets {
        for alg in ["HS256", "RS256"] {
            let message = message(&header(alg), &claims());
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
            tokens.push((format!("{what}, {alg}"), format!("{message}.{}", encode(tag.as_ref()))));
        }
    }
    let elliptic = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let message = message(&header("ES256"), &claims());
    let signature = elliptic.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    tokens.push(("ES256".to_owned(), format!("{message}.{}", encode(signature.as_ref()))));
    all_are_refused(tokens).await;
}

#[tokio::test]
async fn a_header_names_a_key_and_asks_for_nothing_more() {
    let issuer = Issuer::start(&[&KEY]).await;
    let with = |name: &str, value: Value| {
        let mut header = json!({ "alg": "RS256", "kid": KEY.id });
        header[name] = value;
        KEY.token_of(&header.to_string(), &claims())
    };
    let own = json!({ "kty": "RSA", "n": KEY.published()["n"], "e": KEY.published()["e"] });
    for (what, token) in [
        ("no key", KEY.token_of(r#"{"alg":"RS256"}"#, &claims())),
        ("another algorithm", with("alg", json!("RS384"))),
        ("a secret's algorithm", with("alg", json!("HS256"))),
        ("an empty name", with("kid", json!(""))),
        ("a long name", with("kid", json!("k".repeat(129)))),
        ("a name that is no text", with("kid", json!(1))),
        ("a key of its own", KEY.token_of(&json!({ "alg": "RS256", "jwk": own }).to_string(), &claims())),
        ("what has to be understood", with("crit", json!(["exp"]))),
        ("another type", with("typ", json!("at+jwt"))),
        ("two algorithms", KEY.token_of(r#"{"alg":"RS256","alg":"RS256","kid":"key/1+="}"#, &claims())),
    ] {
        let outcome = issuer.verify(&token, now()).await;
        assert!(is_refused(&outcome), "{what}: {outcome:?}");
    }
    assert_eq!(issuer.asked(), 0, "for what cannot be a token nobody is asked");
    for token in [with("typ", json!("JWT")), with("x5u", json!("https://example.com"))] {
        assert!(issuer.verify(&token, now()).await.is_ok());
    }
}

#[tokio::test]
async fn texts_that_are_no_tokens_ask_nobody() {
    let issuer = Issuer::start(&[&KEY]).await;
    let token = KEY.token(&password_claims());
    let long = KEY.token(&crate::tokens::with(password_claims(), "nonce", json!("n".repeat(8 * 1024))));
    let padded = token.replacen('.', "=.", 1);
    let texts =
        ["", ".", "..", "a.b.c", "....", &token[1..], &long, &padded, &format!(" {token}"), &format!("Bearer {token}")];
    for text in texts {
        let outcome = issuer.verify(text, now()).await;
        assert!(is_refused(&outcome), "{text}: {outcome:?}");
    }
    assert_eq!(issuer.asked(), 0);
    for text in [format!("{token}."), format!("{token}.x"), format!("{token}="), token.replacen('.', "..", 1)] {
        assert!(is_refused(&issuer.verify(&text, now()).await), "{text}");
    }
    assert!(issuer.verify(&token, now()).await.is_ok());
}

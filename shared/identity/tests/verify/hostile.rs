//! Whatever comes, nothing panics, and nobody is let in by chance.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::issuer::{Issuer, is_refused};
use crate::tokens::{KEY, encode, now, password_claims, with};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static ISSUER: LazyLock<Issuer> = LazyLock::new(|| RUNTIME.block_on(Issuer::start(&[&KEY])));

fn is_nobody(token: &str) -> bool {
    let issuer = &*ISSUER;
    is_refused(&RUNTIME.block_on(issuer.verify(token, now())))
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        prop::sample::select(vec!["true", "id", "[]", "SAML", "Google"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        let names = prop::sample::select(vec!["providerName", "providerType", "primary", "other"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(names, inner, 0..4).prop_map(|fields| json!(fields)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_nobodys(text in ".{0,200}", parts in prop::collection::vec("[A-Za-z0-9_=-]{0,60}", 0..5)) {
        prop_assert!(is_nobody(&text));
        prop_assert!(is_nobody(&parts.join(".")));
    }

    #[test]
    fn any_bytes_in_the_parts_of_a_token_are_nobodys(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 3)) {
        let parts: Vec<String> = parts.iter().map(|part| encode(part)).collect();
        prop_assert!(is_nobody(&parts.join(".")));
    }

    #[test]
    fn any_header_is_read_or_refused(header in any_json(), alg in any_json(), kid in any_json()) {
        for header in [header, json!({ "alg": alg, "kid": kid })] {
            let token = KEY.token_of(&header.to_string(), "{}");
            prop_assert!(is_nobody(&token));
        }
    }

    #[test]
    fn signed_claims_of_any_kind_are_read_or_refused(value in any_json(), name in prop::sample::select(
        vec!["iss", "aud", "token_use", "exp", "iat", "nbf", "email"],
    )) {
        let right = password_claims().get(name) == Some(&value);
        let in_time = matches!(name, "exp" | "iat" | "nbf") && value.is_i64();
        let refused = is_nobody(&KEY.token(&with(password_claims(), name, value)));
        prop_assert!(refused || right || in_time || name == "nbf");
        let alone = KEY.token(&json!({ name: password_claims()[name] }));
        prop_assert!(is_nobody(&alone));
    }

    #[test]
    fn identities_of_any_kind_are_read_or_refused(identities in any_json(), verified in any_json()) {
        let claims = with(with(password_claims(), "identities", identities), "email_verified", verified.clone());
        let vouched = claims["identities"].to_string();
        let known = verified == json!(true) || verified == json!("true") || vouched.contains("Google");
        prop_assert!(is_nobody(&KEY.token(&claims)) || known);
    }

    #[test]
    fn a_token_with_one_sign_changed_is_nobodys(place in any::<prop::sample::Index>(), sign in "[A-Za-z0-9_.-]") {
        let token = KEY.token(&password_claims());
        let place = place.index(token.len());
        let changed = format!("{}{sign}{}", &token[..place], &token[place + 1..]);
        prop_assert!(changed == token || is_nobody(&changed));
    }
}

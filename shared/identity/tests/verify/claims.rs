//! What a token has to say, and whom it names.

use domain::session::{Session, SignIn};
use serde_json::{Value, json};

use crate::issuer::{Issuer, is_refused};
use crate::tokens::{CLIENT, ISSUER, KEY, NOW, TENANT, now, password_claims, provider_claims, with, without};

async fn session(claims: Value) -> Option<Session> {
    let issuer = Issuer::start(&[&KEY]).await;
    let outcome = issuer.verify(&KEY.token(&claims), now()).await;
    assert!(outcome.is_ok() || is_refused(&outcome), "{outcome:?}");
    outcome.ok()
}

/// What each of these claims says that it should not.
async fn all_are_refused(cases: Vec<(&str, Value)>) {
    let issuer = Issuer::start(&[&KEY]).await;
    for (what, claims) in cases {
        let outcome = issuer.verify(&KEY.token(&claims), now()).await;
        assert!(is_refused(&outcome), "{what}: {outcome:?}");
    }
    assert!(issuer.verify(&KEY.token(&password_claims()), now()).await.is_ok(), "the verifier refuses everything");
}

#[tokio::test]
async fn a_password_names_its_owner_in_lowercase() {
    let read = session(password_claims()).await.unwrap();
    assert_eq!(read.email.as_str(), "new.user+ci@example.com");
    assert_eq!(read.sign_in, SignIn::Password);
    for verified in [json!("true"), json!(true)] {
        assert!(session(with(password_claims(), "email_verified", verified)).await.is_some());
    }
    for nobody in [json!([]), json!("[]"), Value::Null] {
        let read = session(with(password_claims(), "identities", nobody)).await.unwrap();
        assert_eq!(read.sign_in, SignIn::Password);
    }
}

#[tokio::test]
async fn a_token_of_another_pool_client_or_kind_is_refused() {
    let claims = password_claims;
    let cut = ISSUER.strip_suffix('9').map(str::to_owned).unwrap_or_else(|| ISSUER[..ISSUER.len() - 1].to_owned());
    all_are_refused(vec![
        ("another pool", with(claims(), "iss", json!(format!("{ISSUER}x")))),
        ("a shorter issuer", with(claims(), "iss", json!(cut))),
        ("a slash behind it", with(claims(), "iss", json!(format!("{ISSUER}/")))),
        ("a list of issuers", with(claims(), "iss", json!([ISSUER]))),
        ("no issuer", without(claims(), "iss")),
        ("another client", with(claims(), "aud", json!("other"))),
        ("a list of clients", with(claims(), "aud", json!([CLIENT]))),
        ("no client", without(claims(), "aud")),
        ("an access token", with(without(claims(), "email"), "token_use", json!("access"))),
        ("an access token with an address", with(claims(), "token_use", json!("access"))),
        ("a refresh token", with(claims(), "token_use", json!("refresh"))),
        ("no use", without(claims(), "token_use")),
        ("another spelling of the use", with(claims(), "token_use", json!("ID"))),
    ])
    .await;
}

#[tokio::test]
async fn a_token_counts_in_its_time_only() {
    let claims = password_claims;
    all_are_refused(vec![
        ("expired", with(claims(), "exp", json!(NOW - 30))),
        ("expired long ago", with(claims(), "exp", json!(0))),
        ("expired before all time", with(claims(), "exp", json!(i64::MIN))),
        ("no end", without(claims(), "exp")),
        ("an end as text", with(claims(), "exp", json!((NOW + 60).to_string()))),
        ("an end with a fraction", with(claims(), "exp", json!(1.8e9 + 60.5))),
        ("an end beyond all numbers", with(claims(), "exp", json!(u64::MAX))),
        ("an empty end", with(claims(), "exp", Value::Null)),
        ("issued in the future", with(claims(), "iat", json!(NOW + 31))),
        ("issued at the end of time", with(claims(), "iat", json!(i64::MAX))),
        ("never issued", without(claims(), "iat")),
        ("issued, as text", with(claims(), "iat", json!("1"))),
        ("not yet", with(claims(), "nbf", json!(NOW + 31))),
        ("not yet, as text", with(claims(), "nbf", json!("1"))),
    ])
    .await;
    for (name, at) in [("exp", NOW - 29), ("exp", i64::MAX), ("iat", NOW + 30), ("iat", i64::MIN), ("nbf", NOW + 30)] {
        assert!(session(with(password_claims(), name, json!(at))).await.is_some(), "{name} {at}");
    }
}

#[tokio::test]
async fn an_address_has_to_be_one_and_verified() {
    let claims = password_claims;
    all_are_refused(vec![
        ("not verified", with(claims(), "email_verified", json!(false))),
        ("not verified, as text", with(claims(), "email_verified", json!("false"))),
        ("not said", without(claims(), "email_verified")),
        ("nothing", with(claims(), "email_verified", Value::Null)),
        ("a number", with(claims(), "email_verified", json!(1))),
        ("another spelling", with(claims(), "email_verified", json!("True"))),
        ("a list", with(claims(), "email_verified", json!([true]))),
        ("no address", without(claims(), "email")),
        ("an empty one", with(claims(), "email", json!(""))),
        ("no address at all", with(claims(), "email", Value::Null)),
        ("two", with(claims(), "email", json!(["a@example.com", "b@example.com"]))),
        ("two in one", with(claims(), "email", json!("a@example.com,b@example.com"))),
        ("a space", with(claims(), "email", json!(" a@example.com"))),
        ("a line", with(claims(), "email", json!("a@example.com\n"))),
        ("signs that look like others", with(claims(), "email", json!("оwner@example.com"))),
    ])
    .await;
}

#[tokio::test]
async fn what_a_tenants_own_provider_asserts_names_the_tenant() {
    let name = format!("saml-{TENANT}");
    let saml = || provider_claims("SAML", &name);
    let expected = SignIn::Saml(TENANT.parse().unwrap());
    let read = session(saml()).await.unwrap();
    assert_eq!((read.email.as_str(), &read.sign_in), ("new.user+ci@example.com", &expected));
    let as_text = with(saml(), "identities", json!(saml()["identities"].to_string()));
    assert_eq!(session(as_text).await.unwrap().sign_in, expected);
    let verified = with(saml(), "email_verified", json!("true"));
    assert_eq!(session(verified).await.unwrap().sign_in, expected);

    let named = |name: &str| with(provider_claims("SAML", name), "email_verified", json!(true));
    all_are_refused(vec![
        ("no tenant", named("saml-")),
        ("another prefix", named(TENANT)),
        ("another spelling", named(&name.to_uppercase())),
        ("a longer one", named(&format!("{name}0"))),
        ("anything", named("Okta")),
        ("no address", without(saml(), "email")),
    ])
    .await;
}

#[tokio::test]
async fn providers_for_everybody_vouch_for_addresses_if_they_are_known_to() {
    for kind in ["Google", "SignInWithApple", "LoginWithAmazon"] {
        let read = session(provider_claims(kind, kind)).await.unwrap();
        assert_eq!(read.sign_in, SignIn::Provider(kind.to_owned()));
    }
    for kind in ["Facebook", "OIDC", "Unheard-of"] {
        // A name is the administrator's to choose.
        let claims = provider_claims(kind, "Google");
        assert_eq!(session(claims.clone()).await, None, "{kind}");
        let read = session(with(claims, "email_verified", json!(true))).await.unwrap();
        assert_eq!(read.sign_in, SignIn::Provider("Google".to_owned()), "{kind}");
    }
}

#[tokio::test]
async fn who_signed_in_has_to_be_said_without_doubt() {
    let google = provider_claims("Google", "Google");
    let one = google["identities"][0].clone();
    let identities = |value| with(with(google.clone(), "email_verified", json!(true)), "identities", value);
    let linked = with(one.clone(), "primary", json!("false"));
    all_are_refused(vec![
        ("two", identities(json!([one, one]))),
        ("two, as text", identities(json!(json!([one, one]).to_string()))),
        ("one that is linked to another account", identities(json!([linked]))),
        ("the same, as a truth value", identities(json!([with(one.clone(), "primary", json!(false))]))),
        ("text that is no list", identities(json!("Google"))),
        ("text of one that is no list", identities(json!(one.to_string()))),
        ("one that is no list", identities(one.clone())),
        ("a list of names", identities(json!(["Google"]))),
        ("no name", identities(json!([without(one.clone(), "providerName")]))),
        ("no kind", identities(json!([without(one.clone(), "providerType")]))),
        ("a kind that is no text", identities(json!([with(one.clone(), "providerType", json!(["Google"]))]))),
        ("a number", identities(json!(7))),
    ])
    .await;
    for list in [json!([without(one.clone(), "primary")]), json!([with(one.clone(), "primary", json!(true))])] {
        assert!(session(identities(list)).await.is_some());
    }
}

#[tokio::test]
async fn a_claim_that_is_said_twice_is_refused() {
    let issuer = Issuer::start(&[&KEY]).await;
    let header = json!({ "alg": "RS256", "kid": KEY.id }).to_string();
    let claims = provider_claims("Google", "Google").to_string();
    assert!(issuer.verify(&KEY.token_of(&header, &claims), now()).await.is_ok());
    for again in [
        format!(r#""iss":"{ISSUER}""#),
        format!(r#""aud":"{CLIENT}""#),
        r#""token_use":"id""#.to_owned(),
        format!(r#""exp":{}"#, NOW + 60),
        format!(r#""iat":{NOW}"#),
        r#""email":"owner@example.com""#.to_owned(),
        r#""email_verified":true"#.to_owned(),
        r#""identities":[]"#.to_owned(),
    ] {
        let first = claims.replacen('{', &format!("{{{again},"), 1);
        let last = format!("{},{again}}}", claims.strip_suffix('}').unwrap());
        for twice in [first, last] {
            let outcome = issuer.verify(&KEY.token_of(&header, &twice), now()).await;
            assert!(is_refused(&outcome), "{again}: {outcome:?}");
        }
    }
    let name = r#""providerName":"Google""#;
    let twice = claims.replace(name, &format!("{name},{name}"));
    assert!(is_refused(&issuer.verify(&KEY.token_of(&header, &twice), now()).await));
}

//! Webhooks, signed by others, tampered with, and read.
#![expect(clippy::unwrap_used, reason = "a test")]

use jiff::Timestamp;
use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::{Value, json};
use stripe::webhook::{Event, Rejection, sign, verify};

/// Signed by Stripe's own Python package, 16.0.1 (`WebhookSignature.generate_signature_header`), and the same by
/// `openssl dgst -sha256 -hmac whsec_one`.
const BODY: &[u8] = "{\"id\":\"evt_1\",\"object\":\"event\",\"text\":\"ü\"}".as_bytes();
const SIGNED_AT: i64 = 1_764_150_000;
const SIGNATURE: &str = "7bf305751332114f242d238c42a1687c0a3713e38ec662c8f8f5ee2ae0a30fb8";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn secrets(texts: &[&str]) -> Vec<SecretString> {
    texts.iter().map(|text| SecretString::from(*text)).collect()
}

fn check(header: &str, texts: &[&str], now: i64) -> Result<Event, Rejection> {
    verify(BODY, header, &secrets(texts), at(now))
}

/// What comes of a header that passes: the body is no whole event.
const PASSED: Rejection = Rejection::Body("it has no object");

#[test]
fn a_signature_of_stripes_own_package_fits() {
    let header = format!("t={SIGNED_AT},v1={SIGNATURE}");
    assert_eq!(sign(BODY, &"whsec_one".into(), at(SIGNED_AT)), header);
    assert_eq!(check(&header, &["whsec_one"], SIGNED_AT), Err(PASSED));
}

#[test]
fn any_signature_by_any_secret_will_do() {
    let other = "0".repeat(64);
    for header in [
        format!("t={SIGNED_AT},v1={other},v1={SIGNATURE}"),
        format!("t={SIGNED_AT},v1={SIGNATURE},v1={other},v0={other}"),
        format!("v1={SIGNATURE},t={SIGNED_AT}"),
        format!("t={SIGNED_AT}, v1={}, v2=what,x=", SIGNATURE.to_uppercase()),
    ] {
        for texts in [&["whsec_one"][..], &["whsec_two", "whsec_one"], &["whsec_one", ""]] {
            assert_eq!(check(&header, texts, SIGNED_AT), Err(PASSED), "{header}");
        }
        assert_eq!(check(&header, &["whsec_two"], SIGNED_AT), Err(Rejection::Signature), "{header}");
    }
}

#[test]
fn only_v1_counts() {
    let header = format!("t={SIGNED_AT},v0={SIGNATURE},v1={}", "0".repeat(64));
    assert_eq!(check(&header, &["whsec_one"], SIGNED_AT), Err(Rejection::Signature));
    let header = format!("t={SIGNED_AT},v0={SIGNATURE}");
    assert_eq!(check(&header, &["whsec_one"], SIGNED_AT), Err(Rejection::Header("it has no signature")));
}

#[test]
fn malformed_headers_are_named() {
    let many = format!("t=1{}", format!(",v1={SIGNATURE}").repeat(17));
    for (header, what) in [
        ("", "a part has no value"),
        ("t", "a part has no value"),
        ("t=1", "it has no signature"),
        ("v1=00", "a signature is no SHA-256"),
        (&format!("v1={SIGNATURE}"), "it has no time"),
        (&format!("t=1,v1={}", "g".repeat(64)), "a signature is no SHA-256"),
        (&format!("t=1,v1={}", "ü".repeat(32)), "a signature is no SHA-256"),
        (&format!("t=1,t=1,v1={SIGNATURE}"), "it has two times"),
        (&format!("t=+1,v1={SIGNATURE}"), "its time is no number"),
        (&format!("t=-1,v1={SIGNATURE}"), "its time is no number"),
        (&format!("t=01,v1={SIGNATURE}"), "its time is no number"),
        (&format!("t=99999999999999999999,v1={SIGNATURE}"), "its time is no number"),
        (&many, "it has too many signatures"),
        (&format!("t=1,v1={SIGNATURE},x={}", "y".repeat(4096)), "it is too long"),
    ] {
        assert_eq!(check(header, &["whsec_one"], SIGNED_AT), Err(Rejection::Header(what)), "{header}");
    }
}

#[test]
fn five_minutes_are_tolerated_in_both_directions() {
    let header = format!("t={SIGNED_AT},v1={SIGNATURE}");
    for now in [SIGNED_AT - 300, SIGNED_AT + 300] {
        assert_eq!(check(&header, &["whsec_one"], now), Err(PASSED));
    }
    assert_eq!(check(&header, &["whsec_one"], SIGNED_AT + 301), Err(Rejection::Time(-301)));
    assert_eq!(check(&header, &["whsec_one"], SIGNED_AT - 301), Err(Rejection::Time(301)));
    // A forged time says nothing of the real one.
    assert_eq!(check(&header, &["whsec_two"], SIGNED_AT + 301), Err(Rejection::Signature));
}

/// Where a secret was not set, whoever knows that would sign with it.
#[test]
fn an_empty_secret_signs_nothing() {
    for texts in [&[][..], &[""], &["", " \n"]] {
        let header = sign(BODY, &texts.first().copied().unwrap_or_default().into(), at(SIGNED_AT));
        assert_eq!(check(&header, texts, SIGNED_AT), Err(Rejection::NoSecret));
    }
}

fn read(event: &Value) -> Result<Event, Rejection> {
    let body = event.to_string().into_bytes();
    let header = sign(&body, &"whsec_one".into(), at(SIGNED_AT));
    verify(&body, &header, &secrets(&["whsec_one"]), at(SIGNED_AT))
}

fn event(object: &Value) -> Value {
    json!({
        "id": "evt_1", "object": "event", "type": "a.b", "created": SIGNED_AT, "livemode": false, "data": { "object": object },
        "api_version": "2026-09-30.endive", "pending_webhooks": 1, "request": null,
    })
}

#[test]
fn what_an_event_is_about_is_found_in_objects_of_every_kind() {
    for (object, id, customer, subscription) in [
        (json!({ "object": "customer", "id": "cus_1" }), Some("cus_1"), Some("cus_1"), None),
        (
            json!({ "object": "subscription", "id": "sub_1", "customer": "cus_1" }),
            Some("sub_1"),
            Some("cus_1"),
            Some("sub_1"),
        ),
        (
            json!({ "object": "checkout.session", "id": "cs_1", "customer": { "id": "cus_1" }, "subscription": "sub_1" }),
            Some("cs_1"),
            Some("cus_1"),
            Some("sub_1"),
        ),
        (
            json!({
                "object": "invoice", "id": "in_1", "customer": "cus_1",
                "parent": { "subscription_details": { "subscription": "sub_1" } },
            }),
            Some("in_1"),
            Some("cus_1"),
            Some("sub_1"),
        ),
        (json!({ "object": "invoice", "id": "in_1", "customer": null, "parent": null }), Some("in_1"), None, None),
        (json!({ "object": "balance" }), None, None, None),
        (json!({ "object": "charge", "id": 7, "customer": "../x", "subscription": [] }), None, None, None),
    ] {
        let read = read(&event(&object)).unwrap();
        assert_eq!(read.object.id.as_deref(), id, "{object}");
        assert_eq!(read.customer.as_ref().map(stripe::CustomerId::as_str), customer, "{object}");
        assert_eq!(read.subscription.as_ref().map(stripe::SubscriptionId::as_str), subscription, "{object}");
    }
    let session = json!({ "object": "checkout.session", "client_reference_id": "0f" });
    assert_eq!(read(&event(&session)).unwrap().client_reference_id.as_deref(), Some("0f"));
}

#[test]
fn what_is_no_event_is_named() {
    for (field, value, what) in [
        ("object", json!("v2.core.event"), "its object is another"),
        ("id", json!(null), "it has no id"),
        ("type", json!(1), "it has no type"),
        ("created", json!("now"), "it has no time"),
        ("created", json!(i64::MAX), "it has no time"),
        ("livemode", json!(null), "it does not say whether it is live"),
        ("data", json!([]), "it has no object"),
    ] {
        let mut event = event(&json!({ "object": "customer", "id": "cus_1" }));
        event[field] = value;
        assert_eq!(read(&event), Err(Rejection::Body(what)), "{event}");
    }
    let header = sign(b"[[[", &"whsec_one".into(), at(SIGNED_AT));
    let deep = verify(b"[[[", &header, &secrets(&["whsec_one"]), at(SIGNED_AT));
    assert_eq!(deep, Err(Rejection::Body("it is no JSON")));
}

proptest! {
    #[test]
    fn any_header_is_judged(header in ".{0,200}", body in prop::collection::vec(any::<u8>(), 0..50)) {
        prop_assert!(verify(&body, &header, &secrets(&["whsec_one"]), at(SIGNED_AT)).is_err());
    }

    #[test]
    fn a_changed_bit_is_found(position in 0..BODY.len(), bit in 0..8_u8) {
        let mut body = BODY.to_vec();
        body[position] ^= 1 << bit;
        let header = format!("t={SIGNED_AT},v1={SIGNATURE}");
        prop_assert_eq!(verify(&body, &header, &secrets(&["whsec_one"]), at(SIGNED_AT)), Err(Rejection::Signature));
    }

    #[test]
    fn what_is_signed_is_believed(body in prop::collection::vec(any::<u8>(), 0..200), secret in "[!-~]{1,60}", time in 0..4_000_000_000_i64) {
        let secret = SecretString::from(secret);
        let header = sign(&body, &secret, at(time));
        let judged = verify(&body, &header, &[secret], at(time));
        prop_assert!(matches!(judged, Err(Rejection::Body(_))), "{:?}", judged);
    }
}

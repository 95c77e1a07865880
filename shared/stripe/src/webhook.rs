//! Webhooks: whether Stripe signed what came, and what it says happened (Stripe's documentation, "Verify webhook signatures
//! manually"). An event can come twice, late, and out of order: it says only what to ask Stripe for.

mod event;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq as _};

pub use event::{Event, Object};

/// The header that has the signature.
pub const HEADER: &str = "stripe-signature";

/// Seconds that a signature may be older or newer than now, as in Stripe's own clients.
const TOLERANCE: i64 = 300;
/// What a header has at most: Stripe signs once for each secret, of which it lets an endpoint have two, and a rotation of
/// schemes would double that.
const MAX_HEADER: usize = 4096;
const MAX_SIGNATURES: usize = 16;
/// Bytes of HMAC-SHA-256.
const MAC: usize = 32;

/// Why a webhook is not believed. Nothing of secrets or of signatures is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Not `t=…,v1=…`.
    #[error("the signature header is malformed: {0}")]
    Header(&'static str),
    /// There is no secret to check with.
    #[error("no webhook secret is configured")]
    NoSecret,
    /// Signed with none of the secrets, or another body.
    #[error("no signature fits the body")]
    Signature,
    /// An old webhook again, or clocks that differ.
    #[error("the signature is of another time, {0} s from now")]
    Time(i64),
    /// Signed, and no event.
    #[error("the body is no event: {0}")]
    Body(&'static str),
}

struct Signed {
    at: i64,
    signatures: Vec<[u8; MAC]>,
}

/// Reads the event in `body`, the bytes as they came, after checking that one of `secrets` signed it within 300 s of `now`.
/// Two secrets are in use while one replaces the other.
pub fn verify(body: &[u8], header: &str, secrets: &[SecretString], now: Timestamp) -> Result<Event, Rejection> {
    let signed = parse(header)?;
    if !secrets.iter().any(is_secret) {
        return Err(Rejection::NoSecret);
    }
    // All are compared, so that the time tells nothing of which fits.
    let mut fits = Choice::from(0);
    for secret in secrets.iter().filter(|secret| is_secret(secret)) {
        let mac = mac(body, secret, signed.at);
        for signature in &signed.signatures {
            fits |= mac.ct_eq(signature);
        }
    }
    if !bool::from(fits) {
        return Err(Rejection::Signature);
    }
    let age = now.as_second().saturating_sub(signed.at);
    if age.saturating_abs() > TOLERANCE {
        return Err(Rejection::Time(age.saturating_neg()));
    }
    Event::read(body).map_err(Rejection::Body)
}

/// The header that Stripe sends with `body`.
pub fn sign(body: &[u8], secret: &SecretString, at: Timestamp) -> String {
    let mac = mac(body, secret, at.as_second());
    let digits: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={},v1={digits}", at.as_second())
}

/// A key of nothing signs for everybody.
fn is_secret(secret: &SecretString) -> bool {
    !secret.expose_secret().trim().is_empty()
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
fn mac(body: &[u8], secret: &SecretString, at: i64) -> [u8; MAC] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("HMAC takes every key");
    mac.update(format!("{at}.").as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().into()
}

/// Schemes other than `v1` are somebody else's: Stripe sends a `v0` with events of test accounts.
fn parse(header: &str) -> Result<Signed, Rejection> {
    if header.len() > MAX_HEADER {
        return Err(Rejection::Header("it is too long"));
    }
    let (mut at, mut signatures) = (None, Vec::new());
    for part in header.split(',') {
        let (scheme, value) = part.trim().split_once('=').ok_or(Rejection::Header("a part has no value"))?;
        match scheme {
            "t" if at.is_some() => return Err(Rejection::Header("it has two times")),
            "t" => at = Some(seconds(value).ok_or(Rejection::Header("its time is no number"))?),
            "v1" => signatures.push(digits(value).ok_or(Rejection::Header("a signature is no SHA-256"))?),
            _ => {}
        }
    }
    match (at, signatures.len()) {
        (None, _) => Err(Rejection::Header("it has no time")),
        (_, 0) => Err(Rejection::Header("it has no signature")),
        (Some(at), 1..=MAX_SIGNATURES) => Ok(Signed { at, signatures }),
        _ => Err(Rejection::Header("it has too many signatures")),
    }
}

/// Digits alone: what is signed has the time as it is written, and a sign or zeros in front would not come back.
fn seconds(text: &str) -> Option<i64> {
    let seconds: i64 = text.parse().ok()?;
    (seconds.to_string() == text && seconds >= 0).then_some(seconds)
}

fn digits(text: &str) -> Option<[u8; MAC]> {
    let mut bytes = [0; MAC];
    if text.len() != 2 * MAC || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, start) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(text.get(start..start + 2)?, 16).ok()?;
    }
    Some(bytes)
}

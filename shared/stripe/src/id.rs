//! Identifiers: one type for each of Stripe's objects, and the key that makes a call happen once.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Characters of an id at most (Stripe's documentation, upgrades: "up to 255 characters").
const MAX_ID: usize = 255;
/// Characters of an idempotency key at most (Stripe's documentation, idempotent requests).
const MAX_KEY: usize = 255;

/// A text that is no id of Stripe's. Ids become part of addresses, so nothing else is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id of Stripe's has 1 to {MAX_ID} ASCII letters, digits, hyphens and underscores")]
pub struct BadId;

/// A text that is no idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to {MAX_KEY} visible ASCII characters")]
pub struct BadKey;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// As Stripe writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                is_id(text).then(|| Self(text.to_owned())).ok_or(BadId)
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;

            fn try_from(text: String) -> Result<Self, BadId> {
                if is_id(&text) { Ok(Self(text)) } else { Err(BadId) }
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+ };
}

ids! {
    /// A checkout session, `cs_…`.
    CheckoutSessionId
    /// A customer, `cus_…`.
    CustomerId
    /// An event, `evt_…`.
    EventId
    /// An invoice, `in_…`.
    InvoiceId
    /// A price, `price_…`.
    PriceId
    /// A product, `prod_…`, or what its maker chose.
    ProductId
    /// A subscription, `sub_…`.
    SubscriptionId
    /// The line of a subscription that has its price, `si_…`.
    SubscriptionItemId
}

fn is_id(text: &str) -> bool {
    (1..=MAX_ID).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Names one intent: calls with the same key and the same parameters have one effect and one answer for 24 hours. Every
/// retry within a call carries its key; a caller that tries again later gives the same key again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// A key that nobody else has: guards the retries within one call, and nothing beyond.
    pub fn fresh() -> Self {
        Self(Uuid::now_v7().to_string())
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let fits = (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned())).ok_or(BadKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_safe_in_addresses() {
        assert_eq!("sub_1Nv0Fg".parse::<SubscriptionId>().unwrap().to_string(), "sub_1Nv0Fg");
        for bad in ["", "..", "a/b", "a?b", "a%2f", "a b", "sub_\n", "ü", &"a".repeat(256)] {
            assert_eq!(bad.parse::<SubscriptionId>(), Err(BadId), "{bad}");
        }
        assert!("a".repeat(255).parse::<SubscriptionId>().is_ok());
    }

    #[test]
    fn keys_fit_into_a_header() {
        for bad in ["", "a b", "a\r\nb", &"k".repeat(256)] {
            assert_eq!(bad.parse::<IdempotencyKey>(), Err(BadKey), "{bad}");
        }
        assert!("checkout:0f3a:2026-11".parse::<IdempotencyKey>().is_ok());
        assert_ne!(IdempotencyKey::fresh(), IdempotencyKey::fresh());
    }
}

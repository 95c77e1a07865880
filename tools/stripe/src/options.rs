//! How a stand-in is to be.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;

/// What time it is.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

/// How a stand-in is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens; port 0 is any that is free.
    pub address: SocketAddr,
    /// The only key that it lets in.
    pub secret_key: SecretString,
    /// The time of signatures, and, with what it was moved by, of everything else. One that stands still makes everything
    /// repeatable.
    pub clock: Clock,
    /// Part of every id: where ids outlive the stand-in, another tag each time keeps them apart.
    pub tag: String,
    /// What is sold.
    pub plans: Vec<Plan>,
    /// Where events go; without it they are only kept.
    pub webhook: Option<Webhook>,
}

/// A product with a monthly price.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The price's lookup key.
    pub lookup_key: String,
    /// The plan in the product's metadata.
    pub plan: String,
    /// Cents a month.
    pub amount: i64,
}

/// Where events go.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// The address, on this machine.
    pub url: String,
    /// What they are signed with.
    pub secret: SecretString,
}

impl Clock {
    /// Asks `now` each time.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Stands still.
    pub fn fixed(at: Timestamp) -> Self {
        Self::new(move || at)
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

impl Options {
    /// On any free port of this machine, with the plans `team` for 99 and `enterprise` for 499 dollars a month.
    pub fn new(secret_key: SecretString, clock: Clock) -> Self {
        let plan = |name: &str, amount| Plan { lookup_key: name.to_owned(), plan: name.to_owned(), amount };
        Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            secret_key,
            clock,
            tag: String::new(),
            plans: vec![plan("team", 9900), plan("enterprise", 49900)],
            webhook: None,
        }
    }
}

//! Where tenants of the local server buy their plans: a stand-in for Stripe on this machine.

use jiff::Timestamp;
use secrecy::SecretString;
use service::billing::Payments;
use stripe_standin::{Clock, Options, Standin, Webhook, start};
use uuid::Uuid;

/// Where Stripe's events go, behind the address of the API.
const PATH: &str = "/frontend/payment/webhook-stripe-445692";

/// The stand-in and how it is paid at.
#[derive(Debug)]
pub struct Shop {
    /// Answers as Stripe does.
    pub standin: Standin,
    /// For [`service::Service::with_payments`].
    pub payments: Payments,
    webhook_secret: SecretString,
}

impl Shop {
    /// Opens it. It knows nothing of earlier ones, and its ids are none of theirs.
    pub async fn open(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> anyhow::Result<Self> {
        let secret = |prefix: &str| SecretString::from(format!("{prefix}{}", Uuid::new_v4().simple()));
        let (secret_key, webhook_secret) = (secret("sk_test_"), secret("whsec_"));
        let tag = Uuid::now_v7().simple().to_string();
        let standin = start(Options { tag, ..Options::new(secret_key.clone(), Clock::new(now)) }).await?;
        let payments = Payments::at(secret_key, vec![webhook_secret.clone()], Some(standin.base_url()))?;
        Ok(Self { standin, payments, webhook_secret })
    }

    /// Tells the API at `address` what happens.
    pub fn tell(&self, address: &str) {
        self.standin.send_events_to(Webhook { url: format!("{address}{PATH}"), secret: self.webhook_secret.clone() });
    }

    /// What events are signed with.
    pub const fn webhook_secret(&self) -> &SecretString {
        &self.webhook_secret
    }
}

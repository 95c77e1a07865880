//! How Stripe is reached.

use std::time::Duration;

use http::HeaderValue;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

/// Where Stripe is.
const BASE_URL: &str = "https://api.stripe.com";
/// A try is mostly answered within a second; making a checkout session can take several.
const TRY_LIMIT: Duration = Duration::from_secs(8);
/// API Gateway gives up after 29 s; what is asked before and after has to fit as well.
const DEADLINE: Duration = Duration::from_secs(20);
const TRIES: u32 = 4;
/// What keys of real accounts begin with; the others are of test accounts.
const LIVE: [&str; 2] = ["sk_live_", "rk_live_"];

/// How Stripe is reached. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// The account's secret key, `sk_…`, or one with fewer rights, `rk_…`: writes customers, checkout sessions, subscriptions and
    /// portal sessions, reads prices, products and invoices.
    pub secret_key: SecretString,
    /// Scheme, host and port of the API; a path before `/v1` can follow.
    pub base_url: String,
    /// For one try, from the connection to the last byte of the answer.
    pub try_limit: Duration,
    /// For a call with all its tries, waits and pages.
    pub deadline: Duration,
    /// How often a call is tried at most, the first time included; at least once.
    pub tries: u32,
}

/// Why a configuration does not do. Names what is wrong, never its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadConfig {
    /// A key is visible ASCII characters.
    #[error("the secret key of Stripe is empty, or has characters that no key has")]
    SecretKey,
    /// An address is http or https, with a host and without credentials, query or fragment.
    #[error("the base URL of Stripe is not an address of an API")]
    BaseUrl,
    /// The key of a real account goes over TLS only.
    #[error("the secret key of a live account is not sent without TLS")]
    LiveKeyWithoutTls,
}

impl Config {
    /// Stripe itself, with the limits that suit a call of the API.
    pub fn new(secret_key: SecretString) -> Self {
        Self { secret_key, base_url: BASE_URL.to_owned(), try_limit: TRY_LIMIT, deadline: DEADLINE, tries: TRIES }
    }

    /// The address that paths are put behind, without a slash at its end.
    pub(crate) fn base(&self) -> Result<String, BadConfig> {
        let url: Url = self.base_url.parse().map_err(|_| BadConfig::BaseUrl)?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        let is_bare = url.query().is_none() && url.fragment().is_none() && url.has_host();
        if !is_plain || !is_bare || !matches!(url.scheme(), "http" | "https") {
            return Err(BadConfig::BaseUrl);
        }
        let key = self.secret_key.expose_secret();
        if url.scheme() == "http" && LIVE.iter().any(|live| key.starts_with(live)) {
            return Err(BadConfig::LiveKeyWithoutTls);
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    /// What goes with every call.
    pub(crate) fn authorization(&self) -> Result<HeaderValue, BadConfig> {
        let key = self.secret_key.expose_secret();
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BadConfig::SecretKey);
        }
        let mut value = HeaderValue::try_from(format!("Bearer {key}")).map_err(|_| BadConfig::SecretKey)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(key: &str, base_url: &str) -> Config {
        Config { base_url: base_url.to_owned(), ..Config::new(key.into()) }
    }

    #[test]
    fn addresses_are_of_an_api() {
        assert_eq!(config("sk_test_1", "http://127.0.0.1:12111/").base().unwrap(), "http://127.0.0.1:12111");
        assert_eq!(Config::new("sk_live_1".into()).base().unwrap(), "https://api.stripe.com");
        for bad in ["", "api.stripe.com", "ftp://a", "https://u:p@a", "https://a?b", "https://a#b", "data:text"] {
            assert_eq!(config("sk_test_1", bad).base(), Err(BadConfig::BaseUrl), "{bad}");
        }
    }

    #[test]
    fn live_keys_need_tls() {
        for key in ["sk_live_1", "rk_live_1"] {
            assert_eq!(config(key, "http://127.0.0.1").base(), Err(BadConfig::LiveKeyWithoutTls));
        }
    }

    #[test]
    fn keys_fit_into_a_header_and_are_not_shown() {
        for bad in ["", "sk test", "sk\r\n", "ü"] {
            assert_eq!(config(bad, "https://a").authorization(), Err(BadConfig::SecretKey));
        }
        let good = config("sk_test_hidden", "https://a");
        assert!(!format!("{good:?} {:?}", good.authorization()).contains("hidden"));
    }
}

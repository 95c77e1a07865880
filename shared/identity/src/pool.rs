//! The user pool whose ID tokens count.

/// A user pool with the one client whose tokens count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// What `iss` says.
    pub issuer: String,
    /// What `aud` says.
    pub client_id: String,
    /// Where the issuer publishes its keys (RFC 7517).
    pub keys_url: String,
}

/// A variable is missing, or its text cannot be what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the variable {0} is missing or unreadable")]
pub struct BadPool(&'static str);

impl Pool {
    /// Reads the variables of template.yaml; without those that name a pool there is none. The keys come from where the SDK's
    /// own variables say that Cognito is.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, BadPool> {
        let given = |name: &str| variable(name).filter(|text| !text.is_empty());
        let word = |name: &'static str| given(name).filter(|text| is_word(text)).ok_or(BadPool(name));
        if ["USER_POOL_ID", "USER_POOL_CLIENT_ID"].into_iter().all(|name| given(name).is_none()) {
            return Ok(None);
        }
        let pool = word("USER_POOL_ID")?;
        let issuer = format!("https://cognito-idp.{}.amazonaws.com/{pool}", word("AWS_REGION")?);
        let elsewhere = given("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER").or_else(|| given("AWS_ENDPOINT_URL"));
        let place = elsewhere.map(|endpoint| format!("{}/{pool}", endpoint.trim_end_matches('/')));
        let keys_url = format!("{}/.well-known/jwks.json", place.as_deref().unwrap_or(&issuer));
        Ok(Some(Self { issuer, client_id: word("USER_POOL_CLIENT_ID")?, keys_url }))
    }
}

/// What ids of pools, clients and regions are made of; nothing that has a meaning in a URL.
fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: [(&str, &str); 3] =
        [("USER_POOL_ID", "eu-west-1_Ab3"), ("USER_POOL_CLIENT_ID", "4k2"), ("AWS_REGION", "eu-west-1")];

    fn read(changed: &[(&str, &str)]) -> Result<Option<Pool>, BadPool> {
        Pool::read(|name| {
            let mut set = changed.iter().chain(&SET);
            set.find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
        })
    }

    #[test]
    fn the_issuer_is_the_pool_of_the_region() {
        let issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab3";
        let pool = read(&[]).unwrap().unwrap();
        assert_eq!((pool.issuer.as_str(), pool.client_id.as_str()), (issuer, "4k2"));
        assert_eq!(pool.keys_url, format!("{issuer}/.well-known/jwks.json"));
    }

    #[test]
    fn the_keys_come_from_the_endpoint_of_the_sdk() {
        let local = ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566");
        let own = ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "http://127.0.0.1:9000/");
        for (changed, place) in [(&[local][..], local.1), (&[local, own], "http://127.0.0.1:9000")] {
            let pool = read(changed).unwrap().unwrap();
            assert_eq!(pool.issuer, read(&[]).unwrap().unwrap().issuer);
            assert_eq!(pool.keys_url, format!("{place}/eu-west-1_Ab3/.well-known/jwks.json"));
        }
    }

    #[test]
    fn without_a_pool_there_is_none_and_half_of_one_is_an_error() {
        assert_eq!(Pool::read(|_| None), Ok(None));
        assert_eq!(read(&[("USER_POOL_ID", ""), ("USER_POOL_CLIENT_ID", "")]), Ok(None));
        for name in ["USER_POOL_ID", "USER_POOL_CLIENT_ID", "AWS_REGION"] {
            assert_eq!(read(&[(name, "")]), Err(BadPool(name)));
        }
        for (name, text) in [("USER_POOL_ID", "a/../b"), ("AWS_REGION", "evil.example.com/"), ("USER_POOL_ID", "a b")] {
            assert_eq!(read(&[(name, text)]), Err(BadPool(name)));
        }
    }
}

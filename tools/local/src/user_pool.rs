//! Cognito's user pools, by their JSON protocol: the SDK for them takes longer to build than the rest of this crate.

use anyhow::{Context as _, anyhow, bail};
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use domain::member::EmailAddress;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use service::Clock;

/// A client of Cognito.
#[derive(Clone, Debug)]
pub struct UserPools {
    http: reqwest::Client,
    endpoint: String,
    region: String,
    credentials: Credentials,
}

/// A user pool and its one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    /// The pool's.
    pub pool: String,
    /// The client's.
    pub client: String,
}

impl UserPools {
    /// Speaks to where the SDK would, with the same credentials.
    pub async fn connect(config: &SdkConfig) -> anyhow::Result<Self> {
        let region = config.region().context("no region")?.to_string();
        let amazon = || format!("https://cognito-idp.{region}.amazonaws.com");
        let endpoint = config.endpoint_url().map_or_else(amazon, str::to_owned);
        let credentials = config.credentials_provider().context("no credentials")?.provide_credentials().await?;
        Ok(Self { http: reqwest::Client::new(), endpoint, region, credentials })
    }

    /// The pool with this name and its client; makes what is not there.
    pub async fn make(&self, name: &str) -> anyhow::Result<Ids> {
        if let Some(ids) = self.find(name).await? {
            return Ok(ids);
        }
        let pool = match self.pool(name).await? {
            Some(pool) => pool,
            None => text(&self.signed("CreateUserPool", described(name)).await?["UserPool"]["Id"])?,
        };
        let client = json!({
            "UserPoolId": pool,
            "ClientName": name,
            // SRP as in template.yaml; the password itself for curl and `./dev sign-in`.
            "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            "PreventUserExistenceErrors": "ENABLED",
        });
        let made = self.signed("CreateUserPoolClient", client).await?;
        Ok(Ids { pool, client: text(&made["UserPoolClient"]["ClientId"])? })
    }

    /// The pool with this name and its client, if both are there.
    pub async fn find(&self, name: &str) -> anyhow::Result<Option<Ids>> {
        let Some(pool) = self.pool(name).await? else { return Ok(None) };
        let listed = self.signed("ListUserPoolClients", json!({ "UserPoolId": pool, "MaxResults": 60 })).await?;
        let client = named(&listed["UserPoolClients"], ("ClientName", name), "ClientId")?;
        Ok(client.map(|client| Ids { pool, client }))
    }

    async fn pool(&self, name: &str) -> anyhow::Result<Option<String>> {
        named(&self.signed("ListUserPools", json!({ "MaxResults": 60 })).await?["UserPools"], ("Name", name), "Id")
    }

    /// Makes an account whose address counts as verified and whose password stays, where there is none.
    pub async fn make_account(&self, pool: &str, email: &EmailAddress, password: &str) -> anyhow::Result<()> {
        let filter = json!({ "UserPoolId": pool, "Filter": format!("email = \"{email}\"") });
        let found = self.signed("ListUsers", filter).await?;
        let status = found["Users"][0]["UserStatus"].as_str();
        if status.is_none() {
            let attributes =
                json!([{ "Name": "email", "Value": email }, { "Name": "email_verified", "Value": "true" }]);
            let account = json!({
                "UserPoolId": pool, "Username": email, "UserAttributes": attributes, "MessageAction": "SUPPRESS",
            });
            self.signed("AdminCreateUser", account).await?;
        }
        // Also when this ended between the two calls before.
        if matches!(status, None | Some("FORCE_CHANGE_PASSWORD")) {
            let set = json!({ "UserPoolId": pool, "Username": email, "Password": password, "Permanent": true });
            self.signed("AdminSetUserPassword", set).await?;
        }
        Ok(())
    }

    /// Signs in with a password, as anybody can, and returns the ID token.
    pub async fn sign_in(&self, client: &str, email: &EmailAddress, password: &str) -> anyhow::Result<String> {
        let body = json!({
            "AuthFlow": "USER_PASSWORD_AUTH", "ClientId": client,
            "AuthParameters": { "USERNAME": email, "PASSWORD": password },
        });
        let answer = send(self.request("InitiateAuth").body(body.to_string())).await?;
        if let Some(challenge) = answer["ChallengeName"].as_str() {
            bail!("the account asks for {challenge}, which is not known here");
        }
        text(&answer["AuthenticationResult"]["IdToken"])
    }

    /// A call that needs credentials.
    async fn signed(&self, action: &str, body: Value) -> anyhow::Result<Value> {
        let body = body.to_string();
        let identity = self.credentials.clone().into();
        let params = SigningParams::builder().identity(&identity).region(&self.region).name("cognito-idp");
        let params = params.time(Clock::system().now().into()).settings(SigningSettings::default()).build()?;
        let request =
            SignableRequest::new("POST", &self.endpoint, [].into_iter(), SignableBody::Bytes(body.as_bytes()))?;
        let (signature, _) = sign(request, &params.into())?.into_parts();
        let request = self.request(action).body(body);
        send(signature.headers().fold(request, |request, (name, value)| request.header(name, value))).await
    }

    fn request(&self, action: &str) -> RequestBuilder {
        let request = self.http.post(&self.endpoint).header("content-type", "application/x-amz-json-1.1");
        request.header("x-amz-target", format!("AWSCognitoIdentityProviderService.{action}"))
    }
}

/// What template.yaml says of the pool, as far as it decides who can sign in.
fn described(name: &str) -> Value {
    json!({
        "PoolName": name,
        "UsernameAttributes": ["email"],
        "UsernameConfiguration": { "CaseSensitive": false },
        "AutoVerifiedAttributes": ["email"],
        "Policies": { "PasswordPolicy": {
            "MinimumLength": 12, "RequireLowercase": true, "RequireUppercase": true, "RequireNumbers": true,
            "RequireSymbols": true, "TemporaryPasswordValidityDays": 7,
        } },
    })
}

async fn send(request: RequestBuilder) -> anyhow::Result<Value> {
    let answer = request.send().await?;
    let (status, body) = (answer.status(), answer.json::<Value>().await.unwrap_or_default());
    if status.is_success() {
        return Ok(body);
    }
    // Cognito writes `message` in some places and `Message` in others.
    let said = body["message"].as_str().or(body["Message"].as_str()).unwrap_or_default();
    Err(anyhow!("{status} {}: {said}", body["__type"].as_str().unwrap_or_default()))
}

/// The id of the entry with this name in a list.
fn named(list: &Value, (field, name): (&str, &str), id: &str) -> anyhow::Result<Option<String>> {
    let found = list.as_array().into_iter().flatten().find(|entry| entry[field] == name);
    found.map(|entry| text(&entry[id])).transpose()
}

fn text(value: &Value) -> anyhow::Result<String> {
    Ok(value.as_str().context("an answer of Cognito without what was asked for")?.to_owned())
}

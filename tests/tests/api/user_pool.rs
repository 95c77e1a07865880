//! The local user pool as issuer: who signs in there, and what `identity` makes of the tokens.

use std::path::Path;

use aws_config::SdkConfig;
use domain::error::Error;
use domain::session::{Session, SignIn};
use identity::Verifier;
use jiff::{Timestamp, ToSpan as _};
use local::aws::LocalAws;
use local::provision::{Settings, Stack, provision};
use local::seed::{self, OWNER, PASSWORD};
use local::user_pool::UserPools;
use serde_json::{Value, json};
use service::Clock;
use tests::harness::{home, start_aws};

/// A local AWS with a stack in which the owner can sign in.
struct Pool {
    aws: LocalAws,
    config: SdkConfig,
    stack: Stack,
    users: UserPools,
    verifier: Verifier,
}

impl Pool {
    async fn of(aws: LocalAws) -> Self {
        let config = aws.config();
        let stack = provision(&config, "test", Settings::default()).await.unwrap();
        seed::seed_account(&config, &stack).await.unwrap();
        let users = UserPools::connect(&config).await.unwrap();
        let verifier = Verifier::new(stack.user_pool(&config).unwrap());
        Self { aws, config, stack, users, verifier }
    }

    /// As a `./dev serve` that keeps its data there.
    async fn keeping(folder: &Path) -> Self {
        let program = local::aws::program(&home());
        let (data, log) = (folder.join("data"), folder.join("aws.log"));
        Self::of(LocalAws::start(&program, Some(&data), &log).await.unwrap()).await
    }

    async fn sign_in(&self, email: &str, password: &str) -> Result<String, String> {
        let token = self.users.sign_in(&self.stack.client_id, &email.parse().unwrap(), password).await;
        token.map_err(|error| error.to_string())
    }

    async fn verify(&self, token: &str) -> Result<Session, Error> {
        self.verifier.verify(token, now()).await
    }

    /// The whole answer to the call that README.md shows.
    async fn initiate_auth(&self, password: &str) -> Value {
        let body = json!({
            "AuthFlow": "USER_PASSWORD_AUTH", "ClientId": self.stack.client_id,
            "AuthParameters": { "USERNAME": OWNER, "PASSWORD": password },
        });
        let request = reqwest::Client::new().post(self.config.endpoint_url().unwrap());
        let request = request.header("content-type", "application/x-amz-json-1.1");
        let request = request.header("x-amz-target", "AWSCognitoIdentityProviderService.InitiateAuth");
        request.body(body.to_string()).send().await.unwrap().json().await.unwrap()
    }
}

fn now() -> Timestamp {
    Clock::system().now()
}

fn owner() -> Session {
    Session { email: OWNER.parse().unwrap(), sign_in: SignIn::Password }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owners_id_token_counts_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let pool = Pool::of(start_aws(folder.path()).await).await;
    let token = pool.sign_in(OWNER, PASSWORD).await.unwrap();
    assert_eq!(pool.verify(&token).await.unwrap(), owner());

    let answer = &pool.initiate_auth(PASSWORD).await["AuthenticationResult"];
    assert_eq!(pool.verify(answer["IdToken"].as_str().unwrap()).await.unwrap(), owner());
    for other in ["AccessToken", "RefreshToken"] {
        let outcome = pool.verify(answer[other].as_str().unwrap()).await;
        assert!(matches!(outcome, Err(Error::Unauthenticated)), "{other}: {outcome:?}");
    }
    let late = pool.verifier.verify(&token, now() + 2.hours()).await;
    assert!(matches!(late, Err(Error::Unauthenticated)), "{late:?}");
    let other = provision(&pool.config, "other", Settings::default()).await.unwrap();
    let outcome = Verifier::new(other.user_pool(&pool.config).unwrap()).verify(&token, now()).await;
    assert!(matches!(outcome, Err(Error::Unauthenticated)), "another pool: {outcome:?}");

    assert_eq!(pool.initiate_auth("Wrong-password-1").await["__type"], "NotAuthorizedException");
    let stranger = pool.sign_in("stranger@example.com", PASSWORD).await.unwrap_err();
    assert_eq!(stranger, "400 Bad Request NotAuthorizedException: Incorrect username or password.");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_once_and_keeps_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let pool = Pool::of(start_aws(folder.path()).await).await;
    let (id, email) = (&pool.stack.pool_id, "new.user@example.com");
    for password in ["First-password-1", "Second-password-2"] {
        pool.users.make_account(id, &email.parse().unwrap(), password).await.unwrap();
        let token = pool.sign_in(email, "First-password-1").await.unwrap();
        assert_eq!(pool.verify(&token).await.unwrap().email.as_str(), email);
    }
    let short = pool.users.make_account(id, &"short@example.com".parse().unwrap(), "Short-1").await.unwrap_err();
    assert!(short.to_string().contains("InvalidPasswordException"), "{short}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_start_finds_the_pool_its_keys_and_its_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let first = Pool::keeping(folder.path()).await;
    let token = first.sign_in(OWNER, PASSWORD).await.unwrap();
    let again = provision(&first.config, "test", Settings::default()).await.unwrap();
    let ids = |stack: &Stack| (stack.pool_id.clone(), stack.client_id.clone());
    assert_eq!(ids(&again), ids(&first.stack));
    let before = ids(&first.stack);
    first.aws.stop().await.unwrap();

    let second = Pool::keeping(folder.path()).await;
    assert_eq!(ids(&second.stack), before);
    assert_eq!(second.verify(&token).await.unwrap(), owner(), "a token of before");
    assert_eq!(second.verify(&second.sign_in(OWNER, PASSWORD).await.unwrap()).await.unwrap(), owner());
    second.aws.stop().await.unwrap();
}

//! Versions of a secret.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::types::Tag;
use domain::credential::PepperVersion;
use store::{Clients, Names, Store};

use crate::suite::{Suite, TAG, gone, run};

const SECRETS: &str = "shared/store/src/secrets.rs";

#[tokio::test]
async fn secrets() {
    let suite = Suite::start("secrets").await;
    run(suite, checks, removal).await;
}

async fn checks(suite: &mut Suite) {
    let client = &Client::new(&suite.config);
    let name = &suite.prefix.clone();
    let (first, second) = ("1".repeat(64), "2".repeat(64));
    let tag = Tag::builder().key(TAG.0).value(TAG.1).build();
    let made = client.create_secret().name(name).secret_string(&first).tags(tag).send().await.unwrap();
    let version = PepperVersion::new(made.version_id.unwrap());
    let names = Names { pepper_secret: name.clone(), ..Names::default() };
    // A store keeps what it has read.
    let config = suite.config.clone();
    let store = || Store::new(Clients::connect(&config, &[]), names.clone());
    let read = async |stage| {
        let request = client.get_secret_value().secret_id(name).set_version_stage(stage);
        request.send().await.map(|answer| answer.secret_string.unwrap())
    };
    suite
        .expect("a secret of 64 characters is read back by its name, with its version", SECRETS, async {
            assert_eq!(*store().pepper().await.unwrap().version(), version);
            assert_eq!(read(None).await.unwrap(), first);
        })
        .await;
    suite
        .expect("a new value is the current one at once, the one before stays AWSPREVIOUS", SECRETS, async {
            client.put_secret_value().secret_id(name).secret_string(&second).send().await.unwrap();
            assert_eq!(read(None).await.unwrap(), second);
            assert_eq!(read(Some("AWSCURRENT".to_owned())).await.unwrap(), second);
            assert_eq!(read(Some("AWSPREVIOUS".to_owned())).await.unwrap(), first);
        })
        .await;
    suite
        .expect("the one before is found by its version, and a version that is not there is told", SECRETS, async {
            assert!(store().pepper_of(&version).await.unwrap().is_some());
            let unknown = PepperVersion::new("00000000-0000-4000-8000-000000000000".to_owned());
            assert!(store().pepper_of(&unknown).await.unwrap().is_none());
        })
        .await;
}

async fn removal(suite: &Suite) -> Result<(), String> {
    let request = Client::new(&suite.config).delete_secret().secret_id(&suite.prefix);
    gone(request.force_delete_without_recovery(true).send().await, &["ResourceNotFoundException"])
}

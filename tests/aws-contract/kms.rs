//! Data keys and their encryption context.

use std::collections::HashMap;

use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeySpec, Tag};

use crate::suite::{Suite, TAG, gone, outcome, refusal, run};
use crate::verdict::Expected;

const SECRETS: &str = "shared/store/src/secrets.rs";

#[tokio::test]
async fn kms() {
    let suite = Suite::start("kms").await;
    run(suite, checks, removal).await;
}

fn alias(suite: &Suite) -> String {
    format!("alias/{}", suite.prefix)
}

async fn checks(suite: &mut Suite) {
    let client = &Client::new(&suite.config);
    let tag = Tag::builder().tag_key(TAG.0).tag_value(TAG.1).build().unwrap();
    let made = client.create_key().description(&suite.prefix).tags(tag).send().await.unwrap();
    let key = &made.key_metadata.unwrap().key_id;
    // By this name the removal finds it.
    client.create_alias().alias_name(alias(suite)).target_key_id(key).send().await.unwrap();

    let request = client.generate_data_key().key_id(key).key_spec(DataKeySpec::Aes256);
    let made = request.set_encryption_context(context("a", "signing_key")).send().await.unwrap();
    let (plain, wrapped) = (made.plaintext.unwrap().into_inner(), made.ciphertext_blob.unwrap());
    let open = async |context| {
        let request = client.decrypt().key_id(key).ciphertext_blob(wrapped.clone());
        request.set_encryption_context(context).send().await
    };
    suite
        .expect("a data key has 256 bits and opens under its context", SECRETS, async {
            assert_eq!(plain.len(), 32);
            let opened = open(context("a", "signing_key")).await.unwrap();
            assert_eq!(opened.plaintext.unwrap().into_inner(), plain);
        })
        .await;
    suite
        .expect("it opens under no other tenant, no other purpose and no context at all", SECRETS, async {
            for other in [context("b", "signing_key"), context("a", "other"), None] {
                assert_eq!(refusal(open(other).await), "InvalidCiphertextException");
            }
        })
        .await;
    let changed = Expected { aws: "InvalidCiphertextException", local: "opens as another key" };
    suite
        .expect_of_aws("a wrapped key that was changed does not open", SECRETS, changed, async {
            let mut changed = wrapped.clone().into_inner();
            *changed.last_mut().unwrap() ^= 1;
            let request = client.decrypt().key_id(key).ciphertext_blob(Blob::new(changed));
            let opened = request.set_encryption_context(context("a", "signing_key")).send().await;
            let key = opened.as_ref().ok().and_then(|opened| opened.plaintext.clone()).map(Blob::into_inner);
            outcome(opened, if key.as_ref() == Some(&plain) { "opens as itself" } else { "opens as another key" })
        })
        .await;
}

fn context(tenant: &str, purpose: &str) -> Option<HashMap<String, String>> {
    Some(HashMap::from([("tenant".to_owned(), tenant.to_owned()), ("purpose".to_owned(), purpose.to_owned())]))
}

/// A key goes at the earliest after seven days, and costs nothing until then.
async fn removal(suite: &Suite) -> Result<(), String> {
    let client = Client::new(&suite.config);
    let found = match client.describe_key().key_id(alias(suite)).send().await {
        Ok(found) => found,
        absent => return gone(absent, &["NotFoundException"]),
    };
    let key = found.key_metadata.ok_or("a key without metadata")?.key_id;
    let deleted = client.schedule_key_deletion().key_id(key).pending_window_in_days(7).send().await;
    gone(deleted, &[])?;
    gone(client.delete_alias().alias_name(alias(suite)).send().await, &["NotFoundException"])
}

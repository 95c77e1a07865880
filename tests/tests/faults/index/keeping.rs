//! The fault-index table of the Management API: signing keys.

use api::access::{CreateSigningKey, DeleteSigningKey, SetDefaultSigningKey};
use serde_json::json;
use tests::keystores;

use crate::index::managing::tables;
use crate::management::{Before, Manage, Managed};

/// The call that stores a key, with an `Idempotency-Key`.
pub(crate) fn key_creation() -> Manage {
    Manage::new::<CreateSigningKey>(|_| keystores::android("Second")).once()
}

fn named(managed: &Managed) -> serde_json::Value {
    json!({ "signing_key_id": managed.id })
}

#[tokio::test(flavor = "multi_thread")]
async fn keeping_signing_keys_survives_every_fault() {
    let tables = tables([
        key_creation(),
        Manage::new::<SetDefaultSigningKey>(named).after(Before::SigningKey),
        Manage::new::<SetDefaultSigningKey>(|managed| json!({ "signing_key_id": managed.id, "default": false }))
            .after(Before::DefaultKey),
        Manage::new::<DeleteSigningKey>(named).after(Before::SigningKey).refused_again("404 not_found"),
        Manage::new::<DeleteSigningKey>(named).after(Before::DefaultKey).refused_again("404 not_found"),
    ]);
    insta::assert_snapshot!(tables.await, @"
    # create signing key
    BatchGetItem, GenerateDataKey, GetItem, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → not done, told | 500 internal → not done, untold
    503 once: 200 → done, told
    done, then 500: 500 internal → done, told | 500 internal → not done, told | 500 internal → not done, untold
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: not done, untold
    killed after: done, told | not done, untold
    # set default signing key, set default signing key, delete signing key, delete signing key
    BatchGetItem, GetItem, TransactWriteItems
    undisturbed: 200 → done, told
    throttled: 500 internal → not done, told | 500 internal → not done, untold
    503 once: 200 → done, told
    done, then 500: 500 internal → done, told | 500 internal → not done, told | 500 internal → not done, untold
    done, then cut once: 200 → done, told
    conflict: 200 → done, told
    killed before: not done, untold
    killed after: done, told | not done, untold
    ");
}

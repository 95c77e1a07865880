//! The pepper, and envelopes under the stack's KMS key.

use std::collections::HashMap;
use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use domain::credential::{Pepper, PepperVersion};
use domain::error::Error;
use domain::id::{SigningKeyId, TenantId};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::Store;
use crate::error::{failed, unreadable};

/// Between two looks for versions of the pepper that callers name.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What an envelope is for. Together with the tenant it is KMS's encryption context: an envelope opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose<'a> {
    SigningKey(&'a SigningKeyId),
    ShownOnce,
    PolicyKey,
}

impl Purpose<'_> {
    fn context(self, tenant: &TenantId) -> HashMap<String, String> {
        let (purpose, id) = match self {
            Self::SigningKey(id) => ("signing_key", Some(id.as_str())),
            Self::ShownOnce => ("shown_once", None),
            Self::PolicyKey => ("policy_key", None),
        };
        let id = id.map(|id| ("signing_key_id", id));
        let context = [("tenant", tenant.as_str()), ("purpose", purpose)].into_iter().chain(id);
        context.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// A secret under a data key of its own (AES-256-GCM), which is wrapped by KMS.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Envelope {
    #[serde(with = "serde_bytes")]
    wrapped_key: Vec<u8>,
    #[serde(with = "serde_bytes")]
    nonce: Vec<u8>,
    #[serde(with = "serde_bytes")]
    sealed: Vec<u8>,
}

/// The peppers that this process has read.
#[derive(Debug, Default)]
pub(crate) struct Peppers {
    current: Option<Pepper>,
    superseded: Vec<Pepper>,
    /// When a version that a caller named was last looked for.
    looked_for_caller: Option<Instant>,
}

impl Peppers {
    fn find(&self, version: &PepperVersion) -> Option<&Pepper> {
        self.current.iter().chain(&self.superseded).find(|pepper| pepper.version() == version)
    }

    fn has(&self, version: &PepperVersion) -> bool {
        self.find(version).is_some()
    }
}

impl Store {
    /// The pepper in force. It is read once: who rotates it need not tell running functions.
    pub async fn pepper(&self) -> Result<Pepper, Error> {
        let mut peppers = self.peppers.lock().await;
        if peppers.current.is_none() {
            peppers.current = self.read_pepper(None).await?;
        }
        peppers.current.clone().ok_or_else(|| unreadable("the pepper", "its secret has no value"))
    }

    /// The pepper of a hash; `None` where it is gone, and with it what was hashed under it.
    ///
    /// An unknown version is either newer than what this process has read, or one from before the last rotation.
    pub async fn pepper_of(&self, version: &PepperVersion) -> Result<Option<Pepper>, Error> {
        let mut peppers = self.peppers.lock().await;
        if !peppers.has(version) {
            let current = self.read_pepper(None).await?;
            let superseded = std::mem::replace(&mut peppers.current, current);
            let is_other = |pepper: &Pepper| Some(pepper.version()) != peppers.current.as_ref().map(Pepper::version);
            let superseded = superseded.filter(is_other);
            peppers.superseded.extend(superseded);
        }
        if !peppers.has(version) {
            let before = self.read_pepper(Some(version)).await?;
            peppers.superseded.extend(before);
        }
        Ok(peppers.find(version).cloned())
    }

    /// As [`Self::pepper_of`], of a version that a caller names, who may have made it up: it is looked for once in a while, so that nobody
    /// keeps those waiting who authenticate.
    pub async fn pepper_of_caller(&self, version: &PepperVersion) -> Result<Option<Pepper>, Error> {
        let mut peppers = self.peppers.lock().await;
        if !peppers.has(version) {
            let now = Instant::now();
            if peppers.looked_for_caller.is_some_and(|before| now.duration_since(before) < LOOK_AGAIN) {
                return Ok(None);
            }
            peppers.looked_for_caller = Some(now);
        }
        drop(peppers);
        self.pepper_of(version).await
    }

    /// The text of another secret than the pepper.
    pub async fn secret(&self, id: &str) -> Result<Zeroizing<String>, Error> {
        let answer = self.clients.secrets.get_secret_value().secret_id(id).send().await;
        let text = answer.map_err(failed("GetSecretValue"))?.secret_string;
        text.map(Zeroizing::new).ok_or_else(|| unreadable("a secret", "it has no value"))
    }

    /// `None`: the secret has no such version.
    async fn read_pepper(&self, version: Option<&PepperVersion>) -> Result<Option<Pepper>, Error> {
        let request = self.clients.secrets.get_secret_value().secret_id(&self.names.pepper_secret);
        let request = request.set_version_id(version.map(|version| version.as_str().to_owned()));
        let answer = match request.send().await {
            Err(error)
                if error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception) =>
            {
                return Ok(None);
            }
            answer => answer.map_err(failed("GetSecretValue"))?,
        };
        let text = answer.secret_string.filter(|text| text.len() >= 32);
        let text = text.ok_or_else(|| unreadable("the pepper", "it has fewer than 32 characters"))?;
        let version = answer.version_id.ok_or_else(|| unreadable("the pepper", "it has no version"))?;
        Ok(Some(Pepper::new(PepperVersion::new(version), text.into_bytes())))
    }

    pub(crate) async fn seal(&self, tenant: &TenantId, purpose: Purpose<'_>, secret: &[u8]) -> Result<Envelope, Error> {
        let request = self.clients.kms.generate_data_key().key_id(&self.names.kms_key).key_spec(DataKeySpec::Aes256);
        let request = request.set_encryption_context(Some(purpose.context(tenant)));
        let answer = request.send().await.map_err(failed("GenerateDataKey"))?;
        let key = Zeroizing::new(answer.plaintext.map(Blob::into_inner).unwrap_or_default());
        let mut nonce = [0; NONCE_LEN];
        aws_lc_rs::rand::fill(&mut nonce).map_err(|error| unreadable("randomness", error))?;
        let mut sealed = secret.to_vec();
        aead(&key)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
            .map_err(|error| unreadable("an envelope", error))?;
        let wrapped_key = answer.ciphertext_blob.map(Blob::into_inner).unwrap_or_default();
        Ok(Envelope { wrapped_key, nonce: nonce.to_vec(), sealed })
    }

    pub(crate) async fn open(
        &self,
        tenant: &TenantId,
        purpose: Purpose<'_>,
        envelope: Envelope,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let request = self.clients.kms.decrypt().ciphertext_blob(Blob::new(envelope.wrapped_key));
        let request = request.key_id(&self.names.kms_key).set_encryption_context(Some(purpose.context(tenant)));
        let answer = request.send().await.map_err(failed("Decrypt"))?;
        let key = Zeroizing::new(answer.plaintext.map(Blob::into_inner).unwrap_or_default());
        let nonce = Nonce::try_assume_unique_for_key(&envelope.nonce).map_err(|e| unreadable("an envelope", e))?;
        let mut sealed = Zeroizing::new(envelope.sealed);
        let length = aead(&key)?
            .open_in_place(nonce, Aad::empty(), &mut sealed)
            .map_err(|error| unreadable("an envelope", error))?
            .len();
        sealed.truncate(length);
        Ok(sealed)
    }
}

fn aead(key: &[u8]) -> Result<LessSafeKey, Error> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|error| unreadable("a data key", error))
}

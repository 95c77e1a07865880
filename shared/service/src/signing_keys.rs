//! Signing keys: opened and checked before they are stored, listed, made the default, removed (page 001; contracts, "Applications and
//! builds").

use domain::error::Error;
use domain::id::SigningKeyId;
use domain::key_name::KeyName;
use domain::platform::Platform;
use domain::text::shown;
use jiff::Timestamp;
use signing::ios::{IdentityError, IosIdentity, ProvisioningProfile};
use signing::{KeyError, Signer};
use store::idempotency::Created;
use store::signing_keys::{KeyMaterial, ProfileRecord, SigningKeyRecord};
use store::{Change, Edit, ReplayOwner};
use uuid::Uuid;

use crate::Service;
use crate::access::Caller;
use crate::changing::{Answered, Attempt, IdempotentRequest, NO_SIGNING_KEY, Tried};

/// Bytes of a keystore or a provisioning profile that is brought: both together, in Base64 and sealed, fit an item of 400 KB, with
/// passwords of [`MAX_TEXT`] and what is shown.
const MAX_FILE: usize = 100 * 1024;
/// Bytes of a password or an alias.
const MAX_TEXT: usize = 1024;

/// A key as a customer brings it.
pub struct NewSigningKey {
    /// Its name.
    pub name: KeyName,
    /// What it signs.
    pub platform: Platform,
    /// The key itself.
    pub material: KeyMaterial,
}

/// A key as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeyView {
    /// What may be shown of it.
    pub record: SigningKeyRecord,
    /// Whether it signs where a build names none.
    pub is_default: bool,
}

impl Service {
    /// The signing keys of the caller's tenant, those for Android first, each platform's in the order in which they came.
    pub async fn signing_keys(&self, caller: &Caller) -> Result<Vec<SigningKeyView>, Error> {
        let keys = self.store.signing_keys(&caller.tenant.id).await?;
        Ok(keys.into_iter().map(|record| view(caller, record)).collect())
    }

    /// Opens and checks a key, and stores it sealed.
    pub async fn create_signing_key(
        &self,
        caller: &Caller,
        key: NewSigningKey,
        request: Option<IdempotentRequest>,
    ) -> Result<Answered<SigningKeyView>, Error> {
        if let Some(earlier) = self.earlier(ReplayOwner::Tenant(&caller.tenant.id), request.as_ref()).await? {
            return self.key_made_before(caller, earlier).await;
        }
        let tenant = &caller.tenant.id;
        self.store.roster(tenant).await?.check_signing_key(key.platform)?;
        let id: SigningKeyId = Uuid::now_v7().to_string().parse()?;
        let now = self.clock.now();
        let creator = caller.user_id.clone();
        let opening = tokio::task::spawn_blocking(move || open(key, id, creator, now));
        let (record, material) = opening.await.map_err(Error::internal)??;
        let sealed = self.store.seal_key(tenant, record, &material).await?;
        caller.trail.note([("signing_key_id".to_owned(), sealed.record.signing_key_id.as_str().into())]);
        let created = Created::SigningKey(sealed.record.signing_key_id.clone());
        let request = request.as_ref().map(|request| (request, created));
        match self.edit_once(caller, Edit::CreateSigningKey(&sealed), request).await? {
            Some(earlier) => self.key_made_before(caller, earlier).await,
            None => Ok(Answered { value: view(caller, sealed.record), replayed: false }),
        }
    }

    /// Removes a key. Where it was the default, there is none from then on.
    pub async fn delete_signing_key(&self, caller: &Caller, id: &SigningKeyId) -> Result<(), Error> {
        let key = self.store.signing_key(&caller.tenant.id, id).await?.ok_or(Error::NotFound(NO_SIGNING_KEY))?;
        let key = &key;
        let attempt = |attempt: Attempt| async move {
            match self.store.delete_signing_key(&attempt.tenant, key, attempt.record()).await? {
                Change::Missing => Err(Error::NotFound(NO_SIGNING_KEY)),
                change => Ok(change),
            }
        };
        self.change(caller, None, attempt).await.map(drop)
    }

    /// Lets a key sign where a build for its platform names none, or no longer.
    pub async fn set_default_signing_key(
        &self,
        caller: &Caller,
        id: &SigningKeyId,
        is_default: bool,
    ) -> Result<(), Error> {
        let key = self.store.signing_key(&caller.tenant.id, id).await?.ok_or(Error::NotFound(NO_SIGNING_KEY))?;
        let platform = key.platform;
        let attempt = |attempt: Attempt| async move {
            let is = attempt.tenant.default_key(platform) == Some(id);
            if is == is_default {
                return Ok(Tried::Settled(()));
            }
            let default = is_default.then_some(id);
            match self.store.set_default_key(&attempt.tenant, platform, default, attempt.record()).await? {
                Change::Missing => Err(Error::NotFound(NO_SIGNING_KEY)),
                change => Ok(Tried::Written(change, ())),
            }
        };
        self.settle(caller, attempt).await
    }

    /// The key that an earlier request with the same key brought.
    async fn key_made_before(&self, caller: &Caller, created: Created) -> Result<Answered<SigningKeyView>, Error> {
        let Created::SigningKey(id) = created else { return Err(Error::IdempotencyKeyReused) };
        let record = self.store.signing_key(&caller.tenant.id, &id).await?.ok_or(Error::NotFound(NO_SIGNING_KEY))?;
        Ok(Answered { value: view(caller, record), replayed: true })
    }
}

fn view(caller: &Caller, record: SigningKeyRecord) -> SigningKeyView {
    let is_default = caller.tenant.default_key(record.platform) == Some(&record.signing_key_id);
    SigningKeyView { record, is_default }
}

/// Opens the key as a build will, and reads what may be shown of it.
fn open(
    key: NewSigningKey,
    signing_key_id: SigningKeyId,
    created_by: String,
    now: Timestamp,
) -> Result<(SigningKeyRecord, KeyMaterial), Error> {
    let NewSigningKey { name, platform, material } = key;
    let describe = |signer: &Signer, profile| SigningKeyRecord {
        signing_key_id,
        platform,
        name: name.to_string(),
        algorithm: signer.kind().to_string(),
        subject: shown(signer.certificate().subject()),
        fingerprint: signer.certificate_sha256(),
        not_after: signer.certificate().not_after(),
        profile,
        created_at: now.as_second(),
        created_by,
    };
    let record = match platform {
        Platform::Android => describe(&open_keystore(&material, now)?, None),
        Platform::Ios => {
            let identity = open_identity(&material, now)?;
            describe(identity.signer(), Some(profile_of(identity.profile())))
        }
    };
    Ok((record, material))
}

fn open_keystore(material: &KeyMaterial, now: Timestamp) -> Result<Signer, Error> {
    let KeyMaterial { keystore, password, key_password, alias, .. } = material;
    check_size(keystore.len(), MAX_FILE, "keystore")?;
    check_size(password.len(), MAX_TEXT, "keystore_password")?;
    check_size(key_password.as_ref().map_or(0, String::len), MAX_TEXT, "key_password")?;
    check_size(alias.as_ref().map_or(0, String::len), MAX_TEXT, "key_alias")?;
    let opened = Signer::from_keystore(keystore, password, key_password.as_deref(), alias.as_deref());
    let signer = opened.map_err(|error| {
        let field = match &error {
            KeyError::WrongPassword => "keystore_password",
            KeyError::WrongKeyPassword { .. } => "key_password",
            KeyError::NoSuchAlias { .. } | KeyError::SeveralKeys { .. } => "key_alias",
            _ => "keystore",
        };
        Error::invalid(field, sentence(&error))
    })?;
    signer.check_validity(now.as_second()).map_err(|error| Error::invalid("keystore", sentence(&error)))?;
    Ok(signer)
}

fn open_identity(material: &KeyMaterial, now: Timestamp) -> Result<IosIdentity, Error> {
    let KeyMaterial { keystore, password, profile, .. } = material;
    check_size(keystore.len(), MAX_FILE, "p12")?;
    check_size(password.len(), MAX_TEXT, "p12_password")?;
    check_size(profile.len(), MAX_FILE, "provisioning_profile")?;
    IosIdentity::open(keystore, password, profile, now.as_second()).map_err(|error| {
        let field = match &error {
            IdentityError::Key(KeyError::WrongPassword) => "p12_password",
            IdentityError::Key(_) | IdentityError::SeveralKeys { .. } | IdentityError::Certificate(_) => "p12",
            _ => "provisioning_profile",
        };
        Error::invalid(field, sentence(&error))
    })
}

fn profile_of(profile: &ProvisioningProfile) -> ProfileRecord {
    ProfileRecord {
        name: shown(profile.name()),
        team_id: profile.team_id().to_owned(),
        bundle_id: profile.bundle_pattern().as_str().to_owned(),
        expires: profile.expires(),
    }
}

fn check_size(size: usize, most: usize, field: &'static str) -> Result<(), Error> {
    if size <= most {
        return Ok(());
    }
    Err(Error::invalid(field, format!("{field} must be at most {most} bytes")))
}

/// The error as a sentence of its own.
fn sentence(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

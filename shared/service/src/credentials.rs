//! API tokens and automation keys: made, listed, switched off, removed (page 004).

use domain::credential::{ApiToken, ApiTokenId, AutomationKey, AutomationKeyId, Credential, Kind, RANDOM_BYTES};
use domain::error::Error;
use domain::key_name::KeyName;
use secrecy::{ExposeSecret as _, SecretString};
use store::api_tokens::ApiTokenRecord;
use store::automation_keys::AutomationKeyRecord;
use store::idempotency::Created;
use store::members::{MemberRecord, Members};
use store::{Edit, ReplayOwner};
use zeroize::Zeroizing;

use crate::Service;
use crate::access::Caller;
use crate::changing::{Answered, IdempotentRequest};

/// A pair that is shown this once.
#[derive(Clone, Debug)]
pub struct ShownPair {
    /// The public half.
    pub id: String,
    /// The secret half.
    pub secret: SecretString,
}

impl Service {
    /// The API tokens of the caller's tenant.
    pub async fn api_tokens(&self, caller: &Caller) -> Result<Vec<MemberRecord>, Error> {
        self.store.members(&caller.tenant.id, Members::Tokens).await
    }

    /// Makes an API token without permissions.
    pub async fn create_api_token(
        &self,
        caller: &Caller,
        request: Option<IdempotentRequest>,
    ) -> Result<Answered<ShownPair>, Error> {
        if let Some(earlier) = self.earlier(ReplayOwner::Tenant(&caller.tenant.id), request.as_ref()).await? {
            return self.show_again(caller, earlier).await;
        }
        let token = ApiToken::make(&random()?);
        let pepper = self.store.pepper().await?;
        let record = ApiTokenRecord {
            token_key: token.id.clone(),
            tenant: caller.tenant.id.clone(),
            secret_hash: token.hash(&pepper),
            pepper_version: pepper.version().clone(),
        };
        self.create_pair(caller, &token, Edit::CreateApiToken(&record), request).await
    }

    /// Removes an API token.
    pub async fn delete_api_token(&self, caller: &Caller, id: &ApiTokenId) -> Result<(), Error> {
        self.edit(caller, Edit::DeleteApiToken(id)).await
    }

    /// The automation keys of the caller's tenant.
    pub async fn automation_keys(&self, caller: &Caller) -> Result<Vec<AutomationKeyRecord>, Error> {
        self.store.automation_keys(&caller.tenant.id).await
    }

    /// Makes an automation key.
    pub async fn create_automation_key(
        &self,
        caller: &Caller,
        name: &KeyName,
        request: Option<IdempotentRequest>,
    ) -> Result<Answered<ShownPair>, Error> {
        if let Some(earlier) = self.earlier(ReplayOwner::Tenant(&caller.tenant.id), request.as_ref()).await? {
            return self.show_again(caller, earlier).await;
        }
        let key = AutomationKey::make(&random()?);
        let pepper = self.store.pepper().await?;
        let record = AutomationKeyRecord {
            key_id: key.id.clone(),
            tenant: caller.tenant.id.clone(),
            name: name.to_string(),
            enabled: true,
            secret_hash: key.hash(&pepper),
            pepper_version: Some(pepper.version().clone()),
            created_at: self.clock.now().as_second(),
            created_by: caller.user_id.clone(),
            last_used: None,
        };
        self.create_pair(caller, &key, Edit::CreateAutomationKey(&record), request).await
    }

    /// Switches an automation key on or off.
    pub async fn toggle_automation_key(
        &self,
        caller: &Caller,
        id: &AutomationKeyId,
        enabled: bool,
    ) -> Result<(), Error> {
        self.edit(caller, Edit::ToggleAutomationKey(id, enabled)).await
    }

    /// Removes an automation key.
    pub async fn delete_automation_key(&self, caller: &Caller, id: &AutomationKeyId) -> Result<(), Error> {
        self.edit(caller, Edit::DeleteAutomationKey(id)).await
    }

    /// Keeps a pair, sealed, for the same request only: the answer may be lost on its way.
    async fn create_pair<K: Kind>(
        &self,
        caller: &Caller,
        pair: &Credential<K>,
        edit: Edit<'_>,
        request: Option<IdempotentRequest>,
    ) -> Result<Answered<ShownPair>, Error> {
        let request = match &request {
            Some(request) => {
                let sealed = self.store.seal_pair(&caller.tenant.id, &Zeroizing::new(pair.expose())).await?;
                Some((request, Created::Pair(sealed)))
            }
            None => None,
        };
        match self.edit_once(caller, edit, request).await? {
            Some(earlier) => self.show_again(caller, earlier).await,
            None => {
                let value = ShownPair { id: pair.id.to_string(), secret: pair.secret.clone() };
                Ok(Answered { value, replayed: false })
            }
        }
    }

    async fn show_again(&self, caller: &Caller, earlier: Created) -> Result<Answered<ShownPair>, Error> {
        let Created::Pair(sealed) = earlier else { return Err(Error::IdempotencyKeyReused) };
        let pair = self.store.open_pair(&caller.tenant.id, sealed).await?;
        let (id, secret) = pair.split_once(':').ok_or_else(|| Error::internal("a sealed pair without a colon"))?;
        Ok(Answered { value: ShownPair { id: id.to_owned(), secret: secret.into() }, replayed: true })
    }
}

impl ShownPair {
    /// The secret, to be written into the one answer.
    pub fn expose_secret(&self) -> &str {
        self.secret.expose_secret()
    }
}

fn random() -> Result<[u8; RANDOM_BYTES], Error> {
    let mut random = [0; RANDOM_BYTES];
    aws_lc_rs::rand::fill(&mut random).map_err(Error::internal)?;
    Ok(random)
}

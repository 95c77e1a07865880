//! Who calls the Management API, and what they are let into.

use domain::access::Demand;
use domain::credential::{ApiToken, ApiTokenId, SecretHash, bearer};
use domain::error::Error;
use domain::id::TenantId;
use domain::member::MemberId;
use domain::permission::Permissions;
use domain::plan::{Plan, TOKENS_NEED_TEAM};
use domain::session::{Session, SignIn};
use domain::tenant::Tenant;
use store::api_tokens::ApiTokenRecord;

use crate::Service;
use crate::audit::Trail;
use crate::requester::Requester;

/// Somebody whose credentials are genuine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// An API token, and the one tenant that it belongs to.
    Token(TenantId, ApiTokenId),
    /// Somebody who signed in.
    Session(Session),
}

/// A caller without a tenant, or before one is chosen.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Who it is.
    pub credentials: Credentials,
    /// The call.
    pub trail: Trail,
}

/// A member of a tenant who calls something that it is allowed to call.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who it is, as the audit log names it.
    pub user_id: String,
    /// How it signed in; `None` of API tokens and operators.
    pub sign_in: Option<SignIn>,
    /// The tenant, as it was when the caller was let in.
    pub tenant: Tenant,
    /// What it may do there.
    pub permissions: Permissions,
    /// What the call demands of both: checked again where the tenant has changed.
    pub demand: Demand,
    /// The call.
    pub trail: Trail,
}

/// A caller before a tenant, with what is known of it there.
#[derive(Debug)]
pub struct Applicant {
    /// Whose credentials they are.
    pub credentials: Credentials,
    /// The tenant and the caller's permissions in it; `None` for somebody who does not belong to it.
    pub membership: Option<(Tenant, Permissions)>,
}

impl Caller {
    /// The caller, as one who asks for builds.
    pub fn requester(&self) -> Requester {
        Requester::of_member(self)
    }
}

impl Credentials {
    /// As the audit log and `user_id` name it.
    pub fn member(&self) -> MemberId {
        match self {
            Self::Token(_, id) => MemberId::Token(id.clone()),
            Self::Session(session) => MemberId::Person(session.email.clone()),
        }
    }

    /// How their owner signed in; `None` of an API token.
    pub fn sign_in(&self) -> Option<&SignIn> {
        match self {
            Self::Token(..) => None,
            Self::Session(session) => Some(&session.sign_in),
        }
    }

    /// Whether these credentials can count for `tenant` at all: a token only for its own, an identity that a tenant's
    /// identity provider asserted only for that one.
    pub fn may_enter(&self, tenant: &TenantId) -> bool {
        match self {
            Self::Token(own, _) => own == tenant,
            Self::Session(session) => session.counts_for(tenant),
        }
    }

    /// Refuses who signed in past the identity provider of a tenant that demands it, but for the break-glass account.
    fn check_sign_in(&self, tenant: &Tenant) -> Result<(), Error> {
        let (Self::Session(session), Some(sso)) = (self, tenant.enforced_sso()) else { return Ok(()) };
        match &session.sign_in {
            SignIn::Saml(_) => Ok(()),
            _ if sso.breakglass == session.email => Ok(()),
            _ => Err(Error::Forbidden("This tenant requires single sign-on")),
        }
    }
}

impl Service {
    /// Reads an `Authorization` header: an API token or the JWT of a session (page 001, "Authentication").
    pub async fn authenticate_member(&self, header: Option<&str>) -> Result<Credentials, Error> {
        match header.and_then(bearer) {
            Some(jwt) if jwt.contains('.') => self.verify_session(jwt).await.map(Credentials::Session),
            text => {
                let presented = text.and_then(ApiToken::from_base64);
                let record = self.api_token_or_nobody(presented.as_ref()).await?;
                self.check_token(presented.as_ref(), record).await
            }
        }
    }

    /// As [`Self::authenticate_member`], and reads what the caller is in `tenant`: two strongly consistent reads at once for
    /// a token, one for a session.
    pub async fn find_member(&self, header: Option<&str>, tenant: &TenantId) -> Result<Applicant, Error> {
        let (credentials, (found, member)) = match header.and_then(bearer) {
            Some(jwt) if jwt.contains('.') => {
                let session = self.verify_session(jwt).await?;
                let member = MemberId::Person(session.email.clone());
                (Credentials::Session(session), self.store.tenant_and_member(tenant, &member).await?)
            }
            text => {
                let presented = text.and_then(ApiToken::from_base64);
                let id = presented.as_ref().map_or_else(|| ApiToken::nobody().id, |token| token.id.clone());
                let member = MemberId::Token(id);
                let (record, belongs) = tokio::try_join!(
                    self.api_token_or_nobody(presented.as_ref()),
                    self.store.tenant_and_member(tenant, &member)
                )?;
                (self.check_token(presented.as_ref(), record).await?, belongs)
            }
        };
        let belongs = credentials.may_enter(tenant);
        let membership = found.zip(member).filter(|_| belongs).map(|(tenant, member)| (tenant, member.permissions));
        Ok(Applicant { credentials, membership })
    }

    async fn verify_session(&self, jwt: &str) -> Result<Session, Error> {
        let verifier = self.verifier.as_ref().ok_or(Error::Unauthenticated)?;
        verifier.verify(jwt, self.clock.now()).await
    }

    async fn api_token_or_nobody(&self, presented: Option<&ApiToken>) -> Result<Option<ApiTokenRecord>, Error> {
        let nobody = ApiToken::nobody();
        self.store.api_token(&presented.unwrap_or(&nobody).id).await
    }

    /// Every refusal computes what a genuine token takes.
    async fn check_token(
        &self,
        presented: Option<&ApiToken>,
        record: Option<ApiTokenRecord>,
    ) -> Result<Credentials, Error> {
        let nobody = ApiToken::nobody();
        let token = presented.unwrap_or(&nobody);
        let (hash, version) = record
            .as_ref()
            .map_or((SecretHash::NONE, None), |record| (record.secret_hash, Some(&record.pepper_version)));
        let genuine = self.is_genuine(token, hash, version).await? && presented.is_some();
        match record {
            Some(record) if genuine => {
                self.renew_token_hash(token, &record).await;
                Ok(Credentials::Token(record.tenant, record.token_key))
            }
            _ => Err(Error::Unauthenticated),
        }
    }
}

impl Applicant {
    /// Lets it into the tenant. A tenant that is not there answers as one that it does not belong to.
    pub fn enter(self) -> Result<(Tenant, Permissions), Error> {
        let (tenant, permissions) = self.membership.ok_or(Error::Forbidden("You don't have access to this tenant"))?;
        self.credentials.check_sign_in(&tenant)?;
        if matches!(self.credentials, Credentials::Token(..)) && tenant.plan < Plan::Team {
            return Err(Error::PlanRequired(TOKENS_NEED_TEAM));
        }
        Ok((tenant, permissions))
    }
}

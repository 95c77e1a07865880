//! API tokens: the secret's hash under the token's own key, and what the token may do among its tenant's members.

use domain::audit::AuditEvent;
use domain::credential::{ApiTokenId, PepperVersion, SecretHash};
use domain::error::Error;
use domain::id::TenantId;
use domain::member::MemberId;
use domain::permission::Permissions;
use domain::roster::MOST_TOKENS;
use domain::tenant::Tenant;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::changes::{Actions, Part, only, updated};
use crate::keys::ItemKey;
use crate::members::MemberRecord;
use crate::table::number;

/// What is kept of a token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApiTokenRecord {
    /// Its public half.
    pub token_key: ApiTokenId,
    /// Whose it is.
    pub tenant: TenantId,
    /// What is kept of the secret.
    pub secret_hash: SecretHash,
    /// The pepper of the hash.
    pub pepper_version: PepperVersion,
}

impl Store {
    /// The token, if there is one.
    pub async fn api_token(&self, id: &ApiTokenId) -> Result<Option<ApiTokenRecord>, Error> {
        self.read(ItemKey::ApiToken(id)).await
    }

    pub(crate) fn create_api_token(
        &self,
        tenant: &Tenant,
        token: &ApiTokenRecord,
        event: &AuditEvent,
    ) -> Result<Actions, Error> {
        let member = MemberRecord {
            user_id: MemberId::Token(token.token_key.clone()),
            permissions: Permissions::default(),
            created_at: event.creation_time,
            created_by: event.user_id.clone(),
        };
        let roster = self
            .update(&ItemKey::Roster(&tenant.id))
            .update_expression("ADD tokens :ids")
            .condition_expression("attribute_not_exists(tokens) OR size(tokens) < :most")
            .expression_attribute_values(":ids", only(&token.token_key))
            .expression_attribute_values(":most", number(MOST_TOKENS));
        Ok(vec![
            (Part::Roster, updated(roster)?),
            (Part::Subject, self.create(&ItemKey::ApiToken(&token.token_key), token, [])?),
            (Part::Subject, self.create(&ItemKey::Member(&tenant.id, &member.user_id), &member, [])?),
        ])
    }

    pub(crate) fn delete_api_token(&self, tenant: &Tenant, id: &ApiTokenId) -> Result<Actions, Error> {
        let member = MemberId::Token(id.clone());
        let roster = self.update(&ItemKey::Roster(&tenant.id)).update_expression("DELETE tokens :ids");
        Ok(vec![
            (Part::Subject, self.remove(&ItemKey::Member(&tenant.id, &member))?),
            (Part::Subject, self.remove(&ItemKey::ApiToken(id))?),
            (Part::Roster, updated(roster.expression_attribute_values(":ids", only(id)))?),
        ])
    }
}

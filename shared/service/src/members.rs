//! People of a tenant and what they may do (page 004, "User Management").

use domain::error::Error;
use domain::mail::{Mail, MailId};
use domain::member::{EmailAddress, MemberId};
use domain::permission::Permissions;
use store::idempotency::Created;
use store::members::{MemberRecord, Members};
use store::{Edit, ReplayOwner};
use uuid::Uuid;

use crate::Service;
use crate::access::Caller;
use crate::changing::{Answered, IdempotentRequest};

impl Service {
    /// The people of the caller's tenant.
    pub async fn people(&self, caller: &Caller) -> Result<Vec<MemberRecord>, Error> {
        self.store.members(&caller.tenant.id, Members::People).await
    }

    /// Adds a person, who is told by mail.
    pub async fn add_person(
        &self,
        caller: &Caller,
        person: &EmailAddress,
        request: Option<IdempotentRequest>,
    ) -> Result<Answered<()>, Error> {
        if self.earlier(ReplayOwner::Tenant(&caller.tenant.id), request.as_ref()).await?.is_some() {
            return Ok(Answered { value: (), replayed: true });
        }
        let mail_id: MailId = Uuid::now_v7().to_string().parse()?;
        let mail = Mail::invitation(person, &caller.tenant.name, &caller.user_id, &self.portal_url);
        let edit = Edit::AddPerson(person, &mail_id, &mail);
        let earlier = self.edit_once(caller, edit, request.as_ref().map(|request| (request, Created::Nothing))).await?;
        Ok(Answered { value: (), replayed: earlier.is_some() })
    }

    /// Replaces what a person or a token may do.
    pub async fn set_permissions(
        &self,
        caller: &Caller,
        member: &MemberId,
        permissions: &Permissions,
    ) -> Result<(), Error> {
        self.edit(caller, Edit::SetPermissions(member, permissions)).await
    }

    /// Takes a person out of the tenant; nobody removes themselves (contracts).
    pub async fn remove_person(&self, caller: &Caller, member: &MemberId) -> Result<(), Error> {
        if caller.user_id == member.to_string() {
            return Err(Error::Conflict { code: "self_removal", message: "You cannot remove yourself" });
        }
        match member {
            MemberId::Person(person) => self.edit(caller, Edit::RemovePerson(person)).await,
            MemberId::Token(_) => Err(Error::NotFound("User not found")),
        }
    }
}

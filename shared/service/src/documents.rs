//! Documents of tenants' own (page 003, "Tenant Documents").

use domain::document::{DocumentFields, DocumentId, DocumentSet, TenantDocument};
use domain::error::Error;
use domain::id::TenantId;
use domain::tenant::Tenant;
use uuid::Uuid;

use crate::Service;
use crate::access::Caller;
use crate::changing::{Attempt, Tried};

/// The answer for a document that the tenant does not have.
const NO_DOCUMENT: &str = "Document not found";

impl Service {
    /// Gives a tenant these documents and takes all others away; the tenant as it is then. Their files are stored first and one
    /// write names them, so that the old ones or the new ones are there, whatever fails in between. What that write replaced goes
    /// last: no other list names it.
    pub async fn set_documents(&self, tenant: &TenantId, set: DocumentSet) -> Result<Tenant, Error> {
        let caller = self.operator(tenant, "operator_set").await?;
        let mut documents = Vec::new();
        for (fields, content) in set.into_documents() {
            documents.push(self.store_document(tenant, fields, content).await?);
        }
        let documents = &documents;
        caller.trail.note([("documents".to_owned(), serde_json::to_value(documents).map_err(Error::internal)?)]);
        let attempt = |attempt: Attempt| async move {
            let after = Tenant { documents: documents.clone(), ..attempt.tenant.clone() };
            let change = self.store.change_tenant(&after, attempt.record()).await?;
            Ok(Tried::Written(change, attempt.tenant.documents))
        };
        let replaced = self.ending_trail(&caller, self.settle(&caller, attempt)).await?;
        // They are the same where the answer to an earlier try was lost.
        let gone = replaced.iter().filter(|old| !documents.contains(old));
        for id in gone.filter_map(|old| old.document_id.as_ref()) {
            self.store.delete_document(tenant, id).await?;
        }
        self.readmit(&caller).await
    }

    async fn store_document(
        &self,
        tenant: &TenantId,
        fields: DocumentFields,
        content: Vec<u8>,
    ) -> Result<TenantDocument, Error> {
        let id: DocumentId = Uuid::now_v7().to_string().parse()?;
        self.store.put_document(tenant, &id, content).await?;
        let DocumentFields { name, filename, description } = fields;
        Ok(TenantDocument { name, filename, description, document_id: Some(id) })
    }

    /// A URL that downloads one of the tenant's own documents. A name that is none of theirs names nothing, whatever is in it.
    pub async fn document_url(&self, caller: &Caller, filename: &str) -> Result<String, Error> {
        let tenant = &caller.tenant;
        let named = tenant.documents.iter().find(|document| document.filename == filename);
        let id = named.and_then(|document| document.document_id.as_ref()).ok_or(Error::NotFound(NO_DOCUMENT))?;
        self.store.presign_document(&tenant.id, id, filename).await
    }
}

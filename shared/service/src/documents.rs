//! Documents of tenants' own (page 003, "Tenant Documents").

use domain::error::Error;
use domain::id::TenantId;
use domain::tenant::{Tenant, TenantDocument};

use crate::Service;
use crate::access::Caller;
use crate::operator::Setting;

impl Service {
    /// Gives a tenant these documents, PDF files each, and takes all others away; the tenant as it is then.
    pub async fn set_documents(
        &self,
        tenant: &TenantId,
        files: Vec<(TenantDocument, Vec<u8>)>,
    ) -> Result<Tenant, Error> {
        let before = self.operator(tenant, "operator_set").await?.tenant.documents;
        let mut documents = Vec::new();
        for (document, content) in files {
            document.check()?;
            if !content.starts_with(b"%PDF-") {
                return Err(Error::invalid("filename", format!("{} is no PDF file", document.filename)));
            }
            self.store.put_document(tenant, &document.filename, content).await?;
            documents.push(document);
        }
        let after = self.set(tenant, &Setting::Documents(documents)).await?;
        for old in before {
            if after.documents.iter().all(|document| document.filename != old.filename) {
                self.store.delete_document(tenant, &old.filename).await?;
            }
        }
        Ok(after)
    }

    /// A URL that downloads one of the tenant's own documents. A name that is none of theirs names nothing, whatever is in it.
    pub async fn document_url(&self, caller: &Caller, filename: &str) -> Result<String, Error> {
        let tenant = &caller.tenant;
        match tenant.documents.iter().find(|document| document.filename == filename) {
            Some(document) => self.store.presign_document(&tenant.id, &document.filename).await,
            None => Err(Error::NotFound("Document not found")),
        }
    }
}

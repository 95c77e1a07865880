//! Tenants.

use domain::error::Error;
use domain::id::TenantId;
use domain::tenant::Tenant;

use crate::Store;
use crate::keys::ItemKey;

impl Store {
    /// The tenant, if there is one.
    pub async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, Error> {
        self.read(ItemKey::Tenant(id)).await
    }

    /// Creates or replaces a tenant.
    pub async fn put_tenant(&self, tenant: &Tenant) -> Result<(), Error> {
        self.write(ItemKey::Tenant(&tenant.id), tenant).await
    }
}

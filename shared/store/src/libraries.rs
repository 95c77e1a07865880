//! Custom Library: identifiers with their builds, each one item, and the packages. A tenant's identifiers are a set in its roster, which
//! limits them.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::error::Error;
use domain::id::TenantId;
use domain::library::{AppIdentifier, Library, LibraryBuild, LibraryBuildId, Package};
use domain::platform::Platform;
use domain::tenant::Tenant;
use jiff::Timestamp;

use crate::Store;
use crate::artifacts::as_file;
use crate::changes::{Change, Part, Record, only, updated};
use crate::jobs::Hint;
use crate::keys::{ArtifactKey, ItemKey, LIBRARIES, read_library_key};
use crate::table::{Transacted, number, string};

/// The value of the partition key of the index of due libraries.
const DUE: &str = "DUE_LIBRARY";

/// What a library is written over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The one of the revision before.
    Before,
    /// Nothing: the identifier has no item.
    Nothing,
}

impl Store {
    /// A library, if it is there: also one that was deleted and is not removed yet.
    pub async fn library(&self, tenant: &TenantId, identifier: &AppIdentifier) -> Result<Option<Library>, Error> {
        self.read(ItemKey::Library(tenant, identifier)).await
    }

    /// All libraries of a tenant, those among them that were deleted and are not removed yet, in the order in which they were set.
    pub async fn libraries(&self, tenant: &TenantId) -> Result<Vec<Library>, Error> {
        let mut libraries: Vec<Library> = self.under(tenant, LIBRARIES).await?;
        libraries.sort_by(|a, b| (a.set_at, &a.app_identifier).cmp(&(b.set_at, &b.app_identifier)));
        Ok(libraries)
    }

    /// Writes a library that was set over the one before, or where there is none, if its identifier is one of the tenant's or there is
    /// room for it.
    pub async fn set_library(
        &self,
        tenant: &Tenant,
        (library, over): (&Library, Over),
        record: Record<'_>,
    ) -> Result<Change, Error> {
        let identifier = &library.app_identifier;
        let roster = self
            .update(&ItemKey::Roster(&tenant.id))
            .update_expression("ADD libraries :ids")
            .condition_expression(
                "contains(libraries, :identifier) OR attribute_not_exists(libraries) OR size(libraries) < :most",
            )
            .expression_attribute_values(":ids", only(identifier))
            .expression_attribute_values(":identifier", string(identifier.as_str()))
            .expression_attribute_values(":most", number(tenant.custom_limits.library_identifiers()));
        let actions = vec![
            self.tenant_unchanged(tenant)?,
            (Part::Roster, updated(roster)?),
            (Part::Version, self.library_put(library, over)?),
        ];
        self.change(actions, record).await
    }

    /// Writes a library that was deleted over the one before, and takes its identifier from the tenant's.
    pub async fn delete_library(
        &self,
        tenant: &Tenant,
        library: &Library,
        record: Record<'_>,
    ) -> Result<Change, Error> {
        let roster = self.update(&ItemKey::Roster(&tenant.id)).update_expression("DELETE libraries :ids");
        let roster = roster.expression_attribute_values(":ids", only(&library.app_identifier));
        let actions = vec![
            self.tenant_unchanged(tenant)?,
            (Part::Roster, updated(roster)?),
            (Part::Version, self.library_put(library, Over::Before)?),
        ];
        self.change(actions, record).await
    }

    /// Writes what became of a build, if nobody has written since the library was read. `false`: somebody has.
    pub async fn commit_library(&self, library: &Library) -> Result<bool, Error> {
        let action = self.library_put(library, Over::Before)?;
        Ok(matches!(self.transact(vec![action]).await?, Transacted::Committed))
    }

    /// Removes a library of which nothing is left, unless somebody has written since it was read.
    pub async fn remove_library(&self, library: &Library) -> Result<(), Error> {
        let key = ItemKey::Library(&library.tenant, &library.app_identifier);
        self.transact(vec![self.remove_revision(&key, library.revision)?]).await.map(drop)
    }

    /// Libraries that the reconciler has to look at, at most `limit`, longest due first. Read from an index.
    pub async fn due_libraries(
        &self,
        now: Timestamp,
        limit: i32,
    ) -> Result<Vec<Hint<(TenantId, AppIdentifier)>>, Error> {
        self.due(DUE, now, limit, read_library_key).await
    }

    /// Stores the package of an attempt. Nobody sees it before the build names the attempt. Without a tag: it stays as long as the build.
    pub async fn put_library_package(
        &self,
        tenant: &TenantId,
        build: &LibraryBuild,
        package: Vec<u8>,
    ) -> Result<(), Error> {
        let key = ArtifactKey::LibraryPackage(tenant, &build.build_id, build.attempt, build.platform).key();
        let content_type = match build.platform {
            // Gradle's own is none that is registered.
            Platform::Android => "application/octet-stream",
            Platform::Ios => "application/zip",
        };
        self.put_object(key, content_type, package.into(), None).await
    }

    /// A URL that downloads a package under its own name.
    pub async fn presign_library_package(
        &self,
        library: &Library,
        build: &LibraryBuild,
        package: &Package,
    ) -> Result<String, Error> {
        let key = ArtifactKey::LibraryPackage(&library.tenant, &build.build_id, package.attempt, build.platform);
        self.presign_artifact(&key, Some(as_file(&build.file_name(&library.app_identifier)))).await
    }

    /// Removes what attempts of a build left in storage, but for the package that it names.
    pub async fn delete_unpublished_library(&self, tenant: &TenantId, build: &LibraryBuild) -> Result<(), Error> {
        let prefix = ArtifactKey::LibraryBuild(tenant, &build.build_id).key();
        let published = build.package().map(|package| format!("{prefix}{}/", package.attempt));
        self.delete_artifacts(prefix, |key| !published.as_ref().is_some_and(|published| key.starts_with(published)))
            .await
    }

    /// Removes the package of an attempt that lost its build, if it stored one.
    pub async fn delete_library_attempt(
        &self,
        tenant: &TenantId,
        (build, platform): (&LibraryBuildId, Platform),
        attempt: u32,
    ) -> Result<(), Error> {
        self.delete_artifact(ArtifactKey::LibraryPackage(tenant, build, attempt, platform).key()).await
    }

    fn library_put(&self, library: &Library, over: Over) -> Result<TransactWriteItem, Error> {
        let mut extra = Vec::new();
        if let Some(due_at) = library.due_at() {
            extra.push(("due_pk", AttributeValue::S(DUE.to_owned())));
            extra.push(("due_at", number(due_at)));
        }
        let before = match over {
            Over::Nothing => None,
            Over::Before => Some(library.revision - 1),
        };
        self.put_over(&ItemKey::Library(&library.tenant, &library.app_identifier), library, extra, before)
    }
}

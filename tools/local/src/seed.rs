//! What a laptop needs to begin with: a tenant, a key, a configuration, a signing key, somebody who can sign in.

use anyhow::Context as _;
use aws_config::SdkConfig;
use domain::configuration::Configuration;
use domain::control::ControlId;
use domain::credential::AutomationKey;
use domain::id::{SigningKeyId, TenantId};
use domain::member::EmailAddress;
use domain::plan::Plan;
use domain::platform::{ConfigVersion, Platform};
use domain::tenant::Tenant;
use service::Service;
use service::signing_keys::NewSigningKey;
use signing::generate::{NewKey, self_signed_pkcs12};
use store::signing_keys::KeyMaterial;

use crate::provision::Stack;
use crate::user_pool::UserPools;

/// The plan of the local tenant.
pub const PLAN: Plan = Plan::Team;

/// Who can sign in at the local user pool.
pub const OWNER: &str = "owner@example.com";

/// The password of every account that is made here. Everybody knows it: who reaches the local AWS can set any password anyway,
/// with its equally known credentials, and nobody does from another machine.
pub const PASSWORD: &str = "Local-password-1";

/// Controls that fit every app of a platform and need no settings.
pub const fn default_controls(platform: Platform) -> &'static [ControlId] {
    match platform {
        Platform::Android => &[ControlId::BACKUP_PREVENTION, ControlId::DEBUGGABLE_PREVENTION],
        Platform::Ios => &[ControlId::DEBUGGABLE_PREVENTION, ControlId::FILE_SHARING_PREVENTION],
    }
}

/// The tenant of the local server.
pub fn tenant_id() -> TenantId {
    TenantId::from_bits(0x9f1c_0a4e_7b8d_4a4d_b52e_6a6d_5c5c_1f11)
}

/// The owner of the local tenant.
pub fn owner() -> anyhow::Result<EmailAddress> {
    Ok(OWNER.parse()?)
}

/// Makes the tenant with a signing key and an enabled configuration, where they are not there yet.
pub async fn seed(service: &Service) -> anyhow::Result<Tenant> {
    let store = service.store();
    if let Some(tenant) = store.tenant(&tenant_id()).await? {
        return Ok(tenant);
    }
    let tenant = make_tenant(service, Tenant::new(tenant_id(), "Local".parse()?, PLAN)).await?;
    // One of them is for iOS as well.
    let configuration = Configuration::enabling(default_controls(Platform::Android), Platform::Android, PLAN)?;
    for version in ConfigVersion::ALL {
        configure(service, &tenant.id, version, &configuration).await?;
    }
    Ok(tenant)
}

/// Makes a tenant of the local owner, with a signing key.
pub async fn make_tenant(service: &Service, tenant: Tenant) -> anyhow::Result<Tenant> {
    service.found_tenant(&tenant, &owner()?).await?;
    let key = make_signing_key(service, &tenant.id).await?;
    let operator = service.operator(&tenant.id, "set_default_signing_key").await?;
    service.set_default_signing_key(&operator, &key, true).await?;
    service.store().tenant(&tenant.id).await?.context("the new tenant is gone")
}

/// Makes the account of [`OWNER`] in the stack's user pool, where it is not there yet.
pub async fn seed_account(config: &SdkConfig, stack: &Stack) -> anyhow::Result<()> {
    UserPools::connect(config).await?.make_account(&stack.pool_id, &OWNER.parse()?, PASSWORD).await
}

/// Gives a version this configuration.
pub async fn configure(
    service: &Service,
    tenant: &TenantId,
    version: ConfigVersion,
    configuration: &Configuration,
) -> anyhow::Result<()> {
    let operator = service.operator(tenant, "config_update").await?;
    Ok(service.replace_configuration(&operator, version, configuration).await?)
}

/// Makes an automation key; what it returns is shown once and kept nowhere.
pub async fn make_automation_key(service: &Service, tenant: &TenantId, name: &str) -> anyhow::Result<AutomationKey> {
    let operator = service.operator(tenant, "create_automation_key").await?;
    let pair = service.create_automation_key(&operator, &name.parse()?, None).await?.value;
    Ok(AutomationKey { id: pair.id.parse()?, secret: pair.secret })
}

/// Makes an RSA key with a self-signed certificate, in a PKCS#12 file under a random password.
pub async fn make_signing_key(service: &Service, tenant: &TenantId) -> anyhow::Result<SigningKeyId> {
    let mut random = [0; 24];
    aws_lc_rs::rand::fill(&mut random)?;
    let password: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let now = service.clock().now().as_second();
    let keystore = self_signed_pkcs12("Local signing key", &password, "local", NewKey::Rsa2048, now, 30)?;
    add_signing_key(service, tenant, "Local signing key", (keystore, password)).await
}

/// Stores the one key of a keystore for Android.
pub async fn add_signing_key(
    service: &Service,
    tenant: &TenantId,
    name: &str,
    (keystore, password): (Vec<u8>, String),
) -> anyhow::Result<SigningKeyId> {
    let material = KeyMaterial { keystore, password, key_password: None, alias: None, profile: Vec::new() };
    let key = NewSigningKey { name: name.parse()?, platform: Platform::Android, material };
    let operator = service.operator(tenant, "create_signing_key").await?;
    Ok(service.create_signing_key(&operator, key, None).await?.value.record.signing_key_id)
}

//! Configurations: settings of controls, certificates and custom messages of a version, and promotion (page 003; contracts,
//! "Configuration").

use domain::certificate::CertificateList;
use domain::configuration::{Configuration, ConfigurationHead};
use domain::control::ControlId;
use domain::custom_message::{CustomMessage, MessageUploadId};
use domain::error::Error;
use domain::id::TenantId;
use domain::platform::ConfigVersion;
use domain::promotion::{Difference, check_step, differences};
use domain::tenant::Tenant;
use jiff::Timestamp;
use serde_json::Value;
use store::artifacts::Handed;
use uuid::Uuid;

use crate::Service;
use crate::access::Caller;
use crate::changing::{Attempt, NOTHING_UPLOADED, Tried};

/// Bytes that a text may take in an answer. Lambda takes 6,291,556 of an answer whose body, JSON already, is a text in JSON.
const ANSWER_BYTES: usize = 6_000_000;

/// What a version says.
#[derive(Clone, Debug)]
pub struct VersionView {
    /// What it says.
    pub configuration: Configuration,
    /// Counts its changes; 0 for a version that was never changed.
    pub revision: u64,
    /// When it was read.
    pub now: Timestamp,
}

/// What came of a promotion.
#[derive(Clone, Debug)]
pub struct Promotion {
    /// The revision of the promoted version where nothing was changed yet, else the new one of the other.
    pub revision: u64,
    /// What changes, or would.
    pub changes: Vec<Difference>,
}

/// A custom message as it is read.
#[derive(Clone, Debug, Default)]
pub struct MessageView {
    /// Its text; empty where there is none, or where it fits no answer.
    pub text: String,
    /// Whether apps show it.
    pub in_use: bool,
    /// Downloads a text that fits no answer.
    pub url: Option<String>,
}

/// Where the text of a message may be put.
#[derive(Clone, Debug)]
pub struct MessageUpload {
    /// Names it.
    pub id: MessageUploadId,
    /// Takes it with one PUT.
    pub url: String,
}

impl Service {
    /// What a version of the caller's tenant says.
    pub async fn version(&self, caller: &Caller, version: ConfigVersion) -> Result<VersionView, Error> {
        let (head, configuration) = self.read_version(&caller.tenant.id, version).await?;
        Ok(VersionView { configuration, revision: revision(head.as_ref()), now: self.clock.now() })
    }

    /// Changes the setting of one control; returns the version's revision. `expected` is the one that the caller has seen.
    pub async fn set_control(
        &self,
        caller: &Caller,
        version: ConfigVersion,
        (control, update): (ControlId, &Value),
        expected: Option<u64>,
    ) -> Result<u64, Error> {
        caller.trail.note([("control".to_owned(), control.as_str().into())]);
        self.change_version(caller, version, expected, |configuration, tenant| {
            configuration.set_control(control, update, tenant.plan)
        })
        .await
    }

    /// Replaces the certificate list, and says whether the built-in authorities belong to it where that is given.
    pub async fn set_certificates(
        &self,
        caller: &Caller,
        version: ConfigVersion,
        (certificates, use_builtin_cas): (&CertificateList, Option<bool>),
        expected: Option<u64>,
    ) -> Result<(), Error> {
        let set = |configuration: &mut Configuration, _: &Tenant| {
            configuration.certificates = certificates.clone();
            configuration.use_builtin_cas = use_builtin_cas.unwrap_or(configuration.use_builtin_cas);
            Ok(())
        };
        self.change_version(caller, version, expected, set).await.map(drop)
    }

    /// Takes one certificate off the list.
    pub async fn delete_certificate(&self, caller: &Caller, version: ConfigVersion, name: &str) -> Result<(), Error> {
        self.change_version(caller, version, None, |configuration, _| configuration.certificates.remove(name))
            .await
            .map(drop)
    }

    /// Makes a version say exactly `configuration`: for tools that seed one.
    pub async fn replace_configuration(
        &self,
        caller: &Caller,
        version: ConfigVersion,
        configuration: &Configuration,
    ) -> Result<(), Error> {
        let replace = |current: &mut Configuration, _: &Tenant| {
            current.clone_from(configuration);
            Ok(())
        };
        self.change_version(caller, version, None, replace).await.map(drop)
    }

    /// Lets `to` say what `from` says, or tells what that would change. `expected` is the revision of `from` that the caller has
    /// seen.
    pub async fn promote(
        &self,
        caller: &Caller,
        (from, to): (ConfigVersion, ConfigVersion),
        expected: Option<u64>,
        dry_run: bool,
    ) -> Result<Promotion, Error> {
        check_step(from, to)?;
        let attempt = |attempt: Attempt| async move {
            let tenant = &attempt.tenant;
            check_environments(tenant)?;
            let ((source, after), (target, before)) =
                tokio::try_join!(self.read_version(&tenant.id, from), self.read_version(&tenant.id, to))?;
            check_revision(expected, source.as_ref())?;
            let source = source.ok_or_else(|| nothing_to_promote(from))?;
            let changes = differences(&before, &after);
            if dry_run || before == after {
                let revision = if dry_run { source.revision } else { revision(target.as_ref()) };
                return Ok(Tried::Settled(Promotion { revision, changes }));
            }
            let seen = source.revision;
            let head = ConfigurationHead { revision: revision(target.as_ref()) + 1, ..source };
            let change = self.store.promote(tenant, (from, seen), (to, &head), attempt.record()).await?;
            Ok(Tried::Written(change, Promotion { revision: head.revision, changes }))
        };
        self.settle(caller, attempt).await
    }

    /// The custom message of a version.
    pub async fn custom_message(&self, caller: &Caller, version: ConfigVersion) -> Result<MessageView, Error> {
        let tenant = &caller.tenant.id;
        let (_, configuration) = self.read_version(tenant, version).await?;
        let Some(message) = configuration.message else { return Ok(MessageView::default()) };
        let text = self.store.message(tenant, &message.digest).await?;
        let in_json = |text: &str| serde_json::to_string(text).map_err(Error::internal);
        if in_json(&in_json(&text)?)?.len() <= ANSWER_BYTES {
            return Ok(MessageView { text, in_use: message.in_use, url: None });
        }
        let url = self.store.presign_message(tenant, &message.digest).await?;
        Ok(MessageView { text: String::new(), in_use: message.in_use, url: Some(url) })
    }

    /// Replaces the text of a version's custom message.
    pub async fn set_custom_message(&self, caller: &Caller, version: ConfigVersion, text: &str) -> Result<(), Error> {
        // What is too large is refused before it is stored.
        let message = CustomMessage::new(text)?;
        caller.trail.note([("bytes".to_owned(), text.len().into())]);
        if let Some(message) = &message {
            self.store.put_message(&caller.tenant.id, &message.digest, text).await?;
        }
        let set = |configuration: &mut Configuration, _: &Tenant| {
            let before = configuration.message.take();
            configuration.message = message.clone().map(|message| message.replacing(before.as_ref()));
            Ok(())
        };
        self.change_version(caller, version, None, set).await.map(drop)
    }

    /// Lets apps show a version's custom message, or not.
    pub async fn set_custom_message_active(
        &self,
        caller: &Caller,
        version: ConfigVersion,
        in_use: bool,
    ) -> Result<(), Error> {
        let set = |configuration: &mut Configuration, _: &Tenant| match &mut configuration.message {
            Some(message) => {
                message.in_use = in_use;
                Ok(())
            }
            None if in_use => Err(Error::NotReady {
                code: "no_custom_message",
                message: "This version has no custom message yet".into(),
            }),
            None => Ok(()),
        };
        self.change_version(caller, version, None, set).await.map(drop)
    }

    /// Where a text may be put that fits no request.
    pub async fn request_message_upload(&self, caller: &Caller) -> Result<MessageUpload, Error> {
        let id: MessageUploadId = Uuid::now_v7().to_string().parse()?;
        let url = self.store.presign_message_upload(&caller.tenant.id, &id).await?;
        Ok(MessageUpload { id, url })
    }

    /// As [`Self::set_custom_message`], with a text that was uploaded.
    pub async fn take_custom_message(
        &self,
        caller: &Caller,
        version: ConfigVersion,
        upload: &MessageUploadId,
    ) -> Result<(), Error> {
        let tenant = &caller.tenant.id;
        let text = match self.store.uploaded_message(tenant, upload).await? {
            Handed::Content(bytes) => {
                String::from_utf8(bytes).map_err(|_| Error::invalid("upload_id", "The uploaded text is not UTF-8"))?
            }
            Handed::TooLarge => return Err(CustomMessage::too_large()),
            Handed::Missing => return Err(Error::NotFound(NOTHING_UPLOADED)),
        };
        self.set_custom_message(caller, version, &text).await?;
        // The lifecycle rule takes what stays.
        if let Err(error) = self.store.delete_message_upload(tenant, upload).await {
            tracing::warn!(error = error.with_causes(), "an upload of a message stays for a day");
        }
        Ok(())
    }

    /// Changes a version as `decide` says, on what it says then; returns its revision. What changes nothing leaves it as it is.
    async fn change_version(
        &self,
        caller: &Caller,
        version: ConfigVersion,
        expected: Option<u64>,
        decide: impl Fn(&mut Configuration, &Tenant) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let decide = &decide;
        let attempt = |attempt: Attempt| async move {
            let tenant = &attempt.tenant;
            let (head, before) = self.read_version(&tenant.id, version).await?;
            check_revision(expected, head.as_ref())?;
            let mut after = before.clone();
            decide(&mut after, tenant)?;
            if after == before {
                return Ok(Tried::Settled(revision(head.as_ref())));
            }
            let digest = self.store.put_configuration(&tenant.id, &after).await?;
            let head = after.head(digest, revision(head.as_ref()) + 1);
            let change = self.store.change_version(tenant, version, &head, attempt.record()).await?;
            Ok(Tried::Written(change, head.revision))
        };
        self.settle(caller, attempt).await
    }

    /// The head of a version and what it points at; nothing for one that was never changed.
    pub(crate) async fn read_version(
        &self,
        tenant: &TenantId,
        version: ConfigVersion,
    ) -> Result<(Option<ConfigurationHead>, Configuration), Error> {
        match self.store.configuration_head(tenant, version).await? {
            Some(head) => {
                let configuration = self.store.configuration(tenant, &head.digest).await?;
                Ok((Some(head), configuration))
            }
            None => Ok((None, Configuration::default())),
        }
    }
}

fn revision(head: Option<&ConfigurationHead>) -> u64 {
    head.map_or(0, |head| head.revision)
}

fn check_revision(expected: Option<u64>, head: Option<&ConfigurationHead>) -> Result<(), Error> {
    match expected {
        Some(seen) if seen != revision(head) => Err(Error::Conflict {
            code: "stale_revision",
            message: "The configuration was changed by somebody else: read it again",
        }),
        _ => Ok(()),
    }
}

/// Promotion is what deployment environments are (contracts, "Users and access").
fn check_environments(tenant: &Tenant) -> Result<(), Error> {
    if tenant.deployment_environments {
        return Ok(());
    }
    Err(Error::NotReady {
        code: "deployment_environments_disabled",
        message: "Deployment environments are disabled for this tenant".into(),
    })
}

fn nothing_to_promote(from: ConfigVersion) -> Error {
    Error::NotReady { code: "nothing_to_promote", message: format!("{from} was never configured").into() }
}

//! DynamoDB, S3, SQS, KMS and SES: one module for each aggregate, and the only place that knows table and object keys.
//!
//! One code path everywhere: the local server and the tests speak to a stand-in through the same SDK.

pub mod api_tokens;
pub mod applications;
pub mod artifacts;
mod audit;
pub mod automation_keys;
pub mod billing;
mod changes;
pub mod clients;
pub mod configurations;
pub mod conversations;
pub mod documents;
pub mod error;
pub mod idempotency;
pub mod jobs;
mod keys;
pub mod libraries;
pub mod live_policies;
pub mod mail;
pub mod members;
pub mod messages;
pub mod purge;
pub mod sales_contacts;
pub mod saml;
pub mod secrets;
pub mod ses;
pub mod signing_keys;
pub mod sweep;
mod table;
pub mod tenants;
pub mod tickets;
pub mod uploads;
pub mod usage;
pub mod wakeups;

use std::sync::Arc;

use tokio::sync::Mutex;

use secrets::Peppers;

pub use changes::{Change, Edit, Record, ReplayOwner};
pub use clients::Clients;
pub use keys::read_upload_key;

/// The names of the resources of one stack. A function is given those that it uses; the others stay empty.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The main table.
    pub table: String,
    /// The table of events.
    pub events_table: String,
    /// The bucket into which customers upload.
    pub uploads_bucket: String,
    /// The bucket for everything else.
    pub artifacts_bucket: String,
    /// The queue that wakes workers.
    pub build_queue_url: String,
    /// The queue that wakes workers for libraries.
    pub library_queue_url: String,
    /// The key under which signing keys are sealed.
    pub kms_key: String,
    /// The secret that holds the pepper.
    pub pepper_secret: String,
    /// Days for which jobs, outputs and reports are kept.
    pub retention_days: u32,
}

/// A variable of the environment that a function cannot work without.
#[derive(Debug, thiserror::Error)]
#[error("the variable {0} is missing or unreadable")]
pub struct BadVariable(&'static str);

impl Names {
    /// Reads the variables of template.yaml. Those that every function is given must be there; those of builds all or none, and with
    /// them the bucket of artifacts, which other functions use too.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, BadVariable> {
        let text = |name: &str| variable(name).unwrap_or_default();
        let given = |name: &'static str| Some(text(name)).filter(|text| !text.is_empty()).ok_or(BadVariable(name));
        let days = "ARTIFACT_RETENTION_DAYS";
        let names = Self {
            table: given("TABLE_NAME")?,
            events_table: text("EVENTS_TABLE_NAME"),
            artifacts_bucket: text("ARTIFACTS_BUCKET"),
            library_queue_url: text("LIBRARY_QUEUE_URL"),
            kms_key: text("KMS_KEY_ID"),
            pepper_secret: text("PEPPER_SECRET_ID"),
            ..Self::default()
        };
        if ["UPLOADS_BUCKET", "BUILD_QUEUE_URL", days].iter().all(|name| text(name).is_empty()) {
            return Ok(names);
        }
        Ok(Self {
            uploads_bucket: given("UPLOADS_BUCKET")?,
            artifacts_bucket: given("ARTIFACTS_BUCKET")?,
            build_queue_url: given("BUILD_QUEUE_URL")?,
            retention_days: given(days)?.parse().map_err(|_| BadVariable(days))?,
            ..names
        })
    }
}

/// The storage of one stack.
#[derive(Clone, Debug)]
pub struct Store {
    clients: Clients,
    names: Names,
    peppers: Arc<Mutex<Peppers>>,
}

impl Store {
    /// Speaks to the resources `names` through `clients`.
    pub fn new(clients: Clients, names: Names) -> Self {
        Self { clients, names, peppers: Arc::default() }
    }

    /// The same resources, and what is known of them, through other clients.
    pub fn through(&self, clients: Clients) -> Self {
        Self { clients, ..self.clone() }
    }

    /// Speaks to the resources `names` as the SDK's own environment says.
    pub async fn connect(names: Names) -> Self {
        Self::new(Clients::connect(&aws_config::load_from_env().await, &[]), names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILDS: [&str; 4] = ["UPLOADS_BUCKET", "ARTIFACTS_BUCKET", "BUILD_QUEUE_URL", "ARTIFACT_RETENTION_DAYS"];

    fn read(without: &[&str]) -> Result<Names, BadVariable> {
        Names::read(|name| (!without.contains(&name)).then(|| "90".to_owned()))
    }

    #[test]
    fn a_function_is_given_everything_about_builds_or_nothing() {
        assert_eq!(read(&[]).unwrap().retention_days, 90);
        assert_eq!(read(&BUILDS).unwrap().uploads_bucket, "");
        let others: Vec<_> = BUILDS.into_iter().filter(|name| *name != "ARTIFACTS_BUCKET").collect();
        assert_eq!(read(&others).unwrap().artifacts_bucket, "90");
        for name in BUILDS {
            assert_eq!(read(&[name]).unwrap_err().0, name);
        }
        assert_eq!(read(&["TABLE_NAME"]).unwrap_err().0, "TABLE_NAME");
    }
}

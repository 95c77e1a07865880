//! The apps of a tenant: one for each package id and platform, known from its builds (contracts, "Applications and builds").

use serde::{Deserialize, Serialize};

use crate::id::{ApplicationId, JobId};
use crate::job::Job;
use crate::platform::Platform;

/// What a package says about its app, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppFacts {
    /// Android's package name, or the bundle identifier of iOS.
    pub package_name: String,
    /// Its name, as devices show it.
    pub name: String,
    /// `versionName`, `CFBundleShortVersionString`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_name: Option<String>,
    /// `versionCode`, `CFBundleVersion`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_code: Option<String>,
    /// Whether its icon is stored with the build.
    #[serde(default)]
    pub has_icon: bool,
}

/// An app, as the latest of its builds says. It is there as long as one of them is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Its id.
    pub application_id: ApplicationId,
    /// What it runs on.
    pub platform: Platform,
    /// The latest of its builds, by the time at which it was asked for.
    pub latest_build: JobId,
    /// What the package of that build says.
    pub app: AppFacts,
    /// Counts the writes of this item; each is conditional on the one before.
    pub revision: u64,
}

impl Application {
    /// What `job` says of the application it belongs to; `None` before that is known.
    pub fn of(job: &Job) -> Option<Self> {
        let (application_id, app) = (job.application_id()?, job.app.clone()?);
        Some(Self { application_id, platform: job.platform, latest_build: job.id, app, revision: 0 })
    }

    /// The same with a build more: the later one of both speaks for it.
    #[must_use]
    pub fn joined_by(self, build: Self) -> Self {
        let revision = self.revision;
        Self { revision, ..if build.latest_build > self.latest_build { build } else { self } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Sha256Hex, TenantId};
    use crate::job::State;
    use crate::platform::ConfigVersion;
    use crate::upload_request::UploadRequest;

    fn build(start_time: i64, name: &str) -> Application {
        let request = UploadRequest::parse(Some("a.apk"), Some("android"), Some("dev"), None, None).unwrap();
        let caller = (TenantId::from_bits(1), "key".to_owned());
        let mut job =
            Job::asked_for(caller, JobId::from_start_time(start_time), &request, Sha256Hex::of(b""), None, None);
        assert_eq!((job.version, &job.state), (ConfigVersion::Development, &State::AwaitingUpload));
        assert!(Application::of(&job).is_none());
        let package_name = "com.example.app".to_owned();
        job.app = Some(AppFacts {
            package_name,
            name: name.to_owned(),
            version_name: None,
            version_code: None,
            has_icon: false,
        });
        Application::of(&job).unwrap()
    }

    #[test]
    fn the_latest_build_speaks_for_the_application_in_whatever_order_they_come() {
        let (older, newer) = (build(100, "Older"), build(200, "Newer"));
        assert_eq!(older.application_id, newer.application_id);
        for application in [older.clone().joined_by(newer.clone()), newer.joined_by(older)] {
            assert_eq!((application.latest_build.start_time(), application.app.name.as_str()), (200, "Newer"));
        }
    }
}

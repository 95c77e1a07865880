//! A build job: what is known of it, and what may happen to it.
//!
//! The job item is the truth, queue messages are only wake-ups. Every change goes through [`Job::apply`], which looks
//! the row up in [`TRANSITIONS`], and is written on the condition that the job still has the revision that was read.

mod rules;
mod table;

pub use rules::{Refusal, Step};
pub use table::{Event, EventName, Slot, StateName, TRANSITIONS, Transition};

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::application::AppFacts;
use crate::file_name::FileName;
use crate::id::{ApplicationId, JobId, Sha256Hex, SigningKeyId, TenantId};
use crate::phase::Phase;
use crate::platform::{ConfigVersion, Platform};
use crate::progress::Progress;
use crate::upload::{ETag, Parts, UploadPath};
use crate::upload_request::UploadRequest;

/// Seconds after its URL was made at which an upload that did not arrive gives its slot back: 75 minutes.
pub const RESERVATION_SECONDS: i64 = 75 * 60;
/// Seconds after which a job whose upload never arrived ends: 24 hours.
pub const UPLOAD_EXPIRY_SECONDS: i64 = 24 * 3600;
/// Seconds for which failures of the infrastructure are waited out: 24 hours.
pub const TROUBLE_SECONDS: i64 = 24 * 3600;
/// Leases that may run out without a word; with the last one the job fails.
pub const SILENT_ENDS: u32 = 3;

/// The code of a failure to sign: the key is gone, does not open, or is none that the package's devices take.
pub const SIGNING_FAILED: &str = "signing_failed";

/// Seconds between two looks of the reconciler at a job that waits.
pub(crate) const RECHECK_SECONDS: i64 = 5 * 60;
/// Seconds past the end of a lease, or after the end of a job, at which the reconciler looks.
pub(crate) const GRACE_SECONDS: i64 = 15;

/// One build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its id, the second in which it was asked for.
    pub id: JobId,
    /// What the package runs on.
    pub platform: Platform,
    /// The configuration version that was asked for.
    pub version: ConfigVersion,
    /// The configuration document it is built with, pinned when it was asked for.
    pub config: Sha256Hex,
    /// The name of the package.
    pub file_name: FileName,
    /// The announced size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced_size: Option<u64>,
    /// The multipart upload that was made for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_id: Option<String>,
    /// The key that signs the output; `None` leaves it unsigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_key_id: Option<SigningKeyId>,
    /// The finished build whose output is signed again; `None` for a package that a customer uploads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signs_again: Option<OutputId>,
    /// What the package says about its app, once a worker has read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppFacts>,
    /// The caller who asked for it.
    pub created_by: String,
    /// Last change, Unix seconds.
    pub updated_at: i64,
    /// What has become of it.
    pub state: State,
    /// Counts the writes of this item; each write is conditional on the one before.
    pub revision: u64,
    /// Counts the leases, and fences them: only the latest one may write.
    pub attempt: u32,
    /// Leases that ran out without a word.
    pub silent_ends: u32,
    /// When the infrastructure first failed this job, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble_since: Option<i64>,
    /// When the reconciler has to look at it, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<i64>,
}

/// The state of a job with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum State {
    /// The URL was handed out, the object has not been seen.
    AwaitingUpload,
    /// The object is there and pinned.
    Queued {
        /// The object.
        upload: Upload,
    },
    /// A worker holds a lease.
    Running {
        /// The object.
        upload: Upload,
        /// When this attempt began, Unix seconds.
        since: i64,
        /// When the lease ends, Unix seconds.
        lease_until: i64,
    },
    /// The output is there.
    Completed {
        /// The output.
        output: Output,
    },
    /// It ended without an output.
    Failed {
        /// Why.
        failure: Failure,
    },
    /// It ended and was deleted: nobody sees it any more, and when it is tidy its item goes.
    Deleted,
}

/// The output of a build, which never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputId {
    /// The build.
    pub job: JobId,
    /// The attempt that made it.
    pub attempt: u32,
}

/// The uploaded object, as it was when it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Every later read is conditional on it.
    pub etag: ETag,
    /// Bytes.
    pub size: u64,
}

/// The protected package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The attempt under whose prefix it was stored.
    pub attempt: u32,
    /// SHA-256 of its bytes.
    pub sha256: Sha256Hex,
    /// Bytes.
    pub size: u64,
    /// Whether a mapping of renamed resources was stored beside it.
    #[serde(default)]
    pub has_mapping: bool,
}

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable, snake_case.
    pub code: Cow<'static, str>,
    /// What a person can act on.
    pub message: Cow<'static, str>,
}

impl Failure {
    /// A failure with a fixed or a made-up message.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

impl Job {
    /// A job that was asked for now and waits for its upload. `config` and `signing_key_id` are pinned.
    pub fn asked_for(
        caller: (TenantId, String),
        id: JobId,
        request: &UploadRequest,
        config: Sha256Hex,
        signing_key_id: Option<SigningKeyId>,
        upload_id: Option<String>,
    ) -> Self {
        let (tenant, created_by) = caller;
        Self {
            tenant,
            id,
            platform: request.platform,
            version: request.version,
            config,
            file_name: request.file_name.clone(),
            announced_size: request.file_size,
            upload_id,
            signing_key_id,
            signs_again: None,
            app: None,
            created_by,
            updated_at: id.start_time(),
            state: State::AwaitingUpload,
            revision: 0,
            attempt: 0,
            silent_ends: 0,
            trouble_since: None,
            due_at: Some(id.start_time() + RECHECK_SECONDS),
        }
    }

    /// A job that was asked for now and signs the output of `finished` again with another key. It finds the output as `upload`.
    pub fn signing_again(
        caller: (TenantId, String),
        id: JobId,
        finished: &Self,
        (output, upload): (&Output, Upload),
        signing_key_id: SigningKeyId,
    ) -> Self {
        let (tenant, created_by) = caller;
        Self {
            tenant,
            id,
            announced_size: Some(output.size),
            upload_id: None,
            signing_key_id: Some(signing_key_id),
            signs_again: Some(OutputId { job: finished.id, attempt: output.attempt }),
            app: None,
            created_by,
            updated_at: id.start_time(),
            state: State::Queued { upload },
            revision: 0,
            attempt: 0,
            silent_ends: 0,
            trouble_since: None,
            due_at: Some(id.start_time() + RECHECK_SECONDS),
            ..finished.clone()
        }
    }

    /// The application that it belongs to, once that is known.
    pub fn application_id(&self) -> Option<ApplicationId> {
        self.app.as_ref().map(|app| ApplicationId::of(&self.tenant, self.platform, &app.package_name))
    }

    /// Where the upload is stored.
    pub fn upload_path(&self) -> UploadPath {
        UploadPath {
            tenant: self.tenant.clone(),
            platform: self.platform,
            version: self.version,
            job: self.id,
            file_name: self.file_name.clone(),
        }
    }

    /// The parts of its multipart upload, where it has one.
    pub fn parts(&self) -> Option<Parts> {
        self.upload_id.as_ref().and(self.announced_size).and_then(Parts::plan)
    }

    /// How far it is; `reported` is what a worker last reported, which counts while its attempt runs.
    pub fn progress(&self, reported: Option<Progress>) -> Progress {
        match self.state {
            State::Running { .. } => {
                let first = Progress::within(self.attempt, Phase::Downloading, 0, 0);
                reported.filter(|progress| progress.attempt == self.attempt).unwrap_or(first)
            }
            _ => Progress::within(self.attempt, Phase::Queued, 0, 0),
        }
    }

    /// Whether it is over.
    pub const fn has_ended(&self) -> bool {
        matches!(self.state, State::Completed { .. } | State::Failed { .. } | State::Deleted)
    }

    /// Whether customers see it.
    pub const fn is_visible(&self) -> bool {
        !matches!(self.state, State::Deleted)
    }
}

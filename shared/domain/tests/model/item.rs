//! The job item and the object that it waits for, without their texts, so that they can be counted.

use std::sync::LazyLock;

use domain::application::AppFacts;
use domain::id::{JobId, Sha256Hex, TenantId};
use domain::job::{Failure, Job, Output, State, TROUBLE_SECONDS, Upload};
use domain::platform::{ConfigVersion, Platform};
use jiff::Timestamp;

/// The start time of the job.
pub(crate) const BORN: i64 = 1_700_000_000;
/// The announced size in bytes.
const SIZE: u64 = 10;
/// A timer that only a new era ends.
pub(crate) const FAR: u16 = u16::MAX;

/// An object under the upload's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Object {
    Good,
    Replaced,
    WrongSize,
}

impl Object {
    pub(crate) fn upload(self) -> Upload {
        let (etag, size) = match self {
            Self::Good => ("good", SIZE),
            Self::Replaced => ("replaced", SIZE),
            Self::WrongSize => ("large", SIZE + 1),
        };
        Upload { etag: etag.parse().unwrap(), size }
    }

    fn of(upload: &Upload) -> Self {
        [Self::Good, Self::Replaced, Self::WrongSize].into_iter().find(|object| object.upload() == *upload).unwrap()
    }
}

/// Why the job failed: the codes of the domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reason {
    Rejected,
    Cancelled,
    Aborted,
    Expired,
    GivenUp,
    Broken,
    Infrastructure,
}

impl Reason {
    fn of(code: &str) -> Self {
        match code {
            "upload_size_mismatch" => Self::Rejected,
            "cancelled" => Self::Cancelled,
            "upload_aborted" => Self::Aborted,
            "upload_expired" => Self::Expired,
            "worker_lost" => Self::GivenUp,
            "broken" => Self::Broken,
            "infrastructure" => Self::Infrastructure,
            other => panic!("unknown code {other}"),
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Rejected => "upload_size_mismatch",
            Self::Cancelled => "cancelled",
            Self::Aborted => "upload_aborted",
            Self::Expired => "upload_expired",
            Self::GivenUp => "worker_lost",
            Self::Broken => "broken",
            Self::Infrastructure => "infrastructure",
        }
    }
}

/// The state of the job without its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    Awaiting,
    Queued(Object),
    Running(Object, u16),
    Completed(u8),
    Failed(Reason),
    Deleted,
}

/// Since when the infrastructure fails the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Trouble {
    Never,
    Lately,
    ForADay,
}

/// The job item without its texts and its revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Item {
    pub(crate) stage: Stage,
    pub(crate) attempt: u8,
    pub(crate) silent_ends: u8,
    pub(crate) trouble: Trouble,
    /// What the package says about its app is known.
    pub(crate) identified: bool,
    pub(crate) due: Option<u16>,
}

pub(crate) static TEMPLATE: LazyLock<Job> = LazyLock::new(|| Job {
    tenant: TenantId::from_bits(1),
    id: JobId::from_start_time(BORN),
    platform: Platform::Android,
    version: ConfigVersion::Production,
    config: Sha256Hex::of(b""),
    file_name: "a.apk".parse().unwrap(),
    announced_size: Some(SIZE),
    upload_id: None,
    signing_key_id: None,
    signs_again: None,
    app: None,
    created_by: String::new(),
    updated_at: BORN,
    state: State::AwaitingUpload,
    revision: 0,
    attempt: 0,
    silent_ends: 0,
    trouble_since: None,
    due_at: None,
});

impl Item {
    /// The job as the domain knows it.
    pub(crate) fn job(self, now: Timestamp) -> Job {
        let second = now.as_second();
        let upload = |object: Object| object.upload();
        Job {
            state: match self.stage {
                Stage::Awaiting => State::AwaitingUpload,
                Stage::Queued(object) => State::Queued { upload: upload(object) },
                Stage::Running(object, lease) => {
                    State::Running { upload: upload(object), since: second, lease_until: second + i64::from(lease) }
                }
                Stage::Completed(attempt) => State::Completed { output: output(attempt) },
                Stage::Failed(reason) => State::Failed { failure: Failure::new(reason.code(), "") },
                Stage::Deleted => State::Deleted,
            },
            app: self.identified.then(app),
            attempt: self.attempt.into(),
            silent_ends: self.silent_ends.into(),
            trouble_since: match self.trouble {
                Trouble::Never => None,
                Trouble::Lately => Some(second),
                Trouble::ForADay => Some(second - TROUBLE_SECONDS),
            },
            due_at: self.due.map(|due| second + i64::from(due)),
            ..TEMPLATE.clone()
        }
    }

    pub(crate) fn of(job: &Job, now: Timestamp) -> Self {
        let small = |count: u32| u8::try_from(count).unwrap();
        let remaining = |moment: i64| match moment - now.as_second() {
            far if far > 3600 => FAR,
            near => u16::try_from(near.max(0)).unwrap(),
        };
        Self {
            stage: match &job.state {
                State::AwaitingUpload => Stage::Awaiting,
                State::Queued { upload } => Stage::Queued(Object::of(upload)),
                State::Running { upload, lease_until, .. } => {
                    Stage::Running(Object::of(upload), remaining(*lease_until))
                }
                State::Completed { output } => Stage::Completed(small(output.attempt)),
                State::Failed { failure } => Stage::Failed(Reason::of(&failure.code)),
                State::Deleted => Stage::Deleted,
            },
            attempt: small(job.attempt),
            silent_ends: small(job.silent_ends),
            trouble: match job.trouble_since {
                None => Trouble::Never,
                Some(since) if now.as_second() - since >= TROUBLE_SECONDS => Trouble::ForADay,
                Some(_) => Trouble::Lately,
            },
            identified: job.app.is_some(),
            due: job.due_at.map(remaining),
        }
    }

    pub(crate) const fn has_ended(self) -> bool {
        matches!(self.stage, Stage::Completed(_) | Stage::Failed(_) | Stage::Deleted)
    }

    pub(crate) fn is_due(self) -> bool {
        self.due == Some(0)
    }
}

pub(crate) fn output(attempt: u8) -> Output {
    static DIGEST: LazyLock<Sha256Hex> = LazyLock::new(|| Sha256Hex::of(b"output"));
    Output { attempt: attempt.into(), sha256: DIGEST.clone(), size: SIZE, has_mapping: false }
}

pub(crate) fn app() -> AppFacts {
    let (package_name, name) = ("com.example".to_owned(), "Example".to_owned());
    AppFacts { package_name, name, version_name: None, version_code: None, has_icon: false }
}

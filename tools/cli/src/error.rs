//! What can go wrong, in the words a person needs, and the exit code each case ends with.

use std::{fmt, io, path::PathBuf, time::Duration};

use crate::wire::JobId;

/// Exit codes of the program: a script decides by them whether to fix, to wait or to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything asked for was done.
    Success = 0,
    /// The service took the app and the build failed.
    BuildFailed = 1,
    /// The command line, a local file or the request itself is wrong; trying again changes nothing.
    Usage = 2,
    /// The automation key is missing, malformed or refused.
    Auth = 3,
    /// The limit of concurrent or weekly builds is reached.
    Quota = 4,
    /// The service or the storage could not be reached, or answered wrongly; trying again may help.
    Service = 5,
    /// `--timeout` ran out; the build goes on.
    Timeout = 6,
    /// Stopped by Ctrl-C or SIGTERM; the job was cancelled.
    Interrupted = 130,
}

/// An error answer of the Automation API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What was being done.
    pub doing: &'static str,
    /// HTTP status.
    pub status: u16,
    /// The API's own `error` text, or one made from the status where the body had none.
    pub error: String,
    /// The API's stable `code`.
    pub code: Option<String>,
    /// The request's id, for support.
    pub request_id: Option<String>,
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (HTTP {}", self.doing, self.error, self.status)?;
        if let Some(code) = &self.code {
            write!(f, ", code {code}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, ", request {id}")?;
        }
        write!(f, ")")
    }
}

/// Every way a command can end without success. No variant holds a secret or a signed URL.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line asks for something impossible.
    #[error("{0}")]
    Usage(String),
    /// A local file could not be read or written.
    #[error("cannot {doing} {path}: {source}", path = path.display())]
    File {
        /// Verb: "read", "write", …
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The automation key is missing or has not the form `key_id:key_secret`.
    #[error("{0}")]
    Key(&'static str),
    /// The API answered with an error.
    #[error("{0}")]
    Refused(Refusal),
    /// No answer: the network, TLS or a proxy failed.
    #[error("{doing}: {cause}")]
    Unreachable {
        /// What was being done.
        doing: &'static str,
        /// The chain of causes, without the URL.
        cause: String,
    },
    /// The storage behind a signed URL refused.
    #[error("{doing}: the storage answered HTTP {status}{}", code.as_deref().map(|code| format!(" {code}")).unwrap_or_default())]
    Storage {
        /// What was being done.
        doing: &'static str,
        /// HTTP status.
        status: u16,
        /// The storage's error code, for example `AccessDenied`.
        code: Option<String>,
    },
    /// An answer that does not fit the documented contract.
    #[error("{doing}: unexpected answer: {what}")]
    Unexpected {
        /// What was being done.
        doing: &'static str,
        /// What does not fit.
        what: String,
    },
    /// Bytes that are not those announced.
    #[error("{0}")]
    Mismatch(String),
    /// The build failed.
    #[error("build {job} failed: {message}")]
    Build {
        /// Which job.
        job: JobId,
        /// The service's `error_message`.
        message: String,
        /// The service's `failure_code`.
        code: Option<String>,
    },
    /// The time given by `--timeout` is over.
    #[error("job {job} was not finished within {seconds} s")]
    Timeout {
        /// Which job.
        job: JobId,
        /// The time given.
        seconds: u64,
    },
    /// Stopped by a signal.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// The exit code that this error ends the program with.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::File { .. } => Exit::Usage,
            Self::Key(_) => Exit::Auth,
            Self::Refused(refusal) => match refusal.status {
                401 | 403 => Exit::Auth,
                429 => Exit::Quota,
                400..=499 => Exit::Usage,
                _ => Exit::Service,
            },
            Self::Unreachable { .. } | Self::Storage { .. } | Self::Unexpected { .. } | Self::Mismatch(_) => {
                Exit::Service
            }
            Self::Build { .. } => Exit::BuildFailed,
            Self::Timeout { .. } => Exit::Timeout,
            Self::Interrupted => Exit::Interrupted,
        }
    }

    /// Whether the same request may succeed a moment later. Quota refusals are not meant: they pass in minutes or days.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Storage { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::Refused(refusal) => {
                matches!(refusal.status, 408 | 425 | 500..=599)
                    || refusal.code.as_deref() == Some("idempotency_in_progress")
            }
            _ => false,
        }
    }

    /// The wait that the answer asked for.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
    }

    /// HTTP status of an API refusal.
    pub(crate) fn refused_with(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            _ => None,
        }
    }

    /// A transport error, with its causes and without its URL, which may be a signed one.
    pub(crate) fn transport(doing: &'static str, error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut cause = error.to_string();
        let mut next = std::error::Error::source(&error);
        while let Some(inner) = next {
            cause = format!("{cause}: {inner}");
            next = inner.source();
        }
        Self::Unreachable { doing, cause }
    }

    /// A local file's error.
    pub(crate) fn file(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }
}

//! The one error of the rules and use cases. It says what the caller can do; the HTTP mapping stands in `api`.

use std::borrow::Cow;

use crate::permission::Permission;
use crate::usage::Allowance;

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A field is missing or has a value that it may not have.
    #[error("{message}")]
    Invalid {
        /// The field at fault, as it is written on the wire.
        field: &'static str,
        /// What to put right.
        message: Cow<'static, str>,
    },
    /// The body could not be read as the JSON that the call takes.
    #[error("{0}")]
    Unreadable(Cow<'static, str>),
    /// The credentials open nothing. Says no more, whatever was wrong.
    #[error("Authentication failed")]
    Unauthenticated,
    /// The caller may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The caller lacks a permission (page 001, "Permission denied").
    #[error("You don't have permission to do this. The '{}' permission is required.", .0.label())]
    PermissionDenied(Permission),
    /// The tenant's plan does not have this (page 001, "Plan required").
    #[error("{0}")]
    PlanRequired(&'static str),
    /// There is no such thing in the caller's tenant.
    #[error("{0}")]
    NotFound(&'static str),
    /// The thing's state does not allow it.
    #[error("{message}")]
    Conflict {
        /// Stable reason, snake_case.
        code: &'static str,
        /// What stands in the way.
        message: &'static str,
    },
    /// A request that is valid by itself but not now (page 000: "job not completed" is a 400).
    #[error("{message}")]
    NotReady {
        /// Stable reason, snake_case.
        code: &'static str,
        /// What to wait for.
        message: Cow<'static, str>,
    },
    /// An idempotency key was used before with another request.
    #[error("This Idempotency-Key was used with a different request")]
    IdempotencyKeyReused,
    /// A limit is reached.
    #[error("{message}")]
    LimitReached {
        /// Stable reason, snake_case.
        code: &'static str,
        /// Which limit.
        message: Cow<'static, str>,
        /// The limit.
        limit: u32,
        /// Seconds after which trying again can succeed, where that is known.
        retry_after: Option<u32>,
    },
    /// The caller has done it lately, and may again later.
    #[error("{message}")]
    OnCooldown {
        /// Stable reason, snake_case.
        code: &'static str,
        /// What was done.
        message: &'static str,
        /// When it may be done again, Unix seconds.
        until: i64,
        /// Seconds until then.
        retry_after: u32,
    },
    /// A tenant has used up what it has in a week or a month.
    #[error("{}", .0.message())]
    AllowanceUsedUp(Allowance),
    /// A question in plain words was not understood well enough to search by it (page 003: 422). Says why.
    #[error("The query could not be interpreted: {0}")]
    NotInterpreted(String),
    /// Something that the request needs does not work at the moment, and nothing was done or counted.
    #[error("{message}")]
    Unavailable {
        /// Stable reason, snake_case.
        code: &'static str,
        /// What does not work, and that trying again may.
        message: &'static str,
        /// Seconds after which trying again can succeed.
        retry_after: u32,
        /// What happened: for the log.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Something behind the service failed; trying again later may help.
    #[error("An internal error occurred")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A field that is missing or wrong.
    pub fn invalid(field: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid { field, message: message.into() }
    }

    /// A failure behind the service.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// The error with all its causes, for the log: never for the client.
    pub fn with_causes(&self) -> String {
        let causes = std::iter::successors(std::error::Error::source(self), |cause| cause.source());
        causes.fold(self.to_string(), |text, cause| format!("{text}: {cause}"))
    }
}

//! Path parameters.

use std::collections::HashMap;
use std::convert::Infallible;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use domain::error::Error;
use domain::id::JobId;
use http::request::Parts;

use crate::call::Call;
use crate::problem::Problem;

/// The `{jobId}` of a path.
#[derive(Clone, Copy, Debug)]
pub struct JobPath(pub JobId);

impl<S: Send + Sync> FromRequestParts<S> for JobPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let job = only_parameter(parts, state).await.parse::<JobId>()?;
        if let Some(trail) = Call::of(&parts.extensions).trail() {
            trail.note([("job_id".to_owned(), job.to_string().into())]);
        }
        Ok(Self(job))
    }
}

/// The one parameter of a path, which names something that the tenant has or has not.
#[derive(Clone, Debug)]
pub struct IdPath(String);

impl IdPath {
    /// The id; what is none names nothing: `missing`.
    pub fn parse<T: FromStr>(&self, missing: &'static str) -> Result<T, Error> {
        self.0.parse().map_err(|_| Error::NotFound(missing))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdPath {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self(only_parameter(parts, state).await))
    }
}

/// Empty where it is no text.
async fn only_parameter<S: Send + Sync>(parts: &mut Parts, state: &S) -> String {
    let path = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
    path.ok().and_then(|Path(values)| values.into_values().next()).unwrap_or_default()
}

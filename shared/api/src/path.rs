//! Path parameters.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
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
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
        let text = path.ok().and_then(|Path(mut values)| values.remove("jobId")).unwrap_or_default();
        let job = text.parse::<JobId>()?;
        if let Some(trail) = Call::of(&parts.extensions).trail() {
            trail.note([("job_id".to_owned(), job.to_string().into())]);
        }
        Ok(Self(job))
    }
}

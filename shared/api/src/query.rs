//! Query parameters.

use axum::extract::{FromRequestParts, Query};
use domain::error::Error;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// A query that reads as `T`.
#[derive(Clone, Debug)]
pub struct QueryFields<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryFields<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        let Query(fields) = query.map_err(|_| Error::Unreadable("Invalid query parameters".into()))?;
        Ok(Self(fields))
    }
}

//! JSON bodies.

use std::fmt;
use std::marker::PhantomData;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use domain::error::Error;
use domain::id::Sha256Hex;
use domain::redaction::without_secrets;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::call::Call;
use crate::fields::NoFields;
use crate::problem::Problem;

/// A body that reads as `T`, whatever its content type says. An error names the field.
#[derive(Clone, Debug)]
pub struct JsonBody<T> {
    /// What it says.
    pub value: T,
    /// SHA-256 of its bytes.
    pub digest: Sha256Hex,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let RawBody(bytes) = RawBody::from_request(request, state).await?;
        Ok(Self { value: read(&bytes)?, digest: Sha256Hex::of(&bytes) })
    }
}

/// No body, or an object of whose fields none is read: of a call that is documented without one.
#[derive(Clone, Copy, Debug)]
pub struct NoBody;

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let RawBody(bytes) = RawBody::from_request(request, state).await?;
        if !bytes.is_empty() {
            read::<NoFields>(&bytes)?;
        }
        Ok(Self)
    }
}

/// A body as it came, for whoever signed it.
#[derive(Clone, Debug)]
pub struct RawBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !Call::of(request.extensions()).has_readable_body() {
            return Err(Problem::body_too_large());
        }
        let bytes = Bytes::from_request(request, state).await;
        Ok(Self(bytes.map_err(|_| Error::Unreadable("The request body could not be read".into()))?))
    }
}

/// A JSON object that reads as `T`: a derived reader alone takes an array as well, field by field.
#[derive(Clone, Debug)]
pub struct JsonObject<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for JsonObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields))
    }
}

/// Characters of an error, which repeats what was sent: the answer to a body of megabytes stays an answer.
const SAID: usize = 256;

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    // Text that no field takes is skipped unread.
    let text = std::str::from_utf8(bytes).map_err(|_| Error::Unreadable("Invalid JSON: not UTF-8".into()))?;
    let mut json = serde_json::Deserializer::from_str(text);
    let JsonObject(value) = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        let place = if path == "." { String::new() } else { format!("{path}: ") };
        let text = match inner.is_data() {
            true => format!("Invalid field: {place}{inner}"),
            false => format!("Invalid JSON: {inner}"),
        };
        Error::Unreadable(without_secrets(&text).chars().take(SAID).collect::<String>().into())
    })?;
    json.end().map_err(|error| Error::Unreadable(format!("Invalid JSON: {error}").into()))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Sample {
        #[expect(dead_code, reason = "only read")]
        size: Option<u64>,
    }

    #[test]
    fn errors_name_the_field_or_the_place() {
        let text = |body: &str| read::<Sample>(body.as_bytes()).unwrap_err().to_string();
        assert!(text(r#"{"size":"x"}"#).starts_with("Invalid field: size: invalid type: string \"x\""));
        assert!(text(r#"{"size":-1}"#).starts_with("Invalid field: size: "));
        assert!(text(r#"{"size":1.5}"#).starts_with("Invalid field: size: "));
        assert!(text("[1]").starts_with("Invalid field: invalid type: sequence, expected a JSON object"));
        assert!(text(r#"{"size":1,"size":2}"#).starts_with("Invalid field: duplicate field `size`"));
        assert!(text("").starts_with("Invalid JSON: EOF"));
        assert!(text("{} {}").starts_with("Invalid JSON: trailing characters"));
        assert!(read::<Sample>(br#"{"size":null,"more":1}"#).is_ok());
        assert_eq!(read::<Sample>(b"{\"more\":\"\xff\"}").unwrap_err().to_string(), "Invalid JSON: not UTF-8");
        assert_eq!(text(&format!(r#"{{"size":"{}"}}"#, "é".repeat(1_000_000))).chars().count(), SAID);
    }
}

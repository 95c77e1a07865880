//! `POST /automate/upload/abort`: drops the parts and ends the job.

use api::access::AbortUpload;
use api::{ApiResult, App, ErrorBody, JsonBody, KeyHolder, Success};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::complete::read_claim;

/// The upload to be dropped.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct AbortFields {
    /// As answered by `upload`.
    #[schema(
        required = true,
        nullable = false,
        example = "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/uploads/android/production/1700000000/app-release.apk"
    )]
    file_path: Option<String>,
    /// As answered by `upload`.
    #[schema(required = true, nullable = false, min_length = 1, example = "multipart-upload-id")]
    upload_id: Option<String>,
}

/// Abort a multipart upload
///
/// Frees the job's slot and gives its share of the week back. Sent twice, it answers the same.
#[utoipa::path(
    post, path = "/automate/upload/abort", tag = "automation", request_body = AbortFields,
    responses(
        (status = 200, description = "The parts are gone and the job has ended", body = Success),
        (status = 400, description = "A field is missing or invalid", body = ErrorBody),
        (status = 401, description = "Authentication failed", body = ErrorBody),
        (status = 403, description = "The path belongs to another tenant", body = ErrorBody),
        (status = 404, description = "The path names no job", body = ErrorBody),
        (status = 409, description = "The upload was completed already, or the tenant is pending deletion", body = ErrorBody),
        (status = 413, description = "The body is larger than 5.5 MB", body = ErrorBody),
        (status = 500, description = "Internal error", body = ErrorBody),
    ),
    security(("automation_key" = []))
)]
pub(crate) async fn abort_upload(
    State(app): State<App>,
    caller: KeyHolder<AbortUpload>,
    JsonBody { value: fields, .. }: JsonBody<AbortFields>,
) -> ApiResult<Json<Success>> {
    let claim = read_claim(fields.file_path, fields.upload_id)?;
    app.service.abort_upload(&caller, &claim).await?;
    Ok(Json(Success::DONE))
}

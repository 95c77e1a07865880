//! Custom messages of a version (page 003, "Custom Messages").

use api::access::{GetCustomMessage, RequestCustomMessageUpload, SetCustomMessageActive, UpdateCustomMessage};
use api::fields::{NoFields, parsed, required};
use api::{ApiResult, App, Caller, ErrorBody, JsonBody, Success};
use axum::Json;
use axum::extract::State;
use domain::error::Error;
use domain::upload::URL_SECONDS;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config::{VersionFields, version};

/// A custom message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageAnswer {
    /// Its text, HTML as it was sent; empty where there is none, and beside `message_url`.
    #[schema(example = "Please contact your administrator.")]
    message: String,
    /// Whether apps show it.
    in_use: bool,
    /// Downloads a text that is too large for an answer, for an hour; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    message_url: Option<String>,
}

/// Read the custom message
///
/// A text that fits no answer stands behind `message_url`, and `message` is empty.
#[utoipa::path(
    post, path = "/frontend/get_custom_message", tag = "configuration", request_body = VersionFields,
    responses(
        (status = 200, description = "The message", body = MessageAnswer),
        (status = 400, description = "The version is missing or unknown", body = ErrorBody),
    )
)]
pub(crate) async fn custom_message(
    State(app): State<App>,
    caller: Caller<GetCustomMessage>,
    JsonBody { value: fields, .. }: JsonBody<VersionFields>,
) -> ApiResult<Json<MessageAnswer>> {
    let version = version(fields.version)?;
    let view = app.service.custom_message(&caller, version).await?;
    Ok(Json(MessageAnswer { message: view.text, in_use: view.in_use, message_url: view.url }))
}

/// The custom message from now on: `message` or `upload_id`.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct MessageFields {
    /// `development`, `staging` or `production`; `dev`, `stg` and `prod` in any case.
    #[schema(required = true, nullable = false, example = "production")]
    version: Option<String>,
    /// HTML with inline CSS, at most 5,242,880 bytes of UTF-8. No text is no message.
    #[schema(example = "Please contact your administrator.")]
    message: Option<String>,
    /// Instead of `message`: takes the text that was put to the URL of `custom_message_upload`.
    #[schema(example = "01970000-0000-7000-8000-000000000000")]
    upload_id: Option<String>,
}

/// Replace the custom message
///
/// It is stored as it is sent; apps are to show it in an overlay that runs no scripts. Whether it is in use stays as it was.
#[utoipa::path(
    post, path = "/frontend/update_custom_message", tag = "configuration", request_body = MessageFields,
    responses(
        (status = 200, description = "The message is replaced", body = Success),
        (status = 400, description = "A field is missing or invalid, or the text is too large", body = ErrorBody),
        (status = 404, description = "Nothing was uploaded under this id", body = ErrorBody),
    )
)]
pub(crate) async fn update_custom_message(
    State(app): State<App>,
    caller: Caller<UpdateCustomMessage>,
    JsonBody { value: fields, .. }: JsonBody<MessageFields>,
) -> ApiResult<Json<Success>> {
    let version = version(fields.version)?;
    match (fields.message, fields.upload_id) {
        (Some(_), Some(_)) => return Err(Error::invalid("upload_id", "Send message or upload_id, not both").into()),
        (Some(text), None) => app.service.set_custom_message(&caller, version, &text).await?,
        (None, upload) => {
            let upload = parsed(upload, "message", "Message is missing")?;
            app.service.take_custom_message(&caller, version, &upload).await?;
        }
    }
    Ok(Json(Success::DONE))
}

/// Where the text of a message may be put.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageUploadAnswer {
    /// Always true.
    success: bool,
    /// Takes the text with one PUT.
    upload_url: String,
    /// Names it in `update_custom_message`.
    #[schema(example = "01970000-0000-7000-8000-000000000000")]
    upload_id: String,
    /// Seconds.
    #[schema(example = 3600)]
    expires_in: u32,
}

/// Request an upload URL for a custom message
///
/// For a text that fits no request (6 MB, in which line breaks, quotes and backslashes count three times and more): put it to `upload_url`, then send `upload_id` to `update_custom_message` within a
/// day.
#[utoipa::path(
    post, path = "/frontend/custom_message_upload", tag = "configuration", request_body = NoFields,
    responses((status = 200, description = "Where the text may be put", body = MessageUploadAnswer))
)]
pub(crate) async fn request_custom_message_upload(
    State(app): State<App>,
    caller: Caller<RequestCustomMessageUpload>,
    _: JsonBody<NoFields>,
) -> ApiResult<Json<MessageUploadAnswer>> {
    let upload = app.service.request_message_upload(&caller).await?;
    let (upload_url, upload_id) = (upload.url, upload.id.to_string());
    Ok(Json(MessageUploadAnswer { success: true, upload_url, upload_id, expires_in: URL_SECONDS }))
}

/// Whether the custom message is shown from now on.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ActiveFields {
    /// `development`, `staging` or `production`; `dev`, `stg` and `prod` in any case.
    #[schema(required = true, nullable = false, example = "production")]
    version: Option<String>,
    /// Whether apps show it.
    #[schema(required = true, nullable = false, example = true)]
    in_use: Option<bool>,
}

/// Show the custom message or not
///
/// The text stays either way.
#[utoipa::path(
    post, path = "/frontend/set_custom_message_active", tag = "configuration", request_body = ActiveFields,
    responses(
        (status = 200, description = "It is done", body = Success),
        (status = 400, description = "A field is missing or invalid, or the version has no message to show", body = ErrorBody),
    )
)]
pub(crate) async fn set_custom_message_active(
    State(app): State<App>,
    caller: Caller<SetCustomMessageActive>,
    JsonBody { value: fields, .. }: JsonBody<ActiveFields>,
) -> ApiResult<Json<Success>> {
    let version = version(fields.version)?;
    let in_use = required(fields.in_use, "in_use", "In use is missing")?;
    app.service.set_custom_message_active(&caller, version, in_use).await?;
    Ok(Json(Success::DONE))
}

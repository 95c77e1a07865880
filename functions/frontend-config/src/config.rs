//! A configuration version, read and changed.

use api::access::{GetConfig, UpdateConfig};
use api::fields::{parsed, required};
use api::{ApiResult, App, Caller, ErrorBody, JsonBody};
use axum::Json;
use axum::extract::State;
use domain::control::ControlId;
use domain::error::Error;
use domain::platform::ConfigVersion;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::shapes::ControlSetting;

/// Which version is meant.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct VersionFields {
    /// `development`, `staging` or `production`; `dev`, `stg` and `prod` in any case.
    #[schema(required = true, nullable = false, example = "production")]
    pub(crate) version: Option<String>,
}

/// The version that a body names.
pub(crate) fn version(named: Option<String>) -> Result<ConfigVersion, Error> {
    parsed(named, "version", "Version is missing")
}

/// What a version says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConfigAnswer {
    /// Objects of one control each, in the order of the catalogue: every control that was ever set. The certificate list stands with
    /// `CertificatePinning`: each entry has `enforceable`, `not_enforceable_because` and `expired`, which `certificates_update` takes and
    /// does not read.
    #[schema(value_type = Vec<HashMap<String, ControlSetting>>, example = json!([{"BackupPrevention": {"protection": true}}]))]
    config: Vec<Map<String, Value>>,
    /// Counts the changes of the version; 0 before the first.
    #[schema(example = 3)]
    revision: u64,
}

/// Read a configuration version
///
/// A version that was never changed answers an empty list.
#[utoipa::path(
    post, path = "/frontend/config", tag = "configuration", request_body = VersionFields,
    responses(
        (status = 200, description = "What the version says", body = ConfigAnswer),
        (status = 400, description = "The version is missing or unknown", body = ErrorBody),
    )
)]
pub(crate) async fn config(
    State(app): State<App>,
    caller: Caller<GetConfig>,
    JsonBody { value: fields, .. }: JsonBody<VersionFields>,
) -> ApiResult<Json<ConfigAnswer>> {
    let version = version(fields.version)?;
    let view = app.service.version(&caller, version).await?;
    Ok(Json(ConfigAnswer { config: view.configuration.shown(view.now), revision: view.revision }))
}

/// The setting of one control from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigUpdateFields {
    /// `development`, `staging` or `production`; `dev`, `stg` and `prod` in any case.
    #[schema(required = true, nullable = false, example = "production")]
    version: Option<String>,
    /// An object of one control: its fields that are to be replaced. The others stay, also when the control is switched off.
    #[schema(required = true, nullable = false, value_type = Option<HashMap<String, ControlSetting>>, example = json!({"BackupPrevention": {"protection": true}}))]
    config: Option<Map<String, Value>>,
    /// The revision that the change was made for. Without it the last change wins.
    #[schema(example = 3)]
    revision: Option<u64>,
}

/// A change that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConfigUpdated {
    /// Always true.
    success: bool,
    /// The version's revision now.
    #[schema(example = 4)]
    revision: u64,
}

/// Change the setting of one control
///
/// Only controls that are available can be set (`config_options_…`), and only on a plan that has them; those can be switched
/// off on any plan.
#[utoipa::path(
    post, path = "/frontend/config_update", tag = "configuration", request_body = ConfigUpdateFields,
    responses(
        (status = 200, description = "The setting is changed", body = ConfigUpdated),
        (status = 400, description = "A field is missing or invalid, or the control is not available", body = ErrorBody),
        (status = 409, description = "The version has another revision, or the tenant is pending deletion", body = ErrorBody),
    )
)]
pub(crate) async fn update_config(
    State(app): State<App>,
    caller: Caller<UpdateConfig>,
    JsonBody { value: fields, .. }: JsonBody<ConfigUpdateFields>,
) -> ApiResult<Json<ConfigUpdated>> {
    let version = version(fields.version)?;
    let config = required(fields.config, "config", "Config is missing")?;
    let (control, update) = one_control(&config)?;
    let revision = app.service.set_control(&caller, version, (control, update), fields.revision).await?;
    Ok(Json(ConfigUpdated { success: true, revision }))
}

fn one_control(config: &Map<String, Value>) -> Result<(ControlId, &Value), Error> {
    let mut controls = config.iter();
    match (controls.next(), controls.next()) {
        (Some((name, update)), None) => {
            let control = name.parse().map_err(|unknown| Error::invalid("config", format!("config: {unknown}")))?;
            Ok((control, update))
        }
        _ => Err(Error::invalid("config", "config must have exactly one control")),
    }
}

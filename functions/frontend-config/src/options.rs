//! What may be set: the control catalogue, as the caller's plan sees it.

use api::access::{
    GetBuildOptions, GetConnectionOptions, GetDetectionOptions, GetDeviceSettingsOptions, GetObfuscationOptions,
    GetPreventionOptions,
};
use api::fields::NoFields;
use api::{Caller, JsonBody};
use axum::Json;
use domain::action::Action;
use domain::control::{Control, Group, Kind, Stage, catalogue};
use domain::plan::Plan;
use domain::platform::Platform;
use serde::Serialize;
use utoipa::ToSchema;

/// The controls of a group.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ControlOptions {
    /// In the order of the catalogue.
    options: Vec<ControlOption>,
}

/// A control.
#[derive(Debug, Serialize, ToSchema)]
struct ControlOption {
    /// Its id.
    #[schema(example = "BackupPrevention")]
    value: &'static str,
    /// Its name, for people.
    #[schema(example = "Disable Android Backup")]
    label: &'static str,
    /// What it does, for people.
    #[schema(example = "Keeps the app's data out of cloud backups and device transfers.")]
    description: &'static str,
    /// The platforms that it exists for.
    #[schema(value_type = Vec<String>, example = json!(["android"]))]
    platforms: Vec<Platform>,
    /// How its setting is stored: `on/off` or `response`.
    #[schema(value_type = String, example = "on/off")]
    r#type: Kind,
    /// The lowest plan that has it.
    #[schema(value_type = String, example = "TEAM")]
    minimum_plan: Plan,
    /// Whether its mechanism is built, on any platform.
    available: bool,
    /// The platforms on which it is.
    #[schema(value_type = Vec<String>, example = json!(["android"]))]
    available_platforms: Vec<Platform>,
    /// The responses that the tenant's plan may choose; none for a control that only goes on and off.
    #[schema(value_type = Vec<String>, example = json!([]))]
    actions: Vec<Action>,
    /// Where it does its work: `build`, `runtime` or `server`.
    #[schema(value_type = String, example = "build")]
    stage: Stage,
    /// Whether a live configuration push can change it.
    live_update: bool,
    /// The controls of OWASP MASVS that it serves.
    #[schema(example = json!(["MASVS-STORAGE-2"]))]
    masvs: &'static [&'static str],
}

impl ControlOption {
    fn new(control: &Control, plan: Plan) -> Self {
        let actions = match control.kind {
            Kind::Switch => Vec::new(),
            Kind::Response => Action::responses_on(plan).collect(),
        };
        let available_platforms: Vec<_> = control.available_platforms().collect();
        Self {
            value: control.id.as_str(),
            label: control.name,
            description: control.description,
            platforms: control.platforms.iter().collect(),
            r#type: control.kind,
            minimum_plan: control.minimum_plan,
            available: !available_platforms.is_empty(),
            available_platforms,
            actions,
            stage: control.stage,
            live_update: control.live_update,
            masvs: control.masvs,
        }
    }
}

fn options<R>(caller: &Caller<R>, group: Group) -> Json<ControlOptions> {
    let plan = caller.tenant.plan;
    let controls = catalogue().iter().filter(|control| control.group == group);
    Json(ControlOptions { options: controls.map(|control| ControlOption::new(control, plan)).collect() })
}

macro_rules! groups {
    ($($(#[$doc:meta])* $handler:ident($path:literal, $row:ident) = $group:expr;)*) => {
        $($(#[$doc])*
        #[utoipa::path(
            post, path = $path, tag = "configuration", request_body = NoFields,
            responses((status = 200, description = "The controls of the group", body = ControlOptions))
        )]
        pub(crate) async fn $handler(caller: Caller<$row>, _: JsonBody<NoFields>) -> Json<ControlOptions> {
            options(&caller, $group)
        })*
    };
}

groups! {
    /// List the preventions
    ///
    /// With what the tenant's plan may choose. Only what is `available` can be set.
    prevention_options("/frontend/config_options_prevention", GetPreventionOptions) = Group::Prevention;
    /// List the detections
    ///
    /// With what the tenant's plan may choose. Only what is `available` can be set.
    detection_options("/frontend/config_options_detection", GetDetectionOptions) = Group::Detection;
    /// List the controls of connections
    ///
    /// With what the tenant's plan may choose. Only what is `available` can be set.
    connection_options("/frontend/config_options_connection", GetConnectionOptions) = Group::Connection;
    /// List the settings of devices
    ///
    /// With what the tenant's plan may choose. Only what is `available` can be set.
    device_settings_options("/frontend/config_options_device_settings", GetDeviceSettingsOptions) = Group::DeviceSettings;
    /// List the obfuscations
    ///
    /// With what the tenant's plan may choose. Only what is `available` can be set.
    obfuscation_options("/frontend/config_options_obfuscation", GetObfuscationOptions) = Group::Obfuscation;
    /// List the settings of builds
    ///
    /// With what the tenant's plan may choose. Only what is `available` can be set.
    build_options("/frontend/config_options_build", GetBuildOptions) = Group::Build;
}

//! The controls of connections: each merges its demand into the app's network security configuration, or makes one.

use domain::control::ControlId;
use formats::axml::{AndroidAttribute, Application, Document, Value};

use crate::Error;
use crate::app::App;
use crate::manifest::APPLICATION;
use crate::network_security::{Environment, Merged, Policy, merge};

/// Name of the resource for an app that has no configuration of its own.
const CONFIGURATION: &str = "apptego_network_security_config";

/// `CleartextPrevention`. The attribute is what API 23 reads, where absence would mean that cleartext is permitted.
pub(crate) fn refuse_cleartext(app: &mut App<'_>) -> Result<(), Error> {
    let control = ControlId::CLEARTEXT_PREVENTION;
    merge_into_app(app, control, &Policy::without_cleartext())?;
    let application = app.application(control)?;
    app.set_on_application(&application, AndroidAttribute::USES_CLEARTEXT_TRAFFIC, Value::Boolean(false))?;
    Ok(())
}

/// `CertificatePinning`.
pub(crate) fn pin_certificates(app: &mut App<'_>) -> Result<(), Error> {
    let control = ControlId::CERTIFICATE_PINNING;
    let (policy, warnings) = Policy::pinned(&app.policy.certificates);
    if !policy.has_pins() {
        return Err(Error::nothing_to_pin(&warnings));
    }
    app.warnings.extend(warnings);
    app.warnings.push(
        "the platform itself refuses connections to pinned hosts that present another key; actions and messages of the control need \
         the runtime agent, which is not built yet"
            .to_owned(),
    );
    if app.policy.use_builtin_cas {
        app.warnings.push(
            "use_builtin_cas has no effect on pinned hosts yet: the built-in certificate authorities need the runtime agent, which is \
             not built yet"
                .to_owned(),
        );
    }
    merge_into_app(app, control, &policy)
}

/// `CertificateTransparencyPrevention`.
pub(crate) fn demand_transparency(app: &mut App<'_>) -> Result<(), Error> {
    let policy = Policy::transparent(&app.policy.transparency_domains);
    merge_into_app(app, ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION, &policy)
}

fn merge_into_app(app: &mut App<'_>, control: ControlId, policy: &Policy) -> Result<(), Error> {
    let application = app.application(control)?;
    let uses_cleartext_traffic = switch(app, application.uses_cleartext_traffic.as_ref())?;
    let facts = app.facts;
    let environment = Environment { min_sdk: &facts.min_sdk, target_sdk: &facts.target_sdk, uses_cleartext_traffic };
    match application.network_security_config {
        None | Some(Value::Reference(0)) => add(app, control, &application, policy, &environment),
        Some(Value::Reference(id)) => edit(app, control, id, policy, &environment),
        Some(other) => Err(not_a_file(app, control, &other.to_string())),
    }
}

fn add(
    app: &mut App<'_>,
    control: ControlId,
    application: &Application,
    policy: &Policy,
    environment: &Environment<'_>,
) -> Result<(), Error> {
    let new = app.free_xml(control, CONFIGURATION)?;
    let merged = merge(None, &new.entry, policy, environment).map_err(|error| refused(control, &new.entry, &error))?;
    let Some(document) = keep(app, merged) else { return Ok(()) };
    let id = app.add_xml(new, &document)?;
    app.set_on_application(application, AndroidAttribute::NETWORK_SECURITY_CONFIG, Value::Reference(id))?;
    Ok(())
}

/// Every variant of the app's configuration.
fn edit(
    app: &mut App<'_>,
    control: ControlId,
    id: u32,
    policy: &Policy,
    environment: &Environment<'_>,
) -> Result<(), Error> {
    let files = app.xml_files(id)?;
    if files.is_empty() {
        return Err(not_a_file(app, control, &Value::Reference(id).to_string()));
    }
    for path in files {
        let own = app.document(&path)?.map_err(|error| refused(control, &path, &error))?;
        let merged = merge(Some(&own), &path, policy, environment).map_err(|error| refused(control, &path, &error))?;
        if let Some(document) = keep(app, merged) {
            app.replace_document(&path, &document)?;
        }
    }
    Ok(())
}

/// Keeps what a merge says of itself; several variants of a configuration say some things in common.
fn keep(app: &mut App<'_>, merged: Merged) -> Option<Document> {
    app.changes.extend(merged.changes);
    for warning in merged.warnings {
        if !app.warnings.contains(&warning) {
            app.warnings.push(warning);
        }
    }
    merged.document
}

/// A switch of the manifest, resolved where it is a reference.
fn switch(app: &mut App<'_>, value: Option<&Value>) -> Result<Option<bool>, Error> {
    Ok(match value {
        Some(Value::Boolean(value)) => Some(*value),
        Some(Value::Reference(id)) => app.table()?.switch(*id),
        _ => None,
    })
}

fn refused(control: ControlId, path: &str, error: &(dyn std::error::Error + 'static)) -> Error {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        reason = format!("{reason}: {error}");
        cause = error.source();
    }
    Error::Control { control, entry: path.escape_debug().to_string(), reason }
}

fn not_a_file(app: &App<'_>, control: ControlId, reference: &str) -> Error {
    let reason = format!(
        "{} android:networkSecurityConfig is {reference}, which is no file of the app's resources",
        APPLICATION.join("/")
    );
    Error::Control { control, entry: app.base.module.manifest(), reason }
}

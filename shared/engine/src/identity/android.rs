//! APKs and app bundles: the manifest, and the resources that it refers to.

use domain::file_name::FileName;
use formats::axml::tree::Element;
use formats::axml::{AndroidAttribute, Document, Manifest, Value};
use formats::limits::Limits;
use formats::zip::Archive;

use super::resources::Resources;
use super::{Icon, Identity, clean, package_name, read_if_sound};
use crate::bundle::Bundle;
use crate::inspect::{self, read_manifest, read_manifests};
use crate::kind::Kind;
use crate::{Error, manifest};

/// Elements of `<application>` that launchers show.
const ACTIVITIES: [&str; 2] = ["activity", "activity-alias"];
/// The intent that starts an app.
const MAIN: &str = "android.intent.action.MAIN";
const LAUNCHER: &str = "android.intent.category.LAUNCHER";

pub(super) fn identify(
    archive: &Archive<'_>,
    kind: Kind,
    file_name: &FileName,
    limits: &Limits,
) -> Result<Identity, Error> {
    let inspect::Manifest { module, document, .. } = match kind {
        Kind::Aab => read_manifests(archive, &Bundle::read(archive, limits)?, file_name, limits)?.0,
        _ => read_manifest(archive, file_name, limits)?,
    };
    let manifest = Manifest::read(&document).map_err(manifest::Error::from)?;
    let package_name = package_name(&module.manifest(), &manifest.package)?;
    let table = read_if_sound(archive, &module.table(), limits.table_bytes)?.unwrap_or_default();
    let resources = Resources::read(&table, module.form(), limits);

    let text = |value: Value| resources.text(value).as_deref().and_then(clean);
    let of_application = |attribute| document.attribute(manifest.application.as_ref()?.element, attribute);
    let label = of_application(AndroidAttribute::LABEL).and_then(text);
    let label = label.or_else(|| launcher_label(&document, limits).and_then(text));
    let mut icon = None;
    for value in [AndroidAttribute::ICON, AndroidAttribute::ROUND_ICON].into_iter().filter_map(of_application) {
        if icon.is_none() {
            let files: Vec<String> = resources.files(value).iter().map(|path| module.entry(path)).collect();
            icon = Icon::first_of(archive, files.iter().map(String::as_str), Some)?;
        }
    }
    Ok(Identity {
        name: label.unwrap_or_else(|| package_name.clone()),
        package_name,
        version_code: version_code(&document, &manifest),
        version_name: manifest.version_name.and_then(text),
        icon,
    })
}

fn version_code(document: &Document, manifest: &Manifest) -> Option<String> {
    let parts = [AndroidAttribute::VERSION_CODE, AndroidAttribute::VERSION_CODE_MAJOR];
    let is_said =
        parts.into_iter().any(|part| document.root().is_some_and(|root| document.attribute(root, part).is_some()));
    is_said.then(|| manifest.version_code.to_string())
}

/// The label of the first activity that launchers show and that has one.
fn launcher_label(document: &Document, limits: &Limits) -> Option<Value> {
    let root = document.to_tree(limits.document_bytes).ok()?;
    let mut activities = children(&root, "application")
        .flat_map(|application| application.elements().filter(|element| ACTIVITIES.contains(&element.name.as_str())));
    activities.find_map(|activity| {
        let label = value(activity, AndroidAttribute::LABEL)?;
        children(activity, "intent-filter").any(starts_app).then(|| label.clone())
    })
}

fn starts_app(filter: &Element) -> bool {
    let names = |kind, wanted: &str| {
        let mut named = children(filter, kind).filter_map(|element| value(element, AndroidAttribute::NAME));
        named.any(|name| *name == Value::String(wanted.to_owned()))
    };
    names("action", MAIN) && names("category", LAUNCHER)
}

fn children<'e>(element: &'e Element, name: &str) -> impl Iterator<Item = &'e Element> {
    element.elements().filter(move |child| child.name == name)
}

fn value(element: &Element, attribute: AndroidAttribute) -> Option<&Value> {
    element.attributes.iter().find(|found| found.resource_id == Some(attribute.id)).map(|found| &found.value)
}

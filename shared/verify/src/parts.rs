//! What the entries of a package are: an APK as devices read it, or an app bundle, of whose modules tools make packages.

use std::collections::BTreeSet;

use formats::axml::Document;
use formats::axml::tree::Element;
use formats::limits::Limits;
use formats::paths::{is_document_resource, is_raw_resource};
use formats::proto::xml;
use formats::zip::Archive;

/// The manifest of a module of a bundle.
const MANIFEST_OF_MODULE: &str = "manifest/AndroidManifest.xml";
/// The manifest of an APK, and that of a bundle's own app.
const MANIFEST: &str = "AndroidManifest.xml";
const BASE: &str = "base";
/// Folders of a bundle that are no modules, whatever is in them.
const NO_MODULES: [&str; 2] = ["BUNDLE-METADATA", "META-INF"];

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Manifest,
    Table,
    /// A DEX file that devices load.
    Code,
    Library,
    /// A compiled document among the resources.
    Document,
    /// What a module of a bundle says about its folders of libraries.
    Libraries,
    Other,
}

/// How a package is read.
#[derive(Clone, Debug)]
pub(crate) enum Parts {
    Apk,
    /// The names of the modules.
    Bundle(BTreeSet<String>),
}

impl Parts {
    /// A bundle says how it is to be made into packages, or has a module that is the app.
    pub(crate) fn of(archive: &Archive<'_>) -> Self {
        let is_bundle =
            ["BundleConfig.pb", "base/manifest/AndroidManifest.xml"].iter().any(|name| archive.entry(name).is_some());
        if !is_bundle {
            return Self::Apk;
        }
        let manifests = archive.entries().iter().filter_map(|entry| entry.name.split_once('/'));
        let modules = manifests.filter(|(_, path)| *path == MANIFEST_OF_MODULE).map(|(module, _)| module);
        let modules = modules.filter(|module| !NO_MODULES.contains(module));
        Self::Bundle(modules.map(str::to_owned).collect())
    }

    pub(crate) const fn is_bundle(&self) -> bool {
        matches!(self, Self::Bundle(_))
    }

    /// The manifest of the app.
    pub(crate) fn manifest(&self) -> String {
        match self {
            Self::Apk => MANIFEST.to_owned(),
            Self::Bundle(_) => format!("{BASE}/{MANIFEST_OF_MODULE}"),
        }
    }

    /// The manifests of all modules but the app's own.
    pub(crate) fn other_manifests(&self) -> Vec<String> {
        let modules = self.modules().filter(|module| *module != BASE);
        modules.map(|module| format!("{module}/{MANIFEST_OF_MODULE}")).collect()
    }

    /// The resource tables of all modules, whether they are there or not.
    pub(crate) fn tables(&self) -> Vec<String> {
        match self {
            Self::Apk => vec!["resources.arsc".to_owned()],
            Self::Bundle(_) => self.modules().map(|module| format!("{module}/resources.pb")).collect(),
        }
    }

    fn modules(&self) -> impl Iterator<Item = &str> {
        let modules = match self {
            Self::Apk => None,
            Self::Bundle(modules) => Some(modules),
        };
        modules.into_iter().flatten().map(String::as_str)
    }

    /// The folder of the module that an entry belongs to, with a `/` at its end, and its path there.
    pub(crate) fn split<'n>(&self, entry: &'n str) -> Option<(&'n str, &'n str)> {
        match self {
            Self::Apk => Some(("", entry)),
            Self::Bundle(modules) => {
                let (module, path) = entry.split_once('/').filter(|(module, _)| modules.contains(*module))?;
                Some((entry.get(..=module.len())?, path))
            }
        }
    }

    /// What an entry is.
    pub(crate) fn part(&self, entry: &str) -> Part {
        let Some((folder, path)) = self.split(entry) else { return Part::Other };
        if self.is_bundle() {
            match path {
                "resources.pb" => return Part::Table,
                "native.pb" => return Part::Libraries,
                MANIFEST_OF_MODULE => return Part::Manifest,
                _ if path.starts_with("root/") => return Part::Other,
                _ => {}
            }
        }
        let code = if self.is_bundle() { path.strip_prefix("dex/") } else { Some(path) };
        match path {
            MANIFEST if folder.is_empty() => Part::Manifest,
            "resources.arsc" if folder.is_empty() => Part::Table,
            _ if code.is_some_and(is_code) => Part::Code,
            _ if path.starts_with("lib/") && path.ends_with(".so") => Part::Library,
            _ if is_document_resource(path) => Part::Document,
            _ if path.ends_with(".xml") && !self.is_bundle() && !is_raw_resource(path) => Part::Document,
            _ => Part::Other,
        }
    }

    /// The processor that an entry is for, as the folder in `lib/` is called. What stands in the `root/` of a module is for none, whatever
    /// it is called, and no code, library, table or document either: bundletool lets none of these stand there.
    pub(crate) fn architecture<'n>(&self, entry: &'n str) -> Option<&'n str> {
        self.split(entry)?.1.strip_prefix("lib/")?.split_once('/').map(|(architecture, _)| architecture)
    }

    /// What a document says.
    pub(crate) fn document(&self, bytes: &[u8], limits: &Limits) -> Result<Element, String> {
        match self {
            Self::Apk => {
                let tree = Document::parse(bytes, limits).and_then(|document| document.to_tree(limits.document_bytes));
                tree.map_err(|error| error.to_string())
            }
            Self::Bundle(_) => xml::read(bytes, limits).map_err(|error| error.to_string()),
        }
    }
}

/// Whether devices look for code under this name: `classes.dex`, `classes2.dex` and so on.
fn is_code(name: &str) -> bool {
    let number = name.strip_prefix("classes").and_then(|rest| rest.strip_suffix(".dex"));
    number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

//! The modules of an Android app, and where their parts stand. An APK is one module; a bundle has one for the app itself, `base`, and one
//! for each feature or pack of assets.

use std::collections::BTreeSet;

use formats::zip::Archive;

use crate::inspect::{MANIFEST, RESOURCES};

/// The module of a bundle that is the app itself.
pub(crate) const BASE: &str = "base";
/// Folders of a bundle that are no modules.
const METADATA: [&str; 2] = ["BUNDLE-METADATA", "META-INF"];

/// The form of a package's documents and tables, and with it where they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As devices read them.
    Apk,
    /// As protobuf messages, from which packages are made.
    Bundle,
}

/// A module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Module {
    form: Form,
    /// The folder of the archive with a `/` at its end; empty for an APK.
    folder: String,
}

impl Module {
    /// The one module of an APK.
    pub(crate) const fn apk() -> Self {
        Self { form: Form::Apk, folder: String::new() }
    }

    /// The modules of a bundle, the base first: every folder with a manifest.
    pub(crate) fn of_bundle(archive: &Archive<'_>) -> Vec<Self> {
        let names = archive.entries().iter().filter_map(|entry| {
            let (name, path) = entry.name.split_once('/')?;
            (path == MANIFEST_OF_MODULE && !METADATA.contains(&name)).then_some(name)
        });
        let names: BTreeSet<&str> = names.collect();
        let (base, others): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|name| *name == BASE);
        let module = |name: &str| Self { form: Form::Bundle, folder: format!("{name}/") };
        base.into_iter().chain(others).map(module).collect()
    }

    pub(crate) const fn form(&self) -> Form {
        self.form
    }

    /// Whether it is the app itself.
    pub(crate) fn is_base(&self) -> bool {
        self.form == Form::Apk || self.folder.strip_suffix('/') == Some(BASE)
    }

    /// Name of the manifest's entry.
    pub(crate) fn manifest(&self) -> String {
        match self.form {
            Form::Apk => MANIFEST.to_owned(),
            Form::Bundle => self.entry(MANIFEST_OF_MODULE),
        }
    }

    /// Name of the resource table's entry.
    pub(crate) fn table(&self) -> String {
        match self.form {
            Form::Apk => RESOURCES.to_owned(),
            Form::Bundle => self.entry(TABLE_OF_MODULE),
        }
    }

    /// Name of the entry for a path that the module's resource table has.
    pub(crate) fn entry(&self, path: &str) -> String {
        format!("{}{path}", self.folder)
    }

    /// The names under which devices look for code, as far as they are there: `classes.dex`, `classes2.dex` and so on without a gap.
    pub(crate) fn dex_names(&self, archive: &Archive<'_>) -> Vec<String> {
        let folder = if self.form == Form::Bundle { "dex/" } else { "" };
        let name = |number: u32| {
            let number = if number == 1 { String::new() } else { number.to_string() };
            self.entry(&format!("{folder}classes{number}.dex"))
        };
        (1_u32..).map(name).take_while(|name| archive.entry(name).is_some()).collect()
    }

    /// The path of an entry in the module. Libraries, resources and assets stand there where packages have them. What a bundle has in
    /// `root/` is none of these, whatever it is called: bundletool lets nothing stand there that a package has of its own.
    pub(crate) fn path<'n>(&self, entry: &'n str) -> Option<&'n str> {
        entry.strip_prefix(&self.folder)
    }

    /// Where a device finds an entry: its path in the package that is made of the module. `None` for what belongs to another module or to
    /// none, and for what only the making of packages needs.
    pub(crate) fn path_on_device<'n>(&self, entry: &'n str) -> Option<&'n str> {
        let path = self.path(entry)?;
        match self.form {
            Form::Apk => Some(path),
            Form::Bundle => match path.split_once('/')? {
                ("dex" | "manifest" | "root", path) => Some(path),
                _ => Some(path),
            },
        }
    }
}

const MANIFEST_OF_MODULE: &str = "manifest/AndroidManifest.xml";
const TABLE_OF_MODULE: &str = "resources.pb";

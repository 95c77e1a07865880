//! The code bundles of an app: folders with an `Info.plist` and an executable of their own.

use std::collections::BTreeMap;

use domain::file_name::FileName;
use formats::limits::Limits;
use formats::plist::{self, Dictionary, Value};
use formats::zip::Archive;

use crate::observe::Watch;
use crate::{Error, kind};

/// Bundles that an app may have. Large apps have some three hundred frameworks and twenty extensions.
const MOST: usize = 1024;
/// Folders that may have an `Info.plist`. Most of those without code are resources, of which each library has some.
const MOST_FOLDERS: usize = 4096;
/// Where a bundle says what it is.
pub(crate) const INFO: &str = "Info.plist";
/// Where a bundle's files are sealed.
pub(crate) const SEAL: &str = "_CodeSignature/CodeResources";
/// The profile that a program runs under.
pub(crate) const PROFILE: &str = "embedded.mobileprovision";

/// What a bundle is, told from its folder's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BundleKind {
    /// An app: the one of the package, an App Clip, an app for the watch.
    App,
    /// An app extension, or a service.
    Extension,
    /// A framework, or another library with resources.
    Library,
    /// A folder of resources, which may have code that the program loads at run time.
    PlugIn,
}

impl BundleKind {
    /// Of a folder by its name, which may stand at the end of a path.
    pub(crate) fn of(folder: &str) -> Option<Self> {
        match folder.rsplit_once('.')?.1 {
            "app" => Some(Self::App),
            "appex" | "xpc" => Some(Self::Extension),
            "framework" | "xctest" => Some(Self::Library),
            "bundle" | "plugin" => Some(Self::PlugIn),
            _ => None,
        }
    }

    /// What codesign calls a library that does not say what it is called: its folder without the extension.
    fn default_identifier(self, folder: &str) -> Option<&str> {
        let name = folder.rsplit('/').next()?.rsplit_once('.')?.0;
        (self == Self::Library && !name.is_empty()).then_some(name)
    }
}

/// A folder with code of its own.
#[derive(Clone, Debug)]
pub(crate) struct Bundle {
    /// Its folder, such as `Payload/Example.app/PlugIns/Share.appex`.
    pub(crate) path: String,
    pub(crate) kind: BundleKind,
    /// `CFBundleIdentifier`.
    pub(crate) identifier: String,
    /// The entry of its executable.
    pub(crate) executable: String,
}

/// The bundles of an app.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Those with code. The app itself is the last, those within another come before it.
    pub(crate) bundles: Vec<Bundle>,
    /// Folders of frameworks without the executable that they name, which are files like others: since version 15, Xcode leaves it out
    /// of a framework that was linked into the program ("Creating a static framework", Apple).
    pub(crate) hollow: Vec<String>,
}

/// What a folder with an `Info.plist` is.
enum Folder {
    Code(Bundle),
    Hollow,
    /// It names no executable, so that nothing of it is signed by itself.
    Files,
}

impl Folder {
    fn read(archive: &Archive<'_>, path: &str, kind: BundleKind, limits: &Limits) -> Result<Self, Error> {
        let entry = format!("{path}/{INFO}");
        let info = match read_info(archive, &entry, limits) {
            // Resources that nobody has to understand.
            Err(Error::PropertyList { .. }) if kind == BundleKind::PlugIn => return Ok(Self::Files),
            info => info?,
        };
        let Some(named) = info.get("CFBundleExecutable") else { return Ok(Self::Files) };
        let named = named.as_string().filter(|name| !name.is_empty() && !name.contains('/'));
        let executable = named.map(|name| format!("{path}/{name}"));
        let executable = executable.filter(|executable| archive.entry(executable).is_some());
        let identifier = info.get("CFBundleIdentifier").and_then(Value::as_string).filter(|text| !text.is_empty());
        let identifier = identifier.or_else(|| kind.default_identifier(path));
        match (executable, identifier) {
            (Some(executable), Some(identifier)) => {
                Ok(Self::Code(Bundle { path: path.to_owned(), kind, identifier: identifier.to_owned(), executable }))
            }
            // Tools write the key into bundles of resources as well.
            _ if kind == BundleKind::PlugIn => Ok(Self::Files),
            (None, _) if path.ends_with(".framework") && named.is_some() => Ok(Self::Hollow),
            (None, _) => Err(Error::NoExecutable { folder: path.to_owned() }),
            (_, None) => Err(Error::PropertyList { entry, cause: plist::Error::Missing { key: "CFBundleIdentifier" } }),
        }
    }
}

impl Bundle {
    /// Whether it runs in a process of its own, with entitlements and a profile.
    pub(crate) const fn is_program(&self) -> bool {
        matches!(self.kind, BundleKind::App | BundleKind::Extension)
    }

    /// An entry of the bundle by its path within it.
    pub(crate) fn entry(&self, path: &str) -> String {
        format!("{}/{path}", self.path)
    }

    /// The path within the bundle of an entry that stands there.
    pub(crate) fn path_of<'n>(&self, entry: &'n str) -> Option<&'n str> {
        entry.strip_prefix(&self.path)?.strip_prefix('/')
    }
}

/// The folder of the app. An IPA has one app; what belongs to it lies within.
pub(crate) fn app_folder(archive: &Archive<'_>, file_name: &FileName) -> Result<String, Error> {
    let mut apps = archive.entries().iter().filter_map(|entry| kind::ios_app(&entry.name));
    let app = apps.next().unwrap_or_default();
    match apps.all(|other| other == app) {
        true => Ok(format!("Payload/{app}")),
        false => Err(kind::unknown(file_name, "its folder Payload has more than one app")),
    }
}

/// Every bundle of the app in the folder `root`.
pub(crate) fn find(archive: &Archive<'_>, root: &str, limits: &Limits, watch: &Watch<'_>) -> Result<Found, Error> {
    let mut found = Found::default();
    for (folder, kind) in folders(archive, root)? {
        let size = archive.entry(&format!("{folder}/{INFO}")).map_or(0, |entry| entry.size);
        if !watch.advance(size) {
            watch.go_on()?;
        }
        match Folder::read(archive, folder, kind, limits)? {
            Folder::Code(bundle) => found.bundles.push(bundle),
            Folder::Hollow => found.hollow.push(folder.to_owned()),
            Folder::Files => {}
        }
        if found.bundles.len() + found.hollow.len() > MOST {
            return Err(Error::TooManyBundles { limit: MOST });
        }
    }
    found.bundles.sort_by_key(|bundle| std::cmp::Reverse(depth(&bundle.path)));
    match found.bundles.last() {
        Some(last) if last.path == root => Ok(found),
        _ => Err(Error::NoExecutable { folder: root.to_owned() }),
    }
}

/// The folders with an `Info.plist`. Devices read `Info-iphoneos.plist` before it, and look for both without regard to case: where
/// that stands beside it, the app is refused.
fn folders<'n>(archive: &'n Archive<'_>, root: &str) -> Result<BTreeMap<&'n str, BundleKind>, Error> {
    let (mut folders, mut others) = (BTreeMap::new(), BTreeMap::new());
    for entry in archive.entries() {
        let Some((folder, name)) = entry.name.rsplit_once('/') else { continue };
        let is_within = folder.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let Some(kind) = BundleKind::of(folder).filter(|_| is_within) else { continue };
        if name == INFO {
            folders.insert(folder, kind);
        } else if name.eq_ignore_ascii_case(INFO) || name.eq_ignore_ascii_case("Info-iphoneos.plist") {
            others.insert(folder, &entry.name);
        }
    }
    if folders.len() > MOST_FOLDERS {
        return Err(Error::TooManyBundles { limit: MOST_FOLDERS });
    }
    let is_read = |folder: &str| folders.get(folder).is_some_and(|kind| *kind != BundleKind::PlugIn);
    match others.into_iter().find(|(folder, _)| is_read(folder)) {
        Some((_, entry)) => Err(Error::OtherInfo { entry: entry.clone() }),
        None => Ok(folders),
    }
}

/// The folders around a path.
pub(crate) fn depth(path: &str) -> usize {
    path.matches('/').count()
}

/// An `Info.plist`.
pub(crate) fn read_info(archive: &Archive<'_>, entry: &str, limits: &Limits) -> Result<Dictionary, Error> {
    let content = archive.read_entry(entry, limits.document_bytes).map_err(Error::content)?;
    plist::read_dictionary(&content, limits).map_err(|cause| Error::PropertyList { entry: entry.to_owned(), cause })
}

//! What of an app has a signature of its own, found anew in the output.

use std::collections::BTreeSet;

use formats::limits::Limits;
use formats::macho::{self, Binary};
use formats::plist::{self, Dictionary, Value};
use formats::zip::{Archive, EntrySource};

use super::tree;
use crate::error::of_archive;
use crate::{Check, Error};

/// Ends of the names of folders that are bundles with code, and what these are.
const KINDS: [(&str, Kind); 7] = [
    (".app", Kind::Program),
    (".appex", Kind::Program),
    (".xpc", Kind::Program),
    (".framework", Kind::Library),
    (".xctest", Kind::Library),
    (".bundle", Kind::Resources),
    (".plugin", Kind::Resources),
];

/// What a folder is by its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It runs in a process of its own.
    Program,
    /// It is loaded into one.
    Library,
    /// It may have code that is loaded, and most have none.
    Resources,
}

/// Folders of these names with an `Info.plist` that are read; no app has so many.
const MOST: usize = 4096;
/// Where a bundle's files are listed.
pub(super) const SEAL: &str = "_CodeSignature/CodeResources";
/// What a program runs under.
pub(super) const PROFILE: &str = "embedded.mobileprovision";

/// What devices read in the place of `Info.plist`, whatever its letters' case.
const OTHER_INFO: [&str; 2] = ["Info.plist", "Info-iphoneos.plist"];

/// An app in an archive.
pub(crate) struct App<'a> {
    pub(crate) archive: &'a Archive<'a>,
    pub(crate) limits: &'a Limits,
    /// `Payload/Example.app`.
    pub(crate) root: String,
    pub(crate) bundles: Vec<Bundle>,
}

/// A folder with an `Info.plist` and an executable.
#[derive(Debug)]
pub(crate) struct Bundle {
    pub(crate) path: String,
    pub(crate) is_program: bool,
    pub(crate) identifier: String,
    /// The entry of the executable.
    pub(crate) executable: String,
}

/// A key without what makes it one for single kinds of device: `key-iphoneos`, `key~ipad`.
pub(crate) fn plain_key(key: &str) -> &str {
    let key = key.split('~').next().unwrap_or(key);
    key.strip_suffix("-iphoneos").unwrap_or(key)
}

fn kind_of(folder: &str) -> Option<Kind> {
    KINDS.into_iter().find(|(end, _)| folder.ends_with(end)).map(|(_, kind)| kind)
}

/// Whether a path is that of a bundle by its name.
pub(super) fn is_bundle(path: &str) -> bool {
    kind_of(path).is_some()
}

/// The identifier that codesign signs a library with which has none.
fn unnamed(folder: &str) -> &str {
    let name = folder.rsplit('/').next().unwrap_or(folder);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The folder of the app that an entry belongs to.
pub(crate) fn app_folder(entry: &str) -> Option<&str> {
    let end = entry.strip_prefix("Payload/")?.find('/')?;
    let folder = entry.get(.."Payload/".len() + end)?;
    folder.ends_with(".app").then_some(folder)
}

impl<'a> App<'a> {
    pub(crate) fn read(archive: &'a Archive<'a>, limits: &'a Limits) -> Result<Self, Error> {
        let folders: BTreeSet<&str> = archive.entries().iter().filter_map(|entry| app_folder(&entry.name)).collect();
        let [root] = folders.into_iter().collect::<Vec<_>>()[..] else {
            return Err(Check::Identity.failed("it does not have exactly one app"));
        };
        let mut app = Self { archive, limits, root: root.to_owned(), bundles: Vec::new() };
        let infos = archive.entries().iter().filter_map(|entry| entry.name.strip_suffix("/Info.plist"));
        let folders: Vec<(&str, Kind)> = infos
            .filter(|folder| folder.starts_with(root))
            .filter_map(|folder| Some((folder, kind_of(folder)?)))
            .collect();
        if folders.len() > MOST {
            return Err(Check::Identity.failed(format!("it has more than {MOST} bundles")));
        }
        for (folder, kind) in folders {
            app.bundles.extend(app.bundle(folder, kind)?);
        }
        app.check_infos()?;
        tree::check(&app)?;
        match app.bundles.iter().any(|bundle| bundle.path == root) {
            true => Ok(app),
            false => Err(Check::Identity.failed("the app has no executable")),
        }
    }

    /// No program has an `Info.plist` that devices read in the place of the one that was looked at.
    fn check_infos(&self) -> Result<(), Error> {
        let programs: BTreeSet<&str> = self.programs().map(|program| program.path.as_str()).collect();
        let is_other =
            |name: &str| name != "Info.plist" && OTHER_INFO.iter().any(|other| name.eq_ignore_ascii_case(other));
        let mut names = self.archive.entries().iter().filter_map(|entry| entry.name.rsplit_once('/'));
        match names.find(|(folder, name)| is_other(name) && programs.contains(folder)) {
            Some((folder, name)) => Err(Check::Identity.failed(format!("{folder} has another {name}"))),
            None => Ok(()),
        }
    }

    /// The bundle in the folder `path`; `None` where it is not meant to have code. What names an executable has it in its own folder,
    /// so that no executable is that of two bundles.
    fn bundle(&self, path: &str, kind: Kind) -> Result<Option<Bundle>, Error> {
        let info = match self.info(path) {
            Err(Error::Failed { .. }) if kind == Kind::Resources => return Ok(None),
            info => info?,
        };
        let text = |key: &str| info.get(key).and_then(Value::as_string).unwrap_or_default();
        let identifier = match text("CFBundleIdentifier") {
            "" if kind == Kind::Library => unnamed(path),
            identifier => identifier,
        };
        let (name, identifier) = (text("CFBundleExecutable"), identifier.to_owned());
        if !info.contains_key("CFBundleExecutable") {
            return Ok(None);
        }
        let executable = format!("{path}/{name}");
        let is_there = !name.is_empty() && !name.contains('/') && self.archive.entry(&executable).is_some();
        match kind {
            Kind::Resources if !is_there || identifier.is_empty() || !self.is_code(&executable)? => Ok(None),
            // What was linked into the app: Xcode leaves it out of the framework.
            Kind::Library if path.ends_with(".framework") && !name.is_empty() && !name.contains('/') && !is_there => {
                Ok(None)
            }
            _ if !is_there => {
                Err(Check::Identity.failed(format!("{}: its executable is not there", path.escape_debug())))
            }
            _ => Ok(Some(Bundle { path: path.to_owned(), is_program: kind == Kind::Program, identifier, executable })),
        }
    }

    /// Whether an entry is code of a kind that is signed.
    fn is_code(&self, entry: &str) -> Result<bool, Error> {
        let Some(place) = self.archive.entry(entry) else { return Ok(false) };
        match Binary::read(&EntrySource::new(self.archive, place)) {
            Ok(binary) => Ok(binary.slices.iter().all(|slice| slice.kind.is_signed())),
            Err(macho::Error::Io(error)) => Err(Error::Source(error)),
            Err(_) => Ok(false),
        }
    }

    /// The `Info.plist` of the bundle in the folder `path`.
    pub(crate) fn info(&self, path: &str) -> Result<Dictionary, Error> {
        let entry = format!("{path}/Info.plist");
        let content = self.read_entry(&entry)?;
        plist::read_dictionary(&content, self.limits)
            .map_err(|error| Check::Identity.failed(format!("{}: {error}", entry.escape_debug())))
    }

    pub(crate) fn read_entry(&self, entry: &str) -> Result<Vec<u8>, Error> {
        let content = self.archive.read_entry(entry, self.limits.table_bytes);
        content.map_err(|error| of_archive(Check::Contents, error))
    }

    /// The bundles that run in a process of their own.
    pub(crate) fn programs(&self) -> impl Iterator<Item = &Bundle> {
        self.bundles.iter().filter(|bundle| bundle.is_program)
    }

    /// Whether an entry belongs to the app.
    pub(crate) fn has(&self, entry: &str) -> bool {
        entry.strip_prefix(&self.root).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl Bundle {
    /// The path within the bundle of an entry that stands there.
    pub(crate) fn path_of<'n>(&self, entry: &'n str) -> Option<&'n str> {
        entry.strip_prefix(&self.path)?.strip_prefix('/')
    }

    /// An entry of the bundle by its path within it.
    pub(crate) fn entry(&self, path: &str) -> String {
        format!("{}/{path}", self.path)
    }
}

//! The new names and paths, and the mapping that tells what was what.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use aws_lc_rs::digest::{SHA256, digest};
use formats::arsc::RenamedName;
use serde::Serialize;

use crate::resources::{Error, Resources};

/// Characters of a new name.
const LENGTH: usize = 6;
/// New paths that are tried for one that may not stand everywhere.
const ATTEMPTS: usize = 4;
const LETTERS: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";
const CHARACTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// What becomes of the names and paths of a table.
#[derive(Clone, Debug)]
pub(crate) struct Renaming {
    salt: Vec<u8>,
    /// Paths of the package in lowercase: devices tell cases apart, computers may not.
    taken_paths: HashSet<String>,
    kept: BTreeSet<String>,
    /// For each name that changes, the types for whose entries it does, and the new name.
    changed: BTreeMap<String, (BTreeSet<String>, String)>,
    paths: BTreeMap<String, String>,
    /// Whether all names stay, since somebody asks for them who cannot be followed.
    pub(crate) keeps_all_names: bool,
    /// Why names stay, for the report.
    pub(crate) warnings: Vec<String>,
}

/// What names and paths became: kept with the build, so that what an app reports can be understood. The JSON form is stable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mapping {
    /// Version of this document's form, 1.
    pub format: u32,
    /// The package whose names these are; that of the app itself where other modules have packages of their own.
    pub package: String,
    /// The names that changed.
    pub names: Vec<NameMapping>,
    /// The paths that changed.
    pub paths: Vec<PathMapping>,
}

/// A name that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NameMapping {
    /// The type of the entries.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The name in the source.
    pub before: String,
    /// The name in the package.
    pub after: String,
    /// The ids of the entries, as `0x7f010000`.
    pub ids: Vec<String>,
}

/// A path that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PathMapping {
    /// The entry in the input.
    pub before: String,
    /// The entry in the output.
    pub after: String,
}

impl Renaming {
    pub(super) fn new<'e>(salt: &[u8], entries: impl Iterator<Item = &'e str>) -> Self {
        Self {
            salt: salt.to_vec(),
            taken_paths: entries.map(str::to_lowercase).collect(),
            kept: BTreeSet::new(),
            changed: BTreeMap::new(),
            paths: BTreeMap::new(),
            keeps_all_names: false,
            warnings: Vec::new(),
        }
    }

    pub(super) fn keep(&mut self, name: &str) {
        self.kept.insert(name.to_owned());
    }

    /// Changes a name for the entries of some types.
    pub(super) fn change(&mut self, name: &str, types: impl Iterator<Item = String>) {
        for type_name in types {
            self.changed.entry(name.to_owned()).or_default().0.insert(type_name);
        }
    }

    /// Chooses the new names when it is known which ones stay.
    pub(super) fn choose_names(&mut self) {
        let mut taken: HashSet<String> = self.changed.keys().chain(&self.kept).cloned().collect();
        for (name, (_, new)) in &mut self.changed {
            *new = names(&self.salt, name).find(|candidate| !taken.contains(candidate)).unwrap_or_default();
            taken.insert(new.clone());
        }
    }

    /// Changes a path, unless none of the first new ones that are free may stand for it; says whether that was so.
    pub(super) fn change_path(&mut self, path: &str, may_become: impl Fn(&str, &str) -> bool) -> bool {
        if !self.taken_paths.contains(&path.to_lowercase()) {
            // The table speaks of a file that is not there.
            return true;
        }
        let is_free = |new: &String| !self.taken_paths.contains(&new.to_lowercase());
        let new = names(&self.salt, path).map(|name| place(path, &name)).filter(is_free).take(ATTEMPTS);
        let new: Option<String> = { new }.find(|new| may_become(path, new));
        let Some(new) = new else { return false };
        self.taken_paths.insert(new.to_lowercase());
        self.paths.insert(path.to_owned(), new);
        true
    }

    /// The new path of every entry of the package whose path changes.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (&str, &str)> {
        self.paths.iter().map(|(before, after)| (before.as_str(), after.as_str()))
    }

    /// Renames in a table, one of those that the lookups started with, and returns the entries that got other names.
    pub(crate) fn apply(&self, table: &mut Resources<'_>) -> Result<Vec<RenamedName>, Error> {
        let known = table.file_paths()?;
        let own = self.paths.iter().filter(|(path, _)| known.contains(*path));
        let paths: HashMap<String, String> = own.map(|(path, new)| (path.clone(), new.clone())).collect();
        table.rename(
            |type_name, name| {
                let (types, new) = self.changed.get(name)?;
                types.contains(type_name).then(|| new.clone())
            },
            &paths,
        )
    }
}

impl Mapping {
    /// What became of what; `paths` are names of entries.
    pub(crate) fn new(package: String, renamed: Vec<RenamedName>, paths: Vec<PathMapping>) -> Self {
        let name = |RenamedName { type_name, before, after, ids }| {
            let ids = ids.iter().map(|id: &u32| format!("{id:#010x}")).collect();
            NameMapping { type_name, before, after, ids }
        };
        let mut names: Vec<NameMapping> = renamed.into_iter().map(name).collect();
        names.sort_by(|one, two| (&one.type_name, &one.before).cmp(&(&two.type_name, &two.before)));
        Self { format: 1, package, names, paths }
    }
}

/// Where a file of this path stands under another name. Extensions stay, and the folders of colours.
pub(super) fn place(path: &str, name: &str) -> String {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("res", path));
    let extension = file.find('.').and_then(|dot| file.get(dot..)).unwrap_or_default();
    let folder = if folder.starts_with("res/color") { folder } else { "res" };
    format!("{folder}/{name}{extension}")
}

/// The names that hashes of the old one give, without end.
fn names<'s>(salt: &'s [u8], old: &'s str) -> impl Iterator<Item = String> + 's {
    (0_u32..=u32::MAX).cycle().map(move |attempt| hashed(salt, old, attempt))
}

fn hashed(salt: &[u8], old: &str, attempt: u32) -> String {
    let input = [salt, &[0], old.as_bytes(), &[0], &attempt.to_le_bytes()].concat();
    let hash = digest(&SHA256, &input);
    let pick = |(place, byte): (usize, &u8)| {
        let alphabet: &[u8] = if place == 0 { LETTERS } else { CHARACTERS };
        alphabet.get(usize::from(*byte) % alphabet.len()).copied().map(char::from)
    };
    hash.as_ref().iter().take(LENGTH).enumerate().filter_map(pick).collect()
}

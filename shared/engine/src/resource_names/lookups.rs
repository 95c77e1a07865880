//! Collects what the app asks for by name.

use std::collections::{BTreeSet, HashSet};
use std::ops::Bound;

use formats::arsc::EntryName;
use formats::axml::tree::{Element, Node};
use formats::axml::{self, Document, Value};
use formats::paths::is_raw_resource;

use super::index::{Found, Index, Scan};
use super::parts::Parts;
use super::renaming::Renaming;
use super::words::words;
use crate::resources::{Error, Resources};

/// Methods of `Resources` (and of libraries that wrap it) that take or give names.
const ASKING_METHODS: [&str; 3] = ["getIdentifier", "getResourceName", "getResourceEntryName"];
/// What URIs of resources contain.
const ASKING_URIS: [&str; 2] = ["android.resource:", "android_res/"];
/// Libraries of runtimes whose compressed code cannot be searched.
const COMPRESSED_RUNTIMES: [&str; 3] = ["libmonodroid.so", "libmonosgen-2.0.so", "libxamarin-app.so"];
/// Libraries of React Native, and the endings of its code.
const REACT_NATIVE: [&str; 5] =
    ["libreactnative.so", "libreactnativejni.so", "libhermes.so", "libhermestooling.so", "libhermesvm.so"];
const SCRIPT_BUNDLES: [&str; 2] = [".bundle", ".jsbundle"];
/// The types whose names React Native puts together from the folders of its assets.
const SCRIPT_TYPES: [&str; 3] = ["drawable", "mipmap", "raw"];
/// The resource by which launchers find the icons of an icon pack.
const ICON_PACK: &str = "appfilter";

/// The folder of resources.
const FOLDER: &str = "res/";
/// Resources that hold no text.
const IMAGES: [&str; 5] = [".png", ".webp", ".jpg", ".jpeg", ".gif"];
/// Length of all texts of a document, in bytes: strings that lie over each other could make a small one say more than memory holds.
const TEXT_LIMIT: u64 = 32 << 20;

/// What an app asks for by name. Everything that can ask is shown to it, in any order; then [`Self::decide`] says what may change.
///
/// Memory grows with the names and paths of the table, not with what is shown.
#[derive(Debug)]
pub(crate) struct Lookups {
    names: Vec<EntryName>,
    paths: BTreeSet<String>,
    index: Index,
    found: Found,
    parts: Parts,
    asked: bool,
    script_types_stay: bool,
    /// Names that somebody outside of the app knows.
    known_outside: HashSet<String>,
    everything_stays: Option<String>,
    /// What stays besides, for the report.
    warnings: Vec<String>,
}

impl Lookups {
    /// Starts with the names and paths of the app's tables, and with the texts of their resources. The same name stays or changes in all of
    /// them: any module may ask for it.
    pub(crate) fn new(tables: &[&Resources<'_>]) -> Result<Self, Error> {
        let (mut names, mut paths) = (Vec::new(), BTreeSet::new());
        for table in tables {
            names.extend(table.entry_names()?);
            paths.extend(table.file_paths()?);
        }
        let index = Index::new(names.iter().map(|name| name.name.as_str()).chain(paths.iter().map(String::as_str)));
        let is_icon_pack = names.iter().any(|name| name.name == ICON_PACK);
        let mut lookups = Self {
            everything_stays: is_icon_pack.then(|| "launchers read the icons of an icon pack".to_owned()),
            parts: Parts::new(names.iter().map(|name| name.name.as_str())),
            names,
            paths,
            index,
            found: Found::default(),
            asked: false,
            script_types_stay: false,
            known_outside: HashSet::new(),
            warnings: Vec::new(),
        };
        for table in tables {
            table.visit_texts(|text| {
                lookups.paths.remove(text);
                lookups.see_text(text);
            })?;
        }
        Ok(lookups)
    }

    /// Takes note of a name that somebody outside of the app knows.
    pub(crate) fn keep_name(&mut self, name: &str) {
        self.known_outside.insert(name.to_owned());
    }

    /// Takes note that somebody outside of the app finds its resources by name.
    pub(crate) fn keep_everything(&mut self, reason: &str) {
        self.everything_stays.get_or_insert(reason.to_owned());
        self.paths.clear();
    }

    /// Keeps the paths of all files, which must not stand elsewhere.
    pub(crate) fn keep_all_paths(&mut self, reason: &str) {
        self.warnings.push(format!("all paths of files stay: {reason}"));
        self.paths.clear();
    }

    /// Takes note of the name of a method that code refers to, in whatever class.
    pub(crate) fn see_method(&mut self, name: &str) {
        self.asked |= ASKING_METHODS.contains(&name);
    }

    /// Takes note of a string that code has: a constant, or the value of a field or an annotation.
    pub(crate) fn see_code(&mut self, text: &str) {
        self.see_method(text);
        self.see_text(text);
        self.parts.see(text);
        for (start, _) in text.match_indices(FOLDER) {
            let (before, path) = text.split_at(start);
            // Libraries ask whether a path begins with the folder; that opens none.
            if path != FOLDER && (before.is_empty() || before.ends_with(['/', '!', ':'])) {
                self.keep_paths(path);
            }
        }
        if text.contains('/') {
            self.paths.remove(&format!("{FOLDER}{}", text.trim_start_matches('/')));
        }
    }

    /// Takes note of any other text.
    pub(crate) fn see_text(&mut self, text: &str) {
        self.asked |= ASKING_URIS.iter().any(|uri| text.contains(uri));
        words(text).for_each(|word| self.parts.see_word(word));
    }

    /// Takes note of the texts of a compiled document: the manifest, or an XML resource.
    pub(crate) fn see_document(&mut self, document: &Document) -> Result<(), axml::Error> {
        self.see_element(&document.to_tree(TEXT_LIMIT)?);
        Ok(())
    }

    fn see_element(&mut self, element: &Element) {
        for attribute in &element.attributes {
            if let Value::String(text) = &attribute.value {
                self.see_text(text);
            }
        }
        for child in &element.children {
            match child {
                Node::Text(text) => self.see_text(text),
                Node::Element(element) => self.see_element(element),
            }
        }
    }

    /// The paths that are `beginning`, or begin with it, stay.
    fn keep_paths(&mut self, beginning: &str) {
        let from = (Bound::Included(beginning), Bound::Unbounded);
        let begun = self.paths.range::<str, _>(from).take_while(|path| path.starts_with(beginning));
        let begun: Vec<String> = begun.cloned().collect();
        for path in begun {
            self.paths.remove(&path);
        }
    }

    /// Takes note of the path of any entry of the package.
    pub(crate) fn see_entry(&mut self, path: &str) {
        let file = path.rsplit('/').next().unwrap_or_default();
        if COMPRESSED_RUNTIMES.contains(&file) {
            let reason = format!("{path} belongs to a runtime whose code is compressed");
            self.everything_stays.get_or_insert(reason);
        }
        let is_bundle = path.starts_with("assets/") && SCRIPT_BUNDLES.iter().any(|ending| file.ends_with(ending));
        self.script_types_stay |= is_bundle || REACT_NATIVE.contains(&file);
    }

    /// Whether the content of an entry has to be searched with [`Self::scan`]: everything but code, images, and compiled XML, whose texts
    /// are shown to [`Self::see_document`].
    pub(crate) fn needs_scan(path: &str) -> bool {
        let ends_with_one_of = |endings: &[&str]| endings.iter().any(|ending| path.ends_with(ending));
        let is_resource = path.starts_with(FOLDER) && !is_raw_resource(path);
        let is_document = path == "AndroidManifest.xml" || (is_resource && path.ends_with(".xml"));
        let is_image = is_resource && ends_with_one_of(&IMAGES);
        let is_table = path == "resources.arsc";
        !(path.ends_with(".dex") || is_document || is_image || is_table || path.starts_with("META-INF/"))
    }

    /// Starts the search through a file that is neither DEX nor resource. Several can be searched at a time.
    pub(crate) fn scan(&self) -> Scan<'_> {
        Scan::new(&self.index)
    }

    /// Takes note of what a search through the file at `path` found.
    pub(crate) fn see_file(&mut self, path: &str, found: &Found) {
        if found.asks {
            self.everything_stays.get_or_insert(format!("{path} asks for resources itself"));
        }
        self.found.add(found);
    }

    /// Decides what becomes of every name and path. `entries` are the paths of all entries of the package: no new path is one of them.
    /// The same `salt` gives the same names again. `may_become` is asked with a path and each new one that it could have.
    pub(crate) fn decide<'e>(
        mut self,
        salt: &[u8],
        entries: impl Iterator<Item = &'e str>,
        may_become: impl Fn(&str, &str) -> bool,
    ) -> Renaming {
        let files: HashSet<&str> = entries.collect();
        let mut renaming = Renaming::new(salt, files.iter().copied());
        let kept = self.kept_names();
        let shared: HashSet<&str> =
            self.names.iter().filter(|name| name.is_shared).map(|name| name.name.as_str()).collect();
        for name in &self.names {
            let stays = |type_name: &String| self.script_types_stay && SCRIPT_TYPES.contains(&type_name.as_str());
            if shared.contains(name.name.as_str()) || kept.contains(name.name.as_str()) {
                renaming.keep(&name.name);
            } else {
                let changing = name.types.iter().filter(|type_name| !stays(type_name));
                renaming.change(&name.name, changing.cloned());
            }
        }
        renaming.choose_names();
        let paths = self
            .paths
            .iter()
            .filter(|path| path.starts_with(FOLDER) && files.contains(path.as_str()) && !self.is_in_files(path));
        let stay: Vec<&String> = paths.filter(|path| !renaming.change_path(path, &may_become)).collect();
        let warning = stay.first().map(|first| {
            let count = stay.len();
            format!(
                "paths stay whose files would be packed in another way elsewhere: {first} (files of this kind: {count})"
            )
        });
        renaming.keeps_all_names = self.everything_stays.is_some();
        renaming.warnings = self.warnings(kept.len());
        renaming.warnings.extend(warning);
        renaming.warnings.append(&mut self.warnings);
        renaming
    }

    fn warnings(&self, kept: usize) -> Vec<String> {
        let mut warnings = Vec::new();
        match &self.everything_stays {
            Some(reason) => warnings.push(format!("all names of resources stay: {reason}")),
            None if self.asks() => warnings.push(format!(
                "the app asks for resources by name: {kept} names stay, which it has as texts or parts of them; names that come from a \
                 server or from encrypted texts cannot be seen"
            )),
            None => {}
        }
        if self.everything_stays.is_none() && self.script_types_stay {
            warnings.push("names of images and raw files stay: React Native puts them together".to_owned());
        }
        warnings
    }

    fn asks(&self) -> bool {
        self.asked || self.script_types_stay
    }

    fn kept_names(&self) -> HashSet<&str> {
        let names = self.names.iter().map(|name| name.name.as_str());
        if self.everything_stays.is_some() {
            return names.collect();
        }
        if !self.asks() {
            return names.filter(|name| name.is_empty() || self.known_outside.contains(*name)).collect();
        }
        let mut kept = self.parts.kept();
        kept.extend(self.known_outside.iter().map(String::as_str));
        kept.extend(names.filter(|name| self.is_in_files(name)));
        kept
    }

    /// Whether a file has this name or path among its bytes; those that are not looked for count as found.
    fn is_in_files(&self, text: &str) -> bool {
        self.index.place(text).is_none_or(|place| self.found.texts.get(place) == Some(&true))
    }
}

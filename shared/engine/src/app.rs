//! The app as the controls see and edit it.

use std::collections::BTreeSet;

use domain::control::ControlId;
use domain::policy::Policy;
use formats::axml::{AndroidAttribute, Document, Value};
use formats::limits::Limits;
use formats::proto::{NewNames, xml};
use formats::zip::{Archive, Method};

use crate::bundle::Bundle;
use crate::edits::{Edit, Edits};
use crate::error::BundlePart;
use crate::inspect::{Input, Manifest, Tables};
use crate::manifest::Facts;
use crate::module::{Form, Module};
use crate::outcome::Change;
use crate::resource_names::Mapping;
use crate::resources::{Resources, Target};
use crate::{Error, document};

/// The property of an app that says for which format of watch faces it was made.
const WATCH_FACE: &str = "com.google.wear.watchface.format.version";

/// How many resources may stand for each other one after another, the file's own among them.
const MOST_ALIASES: u32 = 20;

/// How many names are tried for a new resource. Each costs a walk through the table, which a hostile one could ask for without end.
const NEW_NAMES: u32 = 16;

/// An app in the course of being edited.
pub(crate) struct App<'a> {
    pub(crate) archive: &'a Archive<'a>,
    pub(crate) facts: &'a Facts,
    pub(crate) policy: &'a Policy,
    pub(crate) limits: &'a Limits,
    /// What an app bundle says beside its modules.
    pub(crate) bundle: Option<&'a Bundle>,
    /// The module that is the app itself.
    pub(crate) base: Part<'a>,
    /// The other modules of a bundle.
    pub(crate) features: Vec<Part<'a>>,
    pub(crate) edits: Edits,
    /// What the present control changed.
    pub(crate) changes: Vec<Change>,
    /// What the present control leaves open.
    pub(crate) warnings: Vec<String>,
    /// Whether the present control left as it is what it would have changed.
    pub(crate) is_left: bool,
    /// The resources that got other names.
    pub(crate) mapping: Option<Mapping>,
}

/// A module in the course of being edited.
pub(crate) struct Part<'a> {
    pub(crate) module: &'a Module,
    pub(crate) manifest: Document,
    /// The manifest's bytes in the input.
    original: &'a [u8],
    /// The resource table's bytes; empty for a module that has none.
    resources: &'a [u8],
    /// The resource table, once a control asked for it.
    table: Option<Resources<'a>>,
}

/// An XML resource that is not there yet.
pub(crate) struct NewXml {
    /// Its name.
    pub(crate) name: String,
    /// The name of its file's entry.
    pub(crate) entry: String,
    /// The file's path in the resource table.
    path: String,
}

impl<'a> App<'a> {
    pub(crate) fn new(input: &'a Input<'a>, tables: &'a Tables, policy: &'a Policy, limits: &'a Limits) -> Self {
        let part = |manifest: &'a Manifest, resources: &'a Vec<u8>| Part {
            module: &manifest.module,
            manifest: manifest.document.clone(),
            original: &manifest.bytes,
            resources,
            table: None,
        };
        let features = input.features.iter().zip(&tables.features);
        Self {
            archive: &input.archive,
            facts: &input.facts,
            policy,
            limits,
            bundle: input.bundle.as_ref(),
            base: part(&input.base, &tables.base),
            features: features.map(|(manifest, resources)| part(manifest, resources)).collect(),
            edits: Edits::default(),
            changes: Vec::new(),
            warnings: Vec::new(),
            is_left: false,
            mapping: None,
        }
    }

    /// The form of the app's documents and tables.
    pub(crate) const fn form(&self) -> Form {
        self.base.module.form()
    }

    /// Whether the app is a declarative watch face, which has resources and no code of its own.
    pub(crate) fn is_watch_face(&self) -> bool {
        let properties = self.base.manifest.select(&["manifest", "application", "property"]);
        let format = Value::String(WATCH_FACE.to_owned());
        let mut names = properties.into_iter().map(|it| self.base.manifest.attribute(it, AndroidAttribute::NAME));
        names.any(|name| name.as_ref() == Some(&format))
    }

    /// All modules, the app itself first.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Part<'a>> {
        std::iter::once(&self.base).chain(&self.features)
    }

    /// All modules, to be edited.
    pub(crate) fn parts_mut(&mut self) -> impl Iterator<Item = &mut Part<'a>> {
        std::iter::once(&mut self.base).chain(&mut self.features)
    }

    /// The resource table of the app itself; an empty one for an app that has none.
    pub(crate) fn table(&mut self) -> Result<&mut Resources<'a>, Error> {
        self.base.table(self.limits)
    }

    /// The entries of the files behind a reference to an XML resource, for all configurations; none where it is anything else for some of
    /// them. An alias stands for what it refers to.
    pub(crate) fn xml_files(&mut self, id: u32) -> Result<Vec<String>, Error> {
        let (mut files, mut seen, mut open) = (BTreeSet::new(), BTreeSet::new(), vec![(id, 0)]);
        while let Some((id, depth)) = open.pop() {
            let targets = if depth >= MOST_ALIASES { Vec::new() } else { self.targets(id)? };
            if targets.is_empty() {
                return Ok(Vec::new());
            }
            for (module, target) in targets {
                match target {
                    Target::File(path) => drop(files.insert(module.entry(&path))),
                    Target::Alias(id) => open.extend(Some((id, depth + 1)).filter(|alias| seen.insert(*alias))),
                }
            }
        }
        Ok(files.into_iter().collect())
    }

    /// What an entry that should be a file is, in the module that has it; nothing where it is anything else for some configurations.
    fn targets(&mut self, id: u32) -> Result<Vec<(&'a Module, Target)>, Error> {
        let limits = self.limits;
        for part in self.parts_mut().filter(|part| part.has_resources()) {
            let module = part.module;
            match part.table(limits)?.targets(id) {
                None => return Ok(Vec::new()),
                Some(targets) if targets.is_empty() => {}
                Some(targets) => return Ok(targets.into_iter().map(|target| (module, target)).collect()),
            }
        }
        Ok(Vec::new())
    }

    /// A new XML resource under a name and a path that nothing in the app has yet, for a control.
    pub(crate) fn free_xml(&mut self, control: ControlId, name: &str) -> Result<NewXml, Error> {
        let module = self.base.module;
        for number in 0..NEW_NAMES {
            let name = if number == 0 { name.to_owned() } else { format!("{name}_{number}") };
            let path = format!("res/xml/{name}.xml");
            let entry = module.entry(&path);
            if self.table()?.find("xml", &name).is_none() && !self.edits.has(self.archive, &entry) {
                return Ok(NewXml { name, entry, path });
            }
        }
        let reason =
            format!("it has no room for a new resource: {name} and names like it are taken ({NEW_NAMES} were tried)");
        Err(Error::Control { control, entry: module.table(), reason })
    }

    /// Adds an XML resource and its file, and returns the resource's id.
    pub(crate) fn add_xml(&mut self, new: NewXml, document: &Document) -> Result<u32, Error> {
        let (package, table) = (self.facts.package.clone(), self.base.module.table());
        let NewXml { name, entry, path } = new;
        let added = self.table()?.add_file(&package, "xml", &name, &path);
        let id = added.map_err(|error| Error::of_table(&table, error))?;
        let content = self.encoded(document, None, BundlePart::Resources, &entry)?;
        self.edits.add(entry, Method::Deflated, content);
        Ok(id)
    }

    /// The document in an entry as it is by now; the inner error says that it is none.
    pub(crate) fn document(&self, entry: &str) -> Result<Result<Document, document::Error>, Error> {
        Ok(document::read(&self.content(entry)?, self.form(), self.limits))
    }

    /// Changes the document in an entry.
    pub(crate) fn replace_document(&mut self, entry: &str, document: &Document) -> Result<(), Error> {
        let content = self.content(entry)?;
        let content = self.encoded(document, Some(&content), BundlePart::Resources, entry)?;
        self.edits.replace(entry, content);
        Ok(())
    }

    /// The content of an entry as it is by now.
    pub(crate) fn content(&self, name: &str) -> Result<Vec<u8>, Error> {
        match self.edits.content(name) {
            Some(content) => Ok(content.to_vec()),
            None => self.archive.read_entry(name, self.limits.document_bytes).map_err(Error::content),
        }
    }

    fn encoded(
        &self,
        document: &Document,
        original: Option<&[u8]>,
        part: BundlePart,
        entry: &str,
    ) -> Result<Vec<u8>, Error> {
        let encoded = document::write(document, original, self.form(), self.limits);
        encoded.map_err(|error| Error::of_document(part, entry, error))
    }

    /// The edits of all controls together.
    pub(crate) fn finish(mut self) -> Result<Edits, Error> {
        let (form, limits, archive) = (self.form(), self.limits, self.archive);
        for part in std::iter::once(self.base).chain(self.features) {
            if let Some(manifest) = part.edited_manifest(self.edits.new_names(), limits)? {
                self.edits.set(&part.module.manifest(), Edit::Replace(manifest));
            }
            let Some(table) = &part.table else { continue };
            let (name, bytes) = (part.module.table(), table.to_bytes());
            match archive.entry(&name) {
                Some(_) if *bytes == *part.resources => {}
                Some(_) => self.edits.set(&name, Edit::Replace(bytes.into_owned())),
                // Without anything that was added, there is nothing to refer to either.
                None if !(part.module.is_base() && self.edits.has_added()) => {}
                None => {
                    let method = if form == Form::Apk { Method::Stored } else { Method::Deflated };
                    self.edits.add(name, method, bytes.into_owned());
                }
            }
        }
        Ok(self.edits)
    }
}

impl<'a> Part<'a> {
    /// Whether the module has resources, of its own or added by a control.
    pub(crate) fn has_resources(&self) -> bool {
        !self.resources.is_empty() || self.table.is_some()
    }

    /// The resource table; an empty one for a module that has none.
    pub(crate) fn table(&mut self, limits: &Limits) -> Result<&mut Resources<'a>, Error> {
        let table = match self.table.take() {
            Some(table) => table,
            None => Resources::parse(self.resources, self.module.form(), limits)
                .map_err(|error| Error::of_table(&self.module.table(), error))?,
        };
        Ok(self.table.insert(table))
    }

    /// The manifest's bytes where they are other ones than in the input.
    fn edited_manifest(&self, names: &NewNames, limits: &Limits) -> Result<Option<Vec<u8>>, Error> {
        let (entry, form) = (self.module.manifest(), self.module.form());
        let refused = |error| Error::of_document(BundlePart::Manifest, &entry, error);
        let mut bytes = document::write(&self.manifest, Some(self.original), form, limits).map_err(refused)?;
        if form == Form::Bundle && !names.is_empty() {
            let renamed = xml::rename_references(&bytes, names, limits).map_err(|error| refused(error.into()))?;
            bytes = renamed.unwrap_or(bytes);
        }
        Ok(Some(bytes).filter(|bytes| bytes != self.original))
    }
}

//! The app as the controls see and edit it.

use domain::policy::Policy;
use formats::arsc::Table;
use formats::axml::Document;
use formats::limits::Limits;
use formats::zip::{self, Archive, Method};

use crate::Error;
use crate::edits::{Edit, Edits};
use crate::inspect::{Input, MANIFEST, RESOURCES};
use crate::manifest::Facts;
use crate::outcome::Change;
use crate::resource_names::Mapping;

/// An app in the course of being edited.
pub(crate) struct App<'a> {
    pub(crate) archive: &'a Archive<'a>,
    pub(crate) facts: &'a Facts,
    pub(crate) policy: &'a Policy,
    pub(crate) limits: &'a Limits,
    pub(crate) manifest: Document,
    pub(crate) edits: Edits,
    /// What the present control changed.
    pub(crate) changes: Vec<Change>,
    /// What the present control leaves open.
    pub(crate) warnings: Vec<String>,
    /// The resources that got other names.
    pub(crate) mapping: Option<Mapping>,
    /// The resource table's bytes; empty for an app that has none.
    resources: &'a [u8],
    /// The resource table, once a control asked for it.
    table: Option<Table<'a>>,
}

impl<'a> App<'a> {
    /// `resources` are the bytes of the resource table; empty for an app that has none.
    pub(crate) fn new(input: &'a Input<'a>, resources: &'a [u8], policy: &'a Policy, limits: &'a Limits) -> Self {
        Self {
            archive: &input.archive,
            facts: &input.facts,
            policy,
            limits,
            manifest: input.document.clone(),
            edits: Edits::default(),
            changes: Vec::new(),
            warnings: Vec::new(),
            mapping: None,
            resources,
            table: None,
        }
    }

    /// Whether the app has resources, of its own or added by a control.
    pub(crate) fn has_resources(&self) -> bool {
        !self.resources.is_empty() || self.table.is_some()
    }

    /// The resource table; an empty one for an app that has none.
    pub(crate) fn table(&mut self) -> Result<&mut Table<'a>, Error> {
        let table = match self.table.take() {
            Some(table) => table,
            None if self.resources.is_empty() => Table::empty(self.limits),
            None => Table::parse(self.resources, self.limits)?,
        };
        Ok(self.table.insert(table))
    }

    /// The files behind a reference to an XML resource, one for each configuration.
    pub(crate) fn xml_files(&mut self, id: u32) -> Result<Vec<String>, Error> {
        let resource = self.table()?.resource(id);
        Ok(resource
            .into_iter()
            .flat_map(|resource| resource.files().map(|file| file.path).collect::<Vec<_>>())
            .collect())
    }

    /// A name for a new XML resource and a path for its file that nothing in the app has yet.
    pub(crate) fn free_xml(&mut self, name: &str) -> Result<(String, String), Error> {
        for number in 0_u32.. {
            let name = if number == 0 { name.to_owned() } else { format!("{name}_{number}") };
            let path = format!("res/xml/{name}.xml");
            if self.table()?.find("xml", &name).is_none() && !self.edits.has(self.archive, &path) {
                return Ok((name, path));
            }
        }
        Err(Error::Layout(zip::Error::Limit {
            what: "number of entries",
            found: u32::MAX.into(),
            limit: u32::MAX.into(),
        }))
    }

    /// Adds an XML resource and its file, and returns the resource's id.
    pub(crate) fn add_xml(&mut self, name: &str, path: &str, document: &Document) -> Result<u32, Error> {
        let package = self.facts.package.clone();
        let table = self.table()?;
        table.ensure_package(&package)?;
        let id = table.add_file("xml", name, path)?;
        self.edits.add(path.to_owned(), Method::Deflated, document.to_bytes());
        Ok(id)
    }

    /// The content of an entry as it is by now.
    pub(crate) fn content(&self, name: &str) -> Result<Vec<u8>, Error> {
        match self.edits.content(name) {
            Some(content) => Ok(content.to_vec()),
            None => self.archive.read_entry(name, self.limits.document_bytes).map_err(Error::content),
        }
    }

    /// The edits of all controls together.
    pub(crate) fn finish(mut self, input: &Input<'_>) -> Edits {
        let manifest = self.manifest.to_bytes();
        if manifest != input.manifest {
            self.edits.set(MANIFEST, Edit::Replace(manifest));
        }
        if let Some(table) = self.table {
            let bytes = table.to_bytes();
            match self.archive.entry(RESOURCES) {
                Some(_) if *bytes == *self.resources => {}
                Some(_) => self.edits.set(RESOURCES, Edit::Replace(bytes.into_owned())),
                // Without anything that was added, there is nothing to refer to either.
                None if !self.edits.has_added() => {}
                None => self.edits.add(RESOURCES.to_owned(), Method::Stored, bytes.into_owned()),
            }
        }
        self.edits
    }
}

//! The app as the controls see and edit it.

use domain::policy::Policy;
use formats::axml::Document;
use formats::limits::Limits;
use formats::zip::{Archive, Method};

use crate::Error;
use crate::edits::{Edit, Edits};
use crate::inspect::{Input, MANIFEST, RESOURCES};
use crate::manifest::Facts;
use crate::outcome::Change;

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
}

impl<'a> App<'a> {
    pub(crate) fn new(input: &'a Input<'a>, policy: &'a Policy, limits: &'a Limits) -> Self {
        Self {
            archive: &input.archive,
            facts: &input.facts,
            policy,
            limits,
            manifest: input.document.clone(),
            edits: Edits::default(),
            changes: Vec::new(),
            warnings: Vec::new(),
        }
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
        self.edits
    }
}

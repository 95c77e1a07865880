//! What is to be done with the entries of a package, collected by the controls and carried out by packaging.

use std::collections::BTreeMap;

use formats::proto::NewNames;
use formats::zip::{Archive, Attributes, Entry, Method};

use crate::package;

/// What is to be done with one entry of the input.
#[derive(Debug)]
pub(crate) enum Edit {
    /// It is left out.
    Drop,
    /// It gets another content.
    Replace(Vec<u8>),
    /// A DEX file, rewritten without debug information when its turn comes: several do not fit into memory at once.
    StripDex,
    /// A native library, likewise.
    StripLibrary,
    /// A document in protobuf form, in which references get the new names of what they refer to; likewise.
    RenameReferences,
}

/// An entry that the input does not have.
#[derive(Debug)]
struct Added {
    name: String,
    method: Method,
    content: Vec<u8>,
}

/// The edits of a package; an entry has at most one, and may have another name besides.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    contents: BTreeMap<String, Edit>,
    names: BTreeMap<String, String>,
    added: Vec<Added>,
    /// The new names of resources.
    new_names: NewNames,
}

/// An entry of the output.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    pub(crate) name: &'a str,
    pub(crate) attributes: Attributes,
    pub(crate) content: Content<'a>,
}

/// Where the content of an entry comes from.
#[derive(Debug)]
pub(crate) enum Content<'a> {
    /// The packed bytes of the input.
    Copy(&'a Entry),
    /// The content in the input, unpacked.
    Unpack(&'a Entry),
    /// A new content.
    New(Method, &'a [u8]),
    /// The input's DEX file without debug information.
    StripDex(&'a Entry),
    /// The input's native library without symbols and debug information.
    StripLibrary(&'a Entry),
    /// The input's document with references to the new names of resources.
    RenameReferences(&'a Entry),
}

impl<'a> Item<'a> {
    /// The entry of the input that this one comes from.
    pub(crate) fn original(&self) -> Option<&'a Entry> {
        match self.content {
            Content::Copy(entry) | Content::Unpack(entry) => Some(entry),
            Content::StripDex(entry) | Content::StripLibrary(entry) | Content::RenameReferences(entry) => Some(entry),
            Content::New(..) => None,
        }
    }
}

impl Edits {
    /// Sets what is to be done with an entry of the input.
    pub(crate) fn set(&mut self, name: &str, edit: Edit) {
        self.contents.insert(name.to_owned(), edit);
    }

    /// Sets the new names that references get.
    pub(crate) fn set_new_names(&mut self, names: NewNames) {
        self.new_names = names;
    }

    pub(crate) fn new_names(&self) -> &NewNames {
        &self.new_names
    }

    /// Whether there is an entry that the input does not have.
    pub(crate) fn has_added(&self) -> bool {
        !self.added.is_empty()
    }

    /// The names of all entries of the input and of those that were added.
    pub(crate) fn names<'n>(&'n self, archive: &'n Archive<'_>) -> impl Iterator<Item = &'n str> {
        let added = self.added.iter().map(|added| added.name.as_str());
        archive.entries().iter().map(|entry| entry.name.as_str()).chain(added)
    }

    /// Whether an entry of the input is left out.
    pub(crate) fn is_dropped(&self, name: &str) -> bool {
        matches!(self.contents.get(name), Some(Edit::Drop))
    }

    /// Gives an entry of the input, or one that was added, another name.
    pub(crate) fn rename(&mut self, name: &str, new: String) {
        match self.added.iter_mut().find(|added| added.name == name) {
            Some(added) => added.name = new,
            None => drop(self.names.insert(name.to_owned(), new)),
        }
    }

    /// Adds an entry behind those of the input.
    pub(crate) fn add(&mut self, name: String, method: Method, content: Vec<u8>) {
        self.added.push(Added { name, method, content });
    }

    /// Whether the output already has an entry of this name.
    pub(crate) fn has(&self, archive: &Archive<'_>, name: &str) -> bool {
        archive.entry(name).is_some() || self.added.iter().any(|added| added.name == name)
    }

    /// The content that the edits give to an entry.
    pub(crate) fn content(&self, name: &str) -> Option<&[u8]> {
        let replaced = || match self.contents.get(name) {
            Some(Edit::Replace(content)) => Some(content.as_slice()),
            _ => None,
        };
        let added = self.added.iter().find(|added| added.name == name);
        added.map(|added| added.content.as_slice()).or_else(replaced)
    }

    /// Gives an entry of the input or one that was added another content.
    pub(crate) fn replace(&mut self, name: &str, content: Vec<u8>) {
        match self.added.iter_mut().find(|added| added.name == name) {
            Some(added) => added.content = content,
            None => self.set(name, Edit::Replace(content)),
        }
    }

    /// The entries of the output in their order: the input's, without its signature files, then the added ones. `must_be_stored`
    /// tells which ones may not be compressed.
    pub(crate) fn items<'a>(
        &'a self,
        archive: &'a Archive<'_>,
        must_be_stored: impl Fn(&Entry, bool) -> bool,
    ) -> Vec<Item<'a>> {
        let kept = archive.entries().iter().filter(|entry| !package::is_signature_file(&entry.name));
        let kept = kept.filter_map(|entry| {
            let edit = self.contents.get(&entry.name);
            let stored = must_be_stored(entry, edit.is_some());
            let content = match edit {
                None if stored && entry.method != Method::Stored => Content::Unpack(entry),
                None => Content::Copy(entry),
                Some(Edit::Drop) => return None,
                Some(Edit::Replace(content)) => {
                    Content::New(if stored { Method::Stored } else { entry.method }, content)
                }
                Some(Edit::StripDex) => Content::StripDex(entry),
                Some(Edit::StripLibrary) => Content::StripLibrary(entry),
                Some(Edit::RenameReferences) => Content::RenameReferences(entry),
            };
            let name = self.names.get(&entry.name).unwrap_or(&entry.name);
            Some(Item { name, attributes: entry.attributes, content })
        });
        let added = self.added.iter().map(|added| Item {
            name: &added.name,
            attributes: Attributes::default(),
            content: Content::New(added.method, &added.content),
        });
        kept.chain(added).collect()
    }
}

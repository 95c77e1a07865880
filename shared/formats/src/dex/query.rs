//! Questions about a file that other parts of an edit depend on.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Dex;
use super::leb;
use super::survey::{string_data, used};
use super::tables::{Class, Member};
use super::text;

impl<'a> Dex<'a> {
    /// Descriptors of the classes that are defined here, in the order of the file.
    pub fn class_descriptors(&self) -> impl Iterator<Item = Cow<'a, str>> {
        self.tables.classes.iter().map(|row| text::decode(self.descriptor(Class::of(row).class)))
    }

    /// The names of all methods that the file refers to, each once.
    pub fn method_names(&self) -> impl Iterator<Item = Cow<'a, str>> {
        let names: BTreeSet<u32> = self.tables.methods.iter().map(|row| Member::of(row).name).collect();
        names.into_iter().map(|name| text::decode(self.string(name)))
    }

    /// Whether the file refers to any method of this name on this class, as in
    /// `references_method("Landroid/content/res/Resources;", "getIdentifier")`. Calls by reflection are not seen.
    pub fn references_method(&self, class_descriptor: &str, name: &str) -> bool {
        let is_type = |index, text| self.tables.descriptor(index).is_some_and(|index| self.is_string(index, text));
        let mut methods = self.tables.methods.iter().map(Member::of);
        methods.any(|method| self.is_string(method.name, name) && is_type(method.class, class_descriptor))
    }

    /// Every string that is a constant of code, the value of a static field, in an annotation's value or an argument of a call
    /// site; each once, in the order of the file. Names of classes, fields and methods are not among them unless they are also
    /// used like that.
    pub fn code_strings(&self) -> impl Iterator<Item = Cow<'a, str>> {
        (0..)
            .zip(&self.survey.strings)
            .filter(|(_, marks)| **marks & used::VALUE != 0)
            .map(|(index, _)| text::decode(self.string(index)))
    }

    /// Whether a string is this text, which has neither zeros nor characters beyond the first 65,536. Takes no longer than the text is.
    fn is_string(&self, index: u32, text: &str) -> bool {
        let Some(offset) = self.tables.string(index) else { return false };
        let mut reader = self.at(offset);
        let length = leb::unsigned(&mut reader, "length of a string");
        length.is_ok() && reader.rest().strip_prefix(text.as_bytes()).is_some_and(|rest| rest.first() == Some(&0))
    }

    /// The bytes of a string, empty if there is none.
    pub(super) fn string(&self, index: u32) -> &'a [u8] {
        let data = self.tables.string(index).and_then(|offset| string_data(&mut self.at(offset)).ok());
        data.unwrap_or_default()
    }

    /// The bytes of a type's descriptor, empty if there is none.
    fn descriptor(&self, index: u32) -> &'a [u8] {
        self.tables.descriptor(index).map_or(&[], |index| self.string(index))
    }
}

//! An `Info.plist` in the course of being edited.

use domain::control::ControlId;
use formats::plist::{Dictionary, Value, describe};

use crate::Error;
use crate::outcome::Change;

/// An `Info.plist` with what the present control changed in it.
pub(crate) struct Info<'a> {
    /// The entry.
    pub(crate) entry: &'a str,
    pub(crate) root: Dictionary,
    pub(crate) changes: Vec<Change>,
}

impl Info<'_> {
    /// The keys under which devices look for `key`: that one, and those for one kind of device (`key-iphoneos`, `key~ipad`).
    pub(crate) fn variants(&self, key: &str) -> Vec<String> {
        let is_one = |found: &&String| {
            let rest = found.strip_prefix(key).map(|rest| rest.strip_prefix("-iphoneos").unwrap_or(rest));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('~'))
        };
        self.root.keys().filter(is_one).cloned().collect()
    }

    /// The dictionary at `path`, made where it is missing.
    ///
    /// # Errors
    /// Something else stands there.
    pub(crate) fn dictionary(&mut self, control: ControlId, path: &[&str]) -> Result<&mut Dictionary, Error> {
        let mut dictionary = &mut self.root;
        for (depth, key) in path.iter().enumerate() {
            if !dictionary.contains_key(key) {
                dictionary.insert((*key).to_owned(), Value::Dictionary(Dictionary::new()));
            }
            dictionary = dictionary.get_mut(key).and_then(Value::as_dictionary_mut).ok_or_else(|| Error::Control {
                control,
                entry: self.entry.escape_debug().to_string(),
                reason: format!("{} is no dictionary", path[..=depth].join("/").escape_debug()),
            })?;
        }
        Ok(dictionary)
    }

    /// Sets what stands under `key` in the dictionary at `path`; `None` removes it.
    pub(crate) fn set(
        &mut self,
        control: ControlId,
        path: &[&str],
        key: &str,
        value: Option<Value>,
    ) -> Result<(), Error> {
        let dictionary = self.dictionary(control, path)?;
        let before = dictionary.get(key).cloned();
        if before == value {
            return Ok(());
        }
        match value.clone() {
            Some(value) => drop(dictionary.insert(key.to_owned(), value)),
            None => drop(dictionary.remove(key)),
        }
        self.changes.push(Change {
            entry: self.entry.to_owned(),
            element: path.join("/"),
            attribute: key.to_owned(),
            before: before.as_ref().map(describe),
            after: value.as_ref().map(describe),
        });
        Ok(())
    }

    /// What stands under `key` in the dictionary at `path`.
    pub(crate) fn get(&self, path: &[&str], key: &str) -> Option<&Value> {
        let mut dictionary = &self.root;
        for key in path {
            dictionary = dictionary.get(key)?.as_dictionary()?;
        }
        dictionary.get(key)
    }
}

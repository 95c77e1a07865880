//! Edits of the manifest that say what they changed.

use domain::control::ControlId;
use formats::axml::{AndroidAttribute, Application, ElementId, Manifest, Value};

use super::{APPLICATION, Error};
use crate::app::App;
use crate::inspect::MANIFEST;
use crate::outcome::Change;

impl App<'_> {
    /// The `<application>` that a control needs.
    pub(crate) fn application(&self, control: ControlId) -> Result<Application, Error> {
        Manifest::read(&self.manifest)?.application.ok_or(Error::NoApplication { control })
    }

    /// Sets a switch to `false` where it is there at all.
    pub(crate) fn turn_off_where_present(
        &mut self,
        path: &[&str],
        element: ElementId,
        attribute: AndroidAttribute,
    ) -> Result<(), Error> {
        match self.manifest.attribute(element, attribute) {
            Some(_) => self.set(path, element, attribute, Value::Boolean(false)),
            None => Ok(()),
        }
    }

    /// Sets an attribute of `<application>`.
    pub(crate) fn set_on_application(
        &mut self,
        application: &Application,
        attribute: AndroidAttribute,
        value: Value,
    ) -> Result<(), Error> {
        self.set(APPLICATION, application.element, attribute, value)
    }

    fn set(
        &mut self,
        path: &[&str],
        element: ElementId,
        attribute: AndroidAttribute,
        value: Value,
    ) -> Result<(), Error> {
        let is_set = self.manifest.attribute(element, attribute).as_ref() == Some(&value);
        if is_set && self.manifest.is_found_by_id(element, attribute) {
            return Ok(());
        }
        let before = self.manifest.set_attribute(element, attribute, value.clone())?;
        self.changes.push(Change {
            entry: MANIFEST.to_owned(),
            element: path.join("/"),
            attribute: format!("android:{}", attribute.name),
            before: before.map(|value| value.to_string()),
            after: Some(value.to_string()),
        });
        Ok(())
    }
}

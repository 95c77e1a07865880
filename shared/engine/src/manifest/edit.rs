//! Edits of the manifest that say what they changed.

use domain::control::ControlId;
use formats::axml::{AndroidAttribute, Application, ElementId, Manifest, Value};

use super::{APPLICATION, Error};
use crate::app::{App, Part};
use crate::outcome::Change;

impl App<'_> {
    /// The `<application>` that a control needs.
    pub(crate) fn application(&self, control: ControlId) -> Result<Application, Error> {
        Manifest::read(&self.base.manifest)?.application.ok_or(Error::NoApplication { control })
    }

    /// Sets an attribute of `<application>`.
    pub(crate) fn set_on_application(
        &mut self,
        application: &Application,
        attribute: AndroidAttribute,
        value: Value,
    ) -> Result<(), Error> {
        self.changes.extend(self.base.set(APPLICATION, application.element, attribute, value)?);
        Ok(())
    }
}

impl Part<'_> {
    /// Sets a switch to `false` where it is there at all.
    pub(crate) fn turn_off_where_present(
        &mut self,
        path: &[&str],
        element: ElementId,
        attribute: AndroidAttribute,
    ) -> Result<Option<Change>, Error> {
        match self.manifest.attribute(element, attribute) {
            Some(_) => self.set(path, element, attribute, Value::Boolean(false)),
            None => Ok(None),
        }
    }

    fn set(
        &mut self,
        path: &[&str],
        element: ElementId,
        attribute: AndroidAttribute,
        value: Value,
    ) -> Result<Option<Change>, Error> {
        let is_set = self.manifest.attribute(element, attribute).as_ref() == Some(&value);
        if is_set && self.manifest.is_found_by_id(element, attribute) {
            return Ok(None);
        }
        let before = self.manifest.set_attribute(element, attribute, value.clone())?;
        Ok(Some(Change {
            entry: self.module.manifest(),
            element: path.join("/"),
            attribute: format!("android:{}", attribute.name),
            before: before.map(|value| value.to_string()),
            after: Some(value.to_string()),
        }))
    }
}

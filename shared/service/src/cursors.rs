//! Cursors of lists, under the pepper.

use domain::cursor::{Cursor, seal};
use domain::error::Error;

use crate::Service;

impl Service {
    /// The text with which the list `scope` goes on after `position`.
    pub(crate) async fn seal_cursor(&self, scope: &str, position: &str) -> Result<String, Error> {
        Ok(seal(scope, position, &self.store.pepper().await?))
    }

    /// The position in a cursor of the list `scope`. One from before a rotation of the pepper still counts.
    pub(crate) async fn open_cursor(&self, scope: &str, text: &str) -> Result<String, Error> {
        let cursor = Cursor::read(text)?;
        let pepper = self.store.pepper_of_caller(cursor.version()).await?;
        cursor.open(scope, pepper.as_ref())
    }
}

//! The archive that a package is.

use std::io::Write;

use formats::zip::{Attributes, Method, Writer};

use super::Error;

/// An archive in the making: deflated entries, fixed times.
pub(super) struct Package<'a>(Writer<&'a mut dyn Write>);

impl<'a> Package<'a> {
    pub(super) fn new(sink: &'a mut dyn Write) -> Self {
        Self(Writer::new(sink))
    }

    pub(super) fn add(&mut self, path: &str, content: impl AsRef<[u8]>) -> Result<(), Error> {
        self.0.add(path, Method::Deflated, Attributes::default(), content.as_ref()).map_err(Error::writing)
    }

    pub(super) fn finish(self) -> Result<(), Error> {
        let (sink, tail) = self.0.finish(b"").map_err(Error::writing)?;
        tail.write(sink).map_err(Error::writing)?;
        sink.flush().map_err(Error::Sink)
    }
}

//! The output: entries in their old order with new contents where they have such, and what is new behind them.

use std::collections::BTreeMap;
use std::io::Write;

use formats::zip::{Attributes, Method, Writer};

use crate::Error;
use crate::ios::inspect::Input;
use crate::ios::sign::Content;
use crate::output::Output;
use crate::package::of_writing;

/// Made by a Unix system; a file that everybody reads and its owner writes.
const MADE_BY_UNIX: u16 = 3 << 8 | 20;
const PLAIN_FILE: u32 = 0o100_644 << 16;

/// Writes the output.
pub(crate) fn write(
    input: &Input<'_>,
    mut contents: BTreeMap<String, Content>,
    output: &mut Output<'_>,
) -> Result<(), Error> {
    let mut writer = Writer::new(&mut *output);
    for entry in input.archive.entries() {
        let written = match contents.remove(&entry.name) {
            None => writer.copy(&input.archive, entry),
            Some(Content::Bytes(bytes)) => writer.add(&entry.name, entry.method, entry.attributes, &bytes),
            Some(Content::Code(body)) => body.write(&mut writer, &input.archive, &entry.name, entry).map(drop),
        };
        written.map_err(of_writing)?;
    }
    let attributes = Attributes { version_made_by: MADE_BY_UNIX, external: PLAIN_FILE, ..Attributes::default() };
    for (name, content) in &contents {
        // Code stands where it stood.
        let Content::Bytes(bytes) = content else { continue };
        writer.add(name, Method::Deflated, attributes, bytes).map_err(of_writing)?;
    }
    let (_, tail) = writer.finish(input.archive.comment()).map_err(Error::Layout)?;
    tail.write(output).map_err(of_writing)?;
    output.flush().map_err(Error::Sink)
}

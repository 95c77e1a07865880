//! What the controls would change in a package, and what changed between two packages. No service, no AWS.

pub mod diff;
pub mod explain;
pub mod wanted;

use std::fs::File;
use std::path::Path;

use anyhow::Context as _;
use formats::source::FileSource;

/// Opens a package.
fn open(path: &Path) -> anyhow::Result<FileSource> {
    let opened = File::open(path).and_then(FileSource::new);
    opened.with_context(|| format!("cannot read {}", path.display()))
}

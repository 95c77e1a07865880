//! Where things stand in the output.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::thread;

use formats::zip::{Archive, Method};

use crate::diff::Diff;
use crate::error::of_archive;
use crate::manifest::Manifests;
use crate::{Check, Error};

/// From this target on devices refuse a resource table that is compressed or not aligned.
const RESOURCES_STORED_FROM: u32 = 30;
const ALIGNMENT: u64 = 4;
const LIBRARY_ALIGNMENT: u64 = 16_384;

/// Every byte before the directory belongs to an entry, or to the signing block of a signed package.
pub(crate) fn structure(archive: &Archive<'_>, has_block: bool) -> Result<String, Error> {
    let block = archive.before_directory();
    if let Some(gap) = archive.gaps().iter().find(|gap| !has_block || **gap != block) {
        let detail = format!("{} undeclared bytes at offset {}", gap.end - gap.start, gap.start);
        return Err(Check::Structure.failed(detail));
    }
    let deferred = archive.entries().iter().find(|entry| entry.flags & (1 << 3) != 0);
    if let Some(entry) = deferred {
        return Err(Check::Structure.failed(format!("entry \"{}\" has a data descriptor", entry.name.escape_debug())));
    }
    Ok(format!("{} entries, no undeclared bytes", archive.entries().len()))
}

/// Every entry whose bytes are not the input's unpacks to what it declares.
pub(crate) fn contents(
    archive: &Archive<'_>,
    diff: &Diff,
    advance: &(dyn Fn(u64) -> bool + Sync),
) -> Result<String, Error> {
    let changed: BTreeSet<&str> = diff.entries.iter().filter_map(|entry| entry.after.as_deref()).collect();
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let sizes = archive.map_entries(threads, &|entry| match changed.contains(entry.name.as_str()) {
        true => archive.check_content(entry, advance).map(|()| entry.size),
        false => Ok(0),
    });
    let unpacked: u64 = sizes.map_err(|error| of_archive(Check::Contents, error))?.into_iter().sum();
    Ok(format!("{unpacked} bytes that are not the input's unpacked, every CRC-32 right"))
}

/// Stored entries stand where devices map them.
pub(crate) fn alignment(archive: &Archive<'_>, manifests: &Manifests<'_>) -> Result<String, Error> {
    let stored = archive.entries().iter().filter(|entry| entry.method == Method::Stored);
    let mut count = 0_usize;
    for entry in stored {
        let alignment = if entry.name.ends_with(".so") { LIBRARY_ALIGNMENT } else { ALIGNMENT };
        if entry.data_offset % alignment != 0 {
            let (name, offset) = (entry.name.escape_debug(), entry.data_offset);
            return Err(
                Check::Alignment.failed(format!("entry \"{name}\" starts at {offset}, no multiple of {alignment}"))
            );
        }
        count += 1;
    }
    let compressed = archive.entry("resources.arsc").is_some_and(|entry| entry.method != Method::Stored);
    if compressed && manifests.target_is_at_least(RESOURCES_STORED_FROM) {
        return Err(Check::Alignment.failed("resources.arsc is compressed"));
    }
    Ok(format!("{count} stored entries aligned"))
}

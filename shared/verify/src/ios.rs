//! iOS apps: every signature, every file, and what the controls demand of `Info.plist` files and entitlements.

mod bundles;
mod controls;
mod entitlements;
mod entries;
mod info;
mod signatures;
mod tree;

use std::num::NonZero;
use std::thread;

use formats::zip::Archive;

use crate::error::of_archive;
use crate::{Check, Error, Expected, Passed, layout};

pub(crate) use bundles::App;
pub(crate) use entries::{Judge, content};

/// Whether an archive is an iOS app.
pub(crate) fn is_app(archive: &Archive<'_>) -> bool {
    archive.entries().iter().any(|entry| bundles::app_folder(&entry.name).is_some())
}

/// The checks of [`verify`](crate::verify), on an output that is an iOS app.
pub(crate) fn verify(
    after: &Archive<'_>,
    expected: &Expected<'_>,
    advance: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Vec<Passed>, Error> {
    let mut checks = Vec::new();
    let mut pass = |check, detail| checks.push(Passed { check, detail });
    pass(Check::Structure, layout::structure(after, false)?);
    let before = Archive::read(expected.input, expected.limits);
    let before = before.map_err(|error| of_archive(Check::Entries, error))?;
    let (old, new) = (App::read(&before, expected.limits)?, App::read(after, expected.limits)?);
    pass(Check::Identity, entries::identity(&old, &new)?);
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let files = signatures::digests(&new, threads, advance)?;
    pass(Check::Contents, format!("{} files unpacked, every CRC-32 right", files.len()));
    let programs = signatures::check(&old, &new, &files, expected, threads, advance)?;
    pass(Check::Signatures, signatures::describe(&programs, expected));
    let (policy, has_profile) = (expected.policy, expected.profile.is_some());
    let judge = Judge { policy, names_hosts: true, before: &before, app: &new, has_profile };
    pass(Check::Entries, entries::check(&before, after, &judge, expected, advance)?);
    pass(Check::Controls, controls::check(&new, &programs, expected)?);
    Ok(checks)
}

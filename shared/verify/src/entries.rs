//! Entry by entry: what the engine had no business with must be what it was.

use formats::zip::{Archive, Entry, EntryReader};

use crate::error::of_archive;
use crate::{Check, Error};

/// The entry that controls may change.
const EDITED: &str = "AndroidManifest.xml";
/// Bytes compared at a time.
const PIECE: u64 = 256 << 10;

/// Compares both archives: same entries in the same order but for signature files, same content but for the manifest's.
pub(crate) fn compare(
    before: &Archive<'_>,
    after: &Archive<'_>,
    advance: &(dyn Fn(u64) -> bool + Sync),
) -> Result<String, Error> {
    let mut kept = before.entries().iter().filter(|entry| !is_signature_file(&entry.name));
    let mut removed = before.entries().len();
    for new in after.entries() {
        let old = kept.next();
        let Some(old) = old.filter(|old| old.name == new.name) else {
            let (found, wanted) = (new.name.escape_debug(), old.map_or("the end", |old| &old.name).escape_debug());
            return Err(Check::Entries.failed(format!("found entry \"{found}\" where the input has \"{wanted}\"")));
        };
        removed -= 1;
        if old.attributes != new.attributes {
            return Err(differs(new, "has other times or attributes"));
        }
        if new.name != EDITED {
            compare_content(before, old, after, new, advance)?;
        }
    }
    if let Some(missing) = kept.next() {
        return Err(Check::Entries.failed(format!("entry \"{}\" is missing", missing.name.escape_debug())));
    }
    Ok(format!("{} entries as in the input, {removed} signature files removed", after.entries().len()))
}

fn compare_content(
    before: &Archive<'_>,
    old: &Entry,
    after: &Archive<'_>,
    new: &Entry,
    advance: &(dyn Fn(u64) -> bool + Sync),
) -> Result<(), Error> {
    if (old.size, old.crc32) != (new.size, new.crc32) {
        return Err(differs(new, "has another length or checksum"));
    }
    let same = if old.method == new.method {
        old.packed_size == new.packed_size && same_bytes(before, old, after, new, advance)?
    } else {
        same_content(before.open(old), after.open(new), advance)?
    };
    if same { Ok(()) } else { Err(differs(new, "has another content")) }
}

/// Compares the packed bytes.
fn same_bytes(
    before: &Archive<'_>,
    old: &Entry,
    after: &Archive<'_>,
    new: &Entry,
    advance: &(dyn Fn(u64) -> bool + Sync),
) -> Result<bool, Error> {
    let length = old.packed_size;
    let (mut one, mut two) = (buffer(length), buffer(length));
    let mut position = 0;
    while position < length {
        let wanted = (length - position).min(PIECE);
        one.truncate(wanted as usize);
        two.truncate(wanted as usize);
        before.source().read_at(old.data_offset + position, &mut one).map_err(Error::Source)?;
        after.source().read_at(new.data_offset + position, &mut two).map_err(Error::Source)?;
        if one != two {
            return Ok(false);
        }
        position += wanted;
        if !advance(wanted) {
            return Err(Error::Stopped);
        }
    }
    Ok(true)
}

fn buffer(length: u64) -> Vec<u8> {
    vec![0; length.min(PIECE) as usize]
}

/// Compares the unpacked content. Both readers give pieces of any length.
fn same_content(
    mut before: EntryReader<'_>,
    mut after: EntryReader<'_>,
    advance: &(dyn Fn(u64) -> bool + Sync),
) -> Result<bool, Error> {
    let failed = |error| of_archive(Check::Entries, error);
    let mut pending: Vec<u8> = Vec::new();
    while let Some(piece) = before.next_piece().map_err(failed)? {
        while pending.len() < piece.len() {
            let Some(more) = after.next_piece().map_err(failed)? else { return Ok(false) };
            pending.extend_from_slice(more);
        }
        if !pending.starts_with(piece) {
            return Ok(false);
        }
        pending.drain(..piece.len());
        if !advance(piece.len() as u64) {
            return Err(Error::Stopped);
        }
    }
    Ok(pending.is_empty() && after.next_piece().map_err(failed)?.is_none())
}

fn differs(entry: &Entry, how: &str) -> Error {
    Check::Entries.failed(format!("entry \"{}\" {how}", entry.name.escape_debug()))
}

/// JAR signatures and the source stamp's digest: they speak about the input only.
fn is_signature_file(name: &str) -> bool {
    if name == "stamp-cert-sha256" {
        return true;
    }
    let name = name.to_ascii_lowercase();
    match name.rsplit_once('/') {
        Some(("meta-inf", "manifest.mf")) => true,
        Some(("meta-inf", file)) => {
            let extension = file.rsplit_once('.').map(|(_, extension)| extension);
            matches!(extension, Some("sf" | "rsa" | "dsa" | "ec"))
        }
        _ => false,
    }
}

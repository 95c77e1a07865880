//! `NativeLibraries`: what a module of a bundle says about its folders of libraries.

use formats::proto::Error;
use formats::proto::wire::{Field, Message};

/// `NativeLibraries.directory`, a folder.
const DIRECTORY: u32 = 1;

/// The paths of the folders that the second list does not have any more; an error names another difference.
pub(super) fn removed(before: &[u8], after: &[u8]) -> Result<Vec<String>, String> {
    let fields = |bytes| Message::new(bytes).fields().collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string());
    let (before, after) = (fields(before)?, fields(after)?);
    let (mut left, mut removed) = (after.into_iter().peekable(), Vec::new());
    for old in before {
        if left.next_if(|new| new.bytes == old.bytes).is_none() {
            if old.number != DIRECTORY {
                return Err(format!("field {} is gone", old.number));
            }
            removed.push(path(&old).map_err(|error| error.to_string())?);
        }
    }
    match left.next() {
        Some(_) => Err("something was added".to_owned()),
        None => Ok(removed),
    }
}

fn path(field: &Field<'_>) -> Result<String, Error> {
    Ok(field.message("directory of NativeLibraries")?.text(1, "path of TargetedNativeDirectory")?.to_owned())
}

/// The paths of all folders of a list; what else it says is not known.
pub(crate) fn folders(libraries: &[u8]) -> Result<Vec<String>, Error> {
    let fields = Message::new(libraries).fields();
    let is_folder = |field: &Result<Field<'_>, _>| field.as_ref().map_or(true, |field| field.number == DIRECTORY);
    fields.filter(is_folder).map(|field| path(&field?)).collect()
}

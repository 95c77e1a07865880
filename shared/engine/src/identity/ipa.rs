//! IPAs: the `Info.plist` of the one app, and the images that lie beside it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use domain::file_name::FileName;
use formats::limits::Limits;
use formats::plist::{self, Dictionary, Value};
use formats::png;
use formats::source::Source;
use formats::zip::{Archive, Entry, EntrySource};

use super::icon::MOST_BYTES;
use super::{Icon, Identity, clean, package_name};
use crate::Error;
use crate::ios::bundles;

/// Where icons are listed, for phones and for tablets.
const ICONS: [&str; 2] = ["CFBundleIcons", "CFBundleIcons~ipad"];
/// The lists and names there, and those of older apps, which stand outside.
const ICON_FILES: [&str; 4] =
    ["CFBundleIconFiles", "CFBundleIconFiles~ipad", "CFBundleIconFile", "CFBundleIconFile~ipad"];
/// What a device appends to a listed name, by its screen and by what it is.
const SCALES: [&str; 3] = ["", "@2x", "@3x"];
const IDIOMS: [&str; 3] = ["", "~ipad", "~iphone"];
/// Names of icons that are looked at. Xcode lists some ten.
const MOST_NAMES: usize = 64;
/// Images that are read, the largest first; each may have to be unpacked and packed again.
const MOST_IMAGES: usize = 8;
/// Longest side of an image that has to be unpacked, in pixels: the largest icon that there is.
const MOST_PIXELS: u32 = 1024;

pub(super) fn identify(archive: &Archive<'_>, file_name: &FileName, limits: &Limits) -> Result<Identity, Error> {
    let folder = bundles::app_folder(archive, file_name)?;
    let entry = format!("{folder}/Info.plist");
    let content = archive.read_entry(&entry, limits.document_bytes).map_err(Error::content)?;
    let info = match plist::read_dictionary(&content, limits) {
        Ok(info) => info,
        Err(cause) => return Err(Error::PropertyList { entry, cause }),
    };
    let package_name =
        package_name(&entry, info.get("CFBundleIdentifier").and_then(Value::as_string).unwrap_or_default())?;
    let text = |key: &str| info.get(key).and_then(text).as_deref().and_then(clean);
    Ok(Identity {
        name: ["CFBundleDisplayName", "CFBundleName"]
            .into_iter()
            .find_map(text)
            .unwrap_or_else(|| package_name.clone()),
        package_name,
        version_name: text("CFBundleShortVersionString"),
        version_code: text("CFBundleVersion"),
        icon: icon(archive, &folder, &info)?,
    })
}

/// Versions should be text, and some tools write numbers.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

fn icon(archive: &Archive<'_>, folder: &str, info: &Dictionary) -> Result<Option<Icon>, Error> {
    let names = image_names(info);
    let entries = names.iter().filter_map(|name| archive.entry(&format!("{folder}/{name}")));
    let mut images = Vec::new();
    for entry in entries.filter(|entry| entry.size <= MOST_BYTES) {
        images.push((Reverse(pixels(archive, entry)?), entry.name.as_str()));
    }
    images.sort();
    Icon::first_of(archive, images.into_iter().map(|(_, name)| name).take(MOST_IMAGES), make_plain)
}

/// The names of all images that devices of any kind would look for. (Those in `Assets.car` have none.)
fn image_names(info: &Dictionary) -> BTreeSet<String> {
    let primary = |key: &&str| info.get(key)?.as_dictionary()?.get("CFBundlePrimaryIcon")?.as_dictionary();
    let lists = ICONS.iter().filter_map(primary).chain([info]);
    let values = lists.flat_map(|list| ICON_FILES.iter().filter_map(|key| list.get(key)));
    let listed = values.flat_map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
    let listed = listed.filter_map(Value::as_string).filter(|name| !name.contains('/')).take(MOST_NAMES);
    listed.flat_map(variants).collect()
}

fn variants(listed: &str) -> impl Iterator<Item = String> {
    let stem = listed.strip_suffix(".png").unwrap_or(listed);
    let suffixed =
        SCALES.iter().flat_map(move |scale| IDIOMS.iter().map(move |idiom| format!("{stem}{scale}{idiom}.png")));
    suffixed.chain([listed.to_owned()])
}

/// How many pixels an image has; 0 for one that cannot be read.
fn pixels(archive: &Archive<'_>, entry: &Entry) -> Result<u64, Error> {
    let mut head = vec![0; png::Header::LENGTH.min(entry.size as usize)];
    match EntrySource::new(archive, entry).read_at(0, &mut head).map_err(Error::of_source) {
        Ok(()) => Ok(png::Header::read(&head).map_or(0, |header| u64::from(header.width) * u64::from(header.height))),
        Err(error @ Error::Source(_)) => Err(error),
        Err(_) => Ok(0),
    }
}

/// A plain image of one that Xcode may have packed.
fn make_plain(image: Vec<u8>) -> Option<Vec<u8>> {
    match png::Header::read(&image) {
        Ok(header) if header.is_crushed => png::restore(&image, MOST_PIXELS).ok(),
        _ => Some(image),
    }
}

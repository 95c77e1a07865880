//! What is said in an app bundle beside its modules: how packages are made of it, and which of its files may not change.
//!
//! The messages are those of bundletool's `config.proto`, `files.proto` and `targeting.proto`.

use formats::limits::Limits;
use formats::proto;
use formats::proto::wire::{Field, Message, Writer};
use formats::zip::Archive;

use crate::Error;
use crate::error::BundlePart;

mod glob;

use glob::Globs;

/// How packages are made of the bundle.
const CONFIG: &str = "BundleConfig.pb";
/// Digests of code and libraries, signed by the developer: no build tool can make them anew.
const TRANSPARENCY: &str = "BUNDLE-METADATA/com.android.tools.build.bundletool/code_transparency_signed.jwt";
/// Which methods devices compile when they install the app; bundletool puts it into the packages.
const BASELINE_PROFILE: &str = "BUNDLE-METADATA/com.android.tools.build.profiles/baseline.prof";

/// What is said beside the modules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bundle {
    kind: Kind,
    /// Patterns of paths whose files are not compressed in packages.
    uncompressed: Globs,
    /// Names of resources by which bundletool finds entries.
    names: Vec<String>,
    /// The name of the entry in which code and libraries are signed for themselves, where there is one.
    pub(crate) code_transparency: Option<&'static str>,
    /// The name of the baseline profile's entry, where there is one.
    pub(crate) baseline_profile: Option<&'static str>,
}

/// `BundleConfig.BundleType`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    App,
    System,
    Assets,
    Unknown,
}

impl Bundle {
    /// Reads it; a bundle without configuration is one of an app.
    pub(crate) fn read(archive: &Archive<'_>, limits: &Limits) -> Result<Self, Error> {
        let has = |name| archive.entry(name).is_some();
        let bundle = Self {
            code_transparency: Some(TRANSPARENCY).filter(|name| has(name)),
            baseline_profile: Some(BASELINE_PROFILE).filter(|name| has(name)),
            ..Self::default()
        };
        if !has(CONFIG) {
            return Ok(bundle);
        }
        let bytes = archive.read_entry(CONFIG, limits.document_bytes).map_err(Error::content)?;
        bundle.with_config(Message::new(&bytes), limits.values).map_err(|cause| part(CONFIG, cause))
    }

    /// Patterns and names may be as many, each for itself, as a document may have values.
    fn with_config(mut self, config: Message<'_>, most: u64) -> Result<Self, proto::Error> {
        self.kind = match config.u32(8, "type of BundleConfig")? {
            0 => Kind::App,
            1 => Kind::System,
            2 => Kind::Assets,
            _ => Kind::Unknown,
        };
        if let Some(compression) = config.message(3, "compression of BundleConfig")? {
            self.uncompressed = Globs::new(&texts(compression, 1, "uncompressed_glob", most)?);
        }
        if let Some(master) = config.message(4, "master_resources of BundleConfig")? {
            self.names.extend(texts(master, 2, "resource_names", most)?.into_iter().map(str::to_owned));
        }
        let optimizations = config.message(2, "optimizations of BundleConfig")?;
        let resources = optimizations.map(|it| it.message(5, "resource_optimizations")).transpose()?.flatten();
        let collapsed = resources.map(|it| it.message(2, "collapsed_resource_names")).transpose()?.flatten();
        for field in collapsed.map(|it| numbered(it, 2, "no_collapse_resources", most)).transpose()?.unwrap_or_default()
        {
            let kept = field.message("no_collapse_resources")?;
            self.names.push(kept.text(2, "name of ResourceTypeAndName")?.to_owned());
        }
        Ok(self)
    }

    /// Why the bundle has no app that could be protected.
    pub(crate) const fn is_no_app(&self) -> Option<&'static str> {
        match self.kind {
            Kind::App => None,
            Kind::System => Some("it is a bundle of a system module (APEX)"),
            Kind::Assets => Some("it is a bundle of assets alone, which has no app in it"),
            Kind::Unknown => Some("it is a bundle of a kind that is not known"),
        }
    }

    /// Names of resources that stay, because bundletool finds entries by them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        // With or without the type in front.
        self.names.iter().map(|name| name.rsplit('/').next().unwrap_or(name))
    }

    /// Whether a file is packed in the same way wherever of the two places it stands.
    pub(crate) fn packs_alike(&self, old: &str, new: &str) -> bool {
        self.uncompressed.are_alike(old, new)
    }

    /// Why no file may stand elsewhere: what decides how it is packed is not understood.
    pub(crate) fn packing_is_unknown(&self) -> Option<&str> {
        self.uncompressed.unknown()
    }
}

fn texts<'m>(message: Message<'m>, number: u32, name: &'static str, most: u64) -> Result<Vec<&'m str>, proto::Error> {
    numbered(message, number, name, most)?.into_iter().map(|field| field.text(name)).collect()
}

/// The fields of one number, and no more than `most` of them.
fn numbered<'m>(
    message: Message<'m>,
    number: u32,
    what: &'static str,
    most: u64,
) -> Result<Vec<Field<'m>>, proto::Error> {
    let mut found = Vec::new();
    for field in message.fields() {
        let field = field?;
        if field.number != number {
            continue;
        }
        if found.len() as u64 >= most {
            return Err(proto::Error::TooMany { what, offset: field.offset, limit: most });
        }
        found.push(field);
    }
    Ok(found)
}

/// A `NativeLibraries` message without the folders that `goes` names, and the paths of these.
pub(crate) fn without_libraries(
    entry: &str,
    libraries: &[u8],
    goes: impl Fn(&str) -> bool,
) -> Result<(Vec<u8>, Vec<String>), Error> {
    let (mut left, mut gone) = (Writer::default(), Vec::new());
    for field in Message::new(libraries).fields() {
        let field = field.map_err(|cause| part(entry, cause))?;
        let path = || field.message("directory of NativeLibraries")?.text(1, "path of TargetedNativeDirectory");
        let path = (field.number == 1).then(path).transpose().map_err(|cause| part(entry, cause))?;
        match path.filter(|path| goes(path)) {
            Some(path) => gone.push(path.to_owned()),
            None => drop(left.raw(field.bytes)),
        }
    }
    Ok((left.finish(), gone))
}

/// The paths of the folders in an `Assets` message that are for these processors alone, given as `Abi.AbiAlias`.
pub(crate) fn assets_for(entry: &str, assets: &[u8], processors: &[u32]) -> Result<Vec<String>, Error> {
    let mut folders = Vec::new();
    for field in Message::new(assets).fields() {
        let field = field.map_err(|cause| part(entry, cause))?;
        if field.number == 1 {
            folders.extend(asset_folder_for(&field, processors).map_err(|cause| part(entry, cause))?);
        }
    }
    Ok(folders)
}

/// The path of a `TargetedAssetsDirectory` that is for these processors alone.
fn asset_folder_for(field: &Field<'_>, processors: &[u32]) -> Result<Option<String>, proto::Error> {
    let directory = field.message("directory of Assets")?;
    let targeting = directory.message(2, "targeting of TargetedAssetsDirectory")?;
    let abi = targeting.map(|targeting| targeting.message(1, "abi of AssetsDirectoryTargeting")).transpose()?.flatten();
    let mut found = false;
    for value in abi.into_iter().flat_map(Message::fields) {
        let value = value?;
        if value.number == 1 {
            found = true;
            if !processors.contains(&value.message("value of AbiTargeting")?.u32(1, "alias of Abi")?) {
                return Ok(None);
            }
        }
    }
    Ok(if found { Some(directory.text(1, "path of TargetedAssetsDirectory")?.to_owned()) } else { None })
}

/// The error about a file of the bundle.
fn part(entry: &str, cause: proto::Error) -> Error {
    Error::Bundle { part: BundlePart::Other, entry: entry.to_owned(), cause }
}

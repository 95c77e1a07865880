//! What is said in an app bundle beside its modules: how packages are made of it, and which of its files may not change.
//!
//! The messages are those of bundletool's `config.proto`, `files.proto` and `targeting.proto`.

use formats::limits::Limits;
use formats::proto;
use formats::proto::wire::{Message, Writer};
use formats::zip::Archive;

use crate::Error;
use crate::error::BundlePart;

mod glob;

use glob::Glob;

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
    uncompressed: Vec<Glob>,
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
        bundle.with_config(Message::new(&bytes)).map_err(|cause| part(CONFIG, cause))
    }

    fn with_config(mut self, config: Message<'_>) -> Result<Self, proto::Error> {
        self.kind = match config.u32(8, "type of BundleConfig")? {
            0 => Kind::App,
            1 => Kind::System,
            2 => Kind::Assets,
            _ => Kind::Unknown,
        };
        if let Some(compression) = config.message(3, "compression of BundleConfig")? {
            self.uncompressed = Glob::all(&texts(compression, 1, "uncompressed_glob")?);
        }
        if let Some(master) = config.message(4, "master_resources of BundleConfig")? {
            self.names.extend(texts(master, 2, "resource_names")?.into_iter().map(str::to_owned));
        }
        let optimizations = config.message(2, "optimizations of BundleConfig")?;
        let resources = optimizations.map(|it| it.message(5, "resource_optimizations")).transpose()?.flatten();
        let collapsed = resources.map(|it| it.message(2, "collapsed_resource_names")).transpose()?.flatten();
        for field in collapsed.into_iter().flat_map(Message::fields) {
            let field = field?;
            if field.number == 2 {
                let kept = field.message("no_collapse_resources")?;
                self.names.push(kept.text(2, "name of ResourceTypeAndName")?.to_owned());
            }
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
        self.uncompressed
            .iter()
            .all(|glob| matches!((glob.matches(old), glob.matches(new)), (Some(one), Some(two)) if one == two))
    }
}

fn texts<'m>(message: Message<'m>, number: u32, name: &'static str) -> Result<Vec<&'m str>, proto::Error> {
    let fields = message.fields().filter(|field| field.as_ref().map_or(true, |field| field.number == number));
    fields.map(|field| field?.text(name)).collect()
}

/// A `NativeLibraries` message without the folders that `goes` names; `None` where it has none of them.
pub(crate) fn without_libraries(
    entry: &str,
    libraries: &[u8],
    goes: impl Fn(&str) -> bool,
) -> Result<Option<Vec<u8>>, Error> {
    let mut left = Writer::default();
    for field in Message::new(libraries).fields() {
        let field = field.map_err(|cause| part(entry, cause))?;
        let path = || field.message("directory of NativeLibraries")?.text(1, "path of TargetedNativeDirectory");
        if field.number != 1 || !goes(path().map_err(|cause| part(entry, cause))?) {
            left.raw(field.bytes);
        }
    }
    Ok(Some(left.finish()).filter(|left| left.len() < libraries.len()))
}

/// The error about a file of the bundle.
fn part(entry: &str, cause: proto::Error) -> Error {
    Error::Bundle { part: BundlePart::Other, entry: entry.to_owned(), cause }
}

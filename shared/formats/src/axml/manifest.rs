//! The facts of an Android manifest, read as the platform reads them.

use std::fmt;

use super::error::Error;
use super::name::AndroidAttribute;
use super::value::Value;
use super::{Document, ElementId};

/// What a manifest says about its package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Name of the package.
    pub package: String,
    /// Name of the split; the base has none.
    pub split: Option<String>,
    /// `versionCode`, with `versionCodeMajor` above its 32 bits; 0 when absent.
    pub version_code: u64,
    /// `versionName`, a text or a reference to one.
    pub version_name: Option<Value>,
    /// Lowest version of the platform that installs the package; 1 when absent.
    pub min_sdk: SdkVersion,
    /// Version of the platform that the package was made for; the lowest when absent.
    pub target_sdk: SdkVersion,
    /// The `<application>`; splits may have none.
    pub application: Option<Application>,
}

/// A version of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SdkVersion {
    /// An API level.
    Api(u32),
    /// The code name of a platform under development; only that platform installs the package.
    Codename(String),
}

/// The attributes of `<application>` that decide about protection and packaging, as they stand there; `None` for an absent one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// The element.
    pub element: ElementId,
    /// `android:name`
    pub name: Option<Value>,
    /// `android:appComponentFactory`
    pub app_component_factory: Option<Value>,
    /// `android:debuggable`
    pub debuggable: Option<Value>,
    /// `android:allowBackup`
    pub allow_backup: Option<Value>,
    /// `android:fullBackupContent`
    pub full_backup_content: Option<Value>,
    /// `android:dataExtractionRules`
    pub data_extraction_rules: Option<Value>,
    /// `android:usesCleartextTraffic`
    pub uses_cleartext_traffic: Option<Value>,
    /// `android:networkSecurityConfig`
    pub network_security_config: Option<Value>,
    /// `android:extractNativeLibs`
    pub extract_native_libs: Option<Value>,
    /// `android:hasCode`
    pub has_code: Option<Value>,
}

impl Manifest {
    /// Reads the facts. Several `<uses-sdk>` count with their highest values: all of them must be met.
    ///
    /// A document with another root, without a package name, with several applications, or with versions that are no numbers or
    /// names is refused.
    pub fn read(document: &Document) -> Result<Self, Error> {
        let roots = document.select(&["manifest"]);
        let &[root] = roots.as_slice() else { return Err(Error::NotAManifest("the root is not <manifest>")) };
        let (min_sdk, target_sdk) = sdk_versions(document)?;
        Ok(Self {
            package: text(document, root, "package")?.ok_or(Error::NotAManifest("it names no package"))?,
            split: text(document, root, "split")?,
            version_code: version_code(document, root)?,
            version_name: document.attribute(root, AndroidAttribute::VERSION_NAME),
            min_sdk,
            target_sdk,
            application: Application::read(document)?,
        })
    }
}

impl Application {
    fn read(document: &Document) -> Result<Option<Self>, Error> {
        let element = match document.select(&["manifest", "application"]).as_slice() {
            [] => return Ok(None),
            &[element] => element,
            _ => return Err(Error::NotAManifest("it has more than one <application>")),
        };
        let value = |attribute| document.attribute(element, attribute);
        Ok(Some(Self {
            element,
            name: value(AndroidAttribute::NAME),
            app_component_factory: value(AndroidAttribute::APP_COMPONENT_FACTORY),
            debuggable: value(AndroidAttribute::DEBUGGABLE),
            allow_backup: value(AndroidAttribute::ALLOW_BACKUP),
            full_backup_content: value(AndroidAttribute::FULL_BACKUP_CONTENT),
            data_extraction_rules: value(AndroidAttribute::DATA_EXTRACTION_RULES),
            uses_cleartext_traffic: value(AndroidAttribute::USES_CLEARTEXT_TRAFFIC),
            network_security_config: value(AndroidAttribute::NETWORK_SECURITY_CONFIG),
            extract_native_libs: value(AndroidAttribute::EXTRACT_NATIVE_LIBS),
            has_code: value(AndroidAttribute::HAS_CODE),
        }))
    }
}

impl SdkVersion {
    /// The API level; a code name has none that could be relied on.
    pub const fn api(&self) -> Option<u32> {
        match self {
            Self::Api(level) => Some(*level),
            Self::Codename(_) => None,
        }
    }

    /// Whether this is API `level` or later. A platform under development is later than every number.
    pub fn is_at_least(&self, level: u32) -> bool {
        self.api().is_none_or(|api| api >= level)
    }

    fn read(field: &'static str, value: Option<Value>) -> Result<Option<Self>, Error> {
        match value {
            None => Ok(None),
            Some(Value::String(name)) => Ok(Some(Self::Codename(name))),
            Some(Value::Int(level)) => match u32::try_from(level) {
                Ok(level) => Ok(Some(Self::Api(level))),
                Err(_) => Err(Error::Manifest { field, found: level.to_string() }),
            },
            Some(other) => Err(Error::Manifest { field, found: other.to_string() }),
        }
    }

    fn max(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Codename(_), _) => self,
            (_, Self::Codename(_)) => other,
            (Self::Api(one), Self::Api(two)) => Self::Api(*one.max(two)),
        }
    }
}

impl fmt::Display for SdkVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(level) => write!(f, "{level}"),
            Self::Codename(name) => f.write_str(name),
        }
    }
}

fn sdk_versions(document: &Document) -> Result<(SdkVersion, SdkVersion), Error> {
    let (mut min, mut target) = (SdkVersion::Api(1), None::<SdkVersion>);
    for element in document.select(&["manifest", "uses-sdk"]) {
        let read = |field, attribute| SdkVersion::read(field, document.attribute(element, attribute));
        if let Some(version) = read("minSdkVersion", AndroidAttribute::MIN_SDK_VERSION)? {
            min = min.max(version);
        }
        if let Some(version) = read("targetSdkVersion", AndroidAttribute::TARGET_SDK_VERSION)? {
            target = Some(target.map_or_else(|| version.clone(), |known| known.max(version.clone())));
        }
    }
    let target = target.unwrap_or_else(|| min.clone());
    Ok((min, target))
}

fn version_code(document: &Document, root: ElementId) -> Result<u64, Error> {
    let part = |field, attribute| match document.attribute(root, attribute) {
        None => Ok(0),
        Some(Value::Int(code)) => Ok(u64::from(code.cast_unsigned())),
        Some(other) => Err(Error::Manifest { field, found: other.to_string() }),
    };
    let major = part("versionCodeMajor", AndroidAttribute::VERSION_CODE_MAJOR)?;
    Ok(major << 32 | part("versionCode", AndroidAttribute::VERSION_CODE)?)
}

fn text(document: &Document, element: ElementId, field: &'static str) -> Result<Option<String>, Error> {
    match document.plain_attribute(element, field) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(Error::Manifest { field, found: other.to_string() }),
    }
}

//! Whether each control is in effect in the output.

use std::collections::BTreeSet;

use domain::control::ControlId;
use formats::axml::tree::Element;
use formats::axml::{AndroidAttribute, Document, Value};
use formats::dex::{Same, same_code};
use formats::elf;
use formats::zip::{Archive, EntrySource};

use crate::diff::{Diff, Difference, libraries};
use crate::error::of_archive;
use crate::manifest::Manifests;
use crate::network::Configuration;
use crate::parts::{Part, Parts};
use crate::resources;
use crate::{Check, Error, Expected};

/// From this target on devices follow data extraction rules.
const TRANSFERS_NEED_RULES: u32 = 31;
const NO_APPLICATION: &str = "there is no <application>";
const VALUES: &str = "the manifest does not have the values it demands";

/// Every control of the policy has to be in effect.
pub(crate) fn check(
    after: &Archive<'_>,
    manifests: &Manifests<'_>,
    diff: &Diff,
    expected: &Expected<'_>,
) -> Result<String, Error> {
    let output = Output { after, manifests, diff, expected };
    for control in &expected.policy.controls {
        output.check(*control)?;
    }
    let names: Vec<&str> = expected.policy.controls.iter().map(|control| control.as_str()).collect();
    Ok(if names.is_empty() { "none asked for".to_owned() } else { names.join(", ") })
}

struct Output<'a> {
    after: &'a Archive<'a>,
    manifests: &'a Manifests<'a>,
    diff: &'a Diff,
    expected: &'a Expected<'a>,
}

impl Output<'_> {
    fn check(&self, control: ControlId) -> Result<(), Error> {
        let unmet = |reason: String| Err(Check::Controls.failed(format!("{control} is not in effect: {reason}")));
        let found = match control {
            ControlId::ALLOW_EMULATOR_ARCHITECTURES => self.emulators()?,
            ControlId::BACKUP_PREVENTION => self.backup()?,
            ControlId::DEBUGGABLE_PREVENTION => self.debuggable(),
            ControlId::DEBUG_INFO_OBFUSCATION => self.debug_info()?,
            ControlId::CERTIFICATE_PINNING => self.pinning()?,
            ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION => self.transparency()?,
            ControlId::CLEARTEXT_PREVENTION => self.cleartext()?,
            // Names that stay have their reasons, unknown here; what was renamed is proved by the comparison of the entries.
            ControlId::RESOURCE_NAME_OBFUSCATION => None,
            _ => Some("there is no check for it".to_owned()),
        };
        found.map_or(Ok(()), unmet)
    }

    /// An app that has libraries for emulators alone, be it in one of its modules, keeps them.
    fn emulators(&self) -> Result<Option<String>, Error> {
        let parts = self.parts();
        let files = || self.after.entries().iter().filter(|entry| !entry.is_folder());
        let with = |architectures: &[&str]| -> BTreeSet<&str> {
            let of = |name| parts.architecture(name).is_some_and(|found| architectures.contains(&found));
            files().filter(|entry| of(&entry.name)).filter_map(|entry| Some(parts.split(&entry.name)?.0)).collect()
        };
        let (emulators, devices) = (with(&["x86", "x86_64"]), with(&["arm64-v8a", "armeabi-v7a", "armeabi"]));
        let of_emulator = |name: &str| matches!(parts.architecture(name), Some("x86" | "x86_64"));
        if let Some(left) = files().find(|entry| of_emulator(&entry.name)) {
            let folder = left.name.rsplit_once('/').map_or("", |(folder, _)| folder);
            return Ok(emulators.is_subset(&devices).then(|| format!("{folder}/ is still there")));
        }
        for list in files().filter(|entry| parts.part(&entry.name) == Part::Libraries) {
            let bytes = self.after.read_entry(&list.name, self.expected.limits.document_bytes);
            let bytes = bytes.map_err(|error| of_archive(Check::Controls, error))?;
            let folders = libraries::folders(&bytes).map_err(|error| Check::Controls.failed(error.to_string()))?;
            if folders.iter().any(|folder| matches!(folder.as_str(), "lib/x86" | "lib/x86_64")) {
                return Ok(Some(format!("{} names libraries for emulators", list.name)));
            }
        }
        Ok(None)
    }

    fn parts(&self) -> &Parts {
        self.manifests.parts()
    }

    fn backup(&self) -> Result<Option<String>, Error> {
        let Some(application) = self.manifests.application() else { return Ok(Some(NO_APPLICATION.to_owned())) };
        let is_off = |value: &Option<Value>| *value == Some(Value::Boolean(false));
        if !(is_off(&application.allow_backup) && is_off(&application.full_backup_content)) {
            return Ok(Some(VALUES.to_owned()));
        }
        if !self.manifests.target_is_at_least(TRANSFERS_NEED_RULES) {
            return Ok(None);
        }
        let documents = self.documents(application.data_extraction_rules.as_ref())?;
        let closed = !documents.is_empty() && documents.iter().all(lets_nothing_out);
        Ok((!closed).then(|| "the data extraction rules let something out".to_owned()))
    }

    fn cleartext(&self) -> Result<Option<String>, Error> {
        let Some(application) = self.manifests.application() else { return Ok(Some(NO_APPLICATION.to_owned())) };
        if application.uses_cleartext_traffic != Some(Value::Boolean(false)) {
            return Ok(Some(VALUES.to_owned()));
        }
        self.each_configuration(|configuration| {
            (!configuration.refuses_cleartext()).then(|| "a rule permits cleartext".to_owned())
        })
    }

    fn transparency(&self) -> Result<Option<String>, Error> {
        let domains = &self.expected.policy.transparency_domains;
        self.each_configuration(|configuration| {
            let missing = domains.iter().find(|domain| {
                let below = domain.is_wildcard().then(|| format!("any.{}", domain.host()));
                let mut hosts = [domain.host()].into_iter().chain(below.as_deref());
                !hosts.all(|host| configuration.demands_transparency_for(host))
            });
            match missing {
                Some(domain) => Some(format!("it is not demanded for {}", domain.host())),
                None if domains.is_empty() && !configuration.demands_transparency() => {
                    Some("a rule does not demand it".to_owned())
                }
                None => None,
            }
        })
    }

    fn pinning(&self) -> Result<Option<String>, Error> {
        let pins: Vec<_> = self.expected.policy.certificates.iter().filter_map(|one| one.static_pin().ok()).collect();
        if pins.is_empty() {
            return Ok(Some("nothing is pinned".to_owned()));
        }
        self.each_configuration(|configuration| {
            if configuration.lets_pins_be_overridden() {
                return Some("pins can be overridden".to_owned());
            }
            pins.iter().find_map(|pin| configuration.unpinned(pin)).map(|host| format!("{host} is not pinned"))
        })
    }

    /// The first objection to any variant of the network security configuration.
    fn each_configuration(
        &self,
        objection: impl Fn(&Configuration<'_>) -> Option<String>,
    ) -> Result<Option<String>, Error> {
        let reference =
            self.manifests.application().and_then(|application| application.network_security_config.as_ref());
        let documents = self.documents(reference)?;
        if documents.is_empty() {
            return Ok(Some("there is no network security configuration".to_owned()));
        }
        let object = |root| {
            let configuration = Configuration::new(root);
            let overrides = configuration.has_debug_overrides().then(|| "debug builds follow other rules".to_owned());
            overrides.or_else(|| objection(&configuration))
        };
        Ok(documents.iter().find_map(object))
    }

    fn documents(&self, reference: Option<&Value>) -> Result<Vec<Element>, Error> {
        let files = resources::files(self.after, self.parts(), reference, self.expected.limits)?;
        resources::documents(self.after, self.parts(), &files, self.expected.limits)
    }

    fn debuggable(&self) -> Option<String> {
        if self.manifests.application().is_none() {
            return Some(NO_APPLICATION.to_owned());
        }
        let switches: [(&[&str], &[AndroidAttribute]); 2] = [
            (&["manifest", "application"], &[AndroidAttribute::DEBUGGABLE]),
            (&["manifest", "application", "profileable"], &[AndroidAttribute::SHELL, AndroidAttribute::ENABLED]),
        ];
        let is_on = |document: &Document| {
            switches.iter().any(|(path, attributes)| {
                let elements = document.select(path);
                let mut values = elements.into_iter().flat_map(|element| {
                    attributes.iter().filter_map(move |attribute| document.attribute(element, *attribute))
                });
                values.any(|value| value != Value::Boolean(false))
            })
        };
        self.manifests.documents().iter().any(is_on).then(|| VALUES.to_owned())
    }

    /// Whether the app is a declarative watch face, whose base has the one DEX file that the format prescribes.
    fn is_watch_face(&self) -> bool {
        let format = Value::String("com.google.wear.watchface.format.version".to_owned());
        self.manifests.documents().first().is_some_and(|document| {
            let properties = document.select(&["manifest", "application", "property"]);
            let mut names = properties.into_iter().map(|it| document.attribute(it, AndroidAttribute::NAME));
            names.any(|name| name.as_ref() == Some(&format))
        })
    }

    fn debug_info(&self) -> Result<Option<String>, Error> {
        for entry in self.after.entries() {
            let left = match self.parts().part(&entry.name) {
                Part::Code if entry.name.starts_with("base/") && self.is_watch_face() => None,
                Part::Code if !self.is_loaded(&entry.name) => None,
                Part::Code => self.left_in_code(&entry.name)?,
                // What cannot be read was left alone, with a warning.
                Part::Library => match elf::strip(&EntrySource::new(self.after, entry), self.expected.limits) {
                    Err(elf::Error::Io(error)) => return Err(Error::Source(error)),
                    Ok(None) | Err(_) => None,
                    Ok(Some(left)) => left.removed.first().map(|section| format!("the section {}", section.name)),
                },
                _ => None,
            };
            if let Some(left) = left {
                return Ok(Some(format!("{} still has {left}", entry.name.escape_debug())));
            }
        }
        Ok(None)
    }

    /// Whether devices load a DEX file: those behind a gap in the numbers they do not find.
    fn is_loaded(&self, name: &str) -> bool {
        let (folder, file) = name.rsplit_once('/').map_or(("", name), |(folder, file)| (folder, file));
        let number = file.strip_prefix("classes").and_then(|rest| rest.strip_suffix(".dex"));
        let named = |number: u32| match (folder, number) {
            ("", 1) => "classes.dex".to_owned(),
            ("", number) => format!("classes{number}.dex"),
            (folder, 1) => format!("{folder}/classes.dex"),
            (folder, number) => format!("{folder}/classes{number}.dex"),
        };
        let number = number.map(|number| if number.is_empty() { Some(1) } else { number.parse().ok() });
        let mut before = (1..number.flatten().unwrap_or_default()).map(named);
        before.all(|name| self.after.entry(&name).is_some())
    }

    /// What debug information a DEX file still has. The comparison has counted it in those that were changed.
    fn left_in_code(&self, name: &str) -> Result<Option<String>, Error> {
        let changed = self.diff.entries.iter().filter(|entry| entry.after.as_deref() == Some(name));
        let counted = changed.flat_map(|entry| &entry.differences).find_map(|difference| match difference {
            Difference::DebugInformation { methods_left, source_files_left } => {
                Some((*methods_left, *source_files_left))
            }
            _ => None,
        });
        let (methods, files) = match counted {
            Some(counted) => counted,
            None => {
                let limits = self.expected.limits;
                let bytes = self.after.read_entry(name, limits.dex_bytes);
                let bytes = bytes.map_err(|error| of_archive(Check::Controls, error))?;
                let same = same_code(&bytes, &bytes, limits);
                let Same { debug_infos, source_files } =
                    same.map_err(|error| Check::Controls.failed(error.to_string()))?;
                (debug_infos, source_files)
            }
        };
        Ok((methods + files > 0).then(|| format!("{methods} methods and {files} classes with debug information")))
    }
}

/// Whether data extraction rules exclude every domain from both kinds of transfer:
/// <https://developer.android.com/identity/data/autobackup#xml-syntax-android-12>.
fn lets_nothing_out(rules: &Element) -> bool {
    const DOMAINS: [&str; 9] = [
        "root",
        "file",
        "database",
        "sharedpref",
        "external",
        "device_root",
        "device_file",
        "device_database",
        "device_sharedpref",
    ];
    let excludes = |section: &Element, domain: &str| {
        let wanted = Value::String(domain.to_owned());
        let whole = |path: Option<&Value>| path.is_none_or(|path| *path == Value::String(".".to_owned()));
        section.elements().any(|rule| {
            rule.name == "exclude" && rule.attribute("domain") == Some(&wanted) && whole(rule.attribute("path"))
        })
    };
    let closed = |name: &str| {
        let section = rules.elements().find(|section| section.name == name);
        section.is_some_and(|section| DOMAINS.into_iter().all(|domain| excludes(section, domain)))
    };
    closed("cloud-backup") && closed("device-transfer")
}

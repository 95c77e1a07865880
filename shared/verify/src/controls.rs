//! Whether each control is in effect in the output.

use domain::control::ControlId;
use formats::axml::{AndroidAttribute, Value};
use formats::dex::{Same, same_code};
use formats::elf;
use formats::zip::{Archive, EntrySource};

use crate::diff::{Diff, Difference, is_code};
use crate::error::of_archive;
use crate::manifest::Manifests;
use crate::{Check, Error, Expected};

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
            ControlId::ALLOW_EMULATOR_ARCHITECTURES => self.emulators(),
            ControlId::BACKUP_PREVENTION => self.backup(),
            ControlId::DEBUGGABLE_PREVENTION => self.debuggable(),
            ControlId::DEBUG_INFO_OBFUSCATION => self.debug_info()?,
            _ => Some("there is no check for it".to_owned()),
        };
        found.map_or(Ok(()), unmet)
    }

    fn emulators(&self) -> Option<String> {
        let has = |folder: &str| {
            self.after.entries().iter().any(|entry| entry.name.starts_with(folder) && !entry.is_folder())
        };
        let devices = ["lib/arm64-v8a/", "lib/armeabi-v7a/", "lib/armeabi/"].into_iter().any(has);
        let left = ["lib/x86/", "lib/x86_64/"].into_iter().find(|folder| has(folder))?;
        devices.then(|| format!("{left} is still there"))
    }

    fn backup(&self) -> Option<String> {
        let Some(application) = self.manifests.application() else {
            return Some("there is no <application>".to_owned());
        };
        let is_off = |value: &Option<Value>| *value == Some(Value::Boolean(false));
        let off = is_off(&application.allow_backup) && is_off(&application.full_backup_content);
        (!off).then(|| "the manifest does not have the values it demands".to_owned())
    }

    fn debuggable(&self) -> Option<String> {
        let Some(application) = self.manifests.application() else {
            return Some("there is no <application>".to_owned());
        };
        let off_or_absent = |value: Option<&Value>| value.is_none_or(|value| *value == Value::Boolean(false));
        let document = self.manifests.document();
        let profileable = document.select(&["manifest", "application", "profileable"]);
        let switches = [AndroidAttribute::SHELL, AndroidAttribute::ENABLED];
        let mut values =
            profileable.into_iter().flat_map(|element| switches.map(|switch| document.attribute(element, switch)));
        let off = off_or_absent(application.debuggable.as_ref()) && values.all(|value| off_or_absent(value.as_ref()));
        (!off).then(|| "the manifest does not have the values it demands".to_owned())
    }

    fn debug_info(&self) -> Result<Option<String>, Error> {
        for entry in self.after.entries() {
            let left = if is_code(&entry.name) {
                self.left_in_code(&entry.name)?
            } else if entry.name.starts_with("lib/") && entry.name.ends_with(".so") {
                // What cannot be read was left alone, with a warning.
                match elf::strip(&EntrySource::new(self.after, entry), self.expected.limits) {
                    Err(elf::Error::Io(error)) => return Err(Error::Source(error)),
                    Ok(None) | Err(_) => None,
                    Ok(Some(left)) => left.removed.first().map(|section| format!("the section {}", section.name)),
                }
            } else {
                None
            };
            if let Some(left) = left {
                return Ok(Some(format!("{} still has {left}", entry.name.escape_debug())));
            }
        }
        Ok(None)
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

//! A configuration version: an immutable document of control settings, and the small head that points at it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::certificate::CertificateList;
use crate::control::{ControlId, catalogue};
use crate::custom_message::CustomMessage;
use crate::error::Error;
use crate::id::Sha256Hex;
use crate::plan::Plan;
use crate::platform::Platform;
use crate::policy::Policy;
use crate::setting::Setting;

/// Everything that a version says. Stored under the SHA-256 of its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// The settings of every control that was ever set, by control.
    pub controls: BTreeMap<ControlId, Setting>,
    /// The certificate list (page 003).
    #[serde(default, skip_serializing_if = "CertificateList::is_empty")]
    pub certificates: CertificateList,
    /// Whether the built-in certificate authorities belong to the list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub use_builtin_cas: bool,
    /// The custom message (page 003).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<CustomMessage>,
}

/// Points at the document that a version has now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationHead {
    /// Counts the changes.
    pub revision: u64,
    /// The document.
    pub digest: Sha256Hex,
    /// Enabled protection and detection controls for Android.
    pub enabled_android: u32,
    /// Enabled protection and detection controls for iOS.
    pub enabled_ios: u32,
    /// The lowest plan that has all that is enabled.
    #[serde(default = "lowest_plan")]
    pub needs: Plan,
}

const fn lowest_plan() -> Plan {
    Plan::Free
}

impl ConfigurationHead {
    /// Refuses a build without any enabled control (page 000).
    pub fn require_enabled(&self, platform: Platform) -> Result<(), Error> {
        let enabled = match platform {
            Platform::Android => self.enabled_android,
            Platform::Ios => self.enabled_ios,
        };
        if enabled > 0 { Ok(()) } else { Err(no_enabled_controls()) }
    }

    /// Refuses a build with something that `plan` does not have: the tenant had a higher plan when it was enabled. Leaving it out would
    /// weaken the app without a word.
    pub const fn require_plan(&self, plan: Plan) -> Result<(), Error> {
        match (self.needs, plan) {
            (Plan::Enterprise, Plan::Free | Plan::Team) => {
                Err(Error::PlanRequired("What is enabled in this configuration version requires an Enterprise plan"))
            }
            (Plan::Team, Plan::Free) => Err(Error::PlanRequired(
                "What is enabled in this configuration version requires a Team or Enterprise plan",
            )),
            _ => Ok(()),
        }
    }
}

/// The answer where a version has no enabled control for the platform, or was never configured.
pub fn no_enabled_controls() -> Error {
    Error::invalid(
        "version",
        "No protection or detection controls are enabled for the selected platform and configuration version",
    )
}

impl Configuration {
    /// What a build for `platform` has to carry out.
    pub fn policy(&self, platform: Platform) -> Policy {
        let emulators = ControlId::ALLOW_EMULATOR_ARCHITECTURES;
        let is_off = |id| self.controls.get(&id).is_some_and(|setting: &Setting| setting.protection == Some(false));
        let fits = |id: ControlId| id.control().is_available(platform);
        let mut controls: BTreeSet<ControlId> = self.enabled(platform).filter(|id| *id != emulators).collect();
        controls.extend(Some(emulators).filter(|id| fits(*id) && is_off(*id)));
        let domains = |id| self.controls.get(&id).map_or_else(Vec::new, |setting| setting.domains.clone());
        Policy {
            controls,
            certificates: self.certificates.entries().to_vec(),
            use_builtin_cas: self.use_builtin_cas,
            transparency_domains: domains(ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION),
            tls13_domains: domains(ControlId::TLS13_ONLY_PREVENTION),
        }
    }

    /// Switches on exactly `controls` for `platform`, each of which has to be built, on the plan and for the platform.
    pub fn enabling(controls: &[ControlId], platform: Platform, plan: Plan) -> Result<Self, Error> {
        let mut configuration = Self::default();
        for &id in controls {
            if !id.control().is_available(platform) {
                return Err(Error::invalid("config", format!("{id} is not available for {platform} yet")));
            }
            configuration.set_control(id, &id.control().switched(true), plan)?;
        }
        Ok(configuration)
    }

    /// Replaces those fields of a control's setting that `update` names, for a tenant on `plan`.
    pub fn set_control(&mut self, id: ControlId, update: &Value, plan: Plan) -> Result<(), Error> {
        let before = self.controls.get(&id).cloned().unwrap_or_default();
        let after = before.updated(id.control(), update, plan)?;
        // An update without fields sets nothing.
        if after != before {
            self.controls.insert(id, after);
        }
        Ok(())
    }

    /// What `config` answers: an object of one control each, in the order of the catalogue. The certificates stand with Certificate
    /// Pinning, each with what holds of it at `now`.
    pub fn shown(&self, now: Timestamp) -> Vec<Map<String, Value>> {
        let mut shown = Vec::new();
        for control in catalogue() {
            let is_pinning = control.id == ControlId::CERTIFICATE_PINNING;
            let has_list = is_pinning && (self.use_builtin_cas || !self.certificates.is_empty());
            let Some(setting) = self.controls.get(&control.id).cloned().or(has_list.then(Setting::default)) else {
                continue;
            };
            let mut fields = setting.shown(control);
            if is_pinning {
                fields.insert("use_builtin_cas".to_owned(), self.use_builtin_cas.into());
                fields.insert("certificates".to_owned(), self.shown_certificates(now));
            }
            shown.push(Map::from_iter([(control.id.to_string(), fields.into())]));
        }
        shown
    }

    /// The controls that a build for `platform` has to apply.
    pub fn enabled(&self, platform: Platform) -> impl Iterator<Item = ControlId> {
        let on = move |(id, setting): (&ControlId, &Setting)| {
            (setting.is_on() && setting.concerns(platform) && id.control().is_available(platform)).then_some(*id)
        };
        self.controls.iter().filter_map(on)
    }

    fn shown_certificates(&self, now: Timestamp) -> Value {
        self.certificates.entries().iter().map(|certificate| certificate.shown(now)).collect()
    }

    /// The bytes that are stored, and the digest that names them.
    pub fn to_document(&self) -> Result<(Vec<u8>, Sha256Hex), Error> {
        let bytes = serde_json::to_vec(self).map_err(Error::internal)?;
        let digest = Sha256Hex::of(&bytes);
        Ok((bytes, digest))
    }

    /// The head that points at this configuration under `digest`.
    pub fn head(&self, digest: Sha256Hex, revision: u64) -> ConfigurationHead {
        let counted = |platform| {
            let protections = catalogue().iter().filter(|control| control.counts_as_protection());
            let enabled = protections.filter(|control| self.enabled(platform).any(|id| id == control.id));
            u32::try_from(enabled.count()).unwrap_or(u32::MAX)
        };
        let (enabled_android, enabled_ios) = (counted(Platform::Android), counted(Platform::Ios));
        ConfigurationHead { revision, digest, enabled_android, enabled_ios, needs: self.needed_plan() }
    }

    fn needed_plan(&self) -> Plan {
        let enabled = self.controls.iter().filter(|(_, setting)| setting.is_on());
        enabled.map(|(id, setting)| setting.needed_plan(id.control())).max().unwrap_or(Plan::Free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_built_cannot_be_enabled() {
        let root = "RootDetectionResponse".parse().unwrap();
        assert!(Configuration::enabling(&[root], Platform::Android, Plan::Enterprise).is_err());
        assert!(Configuration::enabling(&[ControlId::BACKUP_PREVENTION], Platform::Ios, Plan::Team).is_err());
        assert!(Configuration::enabling(&[ControlId::BACKUP_PREVENTION], Platform::Android, Plan::Free).is_err());
    }

    #[test]
    fn a_head_counts_what_a_build_would_apply() {
        let controls = [ControlId::BACKUP_PREVENTION, ControlId::CLEARTEXT_PREVENTION];
        let mut configuration = Configuration::enabling(&controls, Platform::Android, Plan::Team).unwrap();
        configuration.controls.get_mut(&ControlId::BACKUP_PREVENTION).unwrap().protection = Some(false);
        let (_, digest) = configuration.to_document().unwrap();
        let head = configuration.head(digest, 1);
        assert_eq!((head.enabled_android, head.enabled_ios), (1, 0));
        assert!(head.require_enabled(Platform::Android).is_ok());
        assert!(head.require_enabled(Platform::Ios).is_err());
    }

    #[test]
    fn a_head_names_the_lowest_plan_that_has_all_that_is_enabled() {
        let mut configuration = Configuration::default();
        let needs = |configuration: &Configuration| configuration.head(Sha256Hex::of(b""), 1).needs;
        assert_eq!(needs(&configuration), Plan::Free);
        let team = ControlId::BACKUP_PREVENTION;
        configuration.set_control(team, &team.control().switched(true), Plan::Team).unwrap();
        assert_eq!(needs(&configuration), Plan::Team);
        let head = configuration.head(Sha256Hex::of(b""), 1);
        assert!(matches!(head.require_plan(Plan::Free), Err(Error::PlanRequired(_))));
        head.require_plan(Plan::Team).unwrap();
        configuration.set_control(team, &team.control().switched(false), Plan::Team).unwrap();
        assert_eq!(needs(&configuration), Plan::Free, "what is off needs no plan");
    }
}

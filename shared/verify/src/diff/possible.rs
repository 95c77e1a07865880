//! What a build could have made of a package: every control counts as enabled.

use std::collections::BTreeSet;

use domain::control::catalogue;
use domain::platform::Platform;
use domain::policy::Policy;
use formats::limits::Limits;
use formats::zip::Archive;
use signing::apk::Schemes;

use super::Diff;
use crate::entries::Judge;
use crate::parts::Parts;
use crate::{Error, ios, manifest, resources};

/// Judges every difference by what a build with every control makes.
pub(super) fn judge_all(
    diff: &mut Diff,
    before: &Archive<'_>,
    after: &Archive<'_>,
    limits: &Limits,
) -> Result<(), Error> {
    if ios::is_app(after) {
        let app = ios::App::read(after, limits)?;
        let policy = possible_controls(Platform::Ios);
        let judge = ios::Judge { policy: &policy, names_hosts: false, before, app: &app, has_profile: true };
        return diff.entries.iter_mut().try_for_each(|entry| {
            entry.objection = judge.objection(entry)?;
            Ok(())
        });
    }
    let possible = Possible::read(after, limits);
    let judge = possible.judge();
    diff.entries.iter_mut().for_each(|entry| entry.objection = judge.objection(entry));
    Ok(())
}

fn possible_controls(platform: Platform) -> Policy {
    catalogue().iter().filter(|control| control.is_available(platform)).map(|control| control.id).collect()
}

/// What a build with every control could have made of the first package, as far as the second one's manifest tells.
struct Possible {
    parts: Parts,
    policy: Policy,
    network_files: BTreeSet<String>,
    min_sdk: u32,
}

impl Possible {
    fn read(after: &Archive<'_>, limits: &Limits) -> Self {
        let policy = possible_controls(Platform::Android);
        let parts = Parts::of(after);
        let manifest = manifest::read(after, &parts, limits).map(|(_, manifest)| manifest).ok();
        let application = manifest.as_ref().and_then(|manifest| manifest.application.as_ref());
        let reference = application.and_then(|application| application.network_security_config.as_ref());
        let network_files =
            resources::files(after, &parts, reference, limits).unwrap_or_default().into_iter().collect();
        let min_sdk = manifest.and_then(|manifest| manifest.min_sdk.api()).unwrap_or(u32::MAX);
        Self { parts, policy, network_files, min_sdk }
    }

    fn judge(&self) -> Judge<'_> {
        let needs_v1 = self.parts.is_bundle() || Schemes::for_min_sdk(self.min_sdk).v1;
        Judge { parts: &self.parts, policy: &self.policy, network_files: &self.network_files, needs_v1 }
    }
}

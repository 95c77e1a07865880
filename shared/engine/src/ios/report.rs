//! Who signed the app, and what a release engineer should know before publishing it.

use signing::Certificate;
use signing::code::Claims;
use signing::ios::ProvisioningProfile;

use crate::Plan;
use crate::ios::controls::{Version, is_older};
use crate::ios::inspect::Input;
use crate::outcome::ControlOutcome;
use crate::report::{ProfileFacts, Signing, Warning};

/// How the report calls the signatures.
const SCHEME: &str = "code_directory";
/// Devices with an older system do not take signatures with SHA-256 alone.
const SHA256_FROM: Version = (11, 0);

/// Who signed the output, and who had signed the input.
pub(crate) fn signing(plan: &Plan<'_>, previous: Option<&Claims>) -> Signing {
    let identity = plan.ios_key().map(|(identity, _)| identity);
    let own = |read: fn(&Certificate) -> String| identity.map(|identity| read(identity.signer().certificate()));
    Signing {
        signed: identity.is_some(),
        ad_hoc: Some(identity.is_none()),
        schemes: vec![SCHEME],
        certificate_sha256: own(Certificate::sha256),
        certificate_subject: own(|certificate| certificate.subject().to_owned()),
        key: identity.map(|identity| identity.signer().kind().to_string()),
        profile: identity.map(|identity| facts(identity.profile())),
        lineage_sha256: None,
        previous_certificates_sha256: Some(
            previous.and_then(|claims| claims.certificate.as_ref()).map(Certificate::sha256).into_iter().collect(),
        ),
    }
}

fn facts(profile: &ProvisioningProfile) -> ProfileFacts {
    ProfileFacts {
        name: profile.name().to_owned(),
        uuid: profile.uuid().to_owned(),
        team_id: profile.team_id().to_owned(),
        kind: profile.kind().to_string(),
        expires: profile.expires(),
    }
}

/// Every warning of a build; those of the controls stand in the controls' own rows as well.
pub(crate) fn warnings(
    input: &Input<'_>,
    plan: &Plan<'_>,
    controls: &[ControlOutcome],
    previous: Option<&Claims>,
) -> Vec<Warning> {
    let mut warnings = vec![signer(plan, previous)];
    if input.is_for_simulator {
        let message = "The app was built for the simulator: devices do not run it, and the App Store does not take it.";
        warnings.push(Warning { code: "simulator_build", message: message.to_owned() });
    }
    if is_older(input, SHA256_FROM) {
        let message = "The app installs on systems before iOS 11, which do not take signatures that have SHA-256 only.";
        warnings.push(Warning { code: "old_system", message: message.to_owned() });
    }
    if !input.hollow.is_empty() {
        let message = format!(
            "Frameworks without their own code, which Xcode leaves so where it was linked into the app, are kept as files: {}.",
            input.hollow.join(", ")
        );
        warnings.push(Warning { code: "framework_without_code", message });
    }
    for outcome in controls {
        let warning =
            |message| Warning { code: "control_limited", message: format!("{}: {message}.", outcome.control) };
        warnings.extend(outcome.warnings.iter().map(warning));
    }
    warnings
}

fn signer(plan: &Plan<'_>, previous: Option<&Claims>) -> Warning {
    let Some((identity, _)) = plan.ios_key() else {
        let message = "The app is signed ad hoc: nobody's key signed it, and no device runs it before it is signed with a certificate and \
                       a provisioning profile.";
        return Warning { code: "ad_hoc", message: message.to_owned() };
    };
    let (team, profile) = (identity.profile().team_id(), identity.profile());
    match previous.and_then(|claims| claims.team_id.as_deref()) {
        Some(before) if before == team => {
            let message = format!(
                "The app is signed again by the team {team}, under the {} profile {:?}.",
                profile.kind(),
                profile.name()
            );
            Warning { code: "signed_again", message }
        }
        before => {
            let before = before.map_or_else(|| "by no team".to_owned(), |team| format!("by the team {team}"));
            let message = format!(
                "The app is signed by the team {team}, under the {} profile {:?}; until now it was signed {before}. Where the team is another \
                 one, installed copies cannot be updated to it, and its keychain items and app groups stay behind.",
                profile.kind(),
                profile.name()
            );
            Warning { code: "certificate_changed", message }
        }
    }
}

//! What a release engineer should know before publishing the output.

use formats::zip::Method;

use crate::inspect::{Input, RESOURCES};
use crate::outcome::ControlOutcome;
use crate::report::{Signing, Warning};

/// Every warning of a build; those of the controls stand in the controls' own rows as well.
pub(crate) fn collect(input: &Input<'_>, controls: &[ControlOutcome], signing: &Signing) -> Vec<Warning> {
    let mut warnings = vec![match input.bundle {
        None => certificate(signing),
        Some(_) => upload_key(signing),
    }];
    let resources = input.archive.entry(RESOURCES).filter(|entry| entry.method != Method::Stored);
    if resources.is_some_and(|entry| input.must_be_stored(entry, false)) {
        let message = format!(
            "{RESOURCES} was compressed, which devices refuse for apps that target API 30 or later; it is stored uncompressed now."
        );
        warnings.push(Warning { code: "resources_stored", message });
    }
    for outcome in controls {
        let warning =
            |message| Warning { code: "control_limited", message: format!("{}: {message}.", outcome.control) };
        warnings.extend(outcome.warnings.iter().map(warning));
    }
    warnings
}

/// What of the signature of a bundle matters: devices get packages that Google Play, or bundletool, signs.
fn upload_key(signing: &Signing) -> Warning {
    let Some(own) = &signing.certificate_sha256 else {
        let message = "The output is not signed: sign it with the upload key (jarsigner) before it is uploaded to Google Play. The \
                       signatures of the input no longer hold and were removed.";
        return Warning { code: "unsigned", message: message.to_owned() };
    };
    let previous = signing.previous_certificates_sha256.as_deref();
    if previous.is_some_and(|previous| previous.contains(own)) {
        let message = "The output is signed with the certificate that the input was signed with, which Google Play takes for the upload key.";
        return Warning { code: "signed_again", message: message.to_owned() };
    }
    let changed = |previous: &str| {
        format!(
            "The output is signed with another certificate than the input ({previous}). Google Play accepts it only where that is the \
             registered upload key"
        )
    };
    let accepted = match previous {
        None => changed("the input's signature could not be understood"),
        Some([]) => format!(
            "The input was not signed. Google Play accepts the output only where its certificate, {own}, is that of the registered \
             upload key"
        ),
        Some(previous) => changed(&format!("the input was signed with {}", previous.join(", "))),
    };
    let message =
        format!("{accepted}; the packages that devices get are signed with the app's signing key, as before.");
    Warning { code: "certificate_changed", message }
}

fn certificate(signing: &Signing) -> Warning {
    let Some(own) = &signing.certificate_sha256 else {
        let message = "The output is not signed: sign it before it is installed or published. The signatures of the input no longer \
                       hold and were removed.";
        return Warning { code: "unsigned", message: message.to_owned() };
    };
    let previous = signing.previous_certificates_sha256.as_deref();
    if previous.is_some_and(|previous| previous.contains(own)) {
        let message = match signing.lineage_sha256 {
            Some(_) => {
                "The output is signed with the certificate that the input was signed with, and carries its proof of key rotation; \
                 source stamps were not carried over."
            }
            None => {
                "The output is signed with the certificate that the input was signed with; source stamps were not carried over."
            }
        };
        return Warning { code: "signed_again", message: message.to_owned() };
    }
    let previous = match previous {
        None => "the input's signing block could not be understood".to_owned(),
        Some([]) => "the input named no certificate in a signing block".to_owned(),
        Some(previous) => format!("the input was signed with {}", previous.join(", ")),
    };
    let message = format!(
        "The output is signed with another certificate than the input ({previous}). Installed copies cannot be updated to it, \
         permissions and data shared by signature end, Play App Signing accepts it only as the upload key, and apps or services that \
         check the certificate (maps, sign-in and payment keys) need the new one."
    );
    Warning { code: "certificate_changed", message }
}

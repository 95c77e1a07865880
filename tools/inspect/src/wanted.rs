//! The controls that somebody asks for on a command line.

use std::path::Path;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use domain::certificate::{DomainPattern, KeyHash, PinnedCertificate, ThumbprintAlgorithm};
use domain::configuration::Configuration;
use domain::control::{Control, ControlId, catalogue};
use domain::plan::Plan;
use domain::platform::Platform;
use domain::setting::Setting;
use signing::Certificate;

/// The controls that somebody asks for.
#[derive(Clone, Debug, Default, Args)]
pub struct Wanted {
    /// Controls to apply instead of the usual ones
    #[arg(long, value_name = "CONTROL", num_args = 1.., value_delimiter = ',')]
    pub enable: Vec<String>,
    /// Controls to switch off explicitly: `AllowEmulatorArchitectures` then leaves out the libraries of emulators
    #[arg(long, value_name = "CONTROL", num_args = 1.., value_delimiter = ',')]
    pub disable: Vec<String>,
    /// For CertificatePinning: hosts (`api.example.com`, `*.example.com`) must present this certificate, or one issued under it (PEM or DER)
    #[arg(long, value_name = "HOST=FILE")]
    pub pin: Vec<String>,
    /// For CertificateTransparencyPrevention: only these hosts
    #[arg(long, value_name = "HOST", num_args = 1.., value_delimiter = ',')]
    pub transparency: Vec<String>,
    /// For TLS13OnlyPrevention: these hosts (`api.example.com`, `*.example.com`)
    #[arg(long, value_name = "HOST", num_args = 1.., value_delimiter = ',')]
    pub tls13: Vec<String>,
}

impl Wanted {
    /// Whether no control is named.
    pub const fn is_everything(&self) -> bool {
        self.enable.is_empty() && self.disable.is_empty()
    }

    /// The configuration that says the same for `platform`; `usual` are enabled where nothing was named.
    pub fn configuration(&self, platform: Platform, usual: &[ControlId], plan: Plan) -> anyhow::Result<Configuration> {
        let named: Vec<ControlId> = self.enable.iter().map(|name| control(name, platform)).collect::<Result<_, _>>()?;
        let enabled = if self.enable.is_empty() { usual } else { &named };
        self.require_enabled(enabled)?;
        let mut configuration = Configuration::default();
        for id in enabled {
            let mut fields = id.control().switched(true);
            if let Some(hosts) = self.hosts(*id).filter(|hosts| !hosts.is_empty()) {
                fields["domains"] = hosts.into();
            }
            configuration.set_control(*id, &fields, plan).map_err(|error| anyhow::anyhow!("{error}"))?;
        }
        for name in &self.disable {
            let off = Setting { protection: Some(false), ..Setting::default() };
            configuration.controls.insert(control(name, platform)?, off);
        }
        configuration.certificates = self.pin.iter().map(|pin| read_pin(pin)).collect::<Result<Vec<_>, _>>()?.into();
        Ok(configuration)
    }

    /// The hosts that a control is narrowed to.
    fn hosts(&self, control: ControlId) -> Option<&[String]> {
        match control {
            ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION => Some(&self.transparency),
            ControlId::TLS13_ONLY_PREVENTION => Some(&self.tls13),
            _ => None,
        }
    }

    /// Refuses options of controls that are not enabled.
    fn require_enabled(&self, enabled: &[ControlId]) -> anyhow::Result<()> {
        let options = [
            ("--transparency", &self.transparency, ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION),
            ("--tls13", &self.tls13, ControlId::TLS13_ONLY_PREVENTION),
            ("--pin", &self.pin, ControlId::CERTIFICATE_PINNING),
        ];
        match options.into_iter().find(|(_, values, control)| !values.is_empty() && !enabled.contains(control)) {
            Some((option, _, control)) => bail!("{option} belongs to {control}: name it with --enable"),
            None => Ok(()),
        }
    }
}

/// The controls that are built for `platform`.
pub fn available(platform: Platform) -> impl Iterator<Item = &'static Control> {
    catalogue().iter().filter(move |control| control.is_available(platform))
}

fn control(name: &str, platform: Platform) -> anyhow::Result<ControlId> {
    let list = || available(platform).map(|control| control.id.as_str()).collect::<Vec<_>>().join(", ");
    match name.parse::<ControlId>() {
        Ok(id) if available(platform).any(|control| control.id == id) => Ok(id),
        Ok(id) => bail!("the control {id} is not available for {platform} yet; available: {}", list()),
        Err(_) => bail!("there is no control {name}; available: {}", list()),
    }
}

fn pattern(host: &str) -> anyhow::Result<DomainPattern> {
    host.parse().map_err(|error| anyhow::anyhow!("{host}: {error}"))
}

/// A host and the file of its certificate.
fn read_pin(pin: &str) -> anyhow::Result<PinnedCertificate> {
    let Some((host, file)) = pin.split_once('=') else { bail!("--pin {pin}: expected HOST=FILE") };
    let bytes = std::fs::read(file).with_context(|| format!("--pin {host}: cannot read {file}"))?;
    let der = from_pem(&bytes).unwrap_or(bytes);
    let Ok(certificate) = Certificate::from_der(&der) else {
        bail!("--pin {host}: {file} is not a certificate in PEM or DER")
    };
    Ok(PinnedCertificate {
        name: Path::new(file).display().to_string(),
        thumbprint: certificate.sha256().to_uppercase(),
        algorithm: ThumbprintAlgorithm::Sha256,
        expires: Some(certificate.not_after()),
        domains: vec![pattern(host)?],
        isdefault: false,
        isca: false,
        spki_sha256: Some(KeyHash::of(certificate.public_key_info())),
    })
}

/// The first certificate of a PEM text (RFC 7468).
fn from_pem(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok()
}

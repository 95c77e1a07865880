//! The local server as a process of its own, without workers, and the tenants that build on it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use aws_config::SdkConfig;
use domain::configuration::Configuration;
use domain::control::ControlId;
use domain::id::TenantId;
use domain::plan::{CustomLimits, Plan};
use domain::platform::{ConfigVersion, Platform};
use domain::tenant::Tenant;
use local::provision::{self, Settings, provision};
use local::{PREFIX, aws, seed};
use service::{Clock, Service};
use store::{Clients, Store};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::Mutex;

/// Length of a lease. The engine gets three quarters of it.
pub(crate) const LEASE_SECONDS: u32 = 20;
/// After so many seconds the message of a killed worker is there again.
const VISIBILITY_SECONDS: u32 = LEASE_SECONDS + 2;
const TENANTS: usize = 4;
/// Fewer than a tenant's clients, so that some are turned away.
const CONCURRENT_BUILDS: u32 = 4;
const START_LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Stack {
    server: Mutex<Child>,
    /// The server's process.
    pub(crate) process: u32,
    _output: Lines<BufReader<ChildStdout>>,
    /// Where its API is.
    pub(crate) address: String,
    pub(crate) config: SdkConfig,
    pub(crate) resources: provision::Stack,
    pub(crate) store: Store,
    pub(crate) tenants: Vec<Builder>,
    folder: PathBuf,
}

/// A tenant with its automation key.
#[derive(Clone, Debug)]
pub(crate) struct Builder {
    pub(crate) id: TenantId,
    pub(crate) key: String,
}

impl Stack {
    /// Starts the server over an empty folder in `home`.
    pub(crate) async fn start(home: &Path) -> anyhow::Result<Self> {
        let folder = prepare(home)?;
        let log = std::fs::File::create(folder.join("server.log"))?;
        let mut command = Command::new(beside("local")?);
        command.args(["serve", "--port", "0", "--workers", "0", "--visibility-seconds"]);
        command.arg(VISIBILITY_SECONDS.to_string()).arg("--home").arg(&folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let mut server = command.spawn().context("could not start the local server")?;
        let mut output = BufReader::new(server.stdout.take().context("no output")?).lines();
        let started = tokio::time::timeout(START_LIMIT, read_addresses(&mut output)).await;
        let (address, endpoint) = started.context("the local server did not start")??;

        let config = aws::config(&endpoint);
        let settings = Settings { visibility_seconds: VISIBILITY_SECONDS };
        let resources = provision(&config, PREFIX, settings).await?;
        let store = Store::new(Clients::connect(&config, &[]), resources.names.clone());
        let service = Service::new(store.clone(), Clock::system());
        let mut tenants = Vec::new();
        for number in 1..=TENANTS {
            tenants.push(make_tenant(&service, number).await?);
        }
        let process = server.id().context("the local server ended")?;
        Ok(Self {
            server: Mutex::new(server),
            process,
            _output: output,
            address,
            config,
            resources,
            store,
            tenants,
            folder,
        })
    }

    /// The local AWS's process.
    pub(crate) fn aws(&self) -> Option<u32> {
        std::fs::read_to_string(self.folder.join("data/aws.pid")).ok()?.trim().parse().ok()
    }

    /// Ends the server; what it stored is kept where somebody has to look at it.
    pub(crate) async fn stop(&self, passed: bool) -> anyhow::Result<()> {
        Command::new("kill").arg(self.process.to_string()).status().await?;
        self.server.lock().await.wait().await?;
        if passed {
            std::fs::remove_dir_all(&self.folder)?;
        }
        Ok(())
    }
}

/// A program of this workspace.
pub(crate) fn beside(name: &str) -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name(name);
    if !program.exists() {
        bail!("{} is missing: run ./dev soak", program.display());
    }
    Ok(program)
}

fn prepare(home: &Path) -> anyhow::Result<PathBuf> {
    let folder = home.join("soak");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    std::os::unix::fs::symlink(home.canonicalize()?.join("venv"), folder.join("venv"))?;
    Ok(folder)
}

async fn read_addresses(output: &mut Lines<BufReader<ChildStdout>>) -> anyhow::Result<(String, String)> {
    let (mut address, mut endpoint) = (None, None);
    while let Some(line) = output.next_line().await? {
        match line.split_once('=') {
            Some(("API_URL", value)) => address = Some(value.to_owned()),
            Some(("AWS_ENDPOINT_URL", value)) => endpoint = Some(value.to_owned()),
            _ => {}
        }
        if line.ends_with("Ctrl-C ends the server.") {
            return address.zip(endpoint).context("the local server did not name its addresses");
        }
    }
    bail!("the local server ended at its start; see server.log in its folder")
}

async fn make_tenant(service: &Service, number: usize) -> anyhow::Result<Builder> {
    let id = TenantId::from_bits(number as u128);
    let plan = Plan::Enterprise;
    let custom_limits = CustomLimits {
        concurrent_builds: Some(CONCURRENT_BUILDS),
        weekly_builds: Some(100_000),
        ..CustomLimits::default()
    };
    let tenant = Tenant { custom_limits, ..Tenant::new(id.clone(), format!("Tenant {number}").parse()?, plan) };
    let tenant = seed::make_tenant(service, tenant).await?;
    // With the second one, builds have a mapping as well.
    let controls = [
        seed::default_controls(Platform::Android),
        &[ControlId::DEBUGGABLE_PREVENTION, ControlId::RESOURCE_NAME_OBFUSCATION],
    ];
    let configuration = Configuration::enabling(controls[number % controls.len()], Platform::Android, plan)?;
    for version in ConfigVersion::ALL {
        seed::configure(service, &tenant.id, version, &configuration).await?;
    }
    let key = seed::make_automation_key(service, &id, "Soak").await?;
    Ok(Builder { id, key: key.expose().to_string() })
}

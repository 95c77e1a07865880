//! The commands behind `./dev`.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use api::App;
use clap::{Args, Parser, Subcommand};
use domain::control::ControlId;
use domain::credential::Pepper;
use domain::platform::{ConfigVersion, Platform};
use domain::tenant::Tenant;
use service::Service;
use tokio::net::TcpListener;

use crate::aws::{LocalAws, program};
use crate::provision::{Settings, Stack, provision};
use crate::seed;
use crate::server::{self, Server};

/// The prefix of every resource.
const PREFIX: &str = "apptego";

/// Runs the service on this machine.
#[derive(Debug, Parser)]
#[command(name = "local")]
pub struct Options {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API until Ctrl-C; data stays in the home folder.
    Serve(Serve),
    /// Protect one app from end to end with the customer's own command line.
    Protect(Protect),
    /// Print the OpenAPI document.
    Openapi,
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Tools, data and state.
    #[arg(long)]
    home: PathBuf,
    /// Port of the API on 127.0.0.1.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Make and print another automation key.
    #[arg(long)]
    new_key: bool,
}

/// Options of `protect`.
#[derive(Debug, Args)]
pub struct Protect {
    /// Tools, data and state.
    #[arg(long)]
    home: PathBuf,
    /// The APK to protect.
    app: PathBuf,
    /// Controls to apply instead of the usual ones; may be repeated.
    #[arg(long = "enable", value_name = "CONTROL", num_args = 1.., value_delimiter = ',')]
    enable: Vec<String>,
    /// Passed on to the command line: `--out FILE`, `--json`, `--report FILE`, `--signing-key none` …
    #[arg(last = true)]
    rest: Vec<String>,
    /// Where the protected app goes.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print one JSON object instead of the table.
    #[arg(long)]
    json: bool,
}

/// A stack with everything running.
struct Running {
    aws: LocalAws,
    server: Server,
    service: Service,
    pepper: Pepper,
    tenant: Tenant,
    address: String,
    /// Keeps a second server out of the same folder.
    _lock: File,
}

impl Command {
    /// Does it, and says what went wrong.
    pub async fn run(self) -> ExitCode {
        let done = match self {
            Self::Serve(options) => serve(options).await,
            Self::Protect(options) => protect(options).await,
            Self::Openapi => crate::openapi().and_then(|text| say(&text)).map(|()| ExitCode::SUCCESS),
        };
        done.unwrap_or_else(|error| {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::from(2)
        })
    }
}

async fn serve(options: Serve) -> anyhow::Result<ExitCode> {
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await;
    let listener = listener.with_context(|| format!("port {} is taken; choose another with --port", options.port))?;
    let running = start(&options.home, listener).await?;
    say(&format!("API_URL={}\n", running.address))?;
    let shown = options.home.join("data/key-id");
    if options.new_key || !shown.exists() {
        let key = new_key(&running, "Local").await?;
        say(&format!("APPTEGO_API_KEY={}\n", key.expose()))?;
        std::fs::write(&shown, key.id.as_str())?;
    }
    let id = std::fs::read_to_string(&shown)?;
    say(&format!("The secret of {id} is shown once; ./dev serve --new-key makes another key.\n"))?;
    say(&format!("Data stays in {}. Ctrl-C ends the server.\n", options.home.display()))?;
    wait_for_the_end().await?;
    running.stop().await?;
    Ok(ExitCode::SUCCESS)
}

async fn protect(options: Protect) -> anyhow::Result<ExitCode> {
    if !options.app.is_file() {
        bail!("{} is not a file", options.app.display());
    }
    let controls = read_controls(&options.enable)?;
    let running = start(&options.home, TcpListener::bind("127.0.0.1:0").await?).await?;
    let version = ConfigVersion::Development;
    seed::configure(running.service.store(), &running.tenant, version, &controls).await?;
    let key = new_key(&running, "dev protect").await?;
    let command_line = std::env::current_exe()?.with_file_name("apptego");
    let mut command = tokio::process::Command::new(&command_line);
    command.arg("protect").arg(&options.app).args(["--env", version.as_str()]);
    if let Some(out) = &options.out {
        command.arg("--out").arg(out);
    }
    if options.json {
        command.arg("--json");
    }
    command.args(&options.rest).env("APPTEGO_API_URL", &running.address).env("APPTEGO_API_KEY", key.expose());
    let mut child = command.spawn().with_context(|| format!("could not start {}", command_line.display()))?;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            // The command line hears it as well, and cancels the build; it ends by itself.
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    running.forget(key).await?;
    running.stop().await?;
    Ok(ExitCode::from(u8::try_from(status.code().unwrap_or(130)).unwrap_or(1)))
}

async fn start(home: &Path, listener: TcpListener) -> anyhow::Result<Running> {
    let lock = lock(home)?;
    let aws = LocalAws::start(&program(home), Some(&home.join("data")), &home.join("aws.log")).await?;
    let config = aws.config();
    let stack: Stack = provision(&config, PREFIX, Settings::default()).await?;
    let (service, pepper) = server::connect(&config, &stack).await?;
    let tenant = seed::seed(service.store(), service.clock().now().as_second()).await?;
    let address = format!("http://{}", listener.local_addr()?);
    let app = App { service: service.clone(), pepper: pepper.clone() };
    let server = server::start(&config, &stack, app, listener);
    Ok(Running { aws, server, service, pepper, tenant, address, _lock: lock })
}

impl Running {
    /// Disables a key that nobody needs any more.
    async fn forget(&self, key: domain::credential::AutomationKey) -> anyhow::Result<()> {
        let store = self.service.store();
        if let Some(mut record) = store.automation_key(&key.id).await? {
            record.enabled = false;
            store.put_automation_key(&record).await?;
        }
        Ok(())
    }

    async fn stop(self) -> anyhow::Result<()> {
        self.server.stop().await;
        self.aws.stop().await
    }
}

fn lock(home: &Path) -> anyhow::Result<File> {
    std::fs::create_dir_all(home)?;
    let file = File::create(home.join("lock"))?;
    file.try_lock()
        .with_context(|| format!("another server works in {}; stop it or set APPTEGO_HOME", home.display()))?;
    Ok(file)
}

fn read_controls(names: &[String]) -> anyhow::Result<Vec<ControlId>> {
    if names.is_empty() {
        return Ok(seed::DEFAULT_CONTROLS.to_vec());
    }
    let available = || {
        let rows = domain::control::catalogue().iter().filter(|control| control.is_available(Platform::Android));
        rows.map(|control| control.id.as_str()).collect::<Vec<_>>().join(", ")
    };
    let read = |name: &String| {
        let id: ControlId = name.parse().with_context(|| format!("available: {}", available()))?;
        match id.control().is_some_and(|control| control.is_available(Platform::Android)) {
            true => Ok(id),
            false => bail!("{id} is not available yet; available: {}", available()),
        }
    };
    names.iter().map(read).collect()
}

async fn new_key(running: &Running, name: &str) -> anyhow::Result<domain::credential::AutomationKey> {
    let (store, now) = (running.service.store(), running.service.clock().now().as_second());
    seed::make_automation_key(store, &running.pepper, &running.tenant.id, name, now).await
}

async fn wait_for_the_end() -> anyhow::Result<()> {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended?,
        _ = terminated.recv() => {}
    }
    Ok(())
}

fn say(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes())?;
    std::io::stdout().flush()?;
    Ok(())
}

//! The commands behind `./dev`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand};
use domain::credential::AutomationKey;
use domain::platform::{ConfigVersion, Platform};
use inspect::wanted::Wanted;
use service::{Clock, Service};
use store::{Names, Store};
use tokio::net::TcpListener;
use tokio::process::{Child, Command as Process};

use crate::operate::Operate;
use crate::running::{Behind, Home, Running};
use crate::seed;
use crate::sign_in::{SignIn, sign_in};
use crate::signals::{Asked, Signals};

/// What shells tell of a command that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// Runs the service on this machine.
#[derive(Debug, Parser)]
#[command(name = "local", bin_name = "./dev")]
pub struct Options {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API until Ctrl-C; data stays in the home folder
    Serve(Serve),
    /// Protect one app from end to end with the customer's own command line
    Protect(Box<Protect>),
    /// Sign in at the user pool of the server that runs, and print the ID token
    SignIn(SignIn),
    /// Do what operators do and no call can: plans, limits, trials, prices, library, documents; print the tenant as it is then
    Operate(Operate),
    /// Make the tenant, where it is missing, and an automation key in the stack of the environment's variables; print the key
    #[command(hide = true)]
    Seed,
    /// Print the OpenAPI document
    #[command(hide = true)]
    Openapi,
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Tools, data and state
    #[arg(long, env = "APPTEGO_HOME", default_value = ".local", hide = true)]
    home: PathBuf,
    /// Port of the API on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Make and print another automation key
    #[arg(long)]
    new_key: bool,
    #[command(flatten)]
    behind: Behind,
}

/// Options of `protect`.
#[derive(Debug, Args)]
pub struct Protect {
    /// Tools, data and state
    #[arg(long, env = "APPTEGO_HOME", default_value = ".local", hide = true)]
    home: PathBuf,
    /// The app to protect: .apk, .aab or .ipa
    app: PathBuf,
    /// What to apply instead of the usual controls: DebuggablePrevention, and BackupPrevention or FileSharingPrevention
    #[command(flatten)]
    wanted: Wanted,
    /// Where the protected app goes [default: the name with -protected, in the current folder]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Also write the build report (JSON) to this file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Also write the mapping of renamed resources (JSON) to this file
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// `none` leaves the output unsigned [default: a key made at the first start]
    #[arg(long, value_name = "ID|none")]
    signing_key: Option<String>,
    /// Print one JSON object instead of the table
    #[arg(long)]
    json: bool,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

impl Command {
    /// Does it, and says what went wrong.
    pub async fn run(self) -> ExitCode {
        let done = match self {
            Self::Serve(options) => serve(options).await,
            Self::Protect(options) => protect(*options).await,
            Self::SignIn(options) => print_token(options).await,
            Self::Operate(options) => {
                crate::operate::operate(options).await.and_then(|text| say(&text)).map(|()| ExitCode::SUCCESS)
            }
            Self::Seed => seed_deployed().await,
            Self::Openapi => crate::openapi().and_then(|text| say(&text)).map(|()| ExitCode::SUCCESS),
        };
        done.unwrap_or_else(|error| {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::from(2)
        })
    }
}

async fn serve(options: Serve) -> anyhow::Result<ExitCode> {
    let home = Home::hold(&options.home)?;
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await;
    let listener =
        listener.with_context(|| format!("port {} cannot be used; choose another with --port", options.port))?;
    let mut signals = Signals::listen()?;
    let running = tokio::select! {
        running = Running::start(home, listener, options.behind.announcing_mail()) => running?,
        _ = signals.next() => return Ok(ExitCode::from(INTERRUPTED)),
    };
    say(&format!("API_URL={}\nAWS_ENDPOINT_URL={}\n", running.address, running.aws_address()))?;
    match running.shown_key().await? {
        Some(id) if !options.new_key => {
            say(&format!("The key {id} was shown before; ./dev serve --new-key makes another one.\n"))?;
        }
        _ => {
            let key = running.make_key("Local").await?;
            say(&format!("APPTEGO_API_KEY={}\n", key.expose()))?;
            running.remember_shown(&key)?;
            say("The key is shown this once; ./dev serve --new-key makes another one.\n")?;
        }
    }
    let ids = &running.stack;
    say(&format!("USER_POOL_ID={}\nUSER_POOL_CLIENT_ID={}\n", ids.pool_id, ids.client_id))?;
    say(&format!(
        "Sign in as {} with the password {}; ./dev sign-in prints an ID token.\n",
        seed::OWNER,
        seed::PASSWORD
    ))?;
    say(&format!(
        "STRIPE_URL={}\nPlans are bought at this stand-in for Stripe, without money.\n",
        running.shop.standin.base_url()
    ))?;
    say(&format!("Data stays in {}. Ctrl-C ends the server.\n", options.home.display()))?;
    signals.next().await;
    running.stop().await?;
    Ok(ExitCode::SUCCESS)
}

async fn protect(options: Protect) -> anyhow::Result<ExitCode> {
    check_app(&options.app)?;
    let platform = platform_of(&options.app);
    let configuration = options.wanted.configuration(platform, seed::default_controls(platform), seed::PLAN)?;
    let home = Home::hold(&options.home)?;
    let mut signals = Signals::listen()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let running = tokio::select! {
        running = Running::start(home, listener, Behind::default()) => running?,
        _ = signals.next() => return Ok(ExitCode::from(INTERRUPTED)),
    };
    let version = ConfigVersion::Development;
    seed::configure(&running.service, &running.tenant.id, version, &configuration).await?;
    let key = running.make_key("dev protect").await?;
    let child = start_command_line(&options, version, &running.address, &key)?;
    let exit = wait_for(child, &mut signals).await;
    running.forget(&key).await?;
    running.stop().await?;
    Ok(ExitCode::from(exit?))
}

/// The customer's own command line, against the API that runs here.
fn start_command_line(
    options: &Protect,
    version: ConfigVersion,
    address: &str,
    key: &AutomationKey,
) -> anyhow::Result<Child> {
    let program = std::env::current_exe()?.with_file_name("apptego");
    let mut command = Process::new(&program);
    command.arg("protect").args(["--env", version.as_str()]);
    for (name, value) in [("--out", &options.out), ("--report", &options.report), ("--mapping", &options.mapping)] {
        if let Some(value) = value {
            command.arg(name).arg(value);
        }
    }
    if let Some(signing_key) = &options.signing_key {
        command.arg("--signing-key").arg(signing_key);
    }
    command.args(options.json.then_some("--json")).args(options.quiet.then_some("--quiet"));
    command.arg("--").arg(&options.app);
    command.env("APPTEGO_API_URL", address).env("APPTEGO_API_KEY", key.expose());
    command.spawn().with_context(|| format!("could not start {}", program.display()))
}

/// Waits until the command line has ended; it cancels its build when it is asked to end.
async fn wait_for(mut child: Child, signals: &mut Signals) -> anyhow::Result<u8> {
    loop {
        tokio::select! {
            status = child.wait() => return Ok(status?.code().and_then(|code| code.try_into().ok()).unwrap_or(INTERRUPTED)),
            asked = signals.next() => {
                // Ctrl-C it hears by itself.
                if let (Asked::Terminate, Some(id)) = (asked, child.id()) {
                    Process::new("kill").arg(id.to_string()).status().await?;
                }
            }
        }
    }
}

async fn print_token(options: SignIn) -> anyhow::Result<ExitCode> {
    say(&format!("{}\n", sign_in(options).await?))?;
    Ok(ExitCode::SUCCESS)
}

/// For a deployed stack: the environment has the variables of its functions, and credentials.
#[expect(clippy::disallowed_methods, reason = "as a function's main")]
async fn seed_deployed() -> anyhow::Result<ExitCode> {
    let store = Store::connect(Names::read(|name| std::env::var(name).ok())?).await;
    let service = Service::new(store, Clock::system());
    let tenant = seed::seed(&service).await?;
    let key = seed::make_automation_key(&service, &tenant.id, "Deployed").await?;
    say(&format!("{}\n", key.expose()))?;
    Ok(ExitCode::SUCCESS)
}

fn check_app(app: &Path) -> anyhow::Result<()> {
    let metadata = std::fs::metadata(app).with_context(|| format!("cannot read {}", app.display()))?;
    if !metadata.is_file() {
        bail!("{} is not a file", app.display());
    }
    Ok(())
}

/// Where an app runs, by its extension; the command line refuses names that have none of the known ones.
fn platform_of(app: &Path) -> Platform {
    let is_ipa = app.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ipa"));
    if is_ipa { Platform::Ios } else { Platform::Android }
}

fn say(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes())?;
    std::io::stdout().flush()?;
    Ok(())
}

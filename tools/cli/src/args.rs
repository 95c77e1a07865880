//! The command line.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{error::Error, wire::JobId};

const AFTER_HELP: &str = "\
Environment:
  APPTEGO_API_KEY  automation key key_id:key_secret; never taken from the command line
  APPTEGO_API_URL  address of the service, as --api-url

Exit codes:
    0  done
    1  the build failed
    2  wrong usage: arguments, a local file, or a request that the service refuses
    3  the automation key is missing, malformed or refused
    4  the limit of concurrent or weekly builds is reached
    5  network, storage or service failure, or bytes that are not those announced
    6  --timeout ran out; the build goes on
  130  interrupted (Ctrl-C, SIGTERM); the job was cancelled";

/// Protect Android and iOS apps with the AppTego Automation API.
#[derive(Debug, Parser)]
#[command(name = "apptego", version, after_help = AFTER_HELP)]
pub struct Cli {
    /// Where and how to talk.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub struct Common {
    /// Address of the service
    #[arg(long, global = true, env = "APPTEGO_API_URL", default_value = "https://api.apptego.com", value_name = "URL")]
    pub api_url: String,
    /// Send the key to an http:// address that is not this machine
    #[arg(long, global = true)]
    pub allow_http: bool,
    /// Print one JSON object on standard output; everything for people goes to standard error
    #[arg(long, global = true)]
    pub json: bool,
    /// Show no progress, only results, warnings and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Upload an app, wait for the build, download the protected app and print the build report
    Protect(Protect),
    /// Upload an app and print the job id, without waiting
    Upload(Upload),
    /// Show where a job stands
    Status(StatusOf),
    /// Download the protected app of a completed job
    Download(Download),
    /// Cancel a job
    Cancel {
        /// Job id, as printed by upload
        job: JobId,
    },
}

/// `apptego protect`
#[derive(Debug, Args)]
pub struct Protect {
    /// What to upload.
    #[command(flatten)]
    pub source: Source,
    /// Where the protected app goes [default: the name with -protected, in the current folder]
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Also write the build report (JSON) to this file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Also write the mapping of renamed resources (JSON) to this file
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
}

/// `apptego upload`
#[derive(Debug, Args)]
pub struct Upload {
    /// What to upload.
    #[command(flatten)]
    pub source: Source,
}

/// An app and how it is to be built.
#[derive(Debug, Args)]
pub struct Source {
    /// The app: .apk, .aab or .ipa
    pub app: PathBuf,
    /// Platform [default: from the extension]
    #[arg(long, value_enum)]
    pub platform: Option<Platform>,
    /// Configuration version to build with
    #[arg(long, visible_alias = "config-version", value_enum, ignore_case = true, default_value = "dev")]
    pub env: Environment,
    /// Signing key; `none` skips signing-key metadata [default: the tenant's default key]
    #[arg(long, value_name = "ID|none")]
    pub signing_key: Option<String>,
    /// Fail at once when the build limit is reached, instead of waiting for a free slot
    #[arg(long)]
    pub no_queue: bool,
    /// How long to wait for a free slot and for the build, seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub timeout: u64,
}

/// `apptego status`
#[derive(Debug, Args)]
pub struct StatusOf {
    /// Job id, as printed by upload
    pub job: JobId,
    /// Wait until the job is over
    #[arg(long)]
    pub wait: bool,
    /// How long to wait, seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, requires = "wait")]
    pub timeout: u64,
}

/// `apptego download`
#[derive(Debug, Args)]
pub struct Download {
    /// Job id, as printed by upload
    pub job: JobId,
    /// Where the protected app goes [default: the uploaded name with -protected, in the current folder]
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Also write the build report (JSON) to this file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Also write the mapping of renamed resources (JSON) to this file
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
}

/// Where an app runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Platform {
    /// APK and AAB
    Android,
    /// IPA
    Ios,
}

impl Platform {
    /// The API's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Android => "android",
            Self::Ios => "ios",
        }
    }
}

/// Configuration version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Environment {
    /// For validation
    #[value(name = "dev", alias = "development")]
    Development,
    /// For rehearsals
    #[value(name = "staging", alias = "stg")]
    Staging,
    /// For approved release candidates
    #[value(name = "prod", alias = "production")]
    Production,
}

impl Environment {
    /// The API's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

/// Name and platform that an app is announced with: the extension in lowercase, as the API wants it.
///
/// # Errors
/// [`Error::Usage`] for another extension, a name that is not UTF-8, or a platform that the extension does not fit.
pub(crate) fn announce(app: &Path, platform: Option<Platform>) -> Result<(String, Platform), Error> {
    let wrong = |why: &str| Error::Usage(format!("{}: {why}", app.display()));
    let stem = app.file_stem().and_then(|stem| stem.to_str()).ok_or_else(|| wrong("the name is not UTF-8"))?;
    let extension = app.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    let fitting = match extension.as_str() {
        "apk" | "aab" => Platform::Android,
        "ipa" => Platform::Ios,
        _ => return Err(wrong("only .apk, .aab and .ipa files can be protected")),
    };
    if platform.is_some_and(|platform| platform != fitting) {
        return Err(wrong(&format!("a .{extension} file is for {}", fitting.as_str())));
    }
    Ok((format!("{stem}.{extension}"), fitting))
}

/// `app.apk` → `app-protected.apk`, in the current folder.
pub(crate) fn protected_name(file_name: &str) -> PathBuf {
    let name = Path::new(file_name);
    let stem = name.file_stem().unwrap_or_default().to_string_lossy();
    match name.extension() {
        Some(extension) => PathBuf::from(format!("{stem}-protected.{}", extension.to_string_lossy())),
        None => PathBuf::from(format!("{stem}-protected")),
    }
}

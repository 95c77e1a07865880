//! The local AWS: one process of ministack that lives as long as its handle.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::config::Credentials;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// Where the process's id is kept, beside its data.
const PID_FILE: &str = "aws.pid";

/// Becomes the program, and asks it to end when the pipe at standard input closes: however this process ends, nothing stays.
const RUN: &str = r#"exec 3<&0; (cat <&3; kill "$$") >/dev/null 2>&1 & exec "$0" </dev/null 3<&-"#;

/// How long the process may take to answer.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A running local AWS. It ends when this is dropped.
#[derive(Debug)]
pub struct LocalAws {
    process: Child,
    port: u16,
}

impl LocalAws {
    /// Starts `program`; with `data`, everything is kept there over a restart.
    pub async fn start(program: &Path, data: Option<&Path>, log: &Path) -> anyhow::Result<Self> {
        let port = free_port()?;
        let output = std::fs::File::create(log).with_context(|| format!("could not write {}", log.display()))?;
        if !program.exists() {
            bail!("{} is missing; ./dev installs it", program.display());
        }
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", RUN])
            .arg(program)
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("AUTH", "true")
            .env("IOT_MTLS_ENABLED", "0")
            .env("SFTP_ENABLED", "0")
            // The keys of user pools go there, whether or not anything else is kept.
            .env("STATE_DIR", data.map_or_else(|| log.with_extension("state"), |data| data.join("state")))
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            // Ctrl-C is meant for this process, which still needs the local AWS to cancel what runs.
            .process_group(0)
            .kill_on_drop(true);
        if let Some(data) = data {
            let objects = data.join("s3");
            std::fs::create_dir_all(data.join("state"))?;
            std::fs::create_dir_all(&objects)?;
            end_left_behind(program, data).await?;
            command.env("PERSIST_STATE", "1").env("S3_PERSIST", "1").env("S3_DATA_DIR", objects);
        }
        let process = command.spawn().with_context(|| format!("could not start {}", program.display()))?;
        if let (Some(data), Some(id)) = (data, process.id()) {
            std::fs::write(data.join(PID_FILE), id.to_string())?;
        }
        let mut aws = Self { process, port };
        aws.wait_until_it_answers(log).await?;
        Ok(aws)
    }

    async fn wait_until_it_answers(&mut self, log: &Path) -> anyhow::Result<()> {
        let buckets = aws_sdk_s3::Client::new(&self.config());
        let end = Instant::now() + START_LIMIT;
        while Instant::now() < end {
            if let Some(status) = self.process.try_wait()? {
                bail!("the local AWS ended at once ({status}); see {}", log.display());
            }
            if buckets.list_buckets().send().await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("the local AWS did not answer; see {}", log.display())
    }

    /// How the SDK reaches it.
    pub fn config(&self) -> SdkConfig {
        config(&format!("http://127.0.0.1:{}", self.port))
    }

    /// Ends the process and lets it write down what it keeps.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(id) = self.process.id() {
            ask_to_end(id).await?;
        }
        if tokio::time::timeout(Duration::from_secs(20), self.process.wait()).await.is_err() {
            self.process.kill().await?;
        }
        Ok(())
    }
}

/// The SDK's configuration for a stand-in at `endpoint`.
pub fn config(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "local");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// A client of the stand-in's S3, which has no bucket host names.
pub fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(config).force_path_style(true).build())
}

/// The program, where `./dev` installs it.
pub fn program(home: &Path) -> PathBuf {
    home.join("venv/bin/ministack")
}

/// The standard library can only kill; the process keeps its state when it is asked to end.
async fn ask_to_end(id: u32) -> anyhow::Result<()> {
    Command::new("kill").arg(id.to_string()).status().await?;
    Ok(())
}

/// Ends the process of a server that was killed and could not end it: two must not keep the same data.
async fn end_left_behind(program: &Path, data: &Path) -> anyhow::Result<()> {
    let Some(id) = std::fs::read_to_string(data.join(PID_FILE)).ok().and_then(|text| text.parse().ok()) else {
        return Ok(());
    };
    // The number may by now be another process's.
    let program = program.to_string_lossy();
    let is_ours = || std::fs::read_to_string(format!("/proc/{id}/cmdline")).is_ok_and(|line| line.contains(&*program));
    let end = Instant::now() + START_LIMIT;
    while is_ours() && Instant::now() < end {
        ask_to_end(id).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(())
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

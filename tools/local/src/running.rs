//! A stack with everything running, in a folder of its own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use api::App;
use domain::credential::{AutomationKey, AutomationKeyId};
use domain::plan::LimitChanges;
use domain::tenant::Tenant;
use service::Service;
use service::operator::Setting;
use tokio::net::TcpListener;

use crate::aws::{LocalAws, program};
use crate::outbox::Outbox;
use crate::provision::{Settings, Stack, provision};
use crate::seed;
use crate::server::{self, MAINTENANCE_PERIOD, Server, WORKERS};
use crate::shop::Shop;

/// The prefix of every resource.
pub const PREFIX: &str = "apptego";

/// Builds in seven days; on a plan it would be 100.
const WEEKLY_BUILDS: u32 = 10_000;

/// Where it is written down in its folder how the local AWS is reached.
const AWS_ADDRESS: &str = "data/aws-address";
/// Whoever holds it works in the folder.
const LOCK: &str = "lock";

/// The folder of a stack, held against a second server.
#[derive(Debug)]
pub(crate) struct Home {
    folder: PathBuf,
    _lock: File,
}

/// How the service behind the API is to be other than usual.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Behind {
    /// Workers in the server's own process; with 0, others have to take the build queue's messages
    #[arg(long, default_value_t = WORKERS, hide = true)]
    workers: usize,
    /// Seconds for which a received message of the build queue stays hidden, where the queue is made now
    #[arg(long, default_value_t = Settings::default().visibility_seconds, hide = true)]
    visibility_seconds: u32,
    /// Seconds between two runs of maintenance
    #[arg(long, default_value_t = MAINTENANCE_PERIOD.as_secs(), hide = true)]
    maintenance_seconds: u64,
    /// Make libraries for tenants whose custom library is enabled, although there is no runtime agent that they could carry
    #[arg(long, hide = true)]
    libraries: bool,
    /// Whether a line is printed for each mail
    #[arg(skip)]
    mail_is_announced: bool,
}

impl Default for Behind {
    fn default() -> Self {
        Self {
            workers: WORKERS,
            visibility_seconds: Settings::default().visibility_seconds,
            maintenance_seconds: MAINTENANCE_PERIOD.as_secs(),
            libraries: false,
            mail_is_announced: false,
        }
    }
}

impl Behind {
    /// The same, with a line on standard output for each mail.
    pub(crate) const fn announcing_mail(self) -> Self {
        Self { mail_is_announced: true, ..self }
    }

    fn of(self, home: &Path) -> server::Behind {
        let outbox = Outbox::new(home.join("data/outbox"));
        let outbox = if self.mail_is_announced { outbox.announced() } else { outbox };
        server::Behind { workers: self.workers, maintenance: Duration::from_secs(self.maintenance_seconds), outbox }
    }
}

/// A stack with everything running.
pub(crate) struct Running {
    aws: LocalAws,
    server: Server,
    pub(crate) shop: Shop,
    pub(crate) service: Service,
    pub(crate) tenant: Tenant,
    pub(crate) address: String,
    pub(crate) stack: Stack,
    home: Home,
}

impl Home {
    /// Takes the folder; it is free again when this is dropped.
    pub(crate) fn hold(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
        let lock = File::create(folder.join(LOCK))?;
        lock.try_lock().map_err(|_| {
            let folder = folder.display();
            anyhow!("another server works in {folder}; stop it, or set APPTEGO_HOME to another folder")
        })?;
        Ok(Self { folder: folder.to_owned(), _lock: lock })
    }

    /// Names the key that `./dev serve` showed, which is all that is kept of it.
    fn shown_key(&self) -> PathBuf {
        self.folder.join("data/key-id")
    }
}

/// The local AWS of the server that works in `folder`.
pub(crate) fn aws_of_server(folder: &Path) -> anyhow::Result<String> {
    let works = File::open(folder.join(LOCK)).is_ok_and(|lock| lock.try_lock_shared().is_err());
    let address = std::fs::read_to_string(folder.join(AWS_ADDRESS)).ok().filter(|_| works);
    address.with_context(|| format!("no server works in {}; start it with ./dev serve", folder.display()))
}

impl Running {
    /// Starts everything over the data in `home` and serves the API at `listener`.
    pub(crate) async fn start(home: Home, listener: TcpListener, behind: Behind) -> anyhow::Result<Self> {
        let folder = &home.folder;
        let aws = LocalAws::start(&program(folder), Some(&folder.join("data")), &folder.join("aws.log")).await?;
        let config = aws.config();
        let settings = Settings { visibility_seconds: behind.visibility_seconds };
        let stack = provision(&config, PREFIX, settings).await?;
        seed::seed_account(&config, &stack).await?;
        let service = server::connect(&config, &stack)?;
        let tenant = seed::seed(&service).await?;
        // Nobody who tries things out should have to wait for next week.
        let limits = LimitChanges { weekly_builds: Some(Some(WEEKLY_BUILDS)), ..LimitChanges::default() };
        let tenant = service.set(&tenant.id, &Setting::CustomLimits(limits)).await?;
        let address = format!("http://{}", listener.local_addr()?);
        let clock = service.clock().clone();
        let shop = Shop::open(move || clock.now()).await?;
        shop.tell(&address);
        let service = service.with_payments(Some(shop.payments.clone())).with_libraries(behind.libraries);
        let service = service.with_answerer(Arc::new(helpbot::embedded(&address)));
        let app = App { service: service.clone() };
        let server = server::start(&config, &stack, app, listener, behind.of(folder));
        std::fs::write(home.folder.join(AWS_ADDRESS), config.endpoint_url().unwrap_or_default())?;
        Ok(Self { aws, server, shop, service, tenant, address, stack, home })
    }

    /// Where the local AWS listens.
    pub(crate) fn aws_address(&self) -> String {
        self.aws.config().endpoint_url().unwrap_or_default().to_owned()
    }

    /// Makes a key.
    pub(crate) async fn make_key(&self, name: &str) -> anyhow::Result<AutomationKey> {
        seed::make_automation_key(&self.service, &self.tenant.id, name).await
    }

    /// Removes a key that nobody needs any more.
    pub(crate) async fn forget(&self, key: &AutomationKey) -> anyhow::Result<()> {
        let operator = self.service.operator(&self.tenant.id, "delete_automation_key").await?;
        Ok(self.service.delete_automation_key(&operator, &key.id).await?)
    }

    /// Remembers that a key was shown.
    pub(crate) fn remember_shown(&self, key: &AutomationKey) -> anyhow::Result<()> {
        Ok(std::fs::write(self.home.shown_key(), key.id.as_str())?)
    }

    /// The key that was shown before, if it still opens this stack: the data may be newer than the note.
    pub(crate) async fn shown_key(&self) -> anyhow::Result<Option<AutomationKeyId>> {
        let Ok(noted) = std::fs::read_to_string(self.home.shown_key()) else { return Ok(None) };
        let Ok(id) = noted.parse() else { return Ok(None) };
        let known = self.service.store().automation_key(&id).await?;
        Ok(known.filter(|record| record.enabled).map(|record| record.key_id))
    }

    /// Ends every part, and lets the local AWS write down what it keeps.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.server.stop().await;
        self.aws.stop().await
    }
}

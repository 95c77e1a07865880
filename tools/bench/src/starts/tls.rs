//! TLS in front of the local AWS, with a certificate authority of its own, and a clock for how long functions wait for answers.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What functions trust where they are deployed.
const ROOTS: &str = include_str!("../../../../deploy/amazon-roots.pem");

/// Listens until it is dropped.
pub(super) struct Terminator {
    address: SocketAddr,
    roots: PathBuf,
    clock: Arc<Clock>,
    task: JoinHandle<()>,
}

impl Terminator {
    /// Forwards what it decrypts to `aws`.
    pub(super) async fn start(aws: SocketAddr, folder: &Path) -> anyhow::Result<Self> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, &authority)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth();
        let config = Arc::new(config.with_single_cert(vec![certificate.der().clone()], key)?);

        let roots = folder.join("roots.pem");
        std::fs::write(&roots, ROOTS.to_owned() + &authority.pem())?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let clock = Arc::new(Clock::default());
        let task = tokio::spawn(serve(listener, TlsAcceptor::from(config), aws, Arc::clone(&clock)));
        Ok(Self { address, roots, clock, task })
    }

    /// What the SDK's clients speak to.
    pub(super) fn endpoint(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The certificates that they have to trust, for `SSL_CERT_FILE`.
    pub(super) fn roots(&self) -> &Path {
        &self.roots
    }

    /// How long AWS was waited for since the last look: while at least one request was without an answer.
    pub(super) fn waited(&self) -> Duration {
        let mut state = self.clock.lock();
        std::mem::take(&mut state.waited)
    }
}

impl Drop for Terminator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Default)]
struct Clock(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    unanswered: u32,
    since: Option<Instant>,
    waited: Duration,
}

impl Clock {
    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self) {
        let mut state = self.lock();
        if state.unanswered == 0 {
            state.since = Some(Instant::now());
        }
        state.unanswered += 1;
    }

    fn answered(&self) {
        let mut state = self.lock();
        state.unanswered = state.unanswered.saturating_sub(1);
        if state.unanswered == 0
            && let Some(since) = state.since.take()
        {
            state.waited += since.elapsed();
        }
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, aws: SocketAddr, clock: Arc<Clock>) {
    while let Ok((client, _)) = listener.accept().await {
        let (acceptor, clock) = (acceptor.clone(), Arc::clone(&clock));
        tokio::spawn(async move {
            // A function that is killed leaves its connections; that is no error of the benchmark.
            let _ = forward(client, acceptor, aws, &clock).await;
        });
    }
}

async fn forward(client: TcpStream, acceptor: TlsAcceptor, aws: SocketAddr, clock: &Clock) -> anyhow::Result<()> {
    client.set_nodelay(true)?;
    let (client, server) = tokio::join!(acceptor.accept(client), TcpStream::connect(aws));
    let (mut client, mut server) = (client.context("TLS")?, server?);
    server.set_nodelay(true)?;
    let (mut request, mut response) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    // HTTP/1.1 on one connection: what goes out begins a request, the first bytes that come back answer it.
    let mut asked = false;
    loop {
        tokio::select! {
            read = client.read(&mut request) => match read? {
                0 => break,
                length => {
                    if !std::mem::replace(&mut asked, true) {
                        clock.asked();
                    }
                    server.write_all(&request[..length]).await?;
                }
            },
            read = server.read(&mut response) => match read? {
                0 => break,
                length => {
                    if std::mem::take(&mut asked) {
                        clock.answered();
                    }
                    client.write_all(&response[..length]).await?;
                }
            },
        }
    }
    if asked {
        clock.answered();
    }
    Ok(())
}

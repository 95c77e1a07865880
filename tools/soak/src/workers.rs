//! Lambda's side of the workers: real processes that are fed from the build queue, killed while they build, and replaced.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use fastrand::Rng;
use local::queues::Poller;
use local::runtime::RuntimeApi;
use store::wakeups::Wakeup;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::doubling::Doubler;
use crate::findings::Findings;
use crate::objects::Name;
use crate::stack::{LEASE_SECONDS, Stack, beside};

/// Worker 0 is spared, so that the memory of one that lives long can be looked at.
const WORKERS: usize = 4;
/// Between two kills, milliseconds.
const KILLS: std::ops::Range<u64> = 2000..5000;
/// Far beyond the lease: a worker that was frozen, or that has a slow machine, can still speak, and one that hangs is found.
const INVOCATION: Duration = Duration::from_secs(LEASE_SECONDS as u64 + 100);

/// The engine has to end before this: the part of a lease that a build may take.
const SLOW: Duration = Duration::from_secs(LEASE_SECONDS as u64 * 3 / 4);

/// What happens to a worker.
#[derive(Clone, Copy, Debug)]
enum Order {
    /// Its process is killed.
    Kill,
    /// Its process stands still until its lease is over and another worker may have the job.
    Freeze,
}

#[derive(Clone)]
pub(crate) struct Workers {
    posts: Arc<Vec<Post>>,
    tasks: Arc<Mutex<JoinSet<()>>>,
    counts: Arc<Counts>,
}

/// A place for one worker at a time.
struct Post {
    busy: AtomicBool,
    /// It stands still.
    frozen: AtomicBool,
    process: AtomicU32,
    orders: mpsc::UnboundedSender<Order>,
}

#[derive(Default)]
struct Counts {
    killed: AtomicUsize,
    frozen: AtomicUsize,
    invocations: AtomicUsize,
    /// Invocations for a job that could cost it an attempt: killed, frozen, or too slow.
    disturbed: std::sync::Mutex<HashMap<Name, u32>>,
}

impl Counts {
    fn disturb(&self, body: &str) {
        if let Ok(Wakeup { tenant, job, .. }) = serde_json::from_str(body) {
            let mut disturbed = self.disturbed.lock().unwrap_or_else(PoisonError::into_inner);
            *disturbed.entry((tenant.to_string(), job.to_string())).or_default() += 1;
        }
    }
}

/// What a post works with.
struct Desk {
    posts: Arc<Vec<Post>>,
    number: usize,
    stack: Arc<Stack>,
    doubler: Arc<Doubler>,
    findings: Findings,
    counts: Arc<Counts>,
    program: PathBuf,
}

/// A process with the Runtime API that feeds it, and the temporary folder that ends with it.
struct Instance {
    api: RuntimeApi,
    process: Child,
    lives: bool,
    _folder: tempfile::TempDir,
}

impl Workers {
    pub(crate) fn start(
        stack: &Arc<Stack>,
        doubler: &Arc<Doubler>,
        findings: &Findings,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let (orders, received): (Vec<_>, Vec<_>) = (0..WORKERS).map(|_| mpsc::unbounded_channel()).unzip();
        let post = |orders| Post {
            busy: AtomicBool::new(false),
            frozen: AtomicBool::new(false),
            process: AtomicU32::new(0),
            orders,
        };
        let posts = Arc::new(orders.into_iter().map(post).collect::<Vec<_>>());
        let (mut tasks, counts) = (JoinSet::new(), Arc::<Counts>::default());
        for (number, orders) in received.into_iter().enumerate() {
            let desk = Desk {
                posts: Arc::clone(&posts),
                number,
                stack: Arc::clone(stack),
                doubler: Arc::clone(doubler),
                findings: findings.clone(),
                counts: Arc::clone(&counts),
                program: beside("protection-worker")?,
            };
            let rng = Rng::with_seed(seed.rotate_left(8) ^ number as u64);
            tasks.spawn(desk.work(Mutex::new((orders, rng))));
        }
        Ok(Self { posts, tasks: Arc::new(Mutex::new(tasks)), counts })
    }

    /// Every few seconds, one of those that build is killed or, less often, frozen.
    pub(crate) async fn kill_now_and_then(self, seed: u64) {
        let mut rng = Rng::with_seed(seed ^ 2);
        loop {
            tokio::time::sleep(Duration::from_millis(rng.u64(KILLS))).await;
            let builds = |post: &&Post| post.busy.load(Ordering::Relaxed) && !post.frozen.load(Ordering::Relaxed);
            if let Some(post) = rng.choice(self.posts.iter().skip(1).filter(builds).collect::<Vec<_>>()) {
                let _ = post.orders.send(if rng.u8(..8) == 0 { Order::Freeze } else { Order::Kill });
            }
        }
    }

    /// The worker that is never killed.
    pub(crate) fn spared(&self) -> Option<u32> {
        self.posts.first().map(|post| post.process.load(Ordering::Relaxed)).filter(|id| *id != 0)
    }

    pub(crate) fn are_idle(&self) -> bool {
        !self.posts.iter().any(|post| post.busy.load(Ordering::Relaxed))
    }

    /// How often an invocation for this job could cost it an attempt.
    pub(crate) fn disturbances(&self, name: &Name) -> u32 {
        let disturbed = self.counts.disturbed.lock().unwrap_or_else(PoisonError::into_inner);
        disturbed.get(name).copied().unwrap_or(0)
    }

    pub(crate) fn counts(&self) -> String {
        let Counts { killed, frozen, invocations, .. } = &*self.counts;
        let [killed, frozen, invocations] = [killed, frozen, invocations].map(|count| count.load(Ordering::Relaxed));
        format!("workers     {invocations} invocations, {killed} killed, {frozen} frozen beyond their lease\n")
    }

    /// A run in which nothing was disturbed shows nothing.
    pub(crate) fn judge(&self, findings: &Findings) {
        if self.counts.killed.load(Ordering::Relaxed) == 0 {
            findings.add("no worker was killed");
        }
    }

    pub(crate) async fn stop(&self) {
        self.tasks.lock().await.shutdown().await;
    }
}

type Orders = Mutex<(mpsc::UnboundedReceiver<Order>, Rng)>;

impl Desk {
    fn post(&self) -> &Post {
        &self.posts[self.number]
    }

    async fn work(self, orders: Orders) {
        let queue = &self.stack.resources.names.build_queue_url;
        let poller = Poller::new(&self.stack.config, queue, 1);
        loop {
            if let Err(error) = self.work_with_one_instance(&poller, &orders).await {
                println!("soak: worker {}: {error:#}", self.number);
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    async fn work_with_one_instance(&self, poller: &Poller, orders: &Orders) -> anyhow::Result<()> {
        let instance = Instance::start(&self.program, &self.stack).await?;
        self.post().process.store(instance.process.id().unwrap_or(0), Ordering::Relaxed);
        let instance = Mutex::new(instance);
        while instance.lock().await.lives {
            poller.poll(async |event| self.invoke(&instance, orders, event).await, 1).await?;
        }
        Ok(())
    }

    async fn invoke(&self, instance: &Mutex<Instance>, orders: &Orders, event: SqsEvent) -> SqsBatchResponse {
        let Some(message) = event.records.first() else { return SqsBatchResponse::default() };
        let id = message.message_id.clone().unwrap_or_default();
        let body = message.body.clone().unwrap_or_default();
        if let Err(error) = self.doubler.consider(&self.stack.resources.names.build_queue_url, &id, &body).await {
            println!("soak: could not double a message: {error:#}");
        }
        self.counts.invocations.fetch_add(1, Ordering::Relaxed);
        let mut orders = orders.lock().await;
        let (orders, rng) = &mut *orders;
        // Given too late for the invocation before.
        while orders.try_recv().is_ok() {}
        self.post().busy.store(true, Ordering::Relaxed);
        let begun = Instant::now();
        let answer = instance.lock().await.invoke(&event, orders, rng, (self.post(), &self.counts)).await;
        self.post().busy.store(false, Ordering::Relaxed);
        if !matches!(answer, Ok(Some(_))) || begun.elapsed() >= SLOW {
            self.counts.disturb(&body);
        }
        match answer {
            Ok(Some(response)) => response,
            Ok(None) => given_back(id),
            Err(error) => {
                self.findings.add(format!("worker {}, {body}: {error:#}", self.number));
                instance.lock().await.end().await;
                given_back(id)
            }
        }
    }
}

fn given_back(id: String) -> SqsBatchResponse {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = id;
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures.push(failure);
    response
}

impl Instance {
    async fn start(program: &PathBuf, stack: &Stack) -> anyhow::Result<Self> {
        let mut api = RuntimeApi::start().await?;
        let folder = tempfile::tempdir()?;
        let endpoint = stack.config.endpoint_url().unwrap_or_default();
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(api.environment("protection-worker", &stack.resources.names, endpoint))
            .env("WORKER_TIMEOUT_SECONDS", LEASE_SECONDS.to_string())
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let process = command.spawn().with_context(|| format!("could not start {}", program.display()))?;
        tokio::time::timeout(Duration::from_secs(20), api.polled()).await.context("it did not start")??;
        Ok(Self { api, process, lives: true, _folder: folder })
    }

    /// What the worker answers; nothing where it was killed, or where its answer came after the message was there again.
    async fn invoke(
        &mut self,
        event: &SqsEvent,
        orders: &mut mpsc::UnboundedReceiver<Order>,
        rng: &mut Rng,
        (post, counts): (&Post, &Counts),
    ) -> anyhow::Result<Option<SqsBatchResponse>> {
        let process = self.process.id().context("it has ended by itself")?.to_string();
        let answer = self.api.invoke("soak", serde_json::to_string(event)?, INVOCATION);
        let mut answer = std::pin::pin!(answer);
        let order = tokio::select! {
            answer = &mut answer => return read(answer?),
            status = self.process.wait() => bail!("it ended by itself: {}", status?),
            Some(order) = orders.recv() => order,
        };
        match order {
            Order::Kill => {
                counts.killed.fetch_add(1, Ordering::Relaxed);
                self.process.kill().await?;
                self.lives = false;
                Ok(None)
            }
            Order::Freeze => {
                counts.frozen.fetch_add(1, Ordering::Relaxed);
                post.frozen.store(true, Ordering::Relaxed);
                Command::new("kill").args(["-STOP", &process]).status().await?;
                let beyond = Duration::from_secs(u64::from(LEASE_SECONDS)) + Duration::from_millis(rng.u64(..6000));
                tokio::time::sleep(beyond).await;
                Command::new("kill").args(["-CONT", &process]).status().await?;
                post.frozen.store(false, Ordering::Relaxed);
                read(answer.await?)?;
                Ok(None)
            }
        }
    }

    async fn end(&mut self) {
        self.lives = false;
        let _ = self.process.kill().await;
    }
}

fn read(answer: local::runtime::Answer) -> anyhow::Result<Option<SqsBatchResponse>> {
    match answer.body {
        Ok(body) => Ok(Some(serde_json::from_slice(&body)?)),
        Err(error) => bail!("it failed: {}", String::from_utf8_lossy(&error)),
    }
}

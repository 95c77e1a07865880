//! A stack of its own for each test: a local AWS, the routers, the queue functions, and a clock that the test moves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use api::App;
use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use axum::Router;
use axum::body::{Body, Bytes};
use domain::configuration::Configuration;
use domain::control::ControlId;
use domain::credential::AutomationKey;
use domain::id::TenantId;
use domain::plan::{CustomLimits, Plan};
use domain::platform::{ConfigVersion, Platform};
use domain::tenant::Tenant;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, StatusCode};
use local::aws::LocalAws;
use local::documents;
use local::outbox::Outbox;
use local::provision::{Settings, Stack, provision};
use local::queues::Poller;
use local::seed;
use local::server::{MAINTENANCE_PERIOD, Server, WORKERS, desk};
use protection_worker::{Lease, Worker};
use serde_json::{Value, json};
use service::Service;
use store::Store;
use tower::ServiceExt as _;

use crate::clock::TestClock;
use crate::replays::Replays;
use crate::{conformance, functions, issuer, privileges, secrets};

/// One stack.
pub struct Bench {
    /// Its resources.
    pub stack: Stack,
    /// How the SDK reaches it.
    pub config: SdkConfig,
    /// The state of the routers.
    pub app: App,
    /// Every route.
    pub router: Router,
    /// A TEAM tenant.
    pub tenant: Tenant,
    /// A key of that tenant.
    pub key: AutomationKey,
    /// The time.
    pub clock: TestClock,
    /// Gone after the test.
    pub folder: tempfile::TempDir,
    /// The recorded events that the test replayed.
    pub replays: Replays,
    own: Service,
    _secrets: secrets::Guard,
    _aws: LocalAws,
}

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, null where it is not JSON.
    pub body: Value,
    /// The body as it was sent.
    pub bytes: Bytes,
}

impl Answer {
    /// A field of the body as text.
    pub fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap_or_else(|| panic!("no text {field} in {}", self.body)).to_owned()
    }
}

/// Starts the program that `./dev test` installed.
pub async fn start_aws(folder: &Path) -> LocalAws {
    let program = local::aws::program(&home());
    assert!(program.exists(), "{} is missing: run ./dev test", program.display());
    LocalAws::start(&program, None, &folder.join("aws.log")).await.expect("the local AWS starts")
}

/// The folder of the project's tools.
pub fn home() -> PathBuf {
    variable("APPTEGO_HOME").map_or_else(|| root().join(".local"), PathBuf::from)
}

/// The folder of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project's folder").to_owned()
}

/// The Python environment that tests/tools/install makes.
pub fn python_tools() -> PathBuf {
    variable("PYTHON_TOOLS").map_or_else(|| home().join("tools"), Into::into)
}

/// A program of it. Where CI is set it must be there; elsewhere its absence is said.
///
/// # Panics
/// Where it is missing in CI.
pub fn python_tool(name: &str) -> Option<PathBuf> {
    installed(python_tools().join("bin").join(name))
}

/// A program that tests/tools/install installs, as [`python_tool`].
///
/// # Panics
/// Where it is missing in CI.
pub fn installed(program: PathBuf) -> Option<PathBuf> {
    if program.is_file() {
        return Some(program);
    }
    assert!(variable("CI").is_none(), "{} is missing: run ./dev test", program.display());
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    {
        eprintln!("skipped: {} is missing: run ./dev test", program.display());
    }
    None
}

/// A binary that `./dev test` builds before the tests, beside this test's own.
pub fn program(name: &str) -> PathBuf {
    let this = std::env::current_exe().expect("this test");
    let program = this.ancestors().nth(2).expect("target/debug/deps/test").join(name);
    assert!(program.exists(), "{} is missing: run ./dev test", program.display());
    program
}

/// A variable of the environment.
#[expect(clippy::disallowed_methods, reason = "tests have no main of their own")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Bench {
    /// A TEAM tenant with a key, a signing key and the usual controls.
    pub async fn start() -> Self {
        Self::start_with(Settings::default()).await
    }

    /// As [`Self::start`], with other settings of the resources.
    pub async fn start_with(settings: Settings) -> Self {
        secrets::watch();
        let folder = tempfile::tempdir().expect("a folder");
        let aws = start_aws(folder.path()).await;
        let config = aws.config();
        let stack = provision(&config, "test", settings).await.expect("resources");
        let clock = TestClock::default();
        let clients = privileges::connect(&config, &stack.names, &[]);
        for (function, _) in functions::routers() {
            let started = Store::new(clients.clone(), stack.names.clone());
            functions::act(function, started.pepper()).await.expect("the pepper");
        }
        let store = Store::new(clients, stack.names.clone());
        let own = Service::new(store.through(privileges::own(&config)), clock.clock());
        let tenant = seed::seed(&own).await.expect("a tenant");
        let key = seed::make_automation_key(&own, &tenant.id, "Test").await.expect("a key");
        let app = App {
            service: Service::new(store, clock.clock())
                .with_sessions(Some(issuer::start().await))
                .with_desk(desk().unwrap())
                .with_libraries(true)
                .with_answerer(Arc::new(helpbot::embedded(service::PORTAL_URL))),
        };
        let router = functions::serve(local::routes(), app.clone());
        let bench = Self {
            stack,
            config,
            app,
            router,
            tenant,
            key,
            clock,
            folder,
            replays: Replays::default(),
            own,
            _secrets: secrets::Guard,
            _aws: aws,
        };
        bench.register_secrets(&bench.tenant, &bench.key).await;
        bench
    }

    /// The secrets that no answer shows: the pepper, a key, the password of a signing key.
    async fn register_secrets(&self, tenant: &Tenant, key: &AutomationKey) {
        let watch = secrets::watch();
        let pepper = aws_sdk_secretsmanager::Client::new(&self.config).get_secret_value();
        let pepper = pepper.secret_id(&self.stack.names.pepper_secret).send().await.expect("the pepper");
        watch.register(pepper.secret_string.as_deref().unwrap_or_default());
        watch.register_authorization(&key.expose());
        let id = tenant.default_android_key.as_ref().expect("a signing key");
        let material = self.store().signing_key_material(&tenant.id, id).await.expect("a signing key");
        watch.register(&material.expect("its material").1.password);
    }

    /// The use cases, for the functions of [`functions`].
    pub fn service(&self) -> &Service {
        &self.app.service
    }

    /// The storage, for what the test itself reads and writes.
    pub const fn store(&self) -> &Store {
        self.own.store()
    }

    /// The same stack through clients that `interceptors` look into.
    pub fn intercepted(&self, interceptors: &[SharedInterceptor]) -> App {
        let clients = privileges::connect(&self.config, &self.stack.names, interceptors);
        App { service: self.app.service.clone().over(self.store().through(clients)) }
    }

    /// The use cases as the test's own, for what it prepares.
    pub fn own(&self) -> &Service {
        &self.own
    }

    /// Another tenant, with a key of its own.
    pub async fn another_tenant(&self, number: u128, plan: Plan) -> (Tenant, AutomationKey) {
        let id = TenantId::from_bits(number);
        let name = format!("Tenant {number}").parse().expect("a name");
        let tenant = Tenant::new(id.clone(), name, plan);
        let tenant = seed::make_tenant(&self.own, tenant).await.expect("a tenant");
        if plan.allows_automation() {
            self.configure_for(&tenant, seed::default_controls(Platform::Android)).await;
        }
        let key = seed::make_automation_key(&self.own, &id, "Other").await.expect("a key");
        self.register_secrets(&tenant, &key).await;
        (tenant, key)
    }

    /// Enables exactly these controls in every version.
    pub async fn configure(&self, controls: &[ControlId]) {
        self.configure_for(&self.tenant, controls).await;
    }

    pub(crate) async fn configure_for(&self, tenant: &Tenant, controls: &[ControlId]) {
        let configuration = Configuration::enabling(controls, Platform::Android, tenant.plan).expect("controls");
        for version in ConfigVersion::ALL {
            seed::configure(&self.own, &tenant.id, version, &configuration).await.expect("a configuration");
        }
    }

    /// Gives the tenant limits of its own.
    pub async fn limit(&self, concurrent: u32, weekly: u32) {
        let custom_limits = CustomLimits {
            concurrent_builds: Some(concurrent),
            weekly_builds: Some(weekly),
            ..CustomLimits::default()
        };
        self.store().put_tenant(&Tenant { custom_limits, ..self.tenant.clone() }).await.expect("limits");
    }

    /// The `Authorization` header of the tenant's key.
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.key.expose())
    }

    /// A call with the tenant's key.
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let bearer = self.bearer();
        send(&self.router, method, path, &[("authorization", &bearer)], body).await
    }

    /// A POST with the tenant's key.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, Some(body)).await
    }

    /// A GET with the tenant's key.
    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    /// Asks for an upload and puts `bytes`; returns the job's id.
    pub async fn upload(&self, name: &str, bytes: &[u8]) -> String {
        let ticket = self.request_upload(name, Some(bytes.len())).await;
        put(&ticket.text("upload_url"), bytes.to_vec()).await;
        ticket.text("job_id")
    }

    /// Asks for an upload of `size` announced bytes; the answer has been a success.
    pub async fn request_upload(&self, name: &str, size: Option<usize>) -> Answer {
        let mut body = json!({ "file_name": name, "platform": "android", "version": "prod" });
        if let Some(size) = size {
            body["file_size"] = json!(size);
        }
        let answer = self.post("/automate/upload", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer
    }

    /// Lets the arrival function take every message that is there.
    pub async fn run_arrivals(&self) {
        let poller = Poller::new(&self.config, &self.stack.arrival_queue_url, 10);
        let handle = |event| functions::arrive(self.service(), event);
        while poller.poll(handle, 1).await.expect("a poll") > 0 {}
    }

    /// A worker with the usual lease.
    pub fn worker(&self) -> Worker {
        self.worker_with(Lease::default())
    }

    /// A worker with another lease.
    pub fn worker_with(&self, lease: Lease) -> Worker {
        Worker::new(self.service().clone(), lease)
    }

    /// Lets a worker take every wake-up for a build that is there; returns how many there were.
    pub async fn run_worker(&self, worker: &Worker) -> usize {
        self.work_on(&self.stack.names.build_queue_url, worker).await
    }

    /// As [`Self::run_worker`], for libraries.
    pub async fn run_library_worker(&self, worker: &Worker) -> usize {
        self.work_on(&self.stack.names.library_queue_url, worker).await
    }

    async fn work_on(&self, queue: &str, worker: &Worker) -> usize {
        let poller = Poller::new(&self.config, queue, 1);
        let handle = |event| functions::build(worker, event);
        let mut taken = 0;
        loop {
            match poller.poll(handle, 1).await.expect("a poll") {
                0 => return taken,
                more => taken += more,
            }
        }
    }

    /// Arrival and worker, until nothing is left to do; then the job's status.
    pub async fn build(&self, job: &str) -> Answer {
        self.run_arrivals().await;
        self.run_worker(&self.worker()).await;
        self.get(&format!("/automate/status/{job}")).await
    }

    /// Serves the API on a port of this machine with everything behind it, until the server is dropped.
    pub async fn serve(&self) -> (Server, String) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let mut server = Server::default();
        server.serve(listener, self.router.clone().merge(documents::router()));
        let service = self.service().clone();
        server.feed(Poller::new(&self.config, &self.stack.arrival_queue_url, 10), move |event| {
            let service = service.clone();
            async move { functions::arrive(&service, event).await }
        });
        let builds = std::iter::repeat_n(&self.stack.names.build_queue_url, WORKERS);
        for queue in builds.chain([&self.stack.names.library_queue_url]) {
            let worker = self.worker();
            server.feed(Poller::new(&self.config, queue, 1), move |event| {
                let worker = worker.clone();
                async move { functions::build(&worker, event).await }
            });
        }
        let (service, outbox) = (self.service().clone(), self.outbox());
        server.every(MAINTENANCE_PERIOD, move || {
            let (service, outbox) = (service.clone(), outbox.clone());
            async move { functions::maintain(&service, &outbox).await.map(drop) }
        });
        (server, address)
    }

    /// Where mail goes.
    pub fn outbox(&self) -> Outbox {
        Outbox::new(self.folder.path().join("outbox"))
    }

    /// The keys of every object in both buckets.
    pub async fn objects(&self) -> Vec<String> {
        let client = local::aws::s3(&self.config);
        let mut keys = Vec::new();
        for bucket in [&self.stack.names.uploads_bucket, &self.stack.names.artifacts_bucket] {
            let listed = client.list_objects_v2().bucket(bucket).send().await.expect("a listing");
            keys.extend(listed.contents().iter().filter_map(|object| object.key.clone()));
        }
        keys.retain(|key| !key.contains("/config/"));
        keys
    }
}

/// One request through a router.
pub async fn send(router: &Router, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
    body.iter().for_each(|body| secrets::watch().register_body(body));
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    send_bytes(router, method, path, headers, body).await
}

/// One request through a router, with a body that may be anything. The answer is one that docs/openapi.json allows.
pub async fn send_bytes(
    router: &Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    exchange(router, request.body(body.into()).expect("a request")).await
}

/// As [`send_bytes`], for a request that is made already.
pub async fn exchange<B>(router: &Router, request: Request<B>) -> Answer
where
    B: axum::body::HttpBody<Data = axum::body::Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    for header in request.headers().get_all(AUTHORIZATION) {
        secrets::watch().register_authorization(&String::from_utf8_lossy(header.as_bytes()));
    }
    let response = router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 10_000_000).await.expect("a body");
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let answer = Answer { status: parts.status, headers: parts.headers, body, bytes };
    secrets::watch().note_answer(&answer);
    conformance::check(&method, &path, &answer);
    answer
}

/// Puts bytes to a signed URL, as a client would.
pub async fn put(url: &str, bytes: Vec<u8>) -> reqwest::Response {
    let response = reqwest::Client::new().put(url).body(bytes).send().await.expect("an answer");
    assert!(response.status().is_success(), "{}", response.status());
    response
}

/// Gets the bytes behind a signed URL.
pub async fn fetch(url: &str) -> Vec<u8> {
    let response = reqwest::get(url).await.expect("an answer");
    assert!(response.status().is_success(), "{}", response.status());
    response.bytes().await.expect("a body").to_vec()
}

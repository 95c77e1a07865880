//! What the functions' own binaries leave in their log, read as Lambda and the metric filters of template.yaml read it.

use std::collections::HashMap;
use std::process::Stdio;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use local::runtime::RuntimeApi;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tests::harness::{Bench, program, put, root};
use tests::packages::small_apk;
use tokio::process::{Child, Command};

/// Time for one event.
const LIMIT: Duration = Duration::from_secs(60);
/// The file of events/upload-arrival/put.json.
const FILE: &str = "größe (1).apk";

/// A function as Lambda runs it with template.yaml's LoggingConfig.
struct Function {
    api: RuntimeApi,
    log: NamedTempFile,
    _process: Child,
}

impl Function {
    async fn start(bench: &Bench, name: &str) -> Self {
        let mut api = RuntimeApi::start().await.unwrap();
        let log = NamedTempFile::new().unwrap();
        let process = command(bench, name, &api, &log).spawn().unwrap();
        api.polled().await.unwrap();
        Self { api, log, _process: process }
    }

    /// Hands it a recorded event about a job of the tenant.
    async fn invoke(&mut self, bench: &Bench, event: &str, job: &str) -> Value {
        let recorded = std::fs::read_to_string(root().join("events").join(event)).unwrap();
        let event = recorded.replace("$JOB_ID", job).replace("$APPTEGO_API_KEY", &bench.key.expose());
        let answer = self.api.invoke("invocation", event, LIMIT).await.unwrap();
        serde_json::from_slice(&answer.body.expect("no error")).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        lines(&self.log)
    }
}

fn command(bench: &Bench, name: &str, api: &RuntimeApi, log: &NamedTempFile) -> Command {
    let output = log.reopen().unwrap();
    let mut command = Command::new(program(name));
    command
        .env_clear()
        .envs(api.environment(name, &bench.stack.names, bench.config.endpoint_url().unwrap()))
        .envs([("AWS_LAMBDA_LOG_FORMAT", "JSON"), ("AWS_LAMBDA_LOG_LEVEL", "INFO")])
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .kill_on_drop(true);
    command
}

/// Every line of the log, each of which Lambda takes for what it is: an object with a level and a time in RFC 3339.
fn lines(log: &NamedTempFile) -> Vec<Value> {
    let text = std::fs::read_to_string(log.path()).unwrap();
    let read = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(["INFO", "WARN", "ERROR"].contains(&value["level"].as_str().unwrap()), "{line}");
        value["timestamp"].as_str().unwrap().parse::<Timestamp>().unwrap();
        value
    };
    text.lines().map(read).collect()
}

/// The line with this message, of which there is one.
fn line<'a>(lines: &'a [Value], message: &str) -> &'a Value {
    let found: Vec<&Value> = lines.iter().filter(|line| line["fields"]["message"] == message).collect();
    assert_eq!(found.len(), 1, "{message} in {lines:#?}");
    found[0]
}

/// The line is of this level, and says whose and which build it is about, and which invocation it belongs to.
fn assert_names(lines: &[Value], message: &str, level: &str, bench: &Bench, job: &str) {
    let line = line(lines, message);
    assert_eq!(line["level"], level, "{line}");
    let fields = &line["fields"];
    let named = ["tenant.id", "build.id", "requestId"].map(|name| fields[name].clone());
    assert_eq!(named, [json!(bench.tenant.id), json!(job), json!("invocation")], "{line}");
    assert!(fields["xrayTraceId"].as_str().unwrap().starts_with("Root="), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn metric_filters_find_what_functions_log_and_errors_name_their_build() {
    let bench = Bench::start().await;
    // The functions are an hour ahead: what is asked for here is due there.
    bench.clock.pass(-3600);
    let (worker, late) = log_builds(&bench).await;
    let (arrival, maintenance) = log_a_job_without_its_tenant(&bench).await;
    let mut logs = HashMap::from([
        ("ProtectionWorker", worker.lines()),
        ("UploadArrival", arrival.lines()),
        ("Maintenance", maintenance.lines()),
    ]);
    // What all functions of the API share writes it.
    let lost = log_a_lost_event(&bench).await.lines();
    let of_api = [
        "AutomateUpload",
        "AutomateStatus",
        "FrontendBuilds",
        "FrontendConfig",
        "FrontendUsers",
        "Support",
        "Billing",
        "Helpbot",
    ];
    logs.extend(of_api.map(|function| (function, lost.clone())));
    for filter in filters() {
        let lines = logs.get(&*filter.function).unwrap_or_else(|| panic!("nothing was done in {}", filter.function));
        let found = lines.iter().find(|line| at(line, &filter.selector) == Some(&json!(filter.value)));
        let found = found.unwrap_or_else(|| panic!("{filter:?} finds nothing in {lines:#?}"));
        for selector in &filter.values {
            assert!(at(found, selector).is_some(), "{selector} of {filter:?} is not in {found}");
        }
    }
    let worker = logs.remove("ProtectionWorker").unwrap();
    assert_eq!(line(&worker, "a wake-up that cannot be read")["level"], "ERROR");
    assert_names(&worker, "the infrastructure failed the build", "ERROR", &bench, &late);
    assert!(worker.iter().all(|line| line["fields"]["requestId"] == "invocation"), "{worker:#?}");
}

/// A build that succeeds, a message that is no wake-up, and a build, whose id is returned, that the infrastructure fails.
async fn log_builds(bench: &Bench) -> (Function, String) {
    let mut worker = Function::start(bench, "protection-worker").await;
    let job = bench.upload("app.apk", &small_apk()).await;
    bench.run_arrivals().await;
    worker.invoke(bench, "protection-worker/wake-up.json", &job).await;
    let lines = worker.lines();
    assert_names(&lines, "build starts", "INFO", bench, &job);
    assert_names(&lines, "build ends", "INFO", bench, &job);
    assert_eq!(line(&lines, "build ends")["fields"]["ended"], "built");

    worker.invoke(bench, "protection-worker/unreadable.json", &job).await;
    let late = bench.upload("app.apk", &small_apk()).await;
    bench.run_arrivals().await;
    let (s3, bucket) = (local::aws::s3(&bench.config), &bench.stack.names.artifacts_bucket);
    let folder = format!("{}/config/", bench.tenant.id);
    for object in s3.list_objects_v2().bucket(bucket).prefix(folder).send().await.unwrap().contents() {
        s3.delete_object().bucket(bucket).key(object.key().unwrap()).send().await.unwrap();
    }
    worker.invoke(bench, "protection-worker/wake-up.json", &late).await;
    (worker, late)
}

/// What upload-arrival and maintenance do about a job that is due and of which the tenant is gone.
async fn log_a_job_without_its_tenant(bench: &Bench) -> (Function, Function) {
    let ticket = bench.request_upload(FILE, None).await;
    let job = ticket.text("job_id");
    put(&ticket.text("upload_url"), small_apk()).await;
    let key = |value: &str| AttributeValue::S(value.to_owned());
    let items = aws_sdk_dynamodb::Client::new(&bench.config);
    let deletion = items.delete_item().table_name(&bench.stack.names.table).key("sk", key("TENANT"));
    deletion.key("pk", key(&format!("TENANT#{}", bench.tenant.id))).send().await.unwrap();

    let mut arrival = Function::start(bench, "upload-arrival").await;
    let answer = arrival.invoke(bench, "upload-arrival/put.json", &job).await;
    assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 1);
    assert_names(&arrival.lines(), "the notification comes back", "WARN", bench, &job);

    let mut maintenance = Function::start(bench, "maintenance").await;
    let answer = maintenance.invoke(bench, "maintenance/each-minute.json", &job).await;
    assert_eq!(answer["jobs"]["failed"], 1);
    assert_names(&maintenance.lines(), "could not reconcile", "WARN", bench, &job);
    assert_eq!(line(&maintenance.lines(), "reconciled")["level"], "INFO");
    (arrival, maintenance)
}

/// A call is answered although its event has nowhere to stand.
async fn log_a_lost_event(bench: &Bench) -> Function {
    let tables = aws_sdk_dynamodb::Client::new(&bench.config);
    tables.delete_table().table_name(&bench.stack.names.events_table).send().await.unwrap();
    let mut status = Function::start(bench, "automate-status").await;
    let answer = status.invoke(bench, "automate-status/status.json", "1700000000").await;
    assert_ne!(answer["statusCode"], 500, "{answer}");
    assert_eq!(line(&status.lines(), "an audit event is lost")["level"], "ERROR");
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_panics_are_lines_of_json_too() {
    let bench = Bench::start().await;
    for (function, event) in [
        ("automate-upload", "automate-upload/upload-without-credentials.json"),
        ("automate-status", "automate-status/unknown-route.json"),
    ] {
        let mut process = Function::start(&bench, function).await;
        process.invoke(&bench, event, "").await;
        let lines = process.lines();
        let line = line(&lines, "request");
        assert_eq!((&line["level"], &line["fields"]["requestId"]), (&json!("INFO"), &json!("invocation")));
    }
    // The runtime panics where Lambda did not start it.
    let (api, log) = (RuntimeApi::start().await.unwrap(), NamedTempFile::new().unwrap());
    command(&bench, "maintenance", &api, &log).env_remove("AWS_LAMBDA_FUNCTION_NAME").status().await.unwrap();
    let lines = lines(&log);
    let line = line(&lines, "panicked");
    assert_eq!(line["level"], "ERROR");
    assert!(line["fields"]["error"].as_str().unwrap().contains("AWS_LAMBDA_FUNCTION_NAME"), "{line}");
}

/// A metric filter of template.yaml.
#[derive(Debug)]
struct Filter {
    /// Whose log it looks into, as template.yaml names it.
    function: String,
    /// What it compares, and with what.
    selector: String,
    value: String,
    /// What it takes out of a line that it found.
    values: Vec<String>,
}

fn filters() -> Vec<Filter> {
    let template = std::fs::read_to_string(root().join("template.yaml")).unwrap();
    let described = template.split("Type: AWS::Logs::MetricFilter\n").skip(1);
    let filters: Vec<Filter> = described.map(|text| read_filter(text.split("\n\n").next().unwrap())).collect();
    assert!(!filters.is_empty());
    filters
}

fn read_filter(text: &str) -> Filter {
    let between = |begin: &str, end: &str| text.split_once(begin).unwrap().1.split_once(end).unwrap().0.to_owned();
    let (pattern, after) = text.split_once("FilterPattern: '{ $.").unwrap().1.split_once(" }'").unwrap();
    let (selector, value) = pattern.split_once(" = ").unwrap();
    let name = |text: &str| text.split([',', '}', '\n']).next().unwrap().to_owned();
    Filter {
        function: between("LogGroupName: !Ref ", "LogGroup\n"),
        selector: selector.to_owned(),
        value: value.trim_matches('"').to_owned(),
        values: after.split("$.").skip(1).map(name).collect(),
    }
}

/// What a selector without its `$.` selects: a dot goes one object deeper.
fn at<'a>(line: &'a Value, selector: &str) -> Option<&'a Value> {
    line.pointer(&format!("/{}", selector.replace('.', "/")))
}

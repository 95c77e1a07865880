//! Where a suite runs, and what it says at its end.

use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_smithy_runtime_api::client::result::SdkError;
use futures_util::FutureExt as _;
use local::aws::LocalAws;
use tests::harness::{root, start_aws, variable};

use crate::verdict::{Expected, Verdict, judge, judge_everywhere, said};

/// Set to a prefix by `./dev aws-contract --real`: every resource that is made in the account bears it.
const REAL: &str = "AWS_CONTRACT_PREFIX";

/// The tag of every resource.
pub(crate) const TAG: (&str, &str) = ("purpose", "aws-contract");

/// An account, or the local AWS; and what was found out there.
pub(crate) struct Suite {
    pub(crate) config: SdkConfig,
    /// What the names of the suite's resources begin with.
    pub(crate) prefix: String,
    service: &'static str,
    local: Option<(LocalAws, tempfile::TempDir)>,
    report: String,
    failures: usize,
}

impl Suite {
    pub(crate) async fn start(service: &'static str) -> Self {
        let (config, prefix, local) = match variable(REAL).filter(|prefix| !prefix.is_empty()) {
            Some(prefix) => (aws_config::load_from_env().await, prefix, None),
            None => {
                let folder = tempfile::tempdir().unwrap();
                let aws = start_aws(folder.path()).await;
                (aws.config(), "contract".to_owned(), Some((aws, folder)))
            }
        };
        let prefix = format!("{prefix}-{service}");
        Self { config, prefix, service, local, report: String::new(), failures: 0 }
    }

    pub(crate) const fn is_local(&self) -> bool {
        self.local.is_some()
    }

    /// A client for what the store does not do. Stand-ins have no bucket host names.
    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        let stand_in = self.config.endpoint_url().is_some();
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(stand_in);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// A behaviour, and the file that relies on it.
    pub(crate) async fn expect(&mut self, what: &str, file: &str, check: impl Future<Output = ()>) {
        self.report(what, file, judge_everywhere(ended(check).await));
    }

    /// As [`Self::expect`], for a behaviour that the local AWS is known not to have. The check says what it has seen.
    pub(crate) async fn expect_of_aws(
        &mut self,
        what: &str,
        file: &str,
        expected: Expected,
        check: impl Future<Output = String>,
    ) {
        let verdict = judge(ended(check).await, expected, self.is_local());
        self.report(what, file, verdict);
    }

    fn report(&mut self, what: &str, file: &str, verdict: Verdict) {
        assert!(root().join(file).exists(), "{file} relies on {what}, and is not there");
        let (verdict, note) = match verdict {
            Verdict::Holds => ("holds", String::new()),
            Verdict::KnownDifference(seen) => ("known difference", format!(": {seen}")),
            Verdict::Fails(why) => {
                self.failures += 1;
                ("FAILS", format!(": {why}"))
            }
        };
        writeln!(self.report, "{verdict:<16} {what}{note} ({file})").unwrap();
    }

    /// Ends with what was found out. `finished` is whether every check was made.
    fn end(self, finished: bool) {
        let place = if self.is_local() { "the local AWS" } else { "AWS" };
        keep(self.service, &format!("{} on {place}\n{}", self.service, self.report));
        assert!(finished, "{}: a resource could not be made\n{}", self.service, self.report);
        assert_eq!(self.failures, 0, "\n{}", self.report);
    }
}

/// What a check has seen, or how it panicked.
async fn ended<T>(check: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(check).catch_unwind().await.map_err(|panic| said(&*panic))
}

/// Makes the checks, removes whatever was made for them, also after a failure and after Ctrl-C, and reports.
pub(crate) async fn run(
    mut suite: Suite,
    checks: impl AsyncFnOnce(&mut Suite),
    removal: impl AsyncFnOnce(&Suite) -> Result<(), String>,
) {
    let ended = tokio::select! {
        ended = AssertUnwindSafe(checks(&mut suite)).catch_unwind() => Some(ended.is_ok()),
        _ = tokio::signal::ctrl_c() => None,
    };
    let removed = removal(&suite).await;
    let prefix = suite.prefix.clone();
    removed.unwrap_or_else(|error| panic!("resources named {prefix}… are left: {error}"));
    match ended {
        Some(finished) => suite.end(finished),
        // The suites that have not begun shall not.
        None => std::process::exit(130),
    }
}

/// Where `./dev aws-contract` reads what to print.
fn keep(service: &str, report: &str) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("aws-contract");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{service}.txt")), report).unwrap();
}

/// The code of a refusal. Panics where there was none.
pub(crate) fn refusal<T, E: ProvideErrorMetadata + std::fmt::Debug, R: std::fmt::Debug>(
    result: Result<T, SdkError<E, R>>,
) -> String {
    assert!(result.is_err(), "it was not refused");
    outcome(result, "taken")
}

/// The code of a refusal, or `taken` where there was none.
pub(crate) fn outcome<T, E: ProvideErrorMetadata + std::fmt::Debug, R: std::fmt::Debug>(
    result: Result<T, SdkError<E, R>>,
    taken: &str,
) -> String {
    let Err(error) = result else { return taken.to_owned() };
    let error = error.as_service_error().unwrap_or_else(|| panic!("not refused by the service: {error:?}"));
    error.code().unwrap_or_default().to_owned()
}

/// A removal that worked, or had nothing to remove.
pub(crate) fn gone<T, E: ProvideErrorMetadata + std::fmt::Debug, R: std::fmt::Debug>(
    result: Result<T, SdkError<E, R>>,
    absent: &[&str],
) -> Result<(), String> {
    match result {
        Ok(_) => Ok(()),
        Err(error) if error.code().is_some_and(|code| absent.contains(&code)) => Ok(()),
        Err(error) => Err(format!("{error:?}")),
    }
}

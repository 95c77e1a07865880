//! An outside tool makes thousands of requests of docs/openapi.json, valid and not, and judges the answers.

use std::path::PathBuf;
use std::process::Stdio;

use tests::harness::{Bench, python_tool, root};

/// The same requests in every run.
const SEED: &str = "20261122";
/// Some rules stand between fields or need a state, which no schema says: a .apk is not for ios, an upload exists.
const EXCLUDED_CHECK: &str = "positive_data_acceptance";
/// After it, every change is refused.
const DELETION: &str = "^/frontend/(delete|restore)_tenant$";

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing_in_the_automation_api() {
    let Some(program) = python_tool("schemathesis") else { return };
    let bench = Bench::start().await;
    bench.limit(1_000_000, 1_000_000).await;
    let header = format!("Authorization: {}", bench.bearer());
    let report = run(&bench, &program, &["--include-path-regex", "^/automate/", "--header", &header]).await;
    assert!(report.contains("Tested: 6"), "every operation is tried:\n{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing_in_the_management_api() {
    let Some(program) = python_tool("schemathesis") else { return };
    let bench = Bench::start().await;
    bench.add_member("developer@example.com", "user_and_api_management").await;
    let owner = bench.owner();
    let (bearer, tenant) = (format!("Authorization: {}", owner.bearer), format!("tenant: {}", owner.tenant));
    let headers = ["--header", &bearer, "--header", &tenant];
    let (all, but) = ("^/frontend/", ["--exclude-path-regex", DELETION]);
    let report = run(&bench, &program, &[&["--include-path-regex", all][..], &but, &headers].concat()).await;
    let count = crate::routes::all_routes().iter().filter(|(path, _)| path.starts_with("/frontend/")).count();
    assert!(report.contains(&format!("Tested: {}", count - 2)), "every operation but two is tried:\n{report}");
    let report = run(&bench, &program, &[&["--include-path-regex", DELETION][..], &headers].concat()).await;
    assert!(report.contains("Tested: 2"), "and these:\n{report}");
}

/// Its report; it found nothing.
async fn run(bench: &Bench, program: &PathBuf, selection: &[&str]) -> String {
    let (_server, address) = bench.serve().await;
    let run = tokio::process::Command::new(program)
        .current_dir(bench.folder.path())
        .args(["run", "--url", &address, "--seed", SEED, "--no-color", "--max-examples", "25"])
        .args(["--phases", "examples,coverage,fuzzing", "--checks", "all", "--exclude-checks", EXCLUDED_CHECK])
        .args(["--generation-database", "none"])
        .args(selection)
        .arg(root().join("docs/openapi.json"))
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let report = String::from_utf8_lossy(&run.stdout).replace(&bench.key.expose(), "[key]");
    assert!(run.status.success(), "{report}\n{}", String::from_utf8_lossy(&run.stderr));
    report
}

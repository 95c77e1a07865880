//! An outside tool makes thousands of requests of docs/openapi.json, valid and not, and judges the answers.

use std::process::Stdio;

use tests::harness::{Bench, home, root, variable};

/// The same requests in every run.
const SEED: &str = "20261122";

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing() {
    let tools = variable("PYTHON_TOOLS").map_or_else(|| home().join("tools"), Into::into);
    let program = tools.join("bin/schemathesis");
    if !program.exists() {
        assert!(variable("CI").is_none(), "{} is missing: run ./dev test", program.display());
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped: {} is missing: run ./dev test", program.display());
        }
        return;
    }
    let bench = Bench::start().await;
    bench.limit(1_000_000, 1_000_000).await;
    let (_server, address) = bench.serve().await;
    let run = tokio::process::Command::new(&program)
        .current_dir(bench.folder.path())
        .args([
            "run",
            "--url",
            &address,
            "--seed",
            SEED,
            "--no-color",
            "--max-examples",
            "25",
            "--phases",
            "examples,coverage,fuzzing",
        ])
        // Some rules stand between fields or need a state, which no schema says: a .apk is not for ios, an upload exists.
        .args(["--checks", "all", "--exclude-checks", "positive_data_acceptance", "--generation-database", "none"])
        .arg("--header")
        .arg(format!("Authorization: {}", bench.bearer()))
        .arg(root().join("docs/openapi.json"))
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let report = String::from_utf8_lossy(&run.stdout).replace(&bench.key.expose(), "[key]");
    assert!(run.status.success(), "{report}\n{}", String::from_utf8_lossy(&run.stderr));
    assert!(report.contains("6 selected / 6 total"), "every operation is tried:\n{report}");
}

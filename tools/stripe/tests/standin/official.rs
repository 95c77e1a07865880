//! Stripe's own Python package as a judge of the stand-in and of signatures, and as the source of the excerpt.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

use crate::receiver::{Receiver, SECRET};
use crate::{KEY, bench};

/// The Python that has the package: tests/tools/requirements.txt names its release.
fn python() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test runner's switch, not configuration")]
    let variable = |name| std::env::var_os(name);
    let python = variable("PYTHON_TOOLS").map(|tools| Path::new(&tools).join("bin/python"));
    let python = python.filter(|python| {
        let has = Command::new(python).args(["-c", "import stripe"]).stderr(Stdio::null()).status();
        has.is_ok_and(|status| status.success())
    });
    assert!(
        python.is_some() || variable("CI").is_none(),
        "the Python package of Stripe is missing: tests/tools/install"
    );
    if python.is_none() {
        skipped("the Python package of Stripe is missing: tests/tools/install");
    }
    python
}

#[expect(clippy::print_stderr, reason = "says why a test did nothing")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn run(mut command: Command, input: &Path) -> String {
    let done = command.stdin(std::fs::File::open(input).unwrap()).output().unwrap();
    let (out, error) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}{error}");
    out.into_owned()
}

#[tokio::test]
async fn stripes_own_package_takes_it_for_stripe() {
    let Some(python) = python() else { return };
    let bench = bench().await;
    let (receiver, webhook) = Receiver::start(0).await;
    bench.standin.send_events_to(webhook);
    bench.subscribed("team").await;
    bench.standin.told().await;
    let raw = receiver.raw.lock().unwrap().clone();
    let lines =
        raw.iter().map(|(body, header)| json!({ "body": body, "header": header, "secret": SECRET }).to_string());
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("webhooks");
    std::fs::write(&input, lines.collect::<Vec<_>>().join("\n")).unwrap();
    let mut command = Command::new(python);
    command.arg(at("tests/standin/official.py")).args([bench.standin.base_url(), KEY]);
    let kinds = tokio::task::spawn_blocking(move || run(command, &input)).await.unwrap();
    assert_eq!(kinds.trim(), "customer.created customer.subscription.created invoice.paid checkout.session.completed");
}

#[test]
fn the_excerpt_is_what_the_package_says() {
    let Some(python) = python() else { return };
    let mut find = Command::new(&python);
    find.args(["-c", "import pathlib, stripe; print(pathlib.Path(stripe.__file__).parent.parent)"]);
    let nothing = Path::new("/dev/null");
    let folder = run(find, nothing);
    let mut excerpt = Command::new(python);
    excerpt.arg(at("../../shared/stripe/tests/specification")).arg(folder.trim());
    let written = std::fs::read_to_string(at("../../shared/stripe/tests/specification.json")).unwrap();
    assert_eq!(run(excerpt, nothing), written);
}
